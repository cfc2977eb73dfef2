//! `-C`: records of a topic, as they are, to standard output; to the end with `-e`, else on and on.
//!
//! Partitions come one after the other where kcat mixes them; inside a partition the order is that of offsets in both.

use std::collections::{BTreeMap, BTreeSet};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};
use kaframe::{Bound, Bounds, Followed, ScanOptions};

use super::Session;
use super::places::{self, Places};
use super::stop::Stop;
use crate::render::{self, Filling, Needs, Renderer, Template};

/// Runs it.
pub fn run(session: &Session) -> Result<(), Stop> {
    let topic = session.arguments.topic.as_deref().unwrap_or_default();
    let places = places::find(session, topic)?;
    let mut consumer = Consumer::new(session, topic)?;
    if consumer.read(&places)? {
        return Ok(());
    }
    for (partition, place) in &places {
        if !consumer.stopped.contains(partition) {
            let exiting = session.arguments.exit_at_end && consumer.stop(*partition);
            consumer.say_end(*partition, place.next.max(place.end), exiting);
        }
    }
    if consumer.all_stopped() {
        return Ok(());
    }
    consumer.follow(places)
}

struct Consumer<'a> {
    session: &'a Session,
    topic: &'a str,
    out: Box<dyn Renderer>,
    needs: Needs,
    /// Partitions that are done: at their end with `-e`, or at a record behind the last time.
    stopped: BTreeSet<i32>,
    partitions: usize,
    /// Records still to print; `None` for all.
    left: Option<u64>,
    begun: bool,
}

impl<'a> Consumer<'a> {
    fn new(session: &'a Session, topic: &'a str) -> Result<Self, Stop> {
        let arguments = &session.arguments;
        let mut default = Vec::new();
        if !arguments.json {
            if let Some(delimiter) = &arguments.key_delimiter {
                default.extend_from_slice(b"%k");
                default.extend_from_slice(delimiter);
            }
            default.extend_from_slice(b"%s");
        }
        default.extend_from_slice(&arguments.delimiter);
        let text = arguments.format.as_ref().unwrap_or(&default);
        let template = Template::parse(text).map_err(|problem| Stop::Fatal(format!("-f: {problem}")))?;
        let plan = session.cluster.listing(Some(topic))?;
        let partitions = plan
            .topics
            .first()
            .map(|topic| topic.partitions.as_slice())
            .unwrap_or_default();
        let (needs, out) = if arguments.json {
            let brokers: BTreeMap<i32, i32> = partitions.iter().map(|p| (p.id, p.leader)).collect();
            let needs = Needs {
                topic: true,
                headers: true,
                timestamp_type: true,
            };
            (needs, render::enveloped(brokers, template.leading_text()))
        } else {
            let filling = Filling {
                null: arguments.null.then_some("NULL"),
                key: arguments.key_pack.clone(),
                value: arguments.value_pack.clone(),
                go_on: arguments.go_on,
            };
            let mut needs = template.needs();
            // Errors of unpacking name the topic.
            needs.topic |= arguments.key_pack.is_some() || arguments.value_pack.is_some();
            (needs, render::templated(&template, filling))
        };
        Ok(Consumer {
            session,
            topic,
            out,
            needs,
            stopped: BTreeSet::new(),
            partitions: if arguments.partition.is_some() {
                1
            } else {
                partitions.len()
            },
            left: Some(arguments.count).filter(|count| *count > 0),
            begun: false,
        })
    }

    /// Marks a partition as done. Returns whether it was the last.
    fn stop(&mut self, partition: i32) -> bool {
        self.stopped.insert(partition);
        self.all_stopped()
    }

    fn all_stopped(&self) -> bool {
        self.stopped.len() >= self.partitions
    }

