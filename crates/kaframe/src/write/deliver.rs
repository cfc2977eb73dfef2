//! Delivery of batches: built and compressed on all cores, sent in order in each partition, several on their way at once.
//!
//! Every partition has a lane, a task that has its batches built ahead, hands them to the producer in order and hears what became of them. The first failure
//! stops all lanes: what is on its way is waited for, what still queues is not sent. Every row that goes in comes out again in exactly one of three lists.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use kaframe_client::{ClientError, Produced, Producer, Receipt};
use kaframe_wire::WireError;
use kaframe_wire::batch::{Compression, SealedBatch};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};

use super::gather::Gathered;
use super::report::RowRanges;
use super::workers::Workers;
use crate::cancel::CancelToken;

/// Kilobytes of batches that queue or are on their way, before compression.
const BUDGET_KB: usize = 32 << 10;
/// Batches of a partition that the producer has: five on their way, and one that goes out when an answer comes.
const HANDED_OVER: usize = 6;
/// Batches of a partition that are being built.
const BUILDING: usize = 4;

/// A batch in a lane, or a part of one that was split.
#[derive(Clone)]
struct Piece {
    batch: Arc<Gathered>,
    /// Room is free again when every part of the batch is gone.
    budget: Option<Arc<OwnedSemaphorePermit>>,
}

/// What became of a batch, or of a part of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    rows: u64,
    /// Acknowledged, with the bytes of keys, values and headers.
    pub written: Option<(Produced, u64)>,
    /// Rows that were sent, and no answer came.
    pub unknown: RowRanges,
    /// Rows that are not written.
    pub not_written: RowRanges,
    /// Why not, where it is not for the sake of another batch.
    pub error: Option<ClientError>,
}

struct Shared {
    producer: Producer,
    compression: Compression,
    workers: Workers,
    stopped: CancelToken,
    outcomes: mpsc::UnboundedSender<Outcome>,
}

/// The lanes of one write.
pub(super) struct Delivery {
    shared: Arc<Shared>,
    lanes: HashMap<i32, mpsc::UnboundedSender<Piece>>,
    /// Ends the lanes with this struct.
    tasks: JoinSet<()>,
    outcomes: mpsc::UnboundedReceiver<Outcome>,
    /// Rows that were given and are not settled.
    open: u64,
    budget: Arc<Semaphore>,
}

impl Delivery {
    /// Delivers with this producer.
    pub fn new(producer: Producer, compression: Compression, workers: Workers) -> Delivery {
        let (sender, outcomes) = mpsc::unbounded_channel();
        Delivery {
            shared: Arc::new(Shared {
                producer,
                compression,
                workers,
                stopped: CancelToken::new(),
                outcomes: sender,
            }),
            lanes: HashMap::new(),
            tasks: JoinSet::new(),
            outcomes,
            open: 0,
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
        self.open += batch.len() as u64;
        let lane = self.lanes.entry(batch.partition).or_insert_with(|| {
            let (sender, pieces) = mpsc::unbounded_channel();
            let lane = Lane {
                shared: self.shared.clone(),
                partition: batch.partition,
                building: VecDeque::new(),
                sent: VecDeque::new(),
            };
            self.tasks.spawn(lane.run(pieces));
            sender
        });
        // A lane ends only with this struct; were it gone, its rows would stay open, which is the truth.
        let _ = lane.send(Piece {
            batch: Arc::new(batch),
            budget: budget.map(Arc::new),
        });
    }

    /// What has been settled since the last time, if anything.
    pub fn settled(&mut self) -> Option<Outcome> {
        let outcome = self.outcomes.try_recv().ok()?;
        self.open -= outcome.rows;
        Some(outcome)
    }

    /// Waits for the next batch to be settled; `None` when all are.
    pub async fn next_settled(&mut self) -> Option<Outcome> {
        if self.open == 0 {
            return None;
        }
        let outcome = self.outcomes.recv().await?;
        self.open -= outcome.rows;
        Some(outcome)
    }

    /// Sends nothing more of what queues.
    pub fn stop(&self) {
        self.shared.stopped.cancel();
    }

    /// Waits for no more answers: what is on its way is settled as unknown from here on.
    pub async fn abandon(&self) {
        self.stop();
        self.shared.producer.close().await;
    }
}

type Built = JoinHandle<Option<Result<SealedBatch, WireError>>>;

/// One partition.
struct Lane {
    shared: Arc<Shared>,
    partition: i32,
    building: VecDeque<(Piece, Built)>,
    sent: VecDeque<(Piece, Receipt)>,
}

impl Lane {
    async fn run(mut self, mut pieces: mpsc::UnboundedReceiver<Piece>) {
        let stopped = self.shared.stopped.clone();
        loop {
            let may_send = self.sent.len() < HANDED_OVER;
            let may_build = self.building.len() < BUILDING;
            tokio::select! {
                biased;
                outcome = first(&mut self.sent), if !self.sent.is_empty() => {
                    if let Some((piece, _)) = self.sent.pop_front() {
                        self.settle(piece, outcome).await;
                    }
                }
                () = stopped.cancelled(), if !self.building.is_empty() => {
                    for (piece, _) in std::mem::take(&mut self.building) {
                        self.not_sent(&piece);
                    }
                }
                built = first(&mut self.building), if may_send && !self.building.is_empty() => {
                    if let Some((piece, _)) = self.building.pop_front() {
                        self.submit(piece, built.ok().flatten());
                    }
                }
                piece = pieces.recv(), if may_build => match piece {
                    Some(piece) if stopped.is_cancelled() => self.not_sent(&piece),
                    Some(piece) => {
                        let built = self.build(&piece);
                        self.building.push_back((piece, built));
                    }
                    None => return,
                },
            }
        }
    }

