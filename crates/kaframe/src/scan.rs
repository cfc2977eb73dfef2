//! A scan: a frozen plan that can be read as a table or streamed, as often as one likes.

mod latest;
mod narrow;

use std::sync::{Arc, Mutex};

use arrow_schema::SchemaRef;
use kaframe_client::{Client, FetchOptions};
use tokio::sync::{OnceCell, Semaphore};

use crate::assemble::Layout;
use crate::cancel::CancelToken;
use crate::chunk::ChunkPlan;
use crate::columns::Selection;
use crate::count::{self, Count};
use crate::engine::{Context, Counters, FetcherPool, Prefetched, SHORT_WAIT, workers};
use crate::error::{Error, Result};
use crate::follow::Follow;
use crate::options::{OnError, ScanOptions};
use crate::order::Order;
use crate::pace::Pace;
use crate::plan::Plan;
use crate::resolve::isolation;
use crate::sample::Sampled;
use crate::split::{self, Split};
use crate::stream::RecordBatchStream;
use crate::table::Table;
use crate::topics::Topics;
use crate::tuning::{self, Tuning};
use crate::{estimate, reader, resolve};

pub use narrow::Narrow;

/// A frozen plan. Reading or streaming it twice gives the same rows.
#[derive(Clone)]
pub struct Scan(Arc<Inner>);

struct Inner {
    client: Client,
    topics: Topics,
    options: ScanOptions,
    plan: Arc<Plan>,
    /// What a stream has decided after its sample.
    decided: OnceCell<Decided>,
    /// Set by tests only.
    tuning: Tuning,
    /// Responses that the sample of [`Scan::schema`] fetched, for the first stream.
    prefetched: Mutex<Vec<Prefetched>>,
}

/// What a stream has decided after its sample.
#[derive(Debug, Clone)]
pub(crate) struct Decided {
    pub(crate) sampled: Sampled,
    pub(crate) chunks: Arc<ChunkPlan>,
    pub(crate) layout: Layout,
}

impl std::fmt::Debug for Scan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scan")
            .field("plan", &self.0.plan)
            .finish_non_exhaustive()
    }
}

impl Scan {
    /// Resolves what to read.
    pub(crate) async fn resolve(client: &Client, topics: &Topics, options: ScanOptions) -> Result<Scan> {
        // What can be wrong with columns is told before anything is asked.
        Selection::from_options(&options, topics.several())?;
        let client = client.with_timeout(options.timeout);
        let plan = cancellable(&options.cancel, resolve::resolve(&client, topics, &options)).await?;
        Ok(Scan(Arc::new(Inner {
            client,
            topics: topics.clone(),
            options,
            plan: Arc::new(plan),
            decided: OnceCell::new(),
            tuning: tuning::current(),
            prefetched: Mutex::default(),
        })))
    }

    /// The same plan, run otherwise.
    #[cfg(test)]
    pub(crate) fn tuned(&self, tuning: Tuning) -> Scan {
        Scan(Arc::new(Inner {
            client: self.0.client.clone(),
            topics: self.0.topics.clone(),
            options: self.0.options.clone(),
            plan: self.0.plan.clone(),
            decided: OnceCell::new(),
            tuning,
            prefetched: Mutex::default(),
        }))
    }

    /// What will be read.
    pub fn plan(&self) -> &Plan {
        &self.0.plan
    }

    /// What will be read, with an [`crate::Estimate`] of its bytes, memory, time and timestamps: one batch of each partition is fetched for it.
    pub async fn sampled_plan(&self) -> Result<Plan> {
        let (options, plan) = (&self.0.options, &self.0.plan);
        let selection = Selection::from_options(options, plan.several)?;
        let mut context = self.context();
        // What a sample has fetched is for whoever reads.
        self.keep_prefetched(std::mem::take(&mut context.prefetched).into_inner().unwrap_or_default());
        let estimate = estimate::estimate(&context, &selection, options);
        let estimate = cancellable(&options.cancel, estimate).await?;
        Ok(Plan {
            estimate: Some(estimate),
            ..Plan::clone(plan)
        })
    }

    fn keep_prefetched(&self, fetched: Vec<Prefetched>) {
        let mut kept = self
            .0
            .prefetched
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *kept = fetched;
    }

