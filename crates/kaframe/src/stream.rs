//! A stream of record batches in bounded memory: its schema is fixed after the sample, what does not fit goes to `_extra`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_schema::SchemaRef;
use tokio::task::JoinHandle;

use crate::bookmark::Bookmark;
use crate::columns::MetaColumn;
use crate::engine::{self, Context, Counters, JobResult, Live, StreamSide};
use crate::error::{Error, Result};
use crate::malformed::{self, Room};
use crate::memory::Guard;
use crate::merge::{self, Disorder};
use crate::options::{OnError, ScanOptions};
use crate::order::Order;
use crate::outlet::Outlet;
use crate::plan::Plan;
use crate::report::Report;
use crate::scan::Decided;
use crate::summary::{ReadFrom, Summary};
use crate::topic_partition::TopicPartition;
use crate::{limit, progress, reader, tail};

/// Record batches of one schema. They come in (partition, offset) order; order inside a partition is a promise, across partitions it is
/// not. Dropping the stream stops the read.
pub struct RecordBatchStream {
    shared: Arc<Shared>,
    outlet: Arc<Outlet>,
    driver: JoinHandle<()>,
    ended: bool,
}

struct Shared {
    context: Arc<Context>,
    options: ScanOptions,
    decided: Decided,
    started: Instant,
    /// Once it is at its end.
    outcome: Mutex<Option<Outcome>>,
    /// What finished splits have counted, where the rows are merged.
    live: Mutex<Live>,
}

/// What came of a stream.
#[derive(Default)]
struct Outcome {
    results: Vec<JobResult>,
    read_from: ReadFrom,
    cleanup_policies: Vec<Option<String>>,
    added: Vec<String>,
    disorder: Disorder,
}

impl Outcome {
    fn errors(&self, plan: &Plan) -> RecordBatch {
        malformed::table(plan, self.results.iter().flat_map(|result| result.malformed.listed()))
    }
}

impl RecordBatchStream {
    pub(crate) fn start(mut context: Context, options: ScanOptions, decided: Decided) -> RecordBatchStream {
        let merged = options.order == Order::Timestamp;
        let memory = if merged {
            options.memory_limit / 2
        } else {
            options.memory_limit
        };
        let outlet = Arc::new(Outlet::new(memory));
        let counted = options.tail.is_some() || reader::effective_limit(&context.plan, &options).is_some();
        if merged && counted {
            context.guard = Some(Guard::of_stream(options.memory_limit, context.plan.to_string()));
        }
        // A tail keeps what it reads, and then those that are among the newest.
        if options.tail.is_none() {
            context.listed = Some(Room::shared_by(context.plan.partitions.len()));
        }
        // The newest of all partitions are known only when all are read: a tail is kept, then given. What is merged waits for its turn elsewhere.
        if options.tail.is_none() && !merged {
            context.stream = Some(StreamSide {
                outlet: outlet.clone(),
                layout: decided.layout.clone(),
                live: Mutex::default(),
            });
        }
        let shared = Arc::new(Shared {
            context: Arc::new(context),
            options,
            decided,
            started: Instant::now(),
            outcome: Mutex::default(),
            live: Mutex::default(),
        });
        let driver = tokio::spawn(drive(shared.clone(), outlet.clone()));
        RecordBatchStream {
            shared,
            outlet,
            driver,
            ended: false,
        }
    }

    /// Schema of every batch, fixed after the sample.
    pub fn schema(&self) -> SchemaRef {
        self.shared.decided.layout.schema.clone()
    }

    /// The next batch; `None` at the end. After an error there is nothing more.
    pub async fn next(&mut self) -> Option<Result<RecordBatch>> {
        if self.ended {
            return None;
        }
        let cancel = self.shared.options.cancel.clone();
        let next = tokio::select! {
            biased;
            () = cancel.cancelled() => Some(Err(Error::cancelled())),
            next = self.outlet.next() => next,
        };
        if !matches!(next, Some(Ok(_))) {
            self.ended = true;
            self.driver.abort();
        }
        next
    }

    /// What is accounted for so far: rows count as delivered once they are taken, what is not read or not taken yet as not read.
    /// Final after the end.
    pub fn report(&self) -> Report {
        let (mut report, ended) = match self.shared.outcome().as_ref() {
            Some(outcome) => {
                let mut report = self.shared.summary(outcome).report();
                report.warnings.extend(outcome.disorder.warning());
                (report, true)
            }
            None => (self.shared.summary(&self.shared.running()).report(), false),
        };
        let mut all_taken = true;
        for (partition, plan) in report.partitions.iter_mut().zip(&self.shared.context.plan.partitions) {
            let taken = self.outlet.taken(plan.at());
            let rest = (partition.delivered + partition.not_read).saturating_sub(taken);
            all_taken &= partition.delivered == taken;
            (partition.delivered, partition.not_read) = (taken, rest);
        }
        report.complete &= ended && all_taken;
        report
    }

    /// Where a later read starts: exactly behind what was taken so far.
    pub fn next_start(&self) -> Bookmark {
        if self.ended
            && let Some(outcome) = self.shared.outcome().as_ref()
        {
            return self.shared.summary(outcome).next_start();
        }
        self.shared
            .context
            .plan
            .bookmark(|plan| self.outlet.taken_to(plan.at()))
    }

