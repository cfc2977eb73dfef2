//! Writing batches to a topic: idempotent, acks=all, in order per partition.
//!
//! A batch carries a producer id and a sequence number, so sending the same bytes again after a lost answer cannot write them twice. Each batch ends in one of
//! three ways: written, not written (any error but the next), or nobody knows ([`ClientError::UnknownOutcome`]); unknown is never told as one of the others.
//!
//! `line` holds the batches of one partition and the rules of their order; `sender` is the task that has all lines, decides what goes where and hears what
//! became of it; a `courier` is one connection on which requests follow each other without waiting for answers. Collecting records into batches is the
//! caller's business, and so is what to do after a failure: a partition whose last batch is in doubt takes no more, since its next sequence number is not
//! known. No transactions.

mod courier;
mod line;
mod message;
mod partitioner;
mod sender;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use kaframe_wire::ErrorCode;
use kaframe_wire::batch::{BatchBuilder, Compression, SealedBatch};
use tokio::sync::{mpsc, oneshot};

use self::line::Parcel;
use self::sender::Order;
use crate::client::Retrying;
use crate::error::ClientError;
use crate::topic::TopicMetadata;
use crate::{Client, Result};

/// What a request has besides its batch, generously.
const OVERHEAD: usize = 1024;

/// How to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerOptions {
    /// How batches for this producer are compressed (`compression.type`): what [`Producer::batch`] hands out.
    pub compression: Compression,
    /// Largest request in bytes, after compression (`max.request.size`).
    pub max_request_size: usize,
}

impl Default for ProducerOptions {
    /// No compression, requests of at most one MiB: the limit of Java's producer, and about what brokers accept by default.
    fn default() -> Self {
        Self {
            compression: Compression::None,
            max_request_size: 1 << 20,
        }
    }
}

/// A batch that is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Produced {
    /// The partition.
    pub partition: i32,
    /// The offset of its first record; -1 if a repeated attempt found it written long ago and the broker no longer says where.
    pub base_offset: i64,
    /// How many records.
    pub records: i32,
    /// The time of appending in ms, where the topic stamps records so.
    pub log_append_time: Option<i64>,
}

/// A producer for one topic. Dropping it stops it: what was not sent never will be.
#[derive(Debug)]
pub struct Producer {
    topic: TopicMetadata,
    options: ProducerOptions,
    orders: mpsc::UnboundedSender<Order>,
}

/// A batch on its way: a future of what became of it. It goes on its way whether or not it is awaited.
#[derive(Debug)]
pub struct Receipt {
    topic: String,
    partition: i32,
    records: i32,
    answer: oneshot::Receiver<Result<Produced>>,
}

impl Future for Receipt {
    type Output = Result<Produced>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = Pin::new(&mut self.answer).poll(context);
        answer.map(|answer| {
            answer.unwrap_or_else(|_| {
                // The task ended without a word: what it knew is lost.
                Err(ClientError::UnknownOutcome {
                    topic: self.topic.clone(),
                    partition: self.partition,
                    records: self.records,
                    detail: "the producer is gone".to_owned(),
                })
            })
        })
    }
}

impl Producer {
    /// Looks the topic up (it is not created) and gets a producer id. Must be called on a tokio runtime, where the producer's task runs from then on.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::Authorization`], and what [`Client::topic`] fails with.
    pub async fn open(client: &Client, topic: &str, options: ProducerOptions) -> Result<Self> {
        let topic = client.topic(topic).await?;
        let identity = init_producer_id(client).await?;
        let (orders, received) = mpsc::unbounded_channel();
        tokio::spawn(sender::run(client.clone(), topic.clone(), identity, received));
        Ok(Self { topic, options, orders })
    }

    /// How many partitions the topic has.
    pub fn partitions(&self) -> i32 {
        i32::try_from(self.topic.partitions.len()).unwrap_or(i32::MAX)
    }

    /// The topic written to, as it was when the producer was opened.
    pub fn topic(&self) -> &TopicMetadata {
        &self.topic
    }

    /// The partition that Java's producer gives this key.
    pub fn partition_for_key(&self, key: &[u8]) -> i32 {
        partitioner::partition_for_key(key, self.partitions())
    }

    /// An empty batch with this producer's compression.
    pub fn batch(&self) -> BatchBuilder {
        BatchBuilder::new(self.options.compression)
    }

