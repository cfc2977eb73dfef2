//! A worker reads one split after the other: it fetches, walks the headers of a response, sends the next Fetch, and decodes what has
//! arrived. Position moves by whole batches; what each offset became is counted on the way.

mod ask;
mod decoding;
pub(crate) mod failure;
mod finish;
mod hole;
mod ready;
mod sifted;

use std::sync::Arc;

use kaframe_client::{Fetched, PartitionFetcher};
use kaframe_wire::batch::{Scratch, Walk};

use crate::account::Account;
use crate::bound::OffsetRange;
use crate::chunk::{ChunkBuilder, ChunkPlan};
use crate::engine::{Context, Counters, Job, JobQueue, JobResult, SHORT_WAIT};
use crate::error::Result;
use crate::filter::{Sieve, Verdict};
use crate::malformed::MalformedList;
use crate::pace::SMALL_FETCH_BYTES;
use crate::report::LostRange;
use crate::transaction::AbortFilter;
use crate::walk::{self, Seen, Stop};
use crate::window::{LateRows, Window};
use hole::Emptiness;

/// Bytes of a record, where a tail does not know better.
const TAIL_BYTES_PER_OFFSET: u64 = 1024;
/// Rows for which memory is reserved at once, at most.
const RESERVED_ROWS: u64 = 1 << 20;

/// Reads splits of one plan.
pub(crate) struct Worker {
    context: Arc<Context>,
    chunks: Arc<ChunkPlan>,
    queue: Arc<JobQueue>,
    scratch: Scratch,
    ahead: Option<Ahead>,
}

/// The next split, asked for while the last one was still to be decoded.
struct Ahead {
    job: Job,
    fetcher: Option<PartitionFetcher>,
    /// Its first request is on the way.
    asked: bool,
}

/// Bytes asked for first: no more than the split is likely to have, as far as that is known. What lies behind it another worker fetches, a tail has read
/// already, or nobody wants.
fn first_fetch_bytes(context: &Context, chunks: &ChunkPlan, job: &Job) -> i32 {
    let most = context.fetch.max_bytes;
    let each = match chunks.bytes_per_offset {
        Some(bytes) => bytes.saturating_add(bytes / 8),
        None if context.plan.tail.is_some() => TAIL_BYTES_PER_OFFSET,
        None => return most,
    };
    // How many offsets it takes until so many rows have passed a filter is not known.
    let rows = job.max_rows.filter(|_| chunks.sieve.is_none());
    let offsets = job.range.len().min(rows.unwrap_or(u64::MAX));
    let expected = i32::try_from(offsets.saturating_mul(each)).unwrap_or(i32::MAX);
    expected.clamp(SMALL_FETCH_BYTES.min(most), most)
}

/// How reading a split went on.
enum Flow {
    /// Go on at the position.
    On,
    /// The split is done, or given up.
    Done,
}

impl Worker {
    /// With a buffer of its own.
    pub(crate) fn new(context: Arc<Context>, chunks: Arc<ChunkPlan>, queue: Arc<JobQueue>) -> Worker {
        Worker {
            context,
            chunks,
            queue,
            scratch: Scratch::default(),
            ahead: None,
        }
    }

    /// Reads the next split; `None` when there is none.
    pub(crate) async fn run(&mut self) -> Result<Option<JobResult>> {
        let next = self.ahead.take().or_else(|| {
            self.queue.next().map(|job| Ahead {
                job,
                fetcher: None,
                asked: false,
            })
        });
        let Some(next) = next else { return Ok(None) };
        let chunks = self.chunks.clone();
        let mut run = SplitRun::new(&self.context, &chunks, next, &self.queue, &mut self.scratch);
        while run.position < run.job.range.end {
            if let Flow::Done = run.step().await? {
                break;
            }
        }
        let (result, ahead) = run.finish()?;
        self.ahead = ahead;
        Ok(Some(result))
    }
}

/// A split while it is read.
struct SplitRun<'w> {
    context: &'w Arc<Context>,
    job: Job,
    queue: &'w JobQueue,
    /// The split behind this one: the request on the way is for its start.
    ahead: Option<Job>,
    window: Window,
    scratch: &'w mut Scratch,
    chunk: ChunkBuilder<'w>,
    /// Of the batches that are decoded.
    malformed: MalformedList,
    /// What rows have to pass, with what it needs from group to group.
    sieve: Option<Sieve<'w>>,
    scratches: Vec<Scratch>,
    verdicts: Vec<Verdict>,
    /// Rows are only counted, by headers where those tell.
    by_header: bool,
    /// Rows are counted and thrown away.
    discard: bool,
    fetcher: Option<PartitionFetcher>,
    /// A request is on the way, for the position or the split ahead.
    asked: bool,
    position: i64,
    /// What the walk counted.
    walked: Account,
    /// What decoding counted.
    decoded: Account,
    seen: Seen,
    late: LateRows,
    lost: Vec<LostRange>,
    notes: Vec<String>,
    gave_up: Option<String>,
    unreadable: bool,
    bytes: u64,
    /// Bytes charged to the guard.
    charged: u64,
    /// Rows for which room was made without another look.
    roomy_to: usize,
    /// Rows for which the pages are there.
    pages_to: usize,
    /// Largest response asked for now.
    fetch_bytes: i32,
    /// Where a damaged batch was seen: it is fetched once more before it is believed.
    suspect: Option<i64>,
    emptiness: Emptiness,
}

