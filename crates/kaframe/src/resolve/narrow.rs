//! What a `where` says about where records lie, applied to the ranges of a plan: what it excludes is never fetched.
//!
//! It is cut away like what lies outside `start` and `end`: it is outside the range that the report accounts for, and not counted as filtered.
//! Times are exact: the first record at or after the start is asked for, and every record is tested. An upper bound leaves the end where it is, since a record
//! of an earlier time may come after any number of later ones; whoever knows better gives `end` and `late`.

use kaframe_client::{Client, ClientError, Isolation, OffsetQuery, TopicMetadata};
use kaframe_wire::ErrorCode;

use crate::bound::OffsetRange;
use crate::error::Result;
use crate::filter::Implied;
use crate::options::IsolationLevel;
use crate::plan::PartitionPlan;

/// The partitions that are left.
pub(crate) fn partitions(topic: &str, chosen: Vec<i32>, implied: &Implied) -> Vec<i32> {
    if implied.topics.as_ref().is_some_and(|topics| !topics.contains(topic)) {
        return Vec::new();
    }
    match &implied.partitions {
        None => chosen,
        Some(only) => chosen.into_iter().filter(|p| only.contains(p)).collect(),
    }
}

/// Narrows the ranges by offsets and times.
pub(crate) async fn narrow(
    client: &Client,
    metadata: &TopicMetadata,
    implied: &Implied,
    level: IsolationLevel,
    plans: &mut [PartitionPlan],
) -> Result<()> {
    let whole: Vec<OffsetRange> = plans.iter().map(|plan| plan.range).collect();
    for plan in plans.iter_mut() {
        cut(plan, implied.offset_from, implied.offset_to);
    }
    if let Some(time) = implied.timestamp_from {
        let later = plans
            .iter_mut()
            .filter(|plan| plan.start_time.is_none_or(|start| start < time));
        let later: Vec<&mut PartitionPlan> = later.collect();
        let partitions: Vec<i32> = later.iter().map(|plan| plan.partition).collect();
        let found = ask(client, metadata, super::isolation(level), &partitions, time).await?;
        for (plan, answer) in later.into_iter().zip(found) {
            plan.start_time = Some(time);
            let from = match answer {
                Answer::At(offset) => offset,
                Answer::None => plan.range.end,
                // Batches too old for an index by time: every record is tested.
                Answer::Unknown => plan.range.start,
            };
            cut(plan, Some(from), None);
        }
    }
    if let Some(time) = implied.timestamp_to {
        for plan in plans.iter_mut() {
            plan.end_time = Some(plan.end_time.map_or(time, |end| end.min(time)));
        }
    }
    for (plan, whole) in plans.iter_mut().zip(whole) {
        if plan.range.is_empty() && !whole.is_empty() {
            plan.notes
                .push("nothing to read: where excludes every offset".to_owned());
        }
    }
    Ok(())
}

/// Cuts a range; it never grows.
fn cut(plan: &mut PartitionPlan, from: Option<i64>, to: Option<i64>) {
    let OffsetRange { start, end } = plan.range;
    let start = from.map_or(start, |from| from.clamp(start, end));
    let end = to.map_or(end, |to| to.clamp(start, end));
    plan.range = OffsetRange { start, end };
    plan.late_from = plan.late_from.map(|late| late.max(start));
}

/// The first record at or after a time.
#[derive(Debug, Clone, Copy)]
enum Answer {
    /// Here.
    At(i64),
    /// There is none.
    None,
    /// The broker cannot tell.
    Unknown,
}

async fn ask(
    client: &Client,
    metadata: &TopicMetadata,
    isolation: Isolation,
    partitions: &[i32],
    time: i64,
) -> Result<Vec<Answer>> {
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    // Every time is at or after the smallest; the protocol has other meanings for what lies below zero.
    if time < 0 {
        return Ok(vec![Answer::Unknown; partitions.len()]);
    }
    let queries: Vec<_> = partitions.iter().map(|p| (*p, OffsetQuery::AtTime(time))).collect();
    match client.list_offsets(metadata, &queries, isolation).await {
        Ok(listed) => Ok(listed
            .into_iter()
            .map(|found| found.offset.map_or(Answer::None, Answer::At))
            .collect()),
        Err(ClientError::Broker {
            code: ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT,
            ..
        }) => Ok(vec![Answer::Unknown; partitions.len()]),
        Err(error) => Err(error.into()),
    }
}