    /// The plan as units of parallel work. `limit` and `tail` concern the whole and are not in them.
    pub fn splits(&self) -> Vec<Split> {
        self.0.plan.splits(split::DEFAULT_OFFSETS)
    }

    /// Schema that a stream has. Reads a sample the first time.
    pub async fn schema(&self) -> Result<SchemaRef> {
        Ok(self.decided().await?.layout.schema.clone())
    }

    /// Reads it all.
    pub async fn read(&self) -> Result<Table> {
        reader::read(self.context(), &self.0.options).await
    }

    /// Reads it piece by piece.
    pub async fn stream(&self) -> Result<RecordBatchStream> {
        self.stream_within(u64::MAX).await
    }

    /// [`Scan::stream`] with at most so many bytes on the way to the taker, for one that is slower than the read and gains nothing by more.
    pub(crate) async fn stream_within(&self, most: u64) -> Result<RecordBatchStream> {
        let decided = self.decided().await?.clone();
        let context = self.context();
        let options = ScanOptions {
            memory_limit: self.memory_limit().min(most),
            ..self.0.options.clone()
        };
        Ok(RecordBatchStream::start(context, options, decided))
    }

    /// How many records it gives, exactly: by the headers of batches, which are all fetched. Nothing is decoded but what a `where` asks for.
    /// Malformed values count, since they are rows, unless `on_error` leaves them out.
    pub async fn count(&self) -> Result<Count> {
        let options = &self.0.options;
        let report = match options.on_error {
            // Which values are malformed is only known when all are decoded.
            OnError::Skip => match options.tail {
                Some(newest) => count::by_reading(&self.derived(Some(newest), None)).await?,
                None => count::by_reading(self).await?,
            },
            OnError::Null | OnError::Raise => count::count(self.context(), options).await?,
        };
        Ok(Count {
            records: report.delivered(),
            report: Some(report),
        })
    }

    /// How many records it gives at most: the offsets of its plan. Reads nothing.
    pub fn count_at_most(&self) -> Count {
        let offsets = self.0.plan.offsets();
        let asked = self.0.options.limit.or(self.0.options.tail);
        Count {
            records: asked.map_or(offsets, |asked| asked.min(offsets)),
            report: None,
        }
    }

    /// The first `records` of it: the same plan with a limit.
    pub fn head(&self, records: u64) -> Result<Scan> {
        match self.0.options.tail {
            None => {
                let limit = self.0.options.limit.map_or(records, |limit| limit.min(records));
                Ok(self.derived(Some(limit), None))
            }
            Some(tail) => Err(Error::config(format!(
                "the head of a scan of the newest {tail} records cannot be read by itself"
            ))
            .with_hint("read the tail, and take the first rows of the table")),
        }
    }

    /// The newest `records` of it: the same plan with a tail.
    pub fn tail(&self, records: u64) -> Result<Scan> {
        match self.0.options.limit {
            None => {
                let tail = self.0.options.tail.map_or(records, |tail| tail.min(records));
                Ok(self.derived(None, Some(tail)))
            }
            Some(limit) => Err(Error::config(format!(
                "the tail of a scan of the first {limit} records cannot be read by itself"
            ))
            .with_hint("read the scan, and take the last rows of the table")),
        }
    }

    /// The same ranges with another limit or tail.
    fn derived(&self, limit: Option<u64>, tail: Option<u64>) -> Scan {
        let mut options = self.0.options.clone();
        (options.limit, options.tail) = (limit, tail);
        let mut plan = Plan::clone(&self.0.plan);
        (plan.limit, plan.tail) = (limit, tail);
        Scan(Arc::new(Inner {
            client: self.0.client.clone(),
            topics: self.0.topics.clone(),
            options,
            plan: Arc::new(plan),
            decided: OnceCell::new(),
            tuning: self.0.tuning,
            prefetched: Mutex::default(),
        }))
    }

    /// Goes on with the records that come after it, until it is dropped or cancelled: the rows of [`Scan::stream`], then new ones as they are written. New
    /// partitions, and topics that a pattern matches, join from their start. `limit` is the number of records after which it ends.
    ///
    /// # Errors
    /// `Config` with an `end`.
    pub fn follow(&self) -> Result<Follow> {
        Follow::start(self.clone())
    }

