//! Writing batches to a topic: idempotent, acks=all, in order per partition.
//!
//! A batch carries a producer id and a sequence number, so sending the same bytes again after a lost answer cannot write them twice. Each batch ends in one of
//! three ways: written, not written (any error but the next), or nobody knows ([`ClientError::UnknownOutcome`]); unknown is never told as one of the others.
//! Collecting records into batches is the caller's business, and so is what to do after a failure: a partition whose last batch is in doubt takes no more,
//! since its next sequence number is not known. No transactions.

mod message;
mod partitioner;

use kaframe_wire::ErrorCode;
use kaframe_wire::batch::{BatchBuilder, Compression, ProducerStamp};
use kaframe_wire::message::ProduceRequest;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, sleep};

use self::message::{Fate, LAST_BY_NAME, fate, next_sequence};
use crate::answer::denied;
use crate::client::Retrying;
use crate::cluster::same_topic;
use crate::connection::api_name;
use crate::error::ClientError;
use crate::offsets::needs_refresh;
use crate::printable::printable;
use crate::throttle::Throttled;
use crate::topic::TopicMetadata;
use crate::{Client, Result};

/// Requests of one producer on their way at once, each on a connection of its own.
const MOST_IN_FLIGHT: usize = 8;
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

/// A producer for one topic.
#[derive(Debug)]
pub struct Producer {
    client: Client,
    topic: TopicMetadata,
    options: ProducerOptions,
    producer_id: i64,
    producer_epoch: i16,
    /// By position in `topic.partitions`.
    lines: Vec<Mutex<Line>>,
    in_flight: Semaphore,
}

/// The sequence numbers of one partition.
#[derive(Debug, Default)]
struct Line {
    next: i32,
    /// A batch was sent and what became of it is not known, or not known yet: a dropped future leaves it so.
    in_doubt: bool,
}

/// One batch on its way.
struct Parcel {
    partition: i32,
    records: i32,
    bytes: bytes::Bytes,
}

/// A failed attempt, and whether it may have left the batch in the log.
struct Failure {
    error: ClientError,
    in_doubt: bool,
    fate: Fate,
}