    fn build(&self, piece: &Piece) -> Built {
        let (batch, compression) = (piece.batch.clone(), self.shared.compression);
        self.shared.workers.start(move || batch.build(compression).seal())
    }

    fn submit(&mut self, piece: Piece, built: Option<Result<SealedBatch, WireError>>) {
        let submitted = match built {
            Some(Ok(built)) => self.shared.producer.submit(self.partition, built),
            Some(Err(error)) => Err(ClientError::Config {
                detail: format!("a batch cannot be built: {error}"),
            }),
            None => Err(ClientError::Config {
                detail: "a batch cannot be built: the thread that did it panicked".to_owned(),
            }),
        };
        match submitted {
            Ok(receipt) => self.sent.push_back((piece, receipt)),
            Err(ClientError::TooLarge { .. }) if piece.batch.len() > 1 => self.again(halves(&piece)),
            Err(error) => self.failed(&piece, error),
        }
    }

    /// Puts these before all that is being built.
    fn again(&mut self, pieces: Vec<Piece>) {
        for piece in pieces.into_iter().rev() {
            let built = self.build(&piece);
            self.building.push_front((piece, built));
        }
    }

    async fn settle(&mut self, piece: Piece, outcome: Result<Produced, ClientError>) {
        match outcome {
            Ok(produced) => self.written(&piece, produced),
            // The broker finds it too large: it goes in halves, down to single records, and those behind it come after them.
            Err(ClientError::TooLarge { .. }) if piece.batch.len() > 1 => {
                let mut again = halves(&piece);
                for (behind, receipt) in std::mem::take(&mut self.sent) {
                    match receipt.await {
                        Ok(produced) => self.written(&behind, produced),
                        Err(ClientError::HeldBack { .. }) => again.push(behind),
                        Err(error) => self.failed(&behind, error),
                    }
                }
                self.shared.producer.mend(self.partition);
                self.again(again);
            }
            Err(error) => self.failed(&piece, error),
        }
    }

    fn written(&self, piece: &Piece, produced: Produced) {
        self.tell(Outcome {
            written: Some((produced, piece.batch.payload)),
            rows: piece.batch.len() as u64,
            ..Outcome::default()
        });
    }

    fn not_sent(&self, piece: &Piece) {
        self.tell(Outcome {
            not_written: piece.batch.row_ranges(),
            rows: piece.batch.len() as u64,
            ..Outcome::default()
        });
    }

    fn failed(&self, piece: &Piece, error: ClientError) {
        self.shared.stopped.cancel();
        let mut outcome = Outcome {
            rows: piece.batch.len() as u64,
            ..Outcome::default()
        };
        let unknown = matches!(error, ClientError::UnknownOutcome { .. });
        piece.batch.add_rows(if unknown {
            &mut outcome.unknown
        } else {
            &mut outcome.not_written
        });
        outcome.error = Some(error).filter(|error| !matches!(error, ClientError::HeldBack { .. }));
        self.tell(outcome);
    }

    fn tell(&self, outcome: Outcome) {
        // The other end is gone when nobody wants to know any more.
        let _ = self.shared.outcomes.send(outcome);
    }
}

/// What the first of these came to. May be given up and asked again.
async fn first<F: Future + Unpin>(queue: &mut VecDeque<(Piece, F)>) -> F::Output {
    match queue.front_mut() {
        Some((_, future)) => future.await,
        None => std::future::pending().await,
    }
}

fn halves(piece: &Piece) -> Vec<Piece> {
    let (first, second) = piece.batch.split();
    [first, second]
        .into_iter()
        .map(|half| Piece {
            batch: Arc::new(half),
            budget: piece.budget.clone(),
        })
        .collect()
}