impl<'w> SplitRun<'w> {
    fn new(
        context: &'w Arc<Context>,
        chunks: &'w ChunkPlan,
        next: Ahead,
        queue: &'w JobQueue,
        scratch: &'w mut Scratch,
    ) -> Self {
        let Ahead { job, fetcher, asked } = next;
        let rows = job.range.len().min(RESERVED_ROWS).min(job.max_rows.unwrap_or(u64::MAX));
        // A stream gives its rows away batch by batch.
        let rows = if context.stream.is_some() {
            rows.min(context.batch_size as u64)
        } else {
            rows
        };
        SplitRun {
            window: context
                .plan
                .partition(job.partition)
                .map(Window::of)
                .unwrap_or_default(),
            chunk: ChunkBuilder::new(
                chunks,
                job.partition,
                if chunks.sieve.is_some() { 0 } else { rows as usize },
            ),
            sieve: chunks.sieve.as_ref().map(|plan| Sieve::new(plan, job.partition)),
            scratches: Vec::new(),
            verdicts: Vec::new(),
            malformed: MalformedList::new(context.listed),
            by_header: chunks.by_header && job.max_rows.is_none(),
            discard: chunks.discard,
            scratch,
            queue,
            ahead: None,
            fetcher,
            asked,
            position: job.range.start,
            walked: Account::default(),
            decoded: Account::default(),
            seen: Seen::nothing(),
            late: LateRows::default(),
            lost: Vec::new(),
            notes: Vec::new(),
            gave_up: None,
            unreadable: false,
            bytes: 0,
            charged: 0,
            roomy_to: 0,
            pages_to: 0,
            fetch_bytes: first_fetch_bytes(context, chunks, &job),
            suspect: None,
            emptiness: Emptiness::default(),
            context,
            job,
        }
    }

    fn end(&self) -> i64 {
        self.job.range.end
    }

    /// One response.
    async fn step(&mut self) -> Result<Flow> {
        let fetched = match self.response().await {
            Ok(fetched) => fetched,
            Err(error) => return self.fetch_failed(error),
        };
        if let Some(flow) = self.pass_deleted(&fetched)? {
            return Ok(flow);
        }
        self.bytes += fetched.records.len() as u64;
        Counters::add(&self.context.counters.bytes, fetched.records.len() as u64);
        Counters::add(
            &self.context.counters.throttled_ms,
            fetched.throttled.as_millis() as u64,
        );
        let before = self.position;
        let mut aborts = AbortFilter::new(&fetched.aborted);
        let walked = walk::walk(
            &fetched.records,
            &mut aborts,
            (self.position, self.end()),
            &self.window,
            &mut self.walked,
            &mut self.seen,
        );
        self.position = walked.position;
        if self.position > before {
            self.emptiness = Emptiness::default();
            Counters::add(&self.context.counters.offsets, (self.position - before) as u64);
            self.progressed();
            self.adapt_fetch_bytes(fetched.records.len(), (self.position - before) as u64);
        }
        let stopped = match &walked.stop {
            Some(stop) => self.stopped(stop)?,
            None => None,
        };
        // The next Fetch goes out before anything is decoded. Behind a row limit it might be for nothing.
        let more = stopped.is_none() && self.position > before && self.position < self.end();
        if more
            && (self.job.max_rows.is_none() || self.sieve.is_some())
            && let Err(error) = self.ask(SHORT_WAIT).await
        {
            return match self.decode(&fetched, &walked).await? {
                Flow::Done => Ok(Flow::Done),
                Flow::On => self.fetch_failed(error),
            };
        }
        if stopped.is_none() && self.position >= self.end() {
            self.ask_ahead(fetched.records.len(), (self.position - before).max(0) as u64)
                .await;
        }
        if let Flow::Done = self.decode(&fetched, &walked).await? {
            return Ok(Flow::Done);
        }
        if let Some(flow) = stopped {
            return Ok(flow);
        }
        if self.position == before && walked.stop.is_none() {
            return self.nothing_new(&fetched, &walked).await;
        }
        Ok(Flow::On)
    }

    fn progressed(&mut self) {
        if let Some(fetcher) = &mut self.fetcher {
            fetcher.progressed();
        }
    }

    /// Records that retention took away between the plan and this response.
    fn pass_deleted(&mut self, fetched: &Fetched) -> Result<Option<Flow>> {
        let Some(log_start) = fetched.log_start_offset.filter(|start| *start > self.position) else {
            return Ok(None);
        };
        // What has arrived is not lost, even if the broker has deleted it by now.
        let first = match Walk::new(&fetched.records).next() {
            Some(Ok(batch)) if batch.header.is_legacy() => self.position,
            Some(Ok(batch)) => batch.header.base_offset,
            _ => log_start,
        };
        let to = first.min(log_start).min(self.end());
        if to <= self.position {
            return Ok(None);
        }
        self.deleted(to, log_start)?;
        Ok(match self.position >= self.end() {
            true => Some(Flow::Done),
            false => None,
        })
    }

    /// Counts offsets as lost and goes on behind them.
    fn lose(&mut self, to: i64, reason: String) {
        let range = OffsetRange {
            start: self.position,
            end: to,
        };
        self.walked.lost += range.len();
        self.lost.push(self.lost_range(range, reason));
        self.position = to;
        self.asked = false;
    }

    fn stopped(&mut self, stop: &Stop) -> Result<Option<Flow>> {
        let (Stop::Bad(walk::BadBatch { error, .. }) | Stop::Broken(error)) = stop;
        if self.suspect != Some(self.position) {
            // The bytes may have been damaged on the way: once more, on a fresh Fetch.
            self.suspect = Some(self.position);
            return Ok(Some(Flow::On));
        }
        match stop {
            Stop::Bad(bad) => {
                let (from, to) = (bad.from, bad.to);
                self.bad_header(from, to, error)?;
                Ok(Some(Flow::On))
            }
            Stop::Broken(error) => self.broken(error),
        }
    }
}