impl Producer {
    /// Looks the topic up (it is not created) and gets a producer id.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::Authorization`], and what [`Client::topic`] fails with.
    pub async fn open(client: &Client, topic: &str, options: ProducerOptions) -> Result<Self> {
        let topic = client.topic(topic).await?;
        let (producer_id, producer_epoch) = init_producer_id(client).await?;
        Ok(Self {
            client: client.clone(),
            lines: topic.partitions.iter().map(|_| Mutex::default()).collect(),
            topic,
            options,
            producer_id,
            producer_epoch,
            in_flight: Semaphore::new(MOST_IN_FLIGHT),
        })
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

    /// Writes one batch. Several partitions may be written at once; batches of one partition are written in the order of the calls.
    ///
    /// # Errors
    /// [`ClientError::UnknownOutcome`] where the batch may or may not be in the log, also for later batches of that partition; any other error means that it
    /// is not: [`ClientError::TooLarge`], [`ClientError::UnknownPartition`], [`ClientError::Authorization`], [`ClientError::NoProgress`], ...
    pub async fn produce(&self, partition: i32, batch: BatchBuilder) -> Result<Produced> {
        let found = self
            .topic
            .partitions
            .binary_search_by_key(&partition, |described| described.id);
        let line = found
            .ok()
            .and_then(|index| self.lines.get(index))
            .ok_or_else(|| ClientError::UnknownPartition {
                topic: self.topic.name.clone(),
                partition,
                count: self.topic.partitions.len(),
            })?;
        let records = i32::try_from(batch.len()).unwrap_or(i32::MAX);
        let mut line = line.lock().await;
        if line.in_doubt {
            let parcel = Parcel {
                partition,
                records,
                bytes: bytes::Bytes::new(),
            };
            // This batch itself was not sent, but "not written" would invite a retry behind records of which nobody knows.
            return Err(self.unknown(
                &parcel,
                "an earlier batch of this partition is in doubt, nothing more is sent to it",
            ));
        }
        let stamp = ProducerStamp {
            producer_id: self.producer_id,
            producer_epoch: self.producer_epoch,
            base_sequence: line.next,
            transactional: false,
        };
        let bytes = batch
            .finish(stamp)
            .map_err(|error| ClientError::config(format!("the batch cannot be built: {error}")))?;
        let parcel = Parcel {
            partition,
            records,
            bytes,
        };
        self.check_size(&parcel)?;
        let _permit = self
            .in_flight
            .acquire()
            .await
            .map_err(|_| ClientError::config("the producer is closed"))?;
        line.in_doubt = true;
        let outcome = self.deliver(&parcel).await;
        match &outcome {
            Ok(_) => {
                line.next = next_sequence(line.next, records);
                line.in_doubt = false;
            }
            Err(ClientError::UnknownOutcome { .. }) => {}
            Err(_) => line.in_doubt = false,
        }
        outcome
    }

    fn check_size(&self, parcel: &Parcel) -> Result<()> {
        let limit = self.options.max_request_size;
        if parcel.bytes.len() + OVERHEAD > limit {
            return Err(self.too_large(parcel, format!("max.request.size is {limit}")));
        }
        Ok(())
    }

    /// Sends the same bytes until their fate is known or patience ends.
    async fn deliver(&self, parcel: &Parcel) -> Result<Produced> {
        let mut retrying =
            Retrying::new(&self.client, "the batch to be written").about(&self.topic.name, Some(parcel.partition));
        let mut in_doubt = false;
        loop {
            let known = self
                .client
                .current(&self.topic)
                .map_err(|error| self.settle(parcel, error, in_doubt))?;
            let failure = match self.attempt(parcel, &known.topic, retrying.deadline()).await {
                Ok(produced) => {
                    self.client.cluster().quota.succeeded();
                    return Ok(produced);
                }
                Err(failure) => failure,
            };
            match failure.fate {
                // The size of these bytes has not changed since the attempts before, so none of them can have written them.
                Fate::TooLarge => return Err(failure.error),
                Fate::Refused | Fate::OutOfSequence | Fate::Written => {
                    return Err(self.settle(parcel, failure.error, in_doubt));
                }
                Fate::Again | Fate::AgainInDoubt => in_doubt |= failure.in_doubt,
            }
            let stale = needs_refresh(&failure.error);
            retrying
                .failed(failure.error)
                .await
                .map_err(|error| self.settle(parcel, error, in_doubt))?;
            if stale {
                let refreshed = self.client.refresh(&self.topic, known.at, retrying.deadline()).await;
                refreshed.map_err(|error| self.settle(parcel, error, in_doubt))?;
            }
        }
    }

    /// Sends the batch once.
    async fn attempt(&self, parcel: &Parcel, topic: &TopicMetadata, deadline: Instant) -> Result<Produced, Failure> {
        let not_sent = |error| Failure {
            error,
            in_doubt: false,
            fate: Fate::Again,
        };
        let final_ = |error| Failure {
            error,
            in_doubt: false,
            fate: Fate::Refused,
        };
        same_topic(&self.topic, topic).map_err(final_)?;
        let described = self.client.partition(topic, parcel.partition).map_err(final_)?;
        let leader = self.client.leader(topic, described).map_err(not_sent)?;
        let whose = format!("leader of {}-{}", topic.name, parcel.partition);
        let config = self.client.config();
        // The broker waits for its replicas at most this long before it answers; the answer itself may take as long again.
        let limit_ms = i32::try_from(config.request_timeout.as_millis()).unwrap_or(i32::MAX);
        let deadline = deadline.min(Instant::now() + config.request_timeout * 2);
        let mut connection = self
            .client
            .cluster()
            .lease(leader, &whose, deadline)
            .await
            .map_err(not_sent)?;
        let quiet = connection.quiet_for();
        if !quiet.is_zero() {
            sleep(quiet.min(deadline.saturating_duration_since(Instant::now()))).await;
        }
        let version = match topic.id {
            Some(_) => connection.version::<ProduceRequest>().map_err(final_)?,
            None => connection
                .version_up_to::<ProduceRequest>(LAST_BY_NAME)
                .map_err(final_)?,
        };
        let request = message::build(version, topic, parcel.partition, parcel.bytes.clone(), limit_ms);
        let api = api_name(kaframe_wire::message::ApiKey::Produce as i16, version);
        let response = connection.call(version, &request, deadline).await.map_err(|error| {
            // From the first byte on it is the broker's word that counts, and it has not spoken, or not in a way that can be understood.
            let fate = if matches!(error, ClientError::Connect { .. }) {
                Fate::AgainInDoubt
            } else {
                Fate::Refused
            };
            let error = if fate == Fate::Refused {
                self.unknown(parcel, &error.to_string())
            } else {
                error
            };
            Failure {
                error,
                in_doubt: true,
                fate,
            }
        })?;
        let broker = connection.peer().to_string();
        connection.throttle(response.throttle());
        for endpoint in &response.node_endpoints {
            self.client
                .cluster()
                .learn_broker(endpoint.node_id.0, &endpoint.host, endpoint.port);
        }
        self.client.cluster().give_back(connection);
        let Some(result) = message::find(&response, version, topic, parcel.partition) else {
            let detail = format!("{api}: no word about the partition that was written");
            let error = self.unknown(parcel, &ClientError::protocol(broker, detail).to_string());
            return Err(Failure {
                error,
                in_doubt: true,
                fate: Fate::Refused,
            });
        };
        let code = ErrorCode(result.error_code);
        let fate = fate(code);
        if fate == Fate::Written {
            return Ok(Produced {
                partition: parcel.partition,
                base_offset: result.base_offset,
                records: parcel.records,
                log_append_time: Some(result.log_append_time_ms).filter(|time| *time >= 0),
            });
        }
        let said = result.error_message.or_else(|| {
            result
                .record_errors
                .into_iter()
                .find_map(|bad| bad.batch_index_error_message)
        });
        let message = said.map_or_else(|| code.meaning().to_owned(), |said| printable(&said));
        let error = match (fate, code) {
            (Fate::TooLarge, _) => {
                self.too_large(parcel, format!("{broker} says {code}: max.message.bytes of the topic"))
            }
            (_, ErrorCode::TOPIC_AUTHORIZATION_FAILED) => denied(&topic.name, code, "WRITE"),
            _ => ClientError::Broker {
                code,
                api,
                topic: Some(topic.name.clone()),
                partition: Some(parcel.partition),
                broker,
                message,
            },
        };
        Err(Failure {
            error,
            in_doubt: fate == Fate::AgainInDoubt,
            fate,
        })
    }

    /// The end of a batch that was not acknowledged: unknown if any attempt may have written it, else what went wrong.
    fn settle(&self, parcel: &Parcel, error: ClientError, in_doubt: bool) -> ClientError {
        match error {
            error @ ClientError::UnknownOutcome { .. } => error,
            error if in_doubt => self.unknown(parcel, &error.to_string()),
            error => error,
        }
    }

    fn unknown(&self, parcel: &Parcel, detail: &str) -> ClientError {
        ClientError::UnknownOutcome {
            topic: self.topic.name.clone(),
            partition: parcel.partition,
            records: parcel.records,
            detail: detail.to_owned(),
        }
    }

    fn too_large(&self, parcel: &Parcel, limit: String) -> ClientError {
        ClientError::TooLarge {
            topic: self.topic.name.clone(),
            partition: parcel.partition,
            size: parcel.bytes.len(),
            limit,
        }
    }
}

/// Gets a producer id from any broker; a broker that has just started may still be loading what it needs for that.
async fn init_producer_id(client: &Client) -> Result<(i64, i16)> {
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
                    return Ok((answer.body.producer_id.0, answer.body.producer_epoch));
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
