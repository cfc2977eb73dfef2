//! The rules by which bounds and answers become ranges. Pure.

use std::collections::BTreeMap;

use super::{Answers, TimeAnswer};
use crate::bound::{Bound, Bounds, OffsetRange};
use crate::error::{Error, ErrorKind, Result};
use crate::options::{Late, ScanOptions};
use crate::plan::PartitionPlan;
use crate::time;

/// From here on an offset looks like milliseconds since 1970.
const LOOKS_LIKE_MS: i64 = 100_000_000_000;

/// A date written as one number, `20261120`, as a bound takes it.
fn looks_like_date(offset: i64) -> Option<chrono::NaiveDate> {
    let (year, month, day) = (offset / 10_000, offset / 100 % 100, offset % 100);
    if !(1970..2100).contains(&year) {
        return None;
    }
    chrono::NaiveDate::from_ymd_opt(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?)
}

/// What can be refused before any broker is asked.
pub(super) fn check_options(options: &ScanOptions) -> Result<()> {
    if options.limit.is_some() && options.tail.is_some() {
        return Err(Error::config("limit and tail cannot be asked for together")
            .with_hint("limit takes from the front, tail the newest"));
    }
    if options.batch_size == 0 {
        return Err(Error::config("batch_size is at least 1"));
    }
    if options.memory_limit == 0 {
        return Err(Error::config("memory_limit is more than 0 bytes"));
    }
    if options.timeout.is_zero() {
        return Err(Error::config("timeout is more than 0 seconds"));
    }
    if options.partitions.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error::config("partitions is an empty list: no partition would be read"));
    }
    if matches!(options.end, Bounds::Bookmark(_)) {
        return Err(Error::config("a bookmark is where a read starts, it cannot be its end"));
    }
    let named = [&options.start, &options.end]
        .into_iter()
        .filter_map(|bounds| match bounds {
            Bounds::PerPartition(map) => Some(map.keys().copied()),
            _ => None,
        });
    let everywhere = (Bound::Earliest, Bound::Latest);
    let pairs = named
        .flatten()
        .map(|p| (options.start.of(p, everywhere.0), options.end.of(p, everywhere.1)));
    let both = match (&options.start, &options.end) {
        (Bounds::One(start), Bounds::One(end)) => Some((*start, *end)),
        _ => None,
    };
    for (start, end) in pairs.chain(both) {
        check_order(start, end)?;
    }
    Ok(())
}

/// Whether mappings in the bounds fit the topics.
pub(super) fn check_topics(options: &ScanOptions, topics: &[String]) -> Result<()> {
    for (name, bounds) in [("start", &options.start), ("end", &options.end)] {
        match bounds {
            Bounds::PerPartition(_) if topics.len() > 1 => {
                return Err(
                    Error::config(format!("{name} maps partitions, but {} topics are read", topics.len()))
                        .with_hint("map each topic to its own: {topic: {partition: bound}}"),
                );
            }
            Bounds::PerTopic(map) => {
                if let Some(unknown) = map.keys().find(|topic| !topics.contains(topic)) {
                    return Err(Error::config(format!(
                        "{name} names topic {unknown:?}, which is not read: that is {}",
                        crate::plan::names(topics.iter().map(String::as_str))
                    )));
                }
            }
            _ => {}
        }
    }
    topics
        .iter()
        .try_for_each(|topic| check_options(&options.of_topic(topic)))
}

fn check_order(start: Bound, end: Bound) -> Result<()> {
    for bound in [start, end] {
        if let Bound::Offset(offset) | Bound::FromEnd(offset) = bound
            && offset < 0
        {
            return Err(Error::config(format!("an offset is at least 0, not {offset}")));
        }
    }
    let below = match (start, end) {
        (Bound::Offset(start), Bound::Offset(end)) | (Bound::Time(start), Bound::Time(end)) => end < start,
        (Bound::FromEnd(start), Bound::FromEnd(end)) => end > start,
        (Bound::Latest, Bound::FromEnd(end)) => end > 0,
        (Bound::Latest, Bound::Earliest) => true,
        _ => false,
    };
    if below {
        return Err(Error::config(format!(
            "the end ({end}) lies before the start ({start})"
        )));
    }
    Ok(())
}

