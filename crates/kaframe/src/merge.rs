//! `order="timestamp"` of a stream: the partitions, each in its own order, merged by timestamp in bounded memory.
//!
//! A merge compares heads: the next row is the partition's whose next row has the least timestamp (ties: topic, partition). So where timestamps grow with the offsets,
//! which brokers see to with LogAppendTime and producers mostly do, the stream is sorted. A row that is older than one before it in its partition comes right
//! behind that one: what a sorted stream would need is all rows in memory, and a place to resume at would be lost. Such rows are counted and told in a
//! warning. `order.rs` sorts tables exactly.
//!
//! The heads of all partitions are needed at once, and which partition is needed next only the timestamps tell. So splits are read in rounds, into memory, those of
//! the partitions with the fewest rows first; a round runs while the rows of the last one are merged.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Int64Array, RecordBatch, TimestampMillisecondArray};
use tokio::task::JoinSet;

use crate::bound::OffsetRange;
use crate::columns::MetaColumn;
use crate::engine::{self, Context, Job, JobResult, Live};
use crate::error::{Error, Result};
use crate::number::{counted, duration};
use crate::order;
use crate::outlet::{Outlet, Taken};
use crate::reader::STREAM_SPLIT_BYTES;
use crate::scan::Decided;
use crate::topic_partition::TopicPartition;

/// Bytes of an offset in memory, before any was decoded, for each of its bytes on the wire.
const GROWTH: u64 = 4;
/// The same where not even those are known.
const UNKNOWN_BYTES: u64 = 1 << 10;

/// Rows that are older than one before them in their partition.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Disorder {
    rows: u64,
    /// The furthest that one of them lies before the newest ahead of it, in ms.
    largest_ms: u64,
}

impl Disorder {
    /// What the user should know.
    pub(crate) fn warning(&self) -> Option<String> {
        (self.rows > 0).then(|| {
            format!(
                "{} older than one before in the same partition, by up to {}: a stream ordered by timestamp keeps the order of each partition; a table (read), or \
                 order by _timestamp in SQL, is sorted exactly",
                counted(self.rows, "row is", "rows are"),
                duration(Duration::from_millis(self.largest_ms))
            )
        })
    }
}

/// What came of a merge.
pub(crate) struct Merged {
    pub(crate) results: Vec<JobResult>,
    pub(crate) disorder: Disorder,
}

/// Rows of one split, decoded.
struct Block {
    batch: RecordBatch,
    times: TimestampMillisecondArray,
    offsets: Int64Array,
    bytes: u64,
    /// The next row.
    next: usize,
    /// Its place among the sources of the batch that is put together.
    source: Option<usize>,
}

impl Block {
    fn head(&self) -> i64 {
        order::sortable(&self.times, self.next)
    }
}

/// One partition while it is merged.
struct Part {
    partition: TopicPartition,
    /// Still to be asked for.
    rest: OffsetRange,
    /// A split of it is being read.
    reading: bool,
    blocks: VecDeque<Block>,
    /// Memory of the blocks.
    bytes: u64,
    /// Largest timestamp so far.
    newest: i64,
    results: Vec<JobResult>,
    /// A split ended early: nothing behind it is given.
    gave_up: bool,
}

impl Part {
    fn new(partition: TopicPartition, rest: OffsetRange) -> Part {
        Part {
            partition,
            rest,
            reading: false,
            blocks: VecDeque::new(),
            bytes: 0,
            newest: i64::MIN,
            results: Vec::new(),
            gave_up: false,
        }
    }

    /// Nothing to merge, though more is to come.
    fn is_dry(&self) -> bool {
        self.blocks.is_empty() && (self.reading || !self.rest.is_empty())
    }

    /// Keeps what was counted; neighbours become one, so that a stream of any length needs no more memory than a short one.
    fn keep(&mut self, result: JobResult) {
        match self.results.last_mut() {
            Some(last) if last.continues_in(&result) => last.absorb(result),
            _ => self.results.push(result),
        }
    }
}

/// The batch that is put together.
#[derive(Default)]
struct Output {
    sources: Vec<RecordBatch>,
    picked: Vec<(usize, usize)>,
    /// By partition: rows, and the offset behind the last.
    progress: BTreeMap<TopicPartition, (u64, i64)>,
}

impl Output {
    fn take(&mut self) -> Result<(RecordBatch, Taken)> {
        let Output {
            sources,
            picked,
            progress,
        } = std::mem::take(self);
        let taken = progress
            .into_iter()
            .map(|(at, (rows, next))| (at, rows, next))
            .collect();
        // One partition alone, as when the times of partitions do not overlap: nothing is copied.
        if let ([batch], [(_, first), .., (_, last)]) = (sources.as_slice(), picked.as_slice())
            && last - first + 1 == picked.len()
        {
            return Ok((batch.slice(*first, picked.len()), taken));
        }
        let sources: Vec<&RecordBatch> = sources.iter().collect();
        Ok((order::gather(&sources, &picked)?, taken))
    }
}

/// What a merge can do next.
enum Step {
    /// A batch is full.
    Full,
    /// A partition's next rows are missing.
    Dry,
    /// There is nothing more.
    End,
}

