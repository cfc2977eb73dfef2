//! Runs jobs (splits with what is asked of them) on workers: as many as the cores, more only where the brokers are far away.
//!
//! A worker owns a connection to one partition, a decompression buffer and the columns of its split, and does everything itself:
//! handing records from thread to thread costs a tenth and gains nothing. Jobs come from one queue in (partition, offset) order and
//! their results are given back in that order, whatever order they finished in. No more decode at once than there are cores.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kaframe_client::{Client, FetchOptions, Fetched, PartitionFetcher, TopicMetadata};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::account::Account;
use crate::assemble::Layout;
use crate::bound::OffsetRange;
use crate::cancel::CancelToken;
use crate::chunk::{Chunk, ChunkBuilder, ChunkPlan};
use crate::error::{Error, Result};
use crate::filter::Sifted;
use crate::latest::Latest;
use crate::malformed::{MalformedList, Room};
use crate::memory::Guard;
use crate::outlet::Outlet;
use crate::pace::Pace;
use crate::plan::Plan;
use crate::report::LostRange;
use crate::topic_partition::TopicPartition;
use crate::walk::Seen;
use crate::window::LateRows;
use crate::worker;

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
    pub(crate) partition: TopicPartition,
    pub(crate) range: OffsetRange,
    /// Stop behind so many rows.
    pub(crate) max_rows: Option<u64>,
}

