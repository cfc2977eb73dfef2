//! A plan: what a read will read, resolved and printable, before any data is read.

use kaframe_client::TopicMetadata;

use crate::bound::OffsetRange;

/// What a read will read: resolved ranges, one per partition.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Topic as the brokers describe it.
    pub topic: TopicMetadata,
    /// Id of the cluster, where it has one.
    pub cluster_id: Option<String>,
    /// Partitions that are read, by number.
    pub partitions: Vec<PartitionPlan>,
}

/// What a read will read of one partition.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionPlan {
    /// Partition.
    pub partition: i32,
    /// Offsets to read.
    pub range: OffsetRange,
}
