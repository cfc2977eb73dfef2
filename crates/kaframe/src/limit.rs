//! `limit=n`: a share from the front of each partition's range, what a short one lacks the next ones give. Exactly n if there are n.

use std::sync::Arc;

use crate::bound::OffsetRange;
use crate::chunk::ChunkPlan;
use crate::engine::{self, Context, Job, JobResult};
use crate::error::Result;
use crate::split;
use crate::topic_partition::TopicPartition;

/// Up to here one worker reads a partition's share row by row; above, a range that can hold no more than the share is certain to be
/// needed whole and is read by all workers first.
const ROW_BY_ROW: u64 = 100_000;

/// One partition on its way to its share.
struct Part {
    partition: TopicPartition,
    range: OffsetRange,
    /// Rows still to come.
    wanted: u64,
    /// Read up to here.
    position: i64,
}

impl Part {
    fn exhausted(&self) -> bool {
        self.position >= self.range.end
    }
}

/// Reads at most `limit` rows of the plan. What was not needed is in the results as not read.
pub(crate) async fn run(
    context: &Arc<Context>,
    chunks: &Arc<ChunkPlan>,
    limit: u64,
    offsets_per_split: u64,
) -> Result<Vec<JobResult>> {
    let mut parts = shares(context, limit);
    let mut results: Vec<JobResult> = Vec::new();
    let mut index = 0;
    // Some have nothing to give from the start.
    pass_on(&mut parts);
    while parts.iter().any(|part| part.wanted > 0 && !part.exhausted()) {
        let jobs = jobs(&parts, offsets_per_split, &mut index);
        for (part, range) in jobs
            .iter()
            .filter_map(|job| Some((job.partition, job.max_rows.map(|_| job.range)?)))
        {
            // A share that grew goes on where the partition stopped: what was not read before is read now.
            if let Some(earlier) = results
                .iter_mut()
                .find(|r| r.partition == part && r.range.end > range.start)
            {
                earlier.range.end = range.start;
                earlier.account.not_read -= range.len();
            }
        }
        for result in engine::run(context, chunks, jobs).await? {
            if let Some(part) = parts.iter_mut().find(|part| part.partition == result.partition) {
                part.wanted = part.wanted.saturating_sub(result.account.delivered);
                part.position = match (result.max_rows, &result.gave_up) {
                    // Nothing behind it can be had.
                    (_, Some(_)) => part.range.end,
                    (Some(_), None) => result.stopped_at,
                    (None, None) => result.range.end.max(part.position),
                };
            }
            results.push(result);
        }
        if results.iter().any(JobResult::is_blind) {
            // It will all be read again.
            break;
        }
        pass_on(&mut parts);
    }
    for part in parts {
        let read_to = results
            .iter()
            .filter(|r| r.partition == part.partition)
            .map(|r| r.range.end)
            .max();
        let rest = OffsetRange {
            start: read_to.unwrap_or(part.range.start),
            end: part.range.end,
        };
        if !rest.is_empty() {
            results.push(JobResult::untouched(part.partition, rest));
        }
    }
    Ok(results)
}

fn shares(context: &Context, limit: u64) -> Vec<Part> {
    let partitions = &context.plan.partitions;
    let share = limit.div_ceil(partitions.len().max(1) as u64);
    let mut left = limit;
    partitions
        .iter()
        .map(|plan| {
            let wanted = share.min(left);
            left -= wanted;
            Part {
                partition: plan.at(),
                range: plan.range,
                wanted,
                position: plan.range.start,
            }
        })
        .collect()
}

fn jobs(parts: &[Part], offsets_per_split: u64, index: &mut usize) -> Vec<Job> {
    let mut jobs = Vec::new();
    let mut add = |partition, range, max_rows| {
        jobs.push(Job {
            index: *index,
            partition,
            range,
            max_rows,
        });
        *index += 1;
    };
    for part in parts.iter().filter(|part| part.wanted > 0 && !part.exhausted()) {
        let rest = OffsetRange {
            start: part.position,
            end: part.range.end,
        };
        if part.wanted <= ROW_BY_ROW {
            add(part.partition, rest, Some(part.wanted));
            continue;
        }
        let certain = i64::try_from(part.wanted)
            .unwrap_or(i64::MAX)
            .saturating_add(rest.start)
            .min(rest.end);
        for range in split::cut(
            OffsetRange {
                start: rest.start,
                end: certain,
            },
            offsets_per_split,
        ) {
            add(part.partition, range, None);
        }
    }
    jobs
}

/// What a short partition lacks the next one that has more gives.
fn pass_on(parts: &mut [Part]) {
    for index in 0..parts.len() {
        if parts[index].wanted == 0 || !parts[index].exhausted() {
            continue;
        }
        let lacking = std::mem::take(&mut parts[index].wanted);
        let next = (1..parts.len())
            .map(|step| (index + step) % parts.len())
            .find(|i| !parts[*i].exhausted());
        if let Some(next) = next {
            parts[next].wanted += lacking;
        }
    }
}
