//! Runs jobs (splits with what is asked of them) on as many workers as there are cores.
//!
//! A worker owns a connection to one partition, a decompression buffer and the columns of its split, and does everything itself:
//! handing records from thread to thread costs a tenth and gains nothing. Jobs come from one queue in (partition, offset) order and
//! their results are given back in that order, whatever order they finished in.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kaframe_client::{Client, FetchOptions, Fetched, PartitionFetcher, TopicMetadata};
use tokio::task::JoinSet;

use crate::account::Account;
use crate::assemble::Layout;
use crate::bound::OffsetRange;
use crate::cancel::CancelToken;
use crate::chunk::{Chunk, ChunkPlan};
use crate::error::{Error, Result};
use crate::malformed::Malformed;
use crate::memory::Guard;
use crate::outlet::Outlet;
use crate::plan::Plan;
use crate::report::LostRange;
use crate::walk::Seen;
use crate::window::LateRows;
use crate::worker;

/// Bytes asked for in one Fetch: larger gains nothing on a fast network, smaller costs the broker.
pub(crate) const FETCH_BYTES: i32 = 4 << 20;
/// Smallest Fetch, where memory is tight or little is left.
pub(crate) const SMALL_FETCH_BYTES: i32 = 64 << 10;
/// How long a broker may hold an empty answer back.
pub(crate) const SHORT_WAIT: Duration = Duration::from_millis(200);
/// The same where an empty answer is to prove a hole: longer than a remote storage read may take.
pub(crate) const LONG_WAIT: Duration = Duration::from_secs(1);

/// How long a read that stops waits for its workers.
const STOP_WAIT: Duration = Duration::from_millis(150);

/// A split with what is asked of it.
#[derive(Debug)]
pub(crate) struct Job {
    /// Place in the order of results.
    pub(crate) index: usize,
    pub(crate) partition: i32,
    pub(crate) range: OffsetRange,
    /// Stop behind so many rows.
    pub(crate) max_rows: Option<u64>,
}

/// What became of a job.
#[derive(Debug)]
pub(crate) struct JobResult {
    pub(crate) index: usize,
    pub(crate) partition: i32,
    pub(crate) range: OffsetRange,
    pub(crate) max_rows: Option<u64>,
    /// Rows; `None` when they were streamed.
    pub(crate) chunk: Option<Chunk>,
    /// Shapes that the values and keys have, joined over all of them.
    pub(crate) shapes: (Option<kaframe_codec::Shape>, Option<kaframe_codec::Shape>),
    /// The columns cannot show what was seen: decode again from the joined shape.
    pub(crate) replay: bool,
    pub(crate) account: Account,
    /// The offset behind the last that was read.
    pub(crate) stopped_at: i64,
    /// It stopped without having read what it was asked for.
    pub(crate) gave_up: Option<String>,
    pub(crate) malformed: Vec<Malformed>,
    pub(crate) decoded: u64,
    pub(crate) undecoded: u64,
    pub(crate) unexpected: u64,
    pub(crate) special_floats: u64,
    pub(crate) replaced_headers: bool,
    pub(crate) late: LateRows,
    pub(crate) seen: Seen,
    pub(crate) lost: Vec<LostRange>,
    pub(crate) notes: Vec<String>,
    pub(crate) bytes: u64,
    /// Bytes charged to the guard for the rows.
    pub(crate) charged: u64,
}

impl JobResult {
    /// Of a range that was not read.
    pub(crate) fn untouched(partition: i32, range: OffsetRange) -> JobResult {
        JobResult {
            index: usize::MAX,
            partition,
            range,
            max_rows: None,
            chunk: None,
            shapes: (None, None),
            replay: false,
            account: Account {
                not_read: range.len(),
                ..Account::default()
            },
            stopped_at: range.start,
            gave_up: None,
            malformed: Vec::new(),
            decoded: 0,
            undecoded: 0,
            unexpected: 0,
            special_floats: 0,
            replaced_headers: false,
            late: LateRows::default(),
            seen: Seen::nothing(),
            lost: Vec::new(),
            notes: Vec::new(),
            bytes: 0,
            charged: 0,
        }
    }
}

/// Counters that a progress bar shows.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) records: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) offsets: AtomicU64,
    pub(crate) malformed: AtomicU64,
    pub(crate) throttled_ms: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn read(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }
}

/// Everything that the workers of one read share.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) topic: TopicMetadata,
    pub(crate) plan: Arc<Plan>,
    pub(crate) fetch: FetchOptions,
    pub(crate) timeout: Duration,
    pub(crate) allow_partial: bool,
    pub(crate) batch_size: usize,
    /// How large splits are, instead of what the sample suggests: the rows must not depend on it.
    pub(crate) offsets_per_split: Option<u64>,
    pub(crate) cancel: CancelToken,
    pub(crate) counters: Arc<Counters>,
    /// Bounds the table of a read.
    pub(crate) guard: Option<Guard>,
    /// Takes the rows of a stream; without it they are kept.
    pub(crate) stream: Option<StreamSide>,
    pub(crate) fetchers: FetcherPool,
    pub(crate) prefetched: Mutex<Vec<Prefetched>>,
}

