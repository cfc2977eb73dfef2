//! Delivery of batches: several partitions at once, in each partition one batch after the other.
//!
//! Every partition has a lane, a task that builds, compresses and sends its batches in order. The first failure stops all lanes: what is on its
//! way is waited for, what still queues is not sent. A lane says what became of a batch only when that is settled; a batch whose lane was
//! aborted while it was on its way has an unknown outcome.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kaframe_client::{ClientError, Produced, Producer};
use kaframe_wire::batch::Compression;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;

use super::gather::Gathered;
use super::report::RowRanges;

/// Kilobytes of batches that queue or are on their way.
const BUDGET_KB: usize = 32 << 10;

/// A batch in a lane.
struct Job {
    number: u64,
    state: Arc<JobState>,
    budget: Option<OwnedSemaphorePermit>,
}

/// What the sender of a batch keeps of it.
struct JobState {
    batch: Arc<Gathered>,
    sent: AtomicBool,
}

/// What became of a batch, or of the parts that it was split into.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Acknowledged, with the bytes of keys, values and headers.
    pub written: Vec<(Produced, u64)>,
    /// Rows that were sent, and no answer came.
    pub unknown: RowRanges,
    /// Rows that are not written.
    pub not_written: RowRanges,
    /// Why not.
    pub error: Option<ClientError>,
}

/// A batch of which nothing was heard, and whether it was on its way.
pub(super) struct Unsettled {
    state: Arc<JobState>,
}

impl Unsettled {
    /// The batch.
    pub fn batch(&self) -> &Gathered {
        &self.state.batch
    }

    /// It may have reached the broker.
    pub fn was_sent(&self) -> bool {
        self.state.sent.load(Ordering::SeqCst)
    }
}

struct Shared {
    producer: Producer,
    compression: Compression,
    stopped: AtomicBool,
    outcomes: mpsc::UnboundedSender<(u64, Outcome)>,
}

/// The lanes of one write.
pub(super) struct Delivery {
    shared: Arc<Shared>,
    lanes: HashMap<i32, mpsc::UnboundedSender<Job>>,
    tasks: JoinSet<()>,
    outcomes: mpsc::UnboundedReceiver<(u64, Outcome)>,
    open: BTreeMap<u64, Arc<JobState>>,
    next: u64,
    budget: Arc<Semaphore>,
}

impl Delivery {
    /// Delivers with this producer.
    pub fn new(producer: Producer, compression: Compression) -> Delivery {
        let (sender, outcomes) = mpsc::unbounded_channel();
        Delivery {
            shared: Arc::new(Shared {
                producer,
                compression,
                stopped: AtomicBool::new(false),
                outcomes: sender,
            }),
            lanes: HashMap::new(),
            tasks: JoinSet::new(),
            outcomes,
            open: BTreeMap::new(),
            next: 0,
            budget: Arc::new(Semaphore::new(BUDGET_KB)),
        }
    }

    /// The partition that Java's partitioner gives a key.
    pub fn partition_for_key(&self, key: &[u8]) -> i32 {
        self.shared.producer.partition_for_key(key)
    }

    /// Waits until there is room for a batch. May be given up without harm.
    pub async fn room(&self, batch: &Gathered) -> Option<OwnedSemaphorePermit> {
        let weight = u32::try_from((batch.size / 1024).clamp(1, BUDGET_KB)).unwrap_or(1);
        self.budget.clone().acquire_many_owned(weight).await.ok()
    }

    /// Hands a batch to its lane, with the room made for it.
    pub fn send(&mut self, batch: Gathered, budget: Option<OwnedSemaphorePermit>) {
        let state = Arc::new(JobState {
            batch: Arc::new(batch),
            sent: AtomicBool::new(false),
        });
        let job = Job {
            number: self.next,
            state: state.clone(),
            budget,
        };
        self.next += 1;
        self.open.insert(job.number, state.clone());
        let lane = self.lanes.entry(state.batch.partition).or_insert_with(|| {
            let (sender, jobs) = mpsc::unbounded_channel();
            self.tasks.spawn(run_lane(self.shared.clone(), jobs));
            sender
        });
        // A lane ends only with this struct; were it gone, the batch would stay unsettled, which is the truth.
        let _ = lane.send(job);
    }

    /// What has been settled since the last time.
    pub fn settled(&mut self) -> Vec<Outcome> {
        let mut settled = Vec::new();
        while let Ok((number, outcome)) = self.outcomes.try_recv() {
            self.open.remove(&number);
            settled.push(outcome);
        }
        settled
    }

    /// Waits for the next batch to be settled; `None` when all are.
    pub async fn next_settled(&mut self) -> Option<Outcome> {
        if self.open.is_empty() {
            return None;
        }
        let (number, outcome) = self.outcomes.recv().await?;
        self.open.remove(&number);
        Some(outcome)
    }

    /// Sends nothing more of what queues.
    pub fn stop(&self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
    }

    /// Ends the lanes where they are, and tells which batches were not settled.
    pub async fn abort(&mut self) -> Vec<Unsettled> {
        self.stop();
        self.tasks.shutdown().await;
        std::mem::take(&mut self.open)
            .into_values()
            .map(|state| Unsettled { state })
            .collect()
    }
}

async fn run_lane(shared: Arc<Shared>, mut jobs: mpsc::UnboundedReceiver<Job>) {
    while let Some(Job { number, state, budget }) = jobs.recv().await {
        let outcome = if shared.stopped.load(Ordering::SeqCst) {
            Outcome {
                not_written: state.batch.row_ranges(),
                ..Outcome::default()
            }
        } else {
            state.sent.store(true, Ordering::SeqCst);
            deliver(&shared, state.batch.clone()).await
        };
        if outcome.error.is_some() {
            shared.stopped.store(true, Ordering::SeqCst);
        }
        drop(budget);
        let _ = shared.outcomes.send((number, outcome));
    }
}

/// Sends a batch; one that the broker finds too large goes in halves, down to single records.
async fn deliver(shared: &Shared, batch: Arc<Gathered>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut left = vec![batch];
    while let Some(batch) = left.pop() {
        let built = batch.build(shared.compression);
        match shared.producer.produce(batch.partition, built).await {
            Ok(produced) => {
                outcome.written.push((produced, batch.payload));
                continue;
            }
            Err(ClientError::TooLarge { .. }) if batch.len() > 1 => {
                let (first, second) = batch.split();
                left.push(Arc::new(second));
                left.push(Arc::new(first));
                continue;
            }
            Err(error) => {
                let unknown = matches!(error, ClientError::UnknownOutcome { .. });
                batch.add_rows(if unknown {
                    &mut outcome.unknown
                } else {
                    &mut outcome.not_written
                });
                outcome.error = Some(error);
            }
        }
        left.drain(..).for_each(|rest| rest.add_rows(&mut outcome.not_written));
    }
    outcome
}