    /// The same, with nothing to read of some partitions.
    pub(crate) fn without(&self, partitions: impl Fn(&str, i32) -> bool) -> Scan {
        let mut scan = self.derived(self.0.options.limit, self.0.options.tail);
        if let Some(inner) = Arc::get_mut(&mut scan.0) {
            let plan = Arc::make_mut(&mut inner.plan);
            for partition in &mut plan.partitions {
                if partitions(&plan.topics[partition.topic].name, partition.partition) {
                    partition.range.end = partition.range.start;
                }
            }
        }
        scan
    }

    /// What it was asked for.
    pub fn options(&self) -> &ScanOptions {
        &self.0.options
    }

    /// The client it asks.
    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }

    /// The same topics, looked up again.
    pub(crate) async fn resolve_again(&self, options: ScanOptions) -> Result<Scan> {
        Scan::resolve(&self.0.client, &self.0.topics, options).await
    }

    /// What a stream decides after its sample.
    pub(crate) async fn decide_once(&self) -> Result<Decided> {
        self.decided().await.cloned()
    }

    /// A stream of this plan with the schema of another.
    pub(crate) fn stream_as(&self, decided: &Decided) -> RecordBatchStream {
        let (options, plan) = (&self.0.options, &self.0.plan);
        let chunks = ChunkPlan {
            topics: plan.topics.iter().map(|topic| topic.name.as_str().into()).collect(),
            order: options.tail.is_some() || options.order == Order::Timestamp,
            ..ChunkPlan::clone(&decided.chunks)
        };
        let decided = Decided {
            chunks: Arc::new(chunks),
            ..decided.clone()
        };
        RecordBatchStream::start(self.context(), options.clone(), decided)
    }

    async fn decided(&self) -> Result<&Decided> {
        self.0
            .decided
            .get_or_try_init(|| cancellable(&self.0.options.cancel, self.decide()))
            .await
    }

    async fn decide(&self) -> Result<Decided> {
        let (options, plan) = (&self.0.options, &self.0.plan);
        let selection = Selection::from_options(options, plan.several)?;
        let context = self.context();
        let sampled = reader::sample_fronts(&context, &selection, options, true).await?;
        let chunks = Arc::new(reader::chunk_plan(plan, &selection, options, &sampled, true)?);
        let known = sampled.value_shape.as_ref();
        let any_value = known.is_some_and(|shape| *shape != kaframe_codec::Shape::Null);
        let layout = Layout::new(&chunks, any_value, known)?;
        if let Some(sieve) = &chunks.sieve {
            sieve.bind(any_value, known)?;
        }
        let fetched = context.prefetched.into_inner().unwrap_or_default();
        self.keep_prefetched(fetched);
        Ok(Decided {
            sampled,
            chunks,
            layout,
        })
    }

    fn context(&self) -> Context {
        let options = &self.0.options;
        let (plan, tuning) = (&self.0.plan, &self.0.tuning);
        // All of them have just told their offsets.
        let round_trip = plan
            .partitions
            .iter()
            .filter_map(|p| self.0.client.round_trip(plan.topic(p.at()), p.partition))
            .max();
        let pace = Pace::of(round_trip, workers(), self.memory_limit(), tuning);
        let prefetched = std::mem::take(
            &mut *self
                .0
                .prefetched
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        );
        Context {
            client: self.0.client.clone(),
            plan: self.0.plan.clone(),
            fetch: FetchOptions {
                isolation: isolation(options.isolation_level),
                max_wait: SHORT_WAIT,
                max_bytes: pace.fetch_bytes,
            },
            timeout: options.timeout,
            allow_partial: options.allow_partial,
            batch_size: options.batch_size,
            offsets_per_split: tuning.offsets_per_split,
            cancel: options.cancel.clone(),
            counters: Arc::new(Counters::default()),
            guard: None,
            listed: None,
            latest: None,
            stream: None,
            pace,
            decoders: Semaphore::new(pace.decoders),
            fetchers: FetcherPool::default(),
            prefetched: Mutex::new(prefetched),
        }
    }

    fn memory_limit(&self) -> u64 {
        self.0.tuning.memory_limit.unwrap_or(self.0.options.memory_limit)
    }
}

/// Runs a future until it is done or the token is set, whichever is first.
pub(crate) async fn cancellable<T>(cancel: &CancelToken, future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Error::cancelled()),
        output = future => output,
    }
}