    /// Partitions that ended, with `allow_partial`, at bytes that nobody can read.
    pub(crate) fn unreadable(&self) -> Vec<TopicPartition> {
        let outcome = self.shared.outcome();
        let results = outcome.iter().flat_map(|outcome| &outcome.results);
        results.filter(|r| r.unreadable).map(|r| r.partition).collect()
    }

    /// Malformed values so far, as [`crate::Table::errors`].
    pub fn errors(&self) -> RecordBatch {
        match self.shared.outcome().as_ref() {
            Some(outcome) => outcome.errors(&self.shared.context.plan),
            None => self.shared.running().errors(&self.shared.context.plan),
        }
    }
}

impl std::fmt::Debug for RecordBatchStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordBatchStream")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl Drop for RecordBatchStream {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Shared {
    fn outcome(&self) -> MutexGuard<'_, Option<Outcome>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What finished splits have counted; the rest of the plan is not read yet.
    fn running(&self) -> Outcome {
        let live = self.context.stream.as_ref().map_or(&self.live, |stream| &stream.live);
        let Live { mut partitions } = live.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut results: Vec<JobResult> = Vec::new();
        for plan in &self.context.plan.partitions {
            let (mut account, malformed) = partitions.remove(&plan.at()).unwrap_or_default();
            // A limit counts what it leaves as not read; it may still come to that.
            account.not_read = 0;
            account.not_read = plan.range.len().saturating_sub(account.total());
            let untouched = JobResult::untouched(plan.at(), plan.range);
            results.push(JobResult {
                account,
                malformed,
                ..untouched
            });
        }
        if let Some(first) = results.first_mut() {
            first.bytes = Counters::read(&self.context.counters.bytes);
        }
        Outcome {
            results,
            ..Outcome::default()
        }
    }

    fn summary<'a>(&'a self, outcome: &'a Outcome) -> Summary<'a> {
        Summary {
            plan: &self.context.plan,
            options: &self.options,
            sampled: &self.decided.sampled,
            results: &outcome.results,
            layout: &self.decided.layout,
            read_from: &outcome.read_from,
            cleanup_policies: outcome.cleanup_policies.clone(),
            added: &outcome.added,
            elapsed: self.started.elapsed(),
        }
    }
}

async fn drive(shared: Arc<Shared>, outlet: Arc<Outlet>) {
    let reading = progress::reported(&shared.context, &shared.options, shared.started, run(&shared, &outlet));
    let outcome = reading.await;
    shared.context.fetchers.clear();
    outlet.end(outcome.err());
}

async fn run(shared: &Arc<Shared>, outlet: &Outlet) -> Result<()> {
    let Shared {
        context,
        options,
        decided,
        ..
    } = shared.as_ref();
    let per_split = reader::offsets_per_split(context, &decided.sampled);
    let merged = options.order == Order::Timestamp;
    let mut read_from = ReadFrom::default();
    let mut disorder = Disorder::default();
    let mut results = match (reader::effective_limit(&context.plan, options), options.tail) {
        (Some(limit), _) => limit::run(context, &decided.chunks, limit, per_split).await?,
        (None, Some(newest)) => {
            let mut tail = tail::run(context, &decided.chunks, newest, per_split).await?;
            tail.results
                .sort_by_key(|result| (result.partition, result.range.start));
            reader::drop_behind_gaps(&mut tail.results);
            tail::keep_newest(&mut tail.results, newest, options.on_error == OnError::Skip)?;
            if !merged {
                give_tail(&mut tail.results, outlet, shared)?;
            }
            read_from = tail.read_from;
            tail.results
        }
        (None, None) if merged => {
            let bounds = (options.memory_limit, per_split);
            let all = merge::run(context, decided, bounds, outlet, &shared.live).await?;
            disorder = all.disorder;
            all.results
        }
        (None, None) => engine::run(context, &decided.chunks, reader::jobs(&context.plan, per_split)).await?,
    };
    if context.guard.is_some() {
        let held = merge::held(context, decided, results, outlet, &shared.live).await?;
        (results, disorder) = (held.results, held.disorder);
    }
    results.sort_by_key(|result| (result.partition, result.range.start));
    reader::drop_behind_gaps(&mut results);
    if context.listed.is_some() {
        malformed::join(&mut results);
    }
    reader::check_decoded(&context.plan, &decided.sampled, &results)?;
    let cleanup_policies = reader::cleanup_policies(&context.client, &context.plan).await;
    let outcome = Outcome {
        results,
        read_from,
        cleanup_policies,
        added: reader::added_partitions(context, options).await,
        disorder,
    };
    // The conservation law, before the end is told.
    shared.summary(&outcome).check()?;
    *shared.outcome() = Some(outcome);
    Ok(())
}

fn give_tail(results: &mut [JobResult], outlet: &Outlet, shared: &Shared) -> Result<()> {
    for (index, result) in results.iter_mut().enumerate() {
        if let Some(chunk) = result.chunk.take() {
            let Some(offsets) = chunk.meta(MetaColumn::Offset).cloned() else {
                return Err(Error::internal("a tail without offsets"));
            };
            let offsets = offsets.as_primitive::<Int64Type>();
            let batch = shared.decided.layout.assemble(chunk)?;
            let size = shared.context.batch_size;
            for start in (0..batch.num_rows()).step_by(size) {
                let rows = size.min(batch.num_rows() - start);
                let next = offsets.value(start + rows - 1).saturating_add(1);
                let taken = vec![(result.partition, rows as u64, next)];
                outlet.give(index, taken, batch.slice(start, rows));
            }
        }
        outlet.finish(index);
    }
    Ok(())
}
