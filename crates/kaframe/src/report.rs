//! A report: what a finished read accounts for. Its text is what users see.

use std::fmt;
use std::time::Duration;

use kaframe_codec::ValueFormat;
use serde::Serialize;

use crate::bound::OffsetRange;
use crate::number;
use crate::options::IsolationLevel;
use crate::plan::names;

/// What a read accounts for.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Topics, in the order of their rows.
    pub topics: Vec<TopicReport>,
    /// Id of the cluster, where it has one.
    pub cluster_id: Option<String>,
    /// Isolation level of the read.
    #[serde(serialize_with = "as_text")]
    pub isolation_level: IsolationLevel,
    /// Partitions, by topic and number.
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
    /// How long it took.
    pub elapsed: Duration,
    /// Bytes of records fetched, as they were on the wire.
    pub bytes_fetched: u64,
    /// What the user should know, one sentence each.
    pub warnings: Vec<String>,
    /// Values that were not in the format.
    pub malformed: u64,
    /// Those of them that are counted and not listed in the errors: a stream lists the first ones of each partition, a table all.
    pub malformed_not_listed: u64,
    /// `NaN` and infinities that were accepted as floats.
    pub special_floats: u64,
    /// What is missing, with the reason; only with `allow_partial`.
    pub lost_ranges: Vec<LostRange>,
    /// Nothing is missing: no offset was lost, and the read did not give up. What lies behind a limit is not missing.
    pub complete: bool,
}

/// Offsets that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LostRange {
    /// Topic.
    pub topic: String,
    /// Partition.
    pub partition: i32,
    /// Offsets.
    #[serde(flatten)]
    pub range: OffsetRange,
    /// Why.
    pub reason: String,
}

/// A topic that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicReport {
    /// Topic.
    pub topic: String,
    /// Its id, where the broker has ids.
    pub topic_id: Option<String>,
    /// Its `cleanup.policy`; `None` where it may not be read.
    pub cleanup_policy: Option<String>,
}

/// What a read accounts for in one partition:
/// `end - start = delivered + filtered + skipped + aborted + control + absent + lost + not_read`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PartitionReport {
    /// Topic.
    pub topic: String,
    /// Partition.
    pub partition: i32,
    /// First offset of the plan.
    pub start: i64,
    /// The offset behind the last of the plan.
    pub end: i64,
    /// Records in the result.
    pub delivered: u64,
    /// Records outside the time bounds, that a filter did not let pass, dropped by `tail`, or not the last of their key (`latest_by_key`).
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

impl PartitionReport {
    /// With what was read behind it.
    fn with(self, later: PartitionReport) -> PartitionReport {
        PartitionReport {
            start: self.start,
            delivered: self.delivered + later.delivered,
            filtered: self.filtered + later.filtered,
            skipped: self.skipped + later.skipped,
            aborted: self.aborted + later.aborted,
            control: self.control + later.control,
            absent: self.absent + later.absent,
            lost: self.lost + later.lost,
            // What an earlier read left behind a limit, this one has begun with.
            not_read: later.not_read,
            ..later
        }
    }
}