    /// Writes one batch. Batches of one partition are written in the order of the calls.
    ///
    /// # Errors
    /// [`ClientError::UnknownOutcome`] where the batch may or may not be in the log, also for later batches of that partition; any other error means that it
    /// is not: [`ClientError::TooLarge`], [`ClientError::UnknownPartition`], [`ClientError::Authorization`], [`ClientError::NoProgress`], or
    /// [`ClientError::HeldBack`] for a batch that waited behind one that failed.
    pub async fn produce(&self, partition: i32, batch: BatchBuilder) -> Result<Produced> {
        let sealed = batch
            .seal()
            .map_err(|error| ClientError::config(format!("the batch cannot be built: {error}")))?;
        let outcome = self.submit(partition, sealed)?.await;
        if outcome.is_err() {
            self.mend(partition);
        }
        outcome
    }

    /// Hands a batch over, to be written behind all that were handed over for its partition before. Up to five of a partition are on their way at once.
    ///
    /// When one fails, those behind it are not written either, and the partition takes nothing more until [`Producer::mend`]: a hole in the order is the
    /// caller's decision.
    ///
    /// # Errors
    /// [`ClientError::TooLarge`] and [`ClientError::UnknownPartition`], before anything is sent. All else comes with the receipt, as from
    /// [`Producer::produce`].
    pub fn submit(&self, partition: i32, batch: SealedBatch) -> Result<Receipt> {
        let index = self.index(partition)?;
        let limit = self.options.max_request_size;
        if batch.size_bytes() + OVERHEAD > limit {
            return Err(ClientError::TooLarge {
                topic: self.topic.name.clone(),
                partition,
                size: batch.size_bytes(),
                limit: format!("max.request.size is {limit}"),
            });
        }
        let (reply, answer) = oneshot::channel();
        let receipt = Receipt {
            topic: self.topic.name.clone(),
            partition,
            records: batch.records(),
            answer,
        };
        // Were the task gone, the receipt would say so.
        let _ = self.orders.send(Order::Batch(index, Parcel::new(batch, reply)));
        Ok(receipt)
    }

    /// Lets a partition go on after a batch of it failed, unless that one is in doubt.
    pub fn mend(&self, partition: i32) {
        if let Ok(index) = self.index(partition) {
            let _ = self.orders.send(Order::Mend(index));
        }
    }

    /// Sends nothing more and waits for nothing more. Every receipt is settled by then: as unknown, where its batch was sent.
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        let _ = self.orders.send(Order::Close(done));
        let _ = closed.await;
    }

    fn index(&self, partition: i32) -> Result<usize> {
        let described = &self.topic.partitions;
        described
            .binary_search_by_key(&partition, |described| described.id)
            .map_err(|_| ClientError::UnknownPartition {
                topic: self.topic.name.clone(),
                partition,
                count: described.len(),
            })
    }
}

/// Who writes: producer id and epoch.
#[derive(Debug, Clone, Copy)]
struct Identity {
    id: i64,
    epoch: i16,
}

/// Gets a producer id from any broker; a broker that has just started may still be loading what it needs for that.
async fn init_producer_id(client: &Client) -> Result<Identity> {
    let mut retrying = Retrying::new(client, "a producer id");
    loop {
        let asked = client
            .cluster()
            .ask_any(|_| Ok(message::build_init()), "the cluster", retrying.deadline())
            .await;
        let error = match asked {
            Err(error) => error,
            Ok(answer) => match ErrorCode(answer.body.error_code) {
                ErrorCode::NONE if answer.body.producer_id.0 >= 0 => {
                    client.cluster().quota.succeeded();
                    return Ok(Identity {
                        id: answer.body.producer_id.0,
                        epoch: answer.body.producer_epoch,
                    });
                }
                ErrorCode::NONE => return Err(answer.nonsense("a negative producer id")),
                code @ ErrorCode::CLUSTER_AUTHORIZATION_FAILED => {
                    return Err(ClientError::Authorization {
                        what: format!("idempotent writing: {code}"),
                        hint: "this needs WRITE on a topic, before Kafka 2.8 IDEMPOTENT_WRITE on the cluster"
                            .to_owned(),
                    });
                }
                code => answer.refused(code, None, None, None),
            },
        };
        retrying.failed(error).await?;
    }
}