/// Where the rows of a stream go.
pub(crate) struct StreamSide {
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) layout: Layout,
    /// What finished splits have counted, for who asks in between.
    pub(crate) live: Mutex<Live>,
}

/// What the finished splits of a running stream have counted.
#[derive(Debug, Default)]
pub(crate) struct Live {
    pub(crate) accounts: BTreeMap<i32, Account>,
    pub(crate) malformed: Vec<Malformed>,
}

impl StreamSide {
    fn note(&self, result: &JobResult) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        *live.accounts.entry(result.partition).or_default() += result.account;
        live.malformed.extend_from_slice(&result.malformed);
    }
}

/// A response that the sample has fetched already.
#[derive(Debug)]
pub(crate) struct Prefetched {
    pub(crate) partition: i32,
    pub(crate) position: i64,
    pub(crate) fetched: Fetched,
}

impl Context {
    /// The response for a position, if the sample left one.
    pub(crate) fn take_prefetched(&self, partition: i32, position: i64) -> Option<Fetched> {
        let mut kept = self.prefetched.lock().unwrap_or_else(PoisonError::into_inner);
        let index = kept
            .iter()
            .position(|p| p.partition == partition && p.position == position)?;
        Some(kept.swap_remove(index).fetched)
    }

    /// A connection for a partition: one left over, or a new one.
    pub(crate) async fn fetcher(&self, partition: i32) -> Result<PartitionFetcher> {
        if let Some(mut fetcher) = self.fetchers.take(partition) {
            fetcher.progressed();
            return Ok(fetcher);
        }
        Ok(PartitionFetcher::open(&self.client, &self.topic, partition, self.fetch).await?)
    }

    /// An error of this topic at a place.
    pub(crate) fn located(&self, error: Error, partition: i32, offset: i64) -> Error {
        error
            .with_topic(&self.topic.name)
            .with_partition(partition)
            .with_offset(offset)
    }
}

/// Connections with no request on the way, for the next split of the same partition.
#[derive(Default)]
pub(crate) struct FetcherPool(Mutex<Vec<(i32, PartitionFetcher)>>);

/// Connections kept: more are not needed by the workers of one machine.
const KEPT_FETCHERS: usize = 64;

impl FetcherPool {
    fn take(&self, partition: i32) -> Option<PartitionFetcher> {
        let mut pool = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index = pool.iter().position(|(p, _)| *p == partition)?;
        Some(pool.swap_remove(index).1)
    }

    /// Gives a connection back. No request may be on the way.
    pub(crate) fn put(&self, partition: i32, fetcher: PartitionFetcher) {
        let mut pool = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.len() < KEPT_FETCHERS {
            pool.push((partition, fetcher));
        }
    }

    /// Closes all.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// As many decoders as cores.
pub(crate) fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runs jobs and gives their results in the order of their index. The first error stops everything; nothing is left running.
pub(crate) async fn run(context: &Arc<Context>, chunks: &Arc<ChunkPlan>, jobs: Vec<Job>) -> Result<Vec<JobResult>> {
    let count = jobs.len();
    let queue = Arc::new(Mutex::new(VecDeque::from(jobs)));
    let results = Arc::new(Mutex::new(Vec::with_capacity(count)));
    let mut tasks = JoinSet::new();
    for _ in 0..workers().min(count) {
        let (context, chunks, shared) = (context.clone(), chunks.clone(), context.clone());
        let (queue, results) = (queue.clone(), results.clone());
        tasks.spawn(async move {
            let mut worker = worker::Worker::new(context, chunks);
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some(job) = next else { return Ok(()) };
                let result = worker.run(job).await?;
                if let Some(stream) = &shared.stream {
                    stream.note(&result);
                }
                results.lock().unwrap_or_else(PoisonError::into_inner).push(result);
            }
        });
    }
    let mut failed: Option<Error> = None;
    loop {
        let ended = tokio::select! {
            biased;
            () = context.cancel.cancelled() => Some(Err(Error::cancelled())),
            ended = tasks.join_next() => match ended {
                None => break,
                Some(Ok(outcome)) => Some(outcome),
                Some(Err(panic)) => Some(Err(Error::internal(format!("a worker stopped: {panic}")))),
            },
        };
        if let Some(Err(error)) = ended {
            failed = Some(error);
            break;
        }
    }
    if let Some(error) = failed {
        // A worker in the middle of a large batch stops behind it, whether it is waited for or not.
        let _ = tokio::time::timeout(STOP_WAIT, tasks.shutdown()).await;
        context.fetchers.clear();
        return Err(error);
    }
    let mut results = std::mem::take(&mut *results.lock().unwrap_or_else(PoisonError::into_inner));
    results.sort_by_key(|result: &JobResult| result.index);
    Ok(results)
}

#[cfg(test)]
mod tests;
