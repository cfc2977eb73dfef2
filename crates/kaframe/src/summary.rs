//! From the results of all splits to the report and the bookmark, with the conservation law checked.

use std::collections::BTreeMap;
use std::time::Duration;

use kaframe_codec::ValueFormat;

use crate::account::Account;
use crate::assemble::Layout;
use crate::bookmark::{Bookmark, BookmarkPartition, BookmarkTopic};
use crate::bound::OffsetRange;
use crate::engine::JobResult;
use crate::error::Result;
use crate::filter;
use crate::number::{counted, grouped};
use crate::options::{Late, OnError, ScanOptions};
use crate::plan::{PartitionPlan, Plan};
use crate::reader::account_of;
use crate::report::{LostRange, PartitionReport, Report, TopicReport};
use crate::sample::Sampled;
use crate::topic_partition::TopicPartition;
use crate::walk::Seen;
use crate::window::LateRows;

/// Where a tail began to read, by partition.
pub(crate) type ReadFrom = BTreeMap<TopicPartition, i64>;

/// Everything a report is made of.
pub(crate) struct Summary<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) options: &'a ScanOptions,
    pub(crate) sampled: &'a Sampled,
    /// In (partition, offset) order.
    pub(crate) results: &'a [JobResult],
    pub(crate) layout: &'a Layout,
    pub(crate) read_from: &'a ReadFrom,
    /// By topic, as in the plan.
    pub(crate) cleanup_policies: Vec<Option<String>>,
    /// Partitions that the topics got meanwhile.
    pub(crate) added: &'a [String],
    pub(crate) elapsed: Duration,
}

