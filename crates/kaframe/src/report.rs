//! A report: what a finished read accounts for. Its text is what users see.

use std::fmt;
use std::time::Duration;

use kaframe_codec::ValueFormat;
use serde::Serialize;

use crate::bound::OffsetRange;
use crate::options::IsolationLevel;

/// What a read accounts for.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Topic.
    pub topic: String,
    /// Its id, where the broker has ids.
    pub topic_id: Option<String>,
    /// Id of the cluster, where it has one.
    pub cluster_id: Option<String>,
    /// Isolation level of the read.
    #[serde(serialize_with = "as_text")]
    pub isolation_level: IsolationLevel,
    /// Partitions, by number.
    pub partitions: Vec<PartitionReport>,
    /// Format of values; `None` where no value was seen.
    #[serde(serialize_with = "as_text_option")]
    pub value_format: Option<ValueFormat>,
    /// Format of keys; `None` where no key was seen.
    #[serde(serialize_with = "as_text_option")]
    pub key_format: Option<ValueFormat>,
    /// How the formats were found, where they were not given.
    pub detection: Option<String>,
    /// What an `end` by time means for this read.
    pub time_bound: Option<String>,
    /// `cleanup.policy` of the topic; `None` where it may not be read.
    pub cleanup_policy: Option<String>,
    /// How long it took.
    pub elapsed: Duration,
    /// Bytes of records fetched, as they were on the wire.
    pub bytes_fetched: u64,
    /// What the user should know, one sentence each.
    pub warnings: Vec<String>,
    /// Values that were not in the format.
    pub malformed: u64,
    /// `NaN` and infinities that were accepted as floats.
    pub special_floats: u64,
    /// What is missing, with the reason; only with `allow_partial`.
    pub lost_ranges: Vec<LostRange>,
    /// Every offset of the plan was read.
    pub complete: bool,
}

/// Offsets that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LostRange {
    /// Partition.
    pub partition: i32,
    /// Offsets.
    #[serde(flatten)]
    pub range: OffsetRange,
    /// Why.
    pub reason: String,
}

/// What a read accounts for in one partition:
/// `end - start = delivered + filtered + skipped + aborted + control + absent + lost + not_read`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PartitionReport {
    /// Partition.
    pub partition: i32,
    /// First offset of the plan.
    pub start: i64,
    /// The offset behind the last of the plan.
    pub end: i64,
    /// Records in the result.
    pub delivered: u64,
    /// Records outside the time bounds, or dropped by `tail`.
    pub filtered: u64,
    /// Records left out because their value is malformed.
    pub skipped: u64,
    /// Offsets in batches of aborted transactions.
    pub aborted: u64,
    /// Offsets of transaction markers and other control batches.
    pub control: u64,
    /// Offsets at which there is no record (compaction).
    pub absent: u64,
    /// Offsets that could not be read.
    pub lost: u64,
    /// Offsets behind a limit, or not reached.
    pub not_read: u64,
    /// High watermark when the read began.
    pub high_watermark: Option<i64>,
    /// Last stable offset when the read began.
    pub last_stable_offset: Option<i64>,
    /// Log start offset when the read began.
    pub log_start_offset: Option<i64>,
    /// Leader epoch when the read began.
    pub leader_epoch: i32,
    /// What the user should know about this partition.
    pub notes: Vec<String>,
}

fn as_text<S: serde::Serializer>(value: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn as_text_option<S: serde::Serializer>(
    value: &Option<ValueFormat>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

impl Report {
    /// The report as JSON text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Records in the result.
    pub fn delivered(&self) -> u64 {
        self.partitions.iter().map(|p| p.delivered).sum()
    }

    /// Offsets of the plan.
    pub fn offsets(&self) -> u64 {
        self.partitions.iter().map(|p| OffsetRange { start: p.start, end: p.end }.len()).sum()
    }
}