/// The ranges of all partitions.
pub(super) fn ranges(
    index: usize,
    topic: &str,
    answers: &BTreeMap<i32, Answers>,
    options: &ScanOptions,
) -> Result<Vec<PartitionPlan>> {
    check_int_starts(topic, answers, options)?;
    Ok(answers
        .iter()
        .map(|(partition, answer)| range(index, *partition, answer, options))
        .collect())
}

fn check_int_starts(topic: &str, answers: &BTreeMap<i32, Answers>, options: &ScanOptions) -> Result<()> {
    let asked = |partition: i32| match (&options.start, options.start.of(partition, Bound::Earliest)) {
        (Bounds::Bookmark(_), _) => None,
        (_, Bound::Offset(offset)) => Some(offset),
        _ => None,
    };
    let out_of_range = |partition: i32, offset: i64, message: String| {
        let error = Error::new(ErrorKind::OffsetOutOfRange, message)
            .with_topic(topic)
            .with_partition(partition)
            .with_offset(offset);
        if offset >= LOOKS_LIKE_MS {
            error.with_hint(format!("is this a time in milliseconds? use \"@{offset}\""))
        } else if let Some(date) = looks_like_date(offset) {
            error.with_hint(format!("is this a date? use \"{date}\""))
        } else {
            error
        }
    };
    for (partition, answer) in answers {
        if let Some(offset) = asked(*partition)
            && offset != 0
            && offset < answer.log_start
        {
            let message = format!(
                "{topic}-{partition}: start {offset} is below the log start offset {}: older records are deleted",
                answer.log_start
            );
            return Err(out_of_range(*partition, offset, message).with_hint(format!(
                "start at {} or at earliest (0 means earliest too)",
                answer.log_start
            )));
        }
    }
    let past = |partition: i32, answer: &Answers| asked(partition).is_some_and(|offset| offset > answer.high_watermark);
    let named = |partition: &i32| matches!(&options.start, Bounds::PerPartition(map) if map.contains_key(partition));
    if let Some((partition, answer)) = answers.iter().find(|(p, answer)| named(p) && past(**p, answer)) {
        let offset = asked(*partition).unwrap_or_default();
        let message = format!(
            "{topic}-{partition}: start {offset} is past the end of the partition at {}",
            answer.high_watermark
        );
        return Err(out_of_range(*partition, offset, message));
    }
    if let (Bounds::One(_), Some((partition, _))) = (&options.start, answers.first_key_value())
        && answers.iter().all(|(partition, answer)| past(*partition, answer))
    {
        let offset = asked(*partition).unwrap_or_default();
        let longest = answers
            .values()
            .map(|answer| answer.high_watermark)
            .max()
            .unwrap_or_default();
        let message = format!(
            "start {offset} is past the end of every partition of {topic}: the longest ends at offset {longest}"
        );
        return Err(out_of_range(*partition, offset, message));
    }
    Ok(())
}

fn range(topic: usize, partition: i32, answer: &Answers, options: &ScanOptions) -> PartitionPlan {
    let mut notes = Vec::new();
    let start_bound = options.start.of(partition, Bound::Earliest);
    let end_bound = options.end.of(partition, Bound::Latest);
    let start = start(start_bound, &options.start, answer, &mut notes);
    let (end, late_from) = end(end_bound, options, answer, &mut notes);
    let time_of = |bound| match bound {
        Bound::Time(ms) => Some(ms),
        _ => None,
    };
    let range = OffsetRange {
        start,
        end: end.max(start),
    };
    if range.is_empty() {
        notes.push(why_empty(start_bound, end_bound, answer, start, end));
    }
    PartitionPlan {
        topic,
        partition,
        range,
        start_time: time_of(start_bound),
        end_time: time_of(end_bound),
        late_from: late_from.map(|offset| offset.max(range.start)),
        log_start_offset: answer.log_start,
        high_watermark: answer.high_watermark,
        last_stable_offset: match options.isolation_level {
            crate::options::IsolationLevel::ReadCommitted => Some(answer.end),
            crate::options::IsolationLevel::ReadUncommitted => None,
        },
        leader_epoch: answer.leader_epoch,
        notes,
    }
}