fn as_text<S: serde::Serializer>(value: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn as_text_option<S: serde::Serializer>(value: &Option<ValueFormat>, serializer: S) -> Result<S::Ok, S::Error> {
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

    /// Adds a report of what was read behind this one. Of its warnings the last `kept` stay.
    pub(crate) fn then(&mut self, later: Report, kept: usize) {
        for topic in later.topics {
            if !self.topics.iter().any(|known| known.topic == topic.topic) {
                self.topics.push(topic);
            }
        }
        // What was given up and tried again is told by the later one.
        self.lost_ranges.retain(|lost| {
            let tried_again = |p: &PartitionReport| {
                (&p.topic, p.partition) == (&lost.topic, lost.partition)
                    && p.start <= lost.range.start
                    && p.end > p.start
            };
            !later.partitions.iter().any(tried_again)
        });
        for p in later.partitions {
            let same = |known: &&mut PartitionReport| (&known.topic, known.partition) == (&p.topic, p.partition);
            match self.partitions.iter_mut().find(same) {
                Some(known) => *known = known.clone().with(p),
                None => self.partitions.push(p),
            }
        }
        self.value_format = self.value_format.or(later.value_format);
        self.key_format = self.key_format.or(later.key_format);
        self.elapsed += later.elapsed;
        self.bytes_fetched += later.bytes_fetched;
        self.malformed += later.malformed;
        self.malformed_not_listed += later.malformed_not_listed;
        self.special_floats += later.special_floats;
        self.lost_ranges.extend(later.lost_ranges);
        self.complete = later.complete && self.lost_ranges.is_empty();
        self.warnings.extend(later.warnings);
        let too_many = self.warnings.len().saturating_sub(kept);
        self.warnings.drain(..too_many);
    }

    /// Names of the topics, with commas.
    pub fn topic_names(&self) -> String {
        names(self.topics.iter().map(|topic| topic.topic.as_str()))
    }

    /// Records in the result.
    pub fn delivered(&self) -> u64 {
        self.partitions.iter().map(|p| p.delivered).sum()
    }

    /// Offsets of the plan.
    pub fn offsets(&self) -> u64 {
        self.partitions
            .iter()
            .map(|p| {
                OffsetRange {
                    start: p.start,
                    end: p.end,
                }
                .len()
            })
            .sum()
    }
}

/// Partitions whose notes are listed.
const LISTED: usize = 20;

/// The text that users see: one line that says it all, then what deviates from the plainest case.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = |term: fn(&PartitionReport) -> u64| self.partitions.iter().map(term).sum::<u64>();
        let (lost, not_read) = (sum(|p| p.lost), sum(|p| p.not_read));
        let verdict = match (self.complete, lost) {
            (true, _) => "nothing lost".to_owned(),
            (false, 0) => "NOT COMPLETE".to_owned(),
            (false, lost) => format!("NOT COMPLETE, {lost} lost"),
        };
        let elapsed = number::duration(self.elapsed);
        write!(
            f,
            "{}: {} delivered of {} offset{}, {verdict}, {elapsed}",
            self.topic_names(),
            self.delivered(),
            self.offsets(),
            if self.offsets() == 1 { "" } else { "s" }
        )?;
        let terms = [
            ("filtered", sum(|p| p.filtered)),
            ("skipped", sum(|p| p.skipped)),
            ("aborted", sum(|p| p.aborted)),
            ("control", sum(|p| p.control)),
            ("absent", sum(|p| p.absent)),
            ("lost", lost),
            ("not read", not_read),
        ];
        let others: Vec<String> = terms
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        if !others.is_empty() {
            write!(f, "\n  the other offsets: {}", others.join(", "))?;
        }
        self.fmt_how(f)?;
        for lost in &self.lost_ranges {
            write!(
                f,
                "\n  missing: {} {}: {}",
                self.place(&lost.topic, lost.partition),
                lost.range,
                lost.reason
            )?;
        }
        if let Some(time_bound) = &self.time_bound {
            write!(f, "\n  {time_bound}")?;
        }
        self.fmt_notes(f)?;
        for warning in &self.warnings {
            write!(f, "\n  warning: {warning}")?;
        }
        Ok(())
    }
}

impl Report {
    /// A partition, with its topic where there are several.
    fn place(&self, topic: &str, partition: i32) -> String {
        match self.topics.len() {
            1 => format!("partition {partition}"),
            _ => format!("{topic}-{partition}"),
        }
    }

    fn cleanup_policies(&self) -> String {
        let mut policies: Vec<&str> = Vec::new();
        for topic in &self.topics {
            let policy = topic.cleanup_policy.as_deref().unwrap_or("unknown");
            if !policies.contains(&policy) {
                policies.push(policy);
            }
        }
        policies.join(" or ")
    }

    fn fmt_how(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let partitions = number::counted(self.partitions.len() as u64, "partition", "partitions");
        write!(
            f,
            "\n  {partitions}, {}, {} fetched",
            self.isolation_level,
            number::bytes(self.bytes_fetched)
        )?;
        write!(f, ", cleanup policy {}", self.cleanup_policies())?;
        match (&self.detection, self.value_format) {
            (Some(detection), Some(format)) if !detection.contains("values: ") => {
                write!(f, "\n  values: {format} (as asked); {detection}")?
            }
            (Some(detection), _) => write!(f, "\n  {detection}")?,
            (None, Some(format)) => write!(f, "\n  values: {format} (as asked)")?,
            (None, None) => {}
        }
        if self.special_floats > 0 {
            let numbers = number::counted(self.special_floats, "NaN or infinite number", "NaN or infinite numbers");
            write!(
                f,
                "\n  {numbers} taken as {}",
                if self.special_floats == 1 { "float" } else { "floats" }
            )?;
        }
        Ok(())
    }

    /// Notes that many partitions share are told once.
    fn fmt_notes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut notes: Vec<(&str, Vec<&PartitionReport>)> = Vec::new();
        for partition in &self.partitions {
            for note in &partition.notes {
                match notes.iter_mut().find(|(text, _)| text == note) {
                    Some((_, partitions)) => partitions.push(partition),
                    None => notes.push((note, vec![partition])),
                }
            }
        }
        for (note, partitions) in notes.iter().take(LISTED) {
            match partitions.as_slice() {
                all if all.len() == self.partitions.len() && all.len() > 1 => write!(f, "\n  all partitions: {note}")?,
                [one] => write!(f, "\n  {}: {note}", self.place(&one.topic, one.partition))?,
                some => write!(f, "\n  {} partitions: {note}", some.len())?,
            }
        }
        if notes.len() > LISTED {
            write!(f, "\n  and {} notes more", notes.len() - LISTED)?;
        }
        Ok(())
    }
}