impl Summary<'_> {
    /// Fails if an offset is not accounted for exactly once.
    pub(crate) fn check(&self) -> Result<()> {
        self.plan.partitions.iter().try_for_each(|plan| {
            let range = OffsetRange {
                start: self.start(plan),
                end: plan.range.end,
            };
            account_of(self.results, plan.at()).check(&self.plan.topic(plan.at()).name, plan.partition, range)
        })
    }

    fn start(&self, plan: &PartitionPlan) -> i64 {
        self.read_from.get(&plan.at()).copied().unwrap_or(plan.range.start)
    }

    /// The report.
    pub(crate) fn report(&self) -> Report {
        let partitions = self.plan.partitions.iter().map(|plan| self.partition(plan)).collect();
        let mut lost_ranges: Vec<LostRange> = self.results.iter().flat_map(|result| result.lost.clone()).collect();
        lost_ranges.extend(self.results.iter().filter_map(|result| {
            let reason = result.gave_up.clone()?;
            let end = self
                .plan
                .partition(result.partition)
                .map_or(result.range.end, |plan| plan.range.end);
            let range = OffsetRange {
                start: result.stopped_at,
                end,
            };
            Some(LostRange {
                topic: self.plan.topic(result.partition).name.clone(),
                partition: result.partition.partition,
                range,
                reason: format!("not read: {reason}"),
            })
        }));
        // Where a read was cut into splits must not show.
        lost_ranges.dedup_by(|next, kept| {
            let joins =
                kept.partition == next.partition && kept.range.end == next.range.start && kept.reason == next.reason;
            if joins {
                kept.range.end = next.range.end;
            }
            joins
        });
        let complete = lost_ranges.is_empty();
        Report {
            topics: self.topics(),
            cluster_id: self.plan.cluster_id.clone(),
            isolation_level: self.plan.isolation_level,
            partitions,
            value_format: self.sampled.value_format,
            key_format: self.sampled.key_format,
            detection: self.sampled.detection.clone(),
            time_bound: self.time_bound(),
            elapsed: self.elapsed,
            bytes_fetched: self.results.iter().map(|result| result.bytes).sum(),
            warnings: self.warnings(),
            malformed: self.malformed(),
            malformed_not_listed: self.not_listed(),
            special_floats: self.results.iter().map(|result| result.special_floats).sum(),
            lost_ranges,
            complete,
        }
    }

    fn topics(&self) -> Vec<TopicReport> {
        let policy = |index: usize| self.cleanup_policies.get(index).cloned().flatten();
        let topics = self.plan.topics.iter().enumerate();
        topics
            .map(|(index, topic)| TopicReport {
                topic: topic.name.clone(),
                topic_id: topic.id.map(|id| id.to_string()),
                cleanup_policy: policy(index),
            })
            .collect()
    }

    fn partition(&self, plan: &PartitionPlan) -> PartitionReport {
        let account = account_of(self.results, plan.at());
        let Account {
            delivered,
            filtered,
            skipped,
            aborted,
            control,
            absent,
            lost,
            not_read,
        } = account;
        let mut notes = plan.notes.clone();
        notes.extend(self.of(plan.at()).flat_map(|result| result.notes.clone()));
        PartitionReport {
            topic: self.plan.topic(plan.at()).name.clone(),
            partition: plan.partition,
            start: self.start(plan),
            end: plan.range.end,
            delivered,
            filtered,
            skipped,
            aborted,
            control,
            absent,
            lost,
            not_read,
            high_watermark: Some(plan.high_watermark),
            last_stable_offset: plan.last_stable_offset,
            log_start_offset: Some(plan.log_start_offset),
            leader_epoch: plan.leader_epoch,
            notes,
        }
    }

    fn of(&self, partition: TopicPartition) -> impl Iterator<Item = &JobResult> {
        self.results.iter().filter(move |result| result.partition == partition)
    }

    fn malformed(&self) -> u64 {
        self.malformed_values() + self.malformed_keys()
    }

    fn malformed_keys(&self) -> u64 {
        self.results.iter().map(|result| result.malformed.keys()).sum()
    }

    fn malformed_values(&self) -> u64 {
        self.results.iter().map(|result| result.malformed.values()).sum()
    }

    fn not_listed(&self) -> u64 {
        self.results.iter().map(|result| result.malformed.unlisted()).sum()
    }

    fn malformed_warning(&self, count: u64, [one, many]: [&str; 2], format: Option<ValueFormat>) -> String {
        let format = format.map_or("raw", ValueFormat::name);
        let (is, row) = if count == 1 {
            ("is", "its row")
        } else {
            ("are", "their rows")
        };
        let done = match self.options.on_error {
            OnError::Skip => "left out",
            _ => "kept with nulls",
        };
        let counted = counted(count, one, many);
        format!("{counted} {is} malformed ({many} are read as {format}): {row} {done}, see the errors")
    }

    fn late(&self) -> LateRows {
        let mut late = LateRows::default();
        self.results.iter().for_each(|result| late.add(result.late));
        late
    }

    fn time_bound(&self) -> Option<String> {
        self.plan.partitions.iter().find(|plan| plan.end_time.is_some())?;
        let mut seen = Seen::nothing();
        self.results.iter().for_each(|result| seen.then(result.seen));
        Some(match self.options.late {
            Late::Scan => {
                "the end by time is exact: every record up to the end of the log was tested (late=scan)".to_owned()
            }
            Late::Within(_) if seen.log_append_time && !seen.create_time => {
                "the end by time is exact: the broker set the timestamps (LogAppendTime)".to_owned()
            }
            Late::Within(late) => format!(
                "the end by time looks {} past it (late): a record that came later still is not found; late=scan finds all",
                crate::number::duration(late)
            ),
        })
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let (values, keys) = (self.malformed_values(), self.malformed_keys());
        if values > 0 {
            warnings.push(self.malformed_warning(values, ["value", "values"], self.sampled.value_format));
        }
        if keys > 0 {
            warnings.push(self.malformed_warning(keys, ["key", "keys"], self.sampled.key_format));
        }
        let not_listed = self.not_listed();
        if not_listed > 0 {
            warnings.push(format!(
                "the errors list {} malformed of {}, the first of each partition; the others are counted",
                grouped(values + keys - not_listed),
                grouped(values + keys)
            ));
        }
        let misfits = filter::misfits(self.results);
        if misfits > 0 {
            let mut columns: Vec<&str> = self
                .options
                .filter
                .iter()
                .flat_map(|f| f.columns())
                .map(String::as_str)
                .collect();
            columns.sort_unstable();
            columns.dedup();
            warnings.push(format!(
                "{} of another type than the first records have in what where asks for ({}): null to it; a table (read) compares them",
                counted(misfits, "value is", "values are"),
                columns.join(", ")
            ));
        }
        let undecided = self.plan.undecided();
        if undecided > 0 {
            warnings.push(format!(
                "{} not yet decided (open transaction): not read",
                counted(undecided, "offset", "offsets")
            ));
        }
        if !self.added.is_empty() {
            warnings.push(format!(
                "{} added during the read and not in it: {}",
                counted(self.added.len() as u64, "partition was", "partitions were"),
                self.added.join(", ")
            ));
        }
        let late = self.late();
        if late.rows > 0 {
            warnings.push(format!(
                "{} behind the place of the end in the log, up to {} late; a read from next_start gives them again",
                counted(late.rows, "row was found", "rows were found"),
                crate::number::duration(Duration::from_millis(late.largest_ms.max(0) as u64))
            ));
        }
        if !self.layout.renamed.is_empty() {
            let names: Vec<String> = self.layout.renamed.iter().map(|name| format!("value.{name}")).collect();
            warnings.push(format!(
                "fields of the value named like metadata columns are called {}",
                names.join(", ")
            ));
        }
        if self.results.iter().any(|result| result.replaced_headers) {
            warnings.push("keys of headers that are not UTF-8 are shown with replacement characters".to_owned());
        }
        warnings
    }

    /// Where the next read starts: exactly behind what this one has read.
    pub(crate) fn next_start(&self) -> Bookmark {
        let place = |plan: &PartitionPlan| {
            let stopped = self
                .of(plan.at())
                .find(|r| r.gave_up.is_some() || r.account.not_read > 0);
            let offset = plan.next_start(stopped.map_or(plan.range.end, |result| result.stopped_at));
            let mut seen = Seen::nothing();
            self.of(plan.at())
                .filter(|r| r.range.start < offset)
                .for_each(|r| seen.then(r.seen));
            BookmarkPartition {
                partition: plan.partition,
                offset,
                leader_epoch: seen.last_epoch,
            }
        };
        let topics = self.plan.topics.iter().enumerate().map(|(index, topic)| {
            let partitions = self.plan.partitions.iter().filter(|plan| plan.topic == index);
            BookmarkTopic {
                topic: topic.name.clone(),
                topic_id: topic.id.map(|id| id.to_string()),
                partitions: partitions.map(place).collect(),
            }
        });
        Bookmark {
            cluster_id: self.plan.cluster_id.clone(),
            topics: topics.collect(),
        }
    }
}