fn start(bound: Bound, bounds: &Bounds, answer: &Answers, notes: &mut Vec<String>) -> i64 {
    let Answers { log_start, end, .. } = *answer;
    match bound {
        Bound::Earliest => log_start,
        Bound::Latest => end,
        // With `allow_partial` a bookmark may lie below the log start; what is in between is lost, not forgotten. One of a read of uncommitted
        // records may lie behind the last stable offset: there is nothing to read yet, and the place stays.
        Bound::Offset(offset) if matches!(bounds, Bounds::Bookmark(_)) => offset,
        Bound::Offset(offset) => offset.clamp(log_start, end),
        Bound::FromEnd(back) => end.saturating_sub(back).max(log_start),
        Bound::Time(time) => {
            let TimeAnswer { offset, timestamp } = answer.start_time.unwrap_or_default();
            if let Some(first) = timestamp
                && offset.is_some_and(|offset| offset <= log_start)
                && first > time
            {
                notes.push(format!("the log begins at {}, after the start", time::format(first)));
            }
            offset.unwrap_or(end).clamp(log_start, end)
        }
    }
}

/// The end, and with an end by time the first offset at or after it.
fn end(bound: Bound, options: &ScanOptions, answer: &Answers, notes: &mut Vec<String>) -> (i64, Option<i64>) {
    let Answers { log_start, end, .. } = *answer;
    match bound {
        Bound::Earliest => (log_start, None),
        Bound::Latest => (end, None),
        Bound::Offset(offset) => (offset.min(end), None),
        Bound::FromEnd(back) => (end.saturating_sub(back).max(log_start), None),
        Bound::Time(time) => {
            let first = answer.end_time.unwrap_or_default().offset;
            if first.is_none() && end > log_start {
                notes.push(format!(
                    "no record at or after the end {}: read up to offset {end}",
                    time::format(time)
                ));
            }
            let late_from = first.unwrap_or(end).clamp(log_start, end);
            let last = match options.late {
                Late::Scan => end,
                Late::Within(_) => answer
                    .late_time
                    .unwrap_or_default()
                    .offset
                    .unwrap_or(end)
                    .clamp(late_from, end),
            };
            (last, Some(late_from))
        }
    }
}

fn why_empty(start: Bound, end: Bound, answer: &Answers, first: i64, last: i64) -> String {
    let Answers {
        log_start,
        end: stop,
        high_watermark,
        ..
    } = *answer;
    if log_start == stop {
        return match high_watermark > stop {
            true => "nothing to read: everything is in open transactions".to_owned(),
            false if stop == 0 => "nothing to read: the partition is empty".to_owned(),
            false => format!("nothing to read: all records before offset {stop} are deleted"),
        };
    }
    match (start, end) {
        (Bound::Time(time), _) if first == stop => {
            format!("nothing to read: no record at or after {}", time::format(time))
        }
        (_, Bound::Time(time)) if last <= log_start => {
            format!("nothing to read: no record before {}", time::format(time))
        }
        (_, Bound::Offset(end)) if end <= log_start => {
            format!("nothing to read: the end {end} is at or below the log start offset {log_start}")
        }
        (_, Bound::FromEnd(_)) if last <= log_start => {
            "nothing to read: the end reaches back to the log start".to_owned()
        }
        _ if first == stop => format!("nothing to read: the start is at the end of the partition, offset {stop}"),
        _ => format!("nothing to read: the end, offset {last}, does not lie behind the start, offset {first}"),
    }
}

#[cfg(test)]
mod tests;
