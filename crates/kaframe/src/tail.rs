//! `tail=n`: the n newest records by (timestamp, topic, partition, offset) among the last n of each partition.
//!
//! The last n offsets of a partition need not hold n records: while markers, holes and the like leave it short, it is read further back.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMillisecondType};
use arrow_array::{Array, BooleanArray};

use crate::bound::OffsetRange;
use crate::chunk::ChunkPlan;
use crate::columns::MetaColumn;
use crate::engine::{self, Context, Job, JobResult};
use crate::error::{Error, Result};
use crate::split;
use crate::topic_partition::TopicPartition;

/// Offsets of a step back, at least.
const STEP_BACK: u64 = 1000;
/// Steps of one length; those behind grow with what was read, so that a gap of any length is crossed in few of them.
const EVEN_STEPS: u32 = 8;

/// One partition, read from its end backwards.
struct Part {
    partition: TopicPartition,
    range: OffsetRange,
    /// Read from here to the end of the range.
    from: i64,
    /// To be read next: from here to `from`.
    next: i64,
    rows: u64,
    /// Steps back so far.
    steps: u32,
}

impl Part {
    /// Goes back for the rows that are missing.
    fn step_back(&mut self, tail: u64) {
        let (missing, read) = (tail - self.rows, (self.range.end - self.from).max(0) as u64);
        let expected = match self.rows {
            // As dense as what was read, and half as much again.
            1.. => (read.saturating_mul(missing) / self.rows).saturating_mul(3) / 2,
            0 => missing,
        };
        let grown = if self.steps < EVEN_STEPS { 0 } else { read };
        let most = missing.max(STEP_BACK).saturating_mul(4).max(grown);
        let back = expected.clamp(STEP_BACK, most).max(grown);
        let back = i64::try_from(back).unwrap_or(i64::MAX);
        self.next = self.from.saturating_sub(back).max(self.range.start);
        self.steps += 1;
    }
}

/// The results of a tail, and from where on each partition was read.
pub(crate) struct Tail {
    pub(crate) results: Vec<JobResult>,
    pub(crate) read_from: BTreeMap<TopicPartition, i64>,
}

/// Where a tail begins to look.
pub(crate) fn first_window(range: OffsetRange, tail: u64) -> OffsetRange {
    let start = i64::try_from(tail).map_or(range.start, |tail| range.end.saturating_sub(tail).max(range.start));
    OffsetRange { start, end: range.end }
}

/// Reads far enough back that the newest `tail` records are among the rows. [`keep_newest`] then drops the others.
pub(crate) async fn run(
    context: &Arc<Context>,
    chunks: &Arc<ChunkPlan>,
    tail: u64,
    offsets_per_split: u64,
) -> Result<Tail> {
    let mut parts: Vec<Part> = context
        .plan
        .partitions
        .iter()
        .map(|plan| Part {
            partition: plan.at(),
            range: plan.range,
            from: plan.range.end,
            next: first_window(plan.range, tail).start,
            rows: 0,
            steps: 0,
        })
        .collect();
    let mut results: Vec<JobResult> = Vec::new();
    let mut index = 0;
    loop {
        let mut jobs = Vec::new();
        for part in &mut parts {
            let window = OffsetRange {
                start: part.next,
                end: part.from,
            };
            for range in split::cut(window, offsets_per_split) {
                jobs.push(Job {
                    index,
                    partition: part.partition,
                    range,
                    max_rows: None,
                });
                index += 1;
            }
            part.from = part.next;
        }
        if jobs.is_empty() {
            break;
        }
        for result in engine::run(context, chunks, jobs).await? {
            if let Some(part) = parts.iter_mut().find(|part| part.partition == result.partition) {
                part.rows += result.account.delivered;
            }
            results.push(result);
        }
        if results.iter().any(JobResult::is_blind) {
            // It will all be read again.
            break;
        }
        for part in parts.iter_mut().filter(|part| part.rows < tail) {
            part.step_back(tail);
        }
    }
    let read_from = parts.into_iter().map(|part| (part.partition, part.from)).collect();
    Ok(Tail { results, read_from })
}

/// One row among the candidates, in the order that decides.
type Candidate = (Option<i64>, TopicPartition, i64, usize, usize);

/// Drops all rows but the newest. Results must be in (partition, offset) order. Malformed values of dropped rows are forgotten, unless
/// their rows were left out for being malformed anyway.
pub(crate) fn keep_newest(results: &mut [JobResult], tail: u64, skipped_rows: bool) -> Result<()> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut seen: BTreeMap<TopicPartition, u64> = BTreeMap::new();
    // From the back: only the last `tail` rows of a partition are candidates.
    for (which, result) in results.iter().enumerate().rev() {
        let Some(chunk) = &result.chunk else { continue };
        let (offsets, timestamps) = match (chunk.meta(MetaColumn::Offset), chunk.meta(MetaColumn::Timestamp)) {
            (Some(offsets), Some(timestamps)) => (offsets, timestamps),
            _ => return Err(Error::internal("a tail without offsets and timestamps")),
        };
        let (offsets, timestamps) = (
            offsets.as_primitive::<Int64Type>(),
            timestamps.as_primitive::<TimestampMillisecondType>(),
        );
        let seen = seen.entry(result.partition).or_default();
        for row in (0..chunk.rows).rev() {
            if *seen >= tail {
                break;
            }
            *seen += 1;
            let timestamp = timestamps.is_valid(row).then(|| timestamps.value(row));
            candidates.push((timestamp, result.partition, offsets.value(row), which, row));
        }
    }
    candidates.sort_unstable_by(|a, b| b.cmp(a));
    candidates.truncate(usize::try_from(tail).unwrap_or(usize::MAX));
    let mut keep: Vec<Vec<bool>> = results
        .iter()
        .map(|result| vec![false; result.chunk.as_ref().map_or(0, |chunk| chunk.rows)])
        .collect();
    let mut kept_offsets: std::collections::HashSet<(TopicPartition, i64)> = std::collections::HashSet::new();
    for (_, partition, offset, which, row) in candidates {
        keep[which][row] = true;
        kept_offsets.insert((partition, offset));
    }
    for (result, keep) in results.iter_mut().zip(keep) {
        let Some(chunk) = result.chunk.take() else { continue };
        let rows = chunk.rows as u64;
        let chunk = if keep.iter().all(|keep| *keep) {
            chunk
        } else {
            chunk.filter(&BooleanArray::from(keep))?
        };
        let dropped = rows - chunk.rows as u64;
        result.account.delivered -= dropped;
        result.account.filtered += dropped;
        result.chunk = Some(chunk);
        if !skipped_rows {
            result
                .malformed
                .retain(|malformed| kept_offsets.contains(&(malformed.partition, malformed.offset)));
        }
    }
    Ok(())
}