struct Merge<'m> {
    context: &'m Arc<Context>,
    decided: &'m Decided,
    parts: Vec<Part>,
    /// Heads of the partitions that have rows.
    heads: BinaryHeap<Reverse<(i64, usize)>>,
    output: Output,
    disorder: Disorder,
    /// Bytes of rows that are merged or wait for it.
    budget: u64,
    /// Offsets of a split, at most.
    per_split: u64,
    /// What was decoded so far: bytes in memory, offsets.
    decoded: (u64, u64),
    index: usize,
}

/// Reads and merges all of a plan. Half of `memory` is for what waits to be merged, the other half that of the outlet.
pub(crate) async fn run(
    context: &Arc<Context>,
    decided: &Decided,
    (memory, per_split): (u64, u64),
    outlet: &Outlet,
    live: &Mutex<Live>,
) -> Result<Merged> {
    let parts = context
        .plan
        .partitions
        .iter()
        .map(|plan| Part::new(plan.at(), plan.range));
    let wire = decided.sampled.bytes_per_offset;
    let mut merge = Merge {
        budget: memory / 2,
        per_split: per_split.min(wire.map_or(u64::MAX, |bytes| STREAM_SPLIT_BYTES / bytes.max(1))),
        decoded: (wire.map_or(UNKNOWN_BYTES, |bytes| bytes.saturating_mul(GROWTH)), 1),
        ..Merge::new(context, decided, parts.collect())
    };
    let mut round: JoinSet<Result<Vec<JobResult>>> = JoinSet::new();
    loop {
        if round.is_empty() {
            let jobs = merge.jobs();
            if !jobs.is_empty() {
                let (context, chunks) = (context.clone(), decided.chunks.clone());
                round.spawn(async move { engine::run(&context, &chunks, jobs).await });
            }
        }
        match merge.step() {
            Step::Full => merge.give(outlet).await?,
            Step::End => break,
            Step::Dry => match round.join_next().await {
                Some(Ok(results)) => merge.take_in(results?, live)?,
                Some(Err(panic)) => return Err(Error::internal(format!("a round of a merge stopped: {panic}"))),
                // There was nothing to read ahead when the last one ended; now there is.
                None => {}
            },
        }
    }
    merge.end(outlet).await
}

/// Merges what was read already: where a count decides which rows come, they are known only when all are read.
pub(crate) async fn held(
    context: &Arc<Context>,
    decided: &Decided,
    results: Vec<JobResult>,
    outlet: &Outlet,
    live: &Mutex<Live>,
) -> Result<Merged> {
    let parts = context.plan.partitions.iter().map(|plan| {
        let end = plan.range.end;
        Part::new(plan.at(), OffsetRange { start: end, end })
    });
    let mut merge = Merge::new(context, decided, parts.collect());
    merge.take_in(results, live)?;
    while let Step::Full = merge.step() {
        merge.give(outlet).await?;
    }
    merge.end(outlet).await
}

