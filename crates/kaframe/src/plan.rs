//! A plan: what a read will read, resolved and printable, before any data is read.

mod json;

use std::fmt;

use kaframe_client::TopicMetadata;

use crate::bookmark::{Bookmark, BookmarkPartition, BookmarkTopic};
use crate::bound::OffsetRange;
use crate::estimate::{Estimate, Shown};
use crate::filter::Condition;
use crate::number::{counted, grouped};
use crate::options::IsolationLevel;
use crate::order::Order;
use crate::split::{self, Split};
use crate::topic_partition::TopicPartition;

/// What a read will read: resolved ranges, one per partition. Printed as text, serialized as an object.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Topics as the brokers describe them, in the order of their rows.
    pub topics: Vec<TopicMetadata>,
    /// Rows tell their topic: there is more than one, or there might have been.
    pub several: bool,
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
    /// In which order rows come.
    pub order: Order,
    /// Conditions on the records, with what answers each.
    pub conditions: Vec<Condition>,
    /// Partitions that are read, by topic and number. Those that the conditions exclude are not among them.
    pub partitions: Vec<PartitionPlan>,
    /// What a sample tells of it, where one was taken: see [`crate::Scan::sampled_plan`].
    pub estimate: Option<Estimate>,
}

/// What a read will read of one partition.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionPlan {
    /// Place of its topic in [`Plan::topics`].
    pub topic: usize,
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
        let cut = self.cut(offsets_per_split);
        cut.map(|(at, range)| {
            let topic = self.topic(at);
            Split {
                topic: topic.name.clone(),
                topic_id: topic.id.map(|id| id.to_string()),
                partition: at.partition,
                range,
            }
        })
        .collect()
    }

    /// The ranges in parts of at most so many offsets.
    pub(crate) fn cut(&self, offsets_per_split: u64) -> impl Iterator<Item = (TopicPartition, OffsetRange)> {
        self.partitions.iter().flat_map(move |plan| {
            let parts = split::cut(plan.range, offsets_per_split);
            parts.into_iter().map(|range| (plan.at(), range))
        })
    }

    /// The topic of a partition of this plan.
    pub fn topic(&self, partition: TopicPartition) -> &TopicMetadata {
        &self.topics[partition.topic]
    }

    /// The place in each partition: what `reached` says, or the start of its range.
    pub(crate) fn bookmark(&self, reached: impl Fn(&PartitionPlan) -> Option<i64>) -> Bookmark {
        let place = |plan: &PartitionPlan| BookmarkPartition {
            partition: plan.partition,
            offset: plan.next_start(reached(plan).unwrap_or(plan.range.start)),
            leader_epoch: -1,
        };
        let topics = self.topics.iter().enumerate().map(|(index, topic)| BookmarkTopic {
            topic: topic.name.clone(),
            topic_id: topic.id.map(|id| id.to_string()),
            partitions: self
                .partitions
                .iter()
                .filter(|plan| plan.topic == index)
                .map(place)
                .collect(),
        });
        Bookmark {
            cluster_id: self.cluster_id.clone(),
            topics: topics.collect(),
        }
    }

    /// Names of the topics, with commas.
    pub fn topic_names(&self) -> String {
        names(self.topics.iter().map(|topic| topic.name.as_str()))
    }

    /// The plan of one partition.
    pub(crate) fn partition(&self, partition: TopicPartition) -> Option<&PartitionPlan> {
        self.partitions
            .binary_search_by_key(&partition, PartitionPlan::at)
            .ok()
            .map(|index| &self.partitions[index])
    }
}

impl PartitionPlan {
    /// The partition among all of the plan.
    pub fn at(&self) -> TopicPartition {
        TopicPartition {
            topic: self.topic,
            partition: self.partition,
        }
    }

    /// Where the next read starts, when this one was done up to an offset. Records behind an end by time were read, but most of them not given: the next
    /// read must see them.
    pub(crate) fn next_start(&self, done_to: i64) -> i64 {
        self.late_from
            .map_or(done_to, |late| done_to.min(late.max(self.range.start)))
    }

    /// Offsets below the high watermark whose transactions are still open.
    pub fn undecided(&self) -> u64 {
        self.last_stable_offset
            .map_or(0, |stable| self.high_watermark.saturating_sub(stable).max(0) as u64)
    }
}

/// Names that are listed one by one; the others are counted.
const NAMED: usize = 5;

/// Names with commas, no more than a few.
pub(crate) fn names<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = names.len();
    let shown: Vec<&str> = names.take(NAMED).collect();
    match count.saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Partitions that are listed one by one; the others are summed.
const LISTED: usize = 32;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "plan of {}: {} in {}, {}",
            self.topic_names(),
            counted(self.offsets(), "offset", "offsets"),
            counted(self.partitions.len() as u64, "partition", "partitions"),
            self.isolation_level,
        )?;
        if let Some(limit) = self.limit {
            write!(f, ", at most {} records", grouped(limit))?;
        }
        if let Some(tail) = self.tail {
            write!(f, ", the newest {} records", grouped(tail))?;
        }
        let width = self
            .topics
            .iter()
            .map(|topic| topic.name.len())
            .max()
            .unwrap_or(0)
            .max(5);
        f.write_str("\n  ")?;
        if self.several {
            write!(f, "{:<width$} ", "topic")?;
        }
        write!(f, "{:>9} {:>15} {:>15} {:>15}", "partition", "start", "end", "offsets")?;
        for p in self.partitions.iter().take(LISTED) {
            let (start, end) = (p.range.start, p.range.end);
            f.write_str("\n  ")?;
            if self.several {
                write!(f, "{:<width$} ", self.topic(p.at()).name)?;
            }
            let offsets = grouped(p.range.len());
            write!(f, "{:>9} {start:>15} {end:>15} {offsets:>15}", p.partition)?;
            for note in &p.notes {
                write!(f, "  {note}")?;
            }
        }
        if self.partitions.len() > LISTED {
            let rest: u64 = self.partitions[LISTED..].iter().map(|p| p.range.len()).sum();
            write!(
                f,
                "\n  and {} partitions more with {} offsets",
                self.partitions.len() - LISTED,
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
        if self.order == Order::Timestamp {
            f.write_str("\n  rows of all partitions by timestamp")?;
        }
        for (index, condition) in self.conditions.iter().enumerate() {
            let word = if index == 0 { "where" } else { "  and" };
            write!(f, "\n  {word} {condition}")?;
        }
        let undecided = self.undecided();
        if undecided > 0 {
            write!(
                f,
                "\n  {} offsets are not decided yet (open transactions) and not read",
                grouped(undecided)
            )?;
        }
        Shown(self.estimate.as_ref(), self).fmt(f)
    }
}
