//! A split: one range of one partition, the unit of parallel work.

use serde::{Deserialize, Serialize};

use crate::bound::OffsetRange;

/// One range of one partition. Splits of a plan do not overlap and are in (partition, offset) order; they may be sent to another
/// process as JSON and read there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Topic.
    pub topic: String,
    /// Its id, where the broker has ids.
    pub topic_id: Option<String>,
    /// Partition.
    pub partition: i32,
    /// Offsets, half-open.
    #[serde(flatten)]
    pub range: OffsetRange,
}