impl<'m> Merge<'m> {
    fn new(context: &'m Arc<Context>, decided: &'m Decided, parts: Vec<Part>) -> Merge<'m> {
        Merge {
            context,
            decided,
            parts,
            heads: BinaryHeap::new(),
            output: Output::default(),
            disorder: Disorder::default(),
            budget: 0,
            per_split: 0,
            decoded: (0, 0),
            index: 0,
        }
    }

    /// Hands over what is left.
    async fn end(mut self, outlet: &Outlet) -> Result<Merged> {
        if !self.output.picked.is_empty() {
            self.give(outlet).await?;
        }
        outlet.finish(0);
        Ok(Merged {
            disorder: self.disorder,
            results: self.parts.into_iter().flat_map(|part| part.results).collect(),
        })
    }

    /// The splits to read next: one of each partition without rows, since nothing can be merged before it is there, then of those with the fewest, as long as
    /// there is room and all workers have some.
    fn jobs(&mut self) -> Vec<Job> {
        let (bytes, offsets) = self.decoded;
        let each = (bytes / offsets.max(1)).max(1);
        let room = self.budget / (2 * self.parts.len().max(1) as u64);
        let most = self.context.offsets_per_split.unwrap_or(u64::MAX);
        let per_split = (room / each).clamp(1, self.per_split.max(1)).min(most.max(1));
        let held: u64 = self.parts.iter().map(|part| part.bytes).sum();
        let mut wanted: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
        for (index, part) in self.parts.iter().enumerate() {
            if !part.rest.is_empty() {
                wanted.push(Reverse((part.bytes, index)));
            }
        }
        let (mut jobs, mut planned) = (Vec::new(), held);
        while let Some(Reverse((bytes, index))) = wanted.pop() {
            let part = &mut self.parts[index];
            let enough = jobs.len() >= 2 * self.context.pace.connections || planned >= self.budget;
            if enough && (part.reading || !part.blocks.is_empty()) {
                break;
            }
            let end = part.rest.end.min(part.rest.start.saturating_add_unsigned(per_split));
            let range = OffsetRange {
                start: part.rest.start,
                end,
            };
            part.rest.start = end;
            part.reading = true;
            jobs.push(Job {
                index: self.index,
                partition: part.partition,
                range,
                max_rows: None,
            });
            self.index += 1;
            let more = range.len().saturating_mul(each);
            planned = planned.saturating_add(more);
            if !part.rest.is_empty() {
                // Never again in the first place: the others come first.
                wanted.push(Reverse((bytes.saturating_add(more).max(1), index)));
            }
        }
        // A partition's splits are read one after the other by the same worker where they follow each other.
        jobs.sort_by_key(|job| (job.partition, job.range.start));
        jobs
    }

    /// Takes in what a round has read.
    fn take_in(&mut self, results: Vec<JobResult>, live: &Mutex<Live>) -> Result<()> {
        for part in &mut self.parts {
            part.reading = false;
        }
        let mut results = results;
        results.sort_by_key(|result| (result.partition, result.range.start));
        for mut result in results {
            let Ok(index) = self
                .parts
                .binary_search_by_key(&result.partition, |part| part.partition)
            else {
                return Err(Error::internal("a merge was given rows of another read"));
            };
            let part = &mut self.parts[index];
            if part.gave_up {
                // It was asked for in the same round as a split before it that ended early.
                result = JobResult::untouched(result.partition, result.range);
            }
            live.lock().unwrap_or_else(PoisonError::into_inner).note(&result);
            if let Some(chunk) = result.chunk.take().filter(|chunk| chunk.rows > 0) {
                let times = order::times(&chunk)?;
                let Some(offsets) = chunk.meta(MetaColumn::Offset) else {
                    return Err(Error::internal("rows to be merged without offsets"));
                };
                let offsets = offsets.as_primitive::<Int64Type>().clone();
                let batch = self.decided.layout.assemble(chunk)?;
                let bytes = batch.get_array_memory_size() as u64;
                let block = Block {
                    batch,
                    times,
                    offsets,
                    bytes,
                    next: 0,
                    source: None,
                };
                if part.blocks.is_empty() {
                    self.heads.push(Reverse((block.head(), index)));
                }
                part.bytes += bytes;
                part.blocks.push_back(block);
                self.decoded.0 += bytes;
            }
            self.decoded.1 += result.range.len();
            if result.gave_up.is_some() {
                part.gave_up = true;
                // Behind it nothing is given: the next read can start there.
                let rest = std::mem::replace(
                    &mut part.rest,
                    OffsetRange {
                        start: result.range.end,
                        end: result.range.end,
                    },
                );
                part.keep(result);
                if !rest.is_empty() {
                    part.keep(JobResult::untouched(part.partition, rest));
                }
            } else {
                part.keep(result);
            }
        }
        Ok(())
    }

    /// Merges until a batch is full or rows are missing. One comparison a row, and what the heap costs where another partition's turn comes.
    fn step(&mut self) -> Step {
        let size = self.context.batch_size;
        if self.parts.iter().any(Part::is_dry) {
            return Step::Dry;
        }
        while self.output.picked.len() < size {
            let Some(Reverse((_, index))) = self.heads.pop() else {
                return Step::End;
            };
            // Until the head of another partition comes first, the batch is full, or the rows are used up.
            let until = self.heads.peek().map(|Reverse(head)| *head);
            let part = &mut self.parts[index];
            let Some(block) = part.blocks.front_mut() else { continue };
            let source = *block.source.get_or_insert_with(|| {
                self.output.sources.push(block.batch.clone());
                self.output.sources.len() - 1
            });
            let first = block.next;
            while block.next < block.batch.num_rows() && self.output.picked.len() < size {
                let time = block.head();
                if until.is_some_and(|until| (time, index) > until) {
                    break;
                }
                if time < part.newest {
                    self.disorder.rows += 1;
                    if time > i64::MIN {
                        self.disorder.largest_ms = self.disorder.largest_ms.max(part.newest.abs_diff(time));
                    }
                } else {
                    part.newest = time;
                }
                self.output.picked.push((source, block.next));
                block.next += 1;
            }
            if block.next > first {
                let progress = self.output.progress.entry(part.partition).or_default();
                let behind = block.offsets.value(block.next - 1).saturating_add(1);
                *progress = (progress.0 + (block.next - first) as u64, behind);
            }
            if block.next == block.batch.num_rows() {
                part.bytes = part.bytes.saturating_sub(block.bytes);
                part.blocks.pop_front();
            }
            if let Some(block) = part.blocks.front() {
                self.heads.push(Reverse((block.head(), index)));
            } else if part.is_dry() {
                return Step::Dry;
            }
        }
        Step::Full
    }

    /// Hands the batch over, once there is room.
    async fn give(&mut self, outlet: &Outlet) -> Result<()> {
        let (batch, taken) = self.output.take()?;
        for part in &mut self.parts {
            if let Some(block) = part.blocks.front_mut() {
                block.source = None;
            }
        }
        let bytes = batch.get_array_memory_size() as u64;
        outlet.admit(0, bytes).await;
        outlet.release(bytes);
        outlet.give(0, taken, batch);
        Ok(())
    }
}