/// What became of a job.
#[derive(Debug)]
pub(crate) struct JobResult {
    pub(crate) index: usize,
    pub(crate) partition: TopicPartition,
    pub(crate) range: OffsetRange,
    pub(crate) max_rows: Option<u64>,
    /// Rows; `None` when they were streamed.
    pub(crate) chunk: Option<Chunk>,
    /// Shapes that the values and keys have, joined over all of them.
    pub(crate) shapes: (Option<kaframe_codec::Shape>, Option<kaframe_codec::Shape>),
    /// The columns cannot show what was seen: decode again from the joined shape.
    pub(crate) replay: bool,
    /// What the sieve has seen, where rows had to pass one.
    pub(crate) sifted: Option<Sifted>,
    pub(crate) account: Account,
    /// The offset behind the last that was read.
    pub(crate) stopped_at: i64,
    /// It stopped without having read what it was asked for.
    pub(crate) gave_up: Option<String>,
    /// It gave up at bytes that nobody can read: trying again is of no use.
    pub(crate) unreadable: bool,
    pub(crate) malformed: MalformedList,
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
    pub(crate) fn untouched(partition: TopicPartition, range: OffsetRange) -> JobResult {
        JobResult {
            index: usize::MAX,
            partition,
            range,
            max_rows: None,
            chunk: None,
            shapes: (None, None),
            replay: false,
            sifted: None,
            account: Account {
                not_read: range.len(),
                ..Account::default()
            },
            stopped_at: range.start,
            gave_up: None,
            unreadable: false,
            malformed: MalformedList::default(),
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

impl JobResult {
    /// Whether `next` goes on where this ends and both have read all of their ranges.
    pub(crate) fn continues_in(&self, next: &JobResult) -> bool {
        let whole =
            |r: &JobResult| r.chunk.is_none() && r.max_rows.is_none() && r.gave_up.is_none() && r.account.not_read == 0;
        self.partition == next.partition && self.range.end == next.range.start && whole(self) && whole(next)
    }

    /// Takes over what the next range counted.
    pub(crate) fn absorb(&mut self, next: JobResult) {
        self.range.end = next.range.end;
        self.stopped_at = next.stopped_at;
        self.account += next.account;
        self.malformed.append(next.malformed);
        self.decoded += next.decoded;
        self.undecoded += next.undecoded;
        self.unexpected += next.unexpected;
        self.special_floats += next.special_floats;
        self.replaced_headers |= next.replaced_headers;
        self.late.add(next.late);
        self.seen.then(next.seen);
        self.lost.extend(next.lost);
        self.notes.extend(next.notes);
        self.bytes += next.bytes;
        if let (Some(sifted), Some(next)) = (&mut self.sifted, next.sifted) {
            sifted.absorb(&next);
        }
    }

    /// Whether it was read with filters that knew too little: see `filter/settle.rs`.
    pub(crate) fn is_blind(&self) -> bool {
        self.sifted.as_ref().is_some_and(Sifted::is_blind)
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
    /// How many malformed values of a partition are listed; all where that is bounded otherwise.
    pub(crate) listed: Option<Room>,
    /// Keeps only the last record of each key.
    pub(crate) latest: Option<Latest>,
    /// Takes the rows of a stream; without it they are kept.
    pub(crate) stream: Option<StreamSide>,
    /// How many connections and decoders, how large a Fetch.
    pub(crate) pace: Pace,
    /// One permit for each split that may be decoded at once.
    pub(crate) decoders: Semaphore,
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

impl StreamSide {
    /// The rows of a split so far, as a batch.
    pub(crate) fn give(&self, split: usize, partition: TopicPartition, chunk: &mut ChunkBuilder<'_>) -> Result<()> {
        let batch = self.layout.assemble(chunk.finish()?)?;
        let taken = vec![(partition, batch.num_rows() as u64, chunk.next_offset)];
        self.outlet.give(split, taken, batch);
        Ok(())
    }
}

/// What the finished splits of a running stream have counted.
#[derive(Debug, Default, Clone)]
pub(crate) struct Live {
    pub(crate) partitions: BTreeMap<TopicPartition, (Account, MalformedList)>,
}

impl Live {
    /// Adds what a split has counted.
    pub(crate) fn note(&mut self, result: &JobResult) {
        let (account, malformed) = self.partitions.entry(result.partition).or_default();
        *account += result.account;
        malformed.merge(&result.malformed);
    }
}

/// A response that the sample has fetched already.
#[derive(Debug)]
pub(crate) struct Prefetched {
    pub(crate) partition: TopicPartition,
    pub(crate) position: i64,
    pub(crate) fetched: Fetched,
}

impl Context {
    /// The response for a position, if the sample left one.
    pub(crate) fn take_prefetched(&self, partition: TopicPartition, position: i64) -> Option<Fetched> {
        let mut kept = self.prefetched.lock().unwrap_or_else(PoisonError::into_inner);
        let index = kept
            .iter()
            .position(|p| p.partition == partition && p.position == position)?;
        Some(kept.swap_remove(index).fetched)
    }

    /// A connection for a partition: one left over, or a new one.
    pub(crate) async fn fetcher(&self, partition: TopicPartition) -> Result<PartitionFetcher> {
        if let Some(mut fetcher) = self.fetchers.take(partition) {
            fetcher.progressed();
            return Ok(fetcher);
        }
        let topic = self.topic(partition);
        Ok(PartitionFetcher::open(&self.client, topic, partition.partition, self.fetch).await?)
    }

    /// The topic of a partition.
    pub(crate) fn topic(&self, partition: TopicPartition) -> &TopicMetadata {
        self.plan.topic(partition)
    }

    /// An error at a place.
    pub(crate) fn located(&self, error: Error, partition: TopicPartition, offset: i64) -> Error {
        error
            .with_topic(&self.topic(partition).name)
            .with_partition(partition.partition)
            .with_offset(offset)
    }
}

/// Connections with no request on the way, for the next split of the same partition.
#[derive(Default)]
pub(crate) struct FetcherPool(Mutex<Vec<(TopicPartition, PartitionFetcher)>>);

/// Connections kept: more are not needed by the workers of one machine.
const KEPT_FETCHERS: usize = 64;

impl FetcherPool {
    fn take(&self, partition: TopicPartition) -> Option<PartitionFetcher> {
        let mut pool = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index = pool.iter().position(|(p, _)| *p == partition)?;
        Some(pool.swap_remove(index).1)
    }

    /// Gives a connection back. No request may be on the way.
    pub(crate) fn put(&self, partition: TopicPartition, fetcher: PartitionFetcher) {
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

/// The jobs of a run that nobody has taken yet, in the order of their results.
#[derive(Debug)]
pub(crate) struct JobQueue(Mutex<VecDeque<Job>>);

impl JobQueue {
    /// The next.
    pub(crate) fn next(&self) -> Option<Job> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// The next, if it reads a partition to its end like the caller's last.
    pub(crate) fn next_of(&self, partition: TopicPartition) -> Option<Job> {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = jobs.front()?;
        if next.partition != partition || next.max_rows.is_some() {
            return None;
        }
        jobs.pop_front()
    }
}

/// Adds what a split of a stream has counted; neighbours with nothing to tell apart become one, so that a stream of any length needs no
/// more memory than a short one.
fn add(results: &mut Vec<JobResult>, result: JobResult, streamed: bool) {
    let at = results.partition_point(|other| other.index < result.index);
    results.insert(at, result);
    if !streamed {
        return;
    }
    if at + 1 < results.len() && results[at].continues_in(&results[at + 1]) {
        let next = results.remove(at + 1);
        results[at].absorb(next);
    }
    if at > 0 && results[at - 1].continues_in(&results[at]) {
        let next = results.remove(at);
        results[at - 1].absorb(next);
    }
}

/// Runs jobs and gives their results in the order of their index. The first error stops everything; nothing is left running.
pub(crate) async fn run(context: &Arc<Context>, chunks: &Arc<ChunkPlan>, jobs: Vec<Job>) -> Result<Vec<JobResult>> {
    let count = jobs.len();
    let queue = Arc::new(JobQueue(Mutex::new(VecDeque::from(jobs))));
    let results = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = JoinSet::new();
    for _ in 0..context.pace.connections.min(count) {
        let (chunks, shared) = (chunks.clone(), context.clone());
        let (queue, results) = (queue.clone(), results.clone());
        tasks.spawn(async move {
            let mut worker = worker::Worker::new(shared.clone(), chunks, queue);
            while let Some(mut result) = worker.run().await? {
                if let Some(latest) = &shared.latest {
                    latest.absorb(shared.guard.as_ref(), &mut result)?;
                }
                if let Some(stream) = &shared.stream {
                    stream.live.lock().unwrap_or_else(PoisonError::into_inner).note(&result);
                }
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                add(&mut results, result, shared.stream.is_some());
                if let Some(latest) = &shared.latest {
                    latest.sweep(&mut results, false)?;
                }
            }
            Ok(())
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
    Ok(std::mem::take(
        &mut *results.lock().unwrap_or_else(PoisonError::into_inner),
    ))
}

#[cfg(test)]
mod tests;
