//! What is known of a topic, and the questions one can ask about the offsets of its partitions: plain data, shared by every module.

use uuid::Uuid;

/// A topic as Metadata described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicMetadata {
    /// The name.
    pub name: String,
    /// The id, from Kafka 2.8 on; tells a topic from a later one of the same name.
    pub id: Option<Uuid>,
    /// Whether Kafka keeps it for itself (`__consumer_offsets`).
    pub internal: bool,
    /// The partitions, ascending by id.
    pub partitions: Vec<PartitionMetadata>,
}

impl TopicMetadata {
    /// The partition of that id.
    pub fn partition(&self, id: i32) -> Option<&PartitionMetadata> {
        self.partitions
            .binary_search_by_key(&id, |partition| partition.id)
            .ok()
            .map(|index| &self.partitions[index])
    }
}

/// A partition as Metadata described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionMetadata {
    /// The id, from 0.
    pub id: i32,
    /// The broker that leads it; `None` while there is none.
    pub leader: Option<i32>,
    /// The leader epoch, -1 if the broker is too old to say.
    pub leader_epoch: i32,
    /// Brokers that hold a copy.
    pub replicas: Vec<i32>,
    /// Brokers whose copy is in sync.
    pub isr: Vec<i32>,
}

/// Which offset of a partition is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetQuery {
    /// The log start offset (tiered storage included).
    Earliest,
    /// The high watermark, or the last stable offset where the question is asked read-committed.
    Latest,
    /// The first offset whose timestamp is at or after this one, in ms since the epoch.
    AtTime(i64),
    /// The first offset on the leader's own disk (Kafka 3.6 and later; the log start offset before that).
    LocalLogStart,
    /// The offset of the record with the largest timestamp (Kafka 3.0 and later).
    MaxTimestamp,
}

/// Whether records of open and aborted transactions are to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// Everything below the high watermark.
    ReadUncommitted,
    /// Only what is decided: the log up to the last stable offset, with the list of aborted transactions.
    #[default]
    ReadCommitted,
}

impl Isolation {
    /// The value on the wire.
    pub(crate) fn code(self) -> i8 {
        match self {
            Isolation::ReadUncommitted => 0,
            Isolation::ReadCommitted => 1,
        }
    }
}

/// The answer to an [`OffsetQuery`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedOffset {
    /// The partition.
    pub partition: i32,
    /// The offset; `None` if no record answers the question (by time: none at or after it).
    pub offset: Option<i64>,
    /// The timestamp of the record found (by time and by largest timestamp), in ms.
    pub timestamp: Option<i64>,
    /// The leader epoch of that offset, -1 if unknown.
    pub leader_epoch: i32,
}

/// Where a leader epoch ends in the present leader's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochEnd {
    /// The largest epoch known to the leader that is not above the one asked for; -1 if it knows none.
    pub leader_epoch: i32,
    /// The first offset that is no longer of that epoch; -1 if unknown.
    pub end_offset: i64,
}

/// An aborted transaction of a Fetch response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AbortedTransaction {
    /// The first offset of the transaction in this partition.
    pub first_offset: i64,
    /// The producer whose transaction it was.
    pub producer_id: i64,
}
