//! A plan: what a read will read, resolved and printable, before any data is read.

use std::fmt;

use kaframe_client::TopicMetadata;

use crate::bound::OffsetRange;
use crate::number::grouped;
use crate::options::IsolationLevel;
use crate::split::{self, Split};

/// What a read will read: resolved ranges, one per partition.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Topic as the brokers describe it.
    pub topic: TopicMetadata,
    /// Id of the cluster, where it has one.
    pub cluster_id: Option<String>,
    /// The brokers that were asked, as the caller named them.
    pub bootstrap_servers: String,
    /// Isolation level at which the ends were taken.
    pub isolation_level: IsolationLevel,
    /// At most so many records from the front of the ranges.
    pub limit: Option<u64>,
    /// Only the newest so many records of the ranges.
    pub tail: Option<u64>,
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
    /// Only records at or after this time, in ms.
    pub start_time: Option<i64>,
    /// Only records before this time, in ms.
    pub end_time: Option<i64>,
    /// With an end by time: the first offset at or after it. What is read from here on is late.
    pub late_from: Option<i64>,
    /// Log start offset when the plan was made.
    pub log_start_offset: i64,
    /// High watermark when the plan was made.
    pub high_watermark: i64,
    /// Last stable offset when the plan was made; `None` when reading uncommitted.
    pub last_stable_offset: Option<i64>,
    /// Leader epoch when the plan was made; -1 where it is not known.
    pub leader_epoch: i32,
    /// What the user should know about the bounds.
    pub notes: Vec<String>,
}

impl Plan {
    /// Offsets of all ranges: no fewer than there are records.
    pub fn offsets(&self) -> u64 {
        self.partitions.iter().map(|p| p.range.len()).sum()
    }

    /// Offsets below the high watermark whose transactions are still open, so they are not read.
    pub fn undecided(&self) -> u64 {
        self.partitions.iter().map(PartitionPlan::undecided).sum()
    }

    /// The ranges, cut into units of parallel work.
    pub(crate) fn splits(&self, offsets_per_split: u64) -> Vec<Split> {
        let mut splits = Vec::new();
        for partition in &self.partitions {
            for range in split::cut(partition.range, offsets_per_split) {
                splits.push(Split {
                    topic: self.topic.name.clone(),
                    topic_id: self.topic.id.map(|id| id.to_string()),
                    partition: partition.partition,
                    range,
                });
            }
        }
        splits
    }

    /// The plan of one partition.
    pub(crate) fn partition(&self, partition: i32) -> Option<&PartitionPlan> {
        self.partitions
            .binary_search_by_key(&partition, |p| p.partition)
            .ok()
            .map(|index| &self.partitions[index])
    }
}

impl PartitionPlan {
    /// Offsets below the high watermark whose transactions are still open.
    pub fn undecided(&self) -> u64 {
        self.last_stable_offset
            .map_or(0, |stable| self.high_watermark.saturating_sub(stable).max(0) as u64)
    }
}

/// Partitions that are listed one by one; the others are summed.
const LISTED: usize = 32;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let partitions = self.partitions.len();
        write!(
            f,
            "plan of {}: {} offsets in {partitions} partition{}, {}",
            self.topic.name,
            grouped(self.offsets()),
            if partitions == 1 { "" } else { "s" },
            self.isolation_level,
        )?;
        if let Some(limit) = self.limit {
            write!(f, ", at most {} records", grouped(limit))?;
        }
        if let Some(tail) = self.tail {
            write!(f, ", the newest {} records", grouped(tail))?;
        }
        write!(
            f,
            "\n  {:>9} {:>15} {:>15} {:>15}",
            "partition", "start", "end", "offsets"
        )?;
        for p in self.partitions.iter().take(LISTED) {
            let (start, end) = (p.range.start, p.range.end);
            write!(
                f,
                "\n  {:>9} {start:>15} {end:>15} {:>15}",
                p.partition,
                grouped(p.range.len())
            )?;
            for note in &p.notes {
                write!(f, "  {note}")?;
            }
        }
        if partitions > LISTED {
            let rest: u64 = self.partitions[LISTED..].iter().map(|p| p.range.len()).sum();
            write!(
                f,
                "\n  and {} partitions more with {} offsets",
                partitions - LISTED,
                grouped(rest)
            )?;
        }
        if let Some(window) = self
            .partitions
            .iter()
            .find(|p| p.start_time.is_some() || p.end_time.is_some())
        {
            let time = |ms: Option<i64>| ms.map_or("any time".to_owned(), crate::time::format);
            write!(
                f,
                "\n  only records from {} to before {}",
                time(window.start_time),
                time(window.end_time)
            )?;
        }
        let undecided = self.undecided();
        if undecided > 0 {
            write!(
                f,
                "\n  {} offsets are not decided yet (open transactions) and not read",
                grouped(undecided)
            )?;
        }
        Ok(())
    }
}
