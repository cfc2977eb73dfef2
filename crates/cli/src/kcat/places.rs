//! From `-o` to offsets, by the rules of librdkafka: an offset that is not in the log goes where `auto.offset.reset` says, by default to the end.

use std::collections::BTreeMap;

use kaframe::{PartitionPlan, ScanOptions};

use super::Session;
use super::arguments::Start;
use super::properties::Reset;
use super::stop::Stop;

/// Offsets of a partition that are there to be read now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The next offset to read.
    pub next: i64,
    /// The offset behind the last one there is.
    pub end: i64,
}

/// The partitions to read, each with its place.
pub type Places = BTreeMap<i32, Place>;

/// Finds the places where a consumer starts.
pub fn find(session: &Session, topic: &str) -> Result<Places, Stop> {
    let arguments = &session.arguments;
    let scan = session.cluster.scan(
        topic,
        ScanOptions {
            isolation_level: session.properties.isolation,
            cancel: session.interrupt.token(),
            timeout: arguments.timeout,
            ..ScanOptions::default()
        },
    )?;
    let mut plans = scan.plan().partitions.clone();
    if let Some(partition) = arguments.partition {
        let last = plans.len().saturating_sub(1);
        plans.retain(|plan| plan.partition == partition);
        if plans.is_empty() {
            return Err(Stop::Fatal(format!(
                "Topic {topic} (with partitions 0..{last}): partition {partition} does not exist"
            )));
        }
    }
    let times = if arguments.start_time == 0 {
        BTreeMap::new()
    } else {
        let asked: Vec<(i32, i64)> = plans
            .iter()
            .map(|plan| (plan.partition, arguments.start_time))
            .collect();
        let found = session.cluster.offsets_at(topic, &asked)?;
        found.into_iter().map(|at| (at.partition, at.offset)).collect()
    };
    let mut places = Places::new();
    for plan in &plans {
        let end = plan.range.end;
        let next = match times.get(&plan.partition) {
            // No record is that new: from the end on.
            Some(found) => found.unwrap_or(end),
            None => start(session, topic, plan)?,
        };
        places.insert(plan.partition, Place { next, end });
    }
    Ok(places)
}

fn start(session: &Session, topic: &str, plan: &PartitionPlan) -> Result<i64, Stop> {
    let (log_start, end) = (plan.range.start, plan.range.end);
    let wanted = match session.arguments.start {
        Start::Beginning => return Ok(log_start),
        Start::End => return Ok(end),
        Start::Offset(offset) => offset,
        Start::Tail(count) => (end - count).max(0),
    };
    if (log_start..=end.max(plan.high_watermark)).contains(&wanted) {
        return Ok(wanted);
    }
    let (to, name) = match session.properties.reset {
        Reset::Beginning => (log_start, "beginning"),
        Reset::End => (end, "end"),
        Reset::Fail => {
            return Err(Stop::Fatal(format!(
                "Topic {topic} [{}] error: offset {wanted} is out of range: the log holds {log_start} to {end}",
                plan.partition
            )));
        }
    };
    session.say(&format!(
        "{topic} [{}]: offset {wanted} is not in the log ({log_start} to {end}); reading from the {name} at {to}, as auto.offset.reset says",
        plan.partition
    ));
    Ok(to)
}