    /// Prints what is there now. Returns whether that was all that was asked for.
    fn read(&mut self, places: &Places) -> Result<bool, Stop> {
        let ranges = self.ranges(places)?;
        if ranges.is_empty() {
            return Ok(false);
        }
        let of = |which: fn(&(i64, i64)) -> i64| {
            Bounds::PerPartition(
                ranges
                    .iter()
                    .map(|(partition, range)| (*partition, Bound::Offset(which(range))))
                    .collect(),
            )
        };
        let mut options = ScanOptions {
            partitions: Some(ranges.keys().copied().collect()),
            start: of(|range| range.0),
            end: of(|range| range.1),
            isolation_level: self.session.properties.isolation,
            // With a stop by time a partition may give fewer than its share.
            limit: self.left.filter(|_| self.session.arguments.stop_time == 0),
            cancel: self.session.interrupt.token(),
            ..ScanOptions::default()
        };
        self.needs.apply(&mut options);
        let scan = self.session.cluster.scan(self.topic, options)?;
        let mut stream = scan.stream()?;
        for batch in &mut stream {
            self.print(&batch?)?;
            if self.done() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Goes on behind the places with what comes, until Ctrl-C or the last record that was asked for.
    fn follow(&mut self, places: Places) -> Result<(), Stop> {
        let mut ends: BTreeMap<i32, i64> = BTreeMap::new();
        for (partition, place) in places {
            if !self.stopped.contains(&partition) {
                ends.insert(partition, place.next.max(place.end));
            }
        }
        let starts = ends.iter().map(|(partition, end)| (*partition, Bound::Offset(*end)));
        let mut options = ScanOptions {
            start: Bounds::PerPartition(starts.collect()),
            // Else partitions that are added are read too, from their start.
            partitions: (self.session.arguments.partition.is_some() || !self.stopped.is_empty())
                .then(|| ends.keys().copied().collect()),
            isolation_level: self.session.properties.isolation,
            cancel: self.session.interrupt.token(),
            ..ScanOptions::default()
        };
        self.needs.apply(&mut options);
        let mut follow = self.session.cluster.scan(self.topic, options)?.follow()?;
        while let Some(next) = follow.step() {
            match next? {
                Followed::Batch(batch) => self.print(&batch)?,
                Followed::CaughtUp => {
                    for place in follow.next_start().topics.iter().flat_map(|topic| &topic.partitions) {
                        let before = ends.insert(place.partition, place.offset);
                        if before != Some(place.offset) && !self.stopped.contains(&place.partition) {
                            self.say_end(place.partition, place.offset, false);
                        }
                    }
                }
            }
            if self.done() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether nothing more is wanted.
    fn done(&self) -> bool {
        self.left == Some(0) || self.all_stopped()
    }

    fn say_end(&self, partition: i32, offset: i64, exiting: bool) {
        let exiting = if exiting { ": exiting" } else { "" };
        self.session.say(&format!(
            "Reached end of topic {} [{partition}] at offset {offset}{exiting}",
            self.topic
        ));
    }

    /// What there is to read, up to the first record behind the last time where a broker can tell its offset.
    fn ranges(&self, places: &Places) -> Result<BTreeMap<i32, (i64, i64)>, Stop> {
        let mut ranges: BTreeMap<i32, (i64, i64)> = places
            .iter()
            .filter(|(partition, place)| place.next < place.end && !self.stopped.contains(partition))
            .map(|(partition, place)| (*partition, (place.next, place.end)))
            .collect();
        let stop_time = self.session.arguments.stop_time;
        if stop_time != 0 && !ranges.is_empty() {
            let asked: Vec<(i32, i64)> = ranges.keys().map(|partition| (*partition, stop_time)).collect();
            for found in self.session.cluster.offsets_at(self.topic, &asked)? {
                // One before the start tells nothing about the first one behind it.
                if let (Some(range), Some(offset)) = (ranges.get_mut(&found.partition), found.offset)
                    && offset >= range.0
                {
                    // With the record itself: it is what stops the partition.
                    range.1 = range.1.min(offset + 1);
                }
            }
        }
        Ok(ranges)
    }

    /// Prints the rows of a batch that are wanted, in runs.
    fn print(&mut self, batch: &RecordBatch) -> Result<(), Stop> {
        if !std::mem::replace(&mut self.begun, true) {
            self.out.begin(&batch.schema())?;
        }
        let rows = batch.num_rows();
        let stop_time = self.session.arguments.stop_time;
        if stop_time == 0 {
            return self.print_run(batch, 0, rows);
        }
        let column = |name: &str| {
            batch
                .column_by_name(name)
                .ok_or_else(|| Stop::Fatal(format!("internal error: no column {name}")))
        };
        let partitions = column("_partition")?.as_primitive::<Int32Type>().clone();
        let times = column("_timestamp")?.as_primitive::<TimestampMillisecondType>().clone();
        let offsets = column("_offset")?
            .as_primitive::<arrow_array::types::Int64Type>()
            .clone();
        let mut from = 0;
        for row in 0..rows {
            let partition = partitions.value(row);
            let stopped = self.stopped.contains(&partition);
            let behind = times.is_valid(row) && times.value(row) >= stop_time;
            if !stopped && !behind {
                continue;
            }
            self.print_run(batch, from, row)?;
            from = row + 1;
            if !stopped {
                let last = self.stop(partition);
                self.session.say(&format!(
                    "Reached stop timestamp for topic {} [{partition}] at offset {}{}",
                    self.topic,
                    offsets.value(row),
                    if last { ": exiting" } else { "" }
                ));
            }
        }
        self.print_run(batch, from, rows)
    }

    fn print_run(&mut self, batch: &RecordBatch, from: usize, to: usize) -> Result<(), Stop> {
        let mut count = to - from;
        if let Some(left) = &mut self.left {
            count = count.min(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= count as u64;
        }
        if count > 0 {
            self.out.batch(&batch.slice(from, count))?;
        }
        Ok(())
    }
}
