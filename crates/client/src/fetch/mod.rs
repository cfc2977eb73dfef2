//! One partition, read over a connection of its own.
//!
//! A broker works on one request of a connection at a time, so a reader that shares a connection waits for its neighbours. The reader asks, decodes what came
//! before while the broker works, and takes the answer: [`PartitionFetcher::request`] and [`PartitionFetcher::response`] are two calls. Whatever happens to the
//! connection or the leader in between, the same question is asked again, from the same offset, so nothing is lost and nothing comes twice.
//!
//! Which records are wanted, when a partition is done and what a hole proves is the caller's business; bytes are handed over as they lie in the log.
//! `message` builds and checks, `recover` deals with failures, `clock` with patience.

mod clock;
mod message;
mod recover;

use std::time::Duration;

use bytes::Bytes;
use kaframe_wire::ErrorCode;
use kaframe_wire::batch::Walk;
use kaframe_wire::message::FetchRequest;
use tokio::time::{Instant, sleep_until};

use self::clock::Clock;
use self::message::{Context, LAST_BY_NAME, PartitionAnswer, Question};
use crate::connection::{Connection, Flight, api_name};
use crate::error::{ClientError, ConnectCause};
use crate::retry::Attempts;
use crate::throttle::Throttled;
use crate::topic::{AbortedTransaction, Isolation, TopicMetadata};
use crate::{Client, Result};

/// What an answer has besides records.
const OVERHEAD: usize = 16 << 10;
/// The least that is asked for when answers arrive too slowly to be whole in time.
const LEAST_BYTES: usize = 64 << 10;
/// The pause before the same question after an empty answer that came sooner than asked for: doubles from the first to the last.
const EMPTY_PAUSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// How to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchOptions {
    /// Whether records of open and aborted transactions are sent.
    pub isolation: Isolation,
    /// How long a broker may hold back an answer while there is nothing to send (`fetch.max.wait.ms`), as the default of [`PartitionFetcher::request`].
    pub max_wait: Duration,
    /// Soft limit of one answer in bytes (`max.partition.fetch.bytes`), as the default of [`PartitionFetcher::request`]: a larger batch comes whole.
    pub max_bytes: i32,
}

/// One answer about one partition, without error.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// Record batches as they lie in the log, not checked: the first may begin before the offset asked, the last may be cut.
    pub records: Bytes,
    /// Aborted transactions that concern these records, ascending by first offset; empty when reading uncommitted.
    pub aborted: Vec<AbortedTransaction>,
    /// The high watermark.
    pub high_watermark: i64,
    /// The last stable offset, if the broker says.
    pub last_stable_offset: Option<i64>,
    /// The log start offset, if the broker says (Fetch v5).
    pub log_start_offset: Option<i64>,
    /// For how long the broker wants to be left alone. An answer that is empty because of a quota is no sign of an end.
    pub throttled: Duration,
    /// Whether the leader answered. A follower lags: its empty answer is never an end.
    pub from_leader: bool,
    /// The leader epoch at which this was asked, -1 if unknown.
    pub leader_epoch: i32,
}

/// A partition being read. Dropping it closes its connection.
#[derive(Debug)]
pub struct PartitionFetcher {
    client: Client,
    /// The topic as it was when reading began.
    topic: TopicMetadata,
    partition: i32,
    options: FetchOptions,
    target: Target,
    link: Link,
    question: Option<Question>,
    clock: Clock,
    attempts: Attempts,
    /// The last whole batch that was handed over.
    behind: Option<Behind>,
    /// The limit in force since an answer was too slow to be whole in time.
    slow_limit: Option<i32>,
    empty: Option<Empty>,
    /// A follower that the leader recommended has failed us; the leader is asked from then on.
    avoid_replicas: bool,
    /// The broker that refused has just said who leads now: Metadata need not be asked.
    followed: bool,
    /// How often the leader called an offset out of range that its own bounds include.
    range_disputes: u32,
}

/// Which broker is asked, and at which leader epoch.
#[derive(Debug, Clone, Copy)]
struct Target {
    broker: i32,
    is_leader: bool,
    epoch: i32,
    /// When this was learnt.
    at: Instant,
    /// It could not be reached, or is not known yet: whatever Metadata says is better.
    doubted: bool,
}

/// The connection. It is taken out while something is awaited on it, so that a dropped future leaves it closed and the question to be asked again.
#[derive(Debug)]
enum Link {
    Down,
    Idle(Connection),
    Asked(Connection, Flight),
}

/// Where the last batch ended, and in which leader epoch it was written.
#[derive(Debug, Clone, Copy)]
struct Behind {
    next_offset: i64,
    epoch: i32,
}

/// Empty answers that came sooner than asked for, one after another.
#[derive(Debug, Clone, Copy)]
struct Empty {
    offset: i64,
    pause: Duration,
    until: Instant,
}

impl PartitionFetcher {
    /// Connects to the partition's leader.
    ///
    /// # Errors
    /// [`ClientError::UnknownPartition`], [`ClientError::TopicRecreated`]; [`ClientError::Connect`] at once where the leader has never been reached and refuses or
    /// does not resolve; [`ClientError::NoProgress`] after [`crate::ClientConfig::timeout`].
    pub async fn open(client: &Client, topic: &TopicMetadata, partition: i32, options: FetchOptions) -> Result<Self> {
        client.partition(topic, partition)?;
        let mut fetcher = Self {
            client: client.clone(),
            topic: topic.clone(),
            partition,
            options,
            target: Target {
                broker: -1,
                is_leader: true,
                epoch: -1,
                at: Instant::now(),
                doubted: true,
            },
            link: Link::Down,
            question: None,
            clock: Clock::new(client.timeout()),
            attempts: Attempts::default(),
            behind: None,
            slow_limit: None,
            empty: None,
            avoid_replicas: false,
            followed: false,
            range_disputes: 0,
        };
        fetcher.connect().await?;
        Ok(fetcher)
    }

    /// The options given to [`PartitionFetcher::open`].
    pub fn options(&self) -> FetchOptions {
        self.options
    }

    /// Sends a Fetch from `offset` and does not wait for the answer. Where that is not possible right now (the connection broke, the broker wants to be left
    /// alone) it is left to [`PartitionFetcher::response`]. A question still open is given up.
    ///
    /// # Errors
    /// Only what asking again cannot mend: a broker that does not speak Fetch in any version this client does.
    pub async fn request(&mut self, offset: i64, max_bytes: i32, max_wait: Duration) -> Result<()> {
        let question = Question {
            offset,
            max_bytes: max_bytes.max(1),
            max_wait,
        };
        let held_back = self
            .empty
            .is_some_and(|empty| empty.offset == offset && empty.until > Instant::now());
        if self.empty.is_some_and(|empty| empty.offset != offset) {
            self.empty = None;
        }
        self.question = Some(question);
        match std::mem::replace(&mut self.link, Link::Down) {
            Link::Idle(connection) if held_back || !connection.quiet_for().is_zero() => {
                self.link = Link::Idle(connection)
            }
            Link::Idle(connection) => {
                let waiting = self.clock.waiting();
                let deadline = self
                    .clock
                    .deadline(&waiting)
                    .min(Instant::now() + self.client.config().request_timeout);
                match self.send(connection, &question, deadline).await {
                    Ok(link) => self.link = link,
                    Err(error @ ClientError::Connect { .. }) => {
                        tracing::debug!(%error, "fetch could not be sent; response() will ask again");
                    }
                    Err(error) => return Err(error),
                }
            }
            Link::Down | Link::Asked(..) => {}
        }
        Ok(())
    }

    /// The answer to the question asked last. May be dropped and called again: the question is then asked again.
    ///
    /// # Errors
    /// [`ClientError::NoProgress`] once nothing has moved for the configured timeout (see [`PartitionFetcher::progressed`]);
    /// [`ClientError::OffsetOutOfRange`], [`ClientError::Truncated`], [`ClientError::TopicRecreated`], [`ClientError::NotFound`],
    /// [`ClientError::Authorization`] and whatever else cannot be mended by asking again.
    pub async fn response(&mut self) -> Result<Fetched> {
        let Some(question) = self.question else {
            return Err(ClientError::config(
                "PartitionFetcher::response was called without a request",
            ));
        };
        let waiting = self.clock.waiting();
        loop {
            let deadline = self.clock.deadline(&waiting);
            if deadline <= Instant::now() {
                return Err(self.gave_up(Some(question.offset), &waiting));
            }
            match self.attempt(&question, deadline).await {
                Ok(Some(fetched)) => {
                    self.question = None;
                    self.attempts = Attempts::default();
                    self.range_disputes = 0;
                    self.client.cluster().quota.succeeded();
                    return Ok(fetched);
                }
                Ok(None) => {}
                Err(error) => self.recover(error, question.offset, deadline, &waiting).await?,
            }
        }
    }

    /// The caller's position has moved: patience starts anew.
    pub fn progressed(&mut self) {
        self.clock.progressed();
    }

    /// For how long this reader has been waiting since its position last moved; time in which the caller was busy elsewhere does not count.
    pub fn since_progress(&self) -> Duration {
        self.clock.waited()
    }

    /// The broker now asked, with id and address.
    pub fn broker(&self) -> String {
        match self.target.broker {
            -1 => self.client.bootstrap_servers(),
            known => self.client.cluster().broker_name(known),
        }
    }

    /// The leader epoch now known, -1 if the broker is too old to tell.
    pub fn leader_epoch(&self) -> i32 {
        self.target.epoch
    }

    /// Asks once: connects if need be, sends if need be, waits, checks. `None`: nothing wrong, but another broker is to be asked.
    async fn attempt(&mut self, question: &Question, deadline: Instant) -> Result<Option<Fetched>> {
        let (mut connection, flight) = match std::mem::replace(&mut self.link, Link::Down) {
            Link::Asked(connection, flight) => (connection, flight),
            link => {
                let connection = match link {
                    Link::Idle(connection) => connection,
                    _ => self.dial(deadline).await?,
                };
                self.keep_quiet(&connection, question.offset, deadline).await;
                match self.send(connection, question, deadline).await? {
                    Link::Asked(connection, flight) => (connection, flight),
                    _ => return Ok(None),
                }
            }
        };
        let asked = Instant::now();
        let until = deadline.min(asked + question.max_wait + self.client.config().request_timeout);
        let expected = usize::try_from(self.limit(question)).unwrap_or(0) + OVERHEAD;
        let response = match connection.receive::<FetchRequest>(flight, expected, until).await {
            Ok(response) => response,
            Err(error) => {
                self.note_slowness(&error, connection.received());
                return Err(error);
            }
        };
        let throttled = response.throttle();
        connection.throttle(throttled);
        self.clock.forgive(throttled);
        for endpoint in &response.node_endpoints {
            self.client
                .cluster()
                .learn_broker(endpoint.node_id.0, &endpoint.host, endpoint.port);
        }
        let api = api_name(kaframe_wire::message::ApiKey::Fetch as i16, flight.version);
        let answer = message::find(
            response,
            flight.version,
            &self.topic,
            self.partition,
            self.options.isolation,
        );
        self.link = Link::Idle(connection);
        let Some(answer) = answer else {
            return Err(self.refused(
                ErrorCode::LEADER_NOT_AVAILABLE,
                api,
                "the partition was left out of the answer",
            ));
        };
        self.judge(answer, question, api, throttled, asked)
    }

    /// Decides over an answer about the partition.
    fn judge(
        &mut self,
        answer: PartitionAnswer,
        question: &Question,
        api: String,
        throttled: Duration,
        asked: Instant,
    ) -> Result<Option<Fetched>> {
        if !answer.code.is_none() {
            if let Some((leader, epoch)) = answer.current_leader {
                self.follow(leader, epoch);
            }
            return Err(self.refused(answer.code, api, answer.code.meaning()));
        }
        if let Some((_, end_offset)) = answer.diverging {
            // Below version 12 this is asked separately after a change of leader.
            if end_offset < question.offset {
                return Err(self.truncated(question.offset, end_offset));
            }
        }
        if let Some(replica) = answer.preferred {
            let other = replica != self.target.broker && self.client.cluster().knows_broker(replica);
            if other && !self.avoid_replicas {
                self.target = Target {
                    broker: replica,
                    is_leader: false,
                    ..self.target
                };
                self.link = Link::Down;
                return Ok(None);
            }
        }
        self.pace(answer.records.is_empty(), throttled, question, asked);
        self.remember_last_batch(&answer.records);
        Ok(Some(Fetched {
            records: answer.records,
            aborted: answer.aborted,
            high_watermark: answer.high_watermark,
            last_stable_offset: answer.last_stable_offset,
            log_start_offset: answer.log_start_offset,
            throttled,
            // A leader that sends us elsewhere has sent no records, whether it has any or not.
            from_leader: self.target.is_leader && answer.preferred.is_none(),
            leader_epoch: self.target.epoch,
        }))
    }

    async fn send(&self, mut connection: Connection, question: &Question, deadline: Instant) -> Result<Link> {
        let version = match self.topic.id {
            Some(_) => connection.version::<FetchRequest>()?,
            None => connection.version_up_to::<FetchRequest>(LAST_BY_NAME)?,
        };
        let context = Context {
            partition: self.partition,
            leader_epoch: self.target.epoch,
            last_fetched_epoch: self.epoch_before(question.offset).unwrap_or(-1),
            isolation: self.options.isolation,
        };
        let question = Question {
            max_bytes: self.limit(question),
            ..*question
        };
        let request = message::build(version, &self.topic, &question, &context);
        let flight = connection.send(version, &request, deadline).await?;
        Ok(Link::Asked(connection, flight))
    }

    /// Leaves the broker alone for as long as it asked, or as its empty answers call for.
    async fn keep_quiet(&mut self, connection: &Connection, offset: i64, deadline: Instant) {
        let now = Instant::now();
        let wanted = now + connection.quiet_for();
        let paced = self
            .empty
            .filter(|empty| empty.offset == offset)
            .map_or(now, |empty| empty.until);
        let until = wanted.max(paced).min(deadline);
        if until > now {
            sleep_until(until).await;
        }
    }

    /// A broker that answers "nothing" at once although it was asked to wait must not be asked in a tight loop.
    fn pace(&mut self, is_empty: bool, throttled: Duration, question: &Question, asked: Instant) {
        let early = asked.elapsed() < question.max_wait / 2 || question.max_wait.is_zero();
        if !is_empty || !throttled.is_zero() || !early {
            self.empty = None;
            return;
        }
        let pause = match self.empty {
            Some(empty) if empty.offset == question.offset => (empty.pause * 2).min(EMPTY_PAUSE.1),
            _ => EMPTY_PAUSE.0,
        };
        self.empty = Some(Empty {
            offset: question.offset,
            pause,
            until: Instant::now() + pause,
        });
    }

    /// Large answers over a slow line may never be whole in time; then less is asked for.
    fn note_slowness(&mut self, error: &ClientError, received: usize) {
        if matches!(
            error,
            ClientError::Connect {
                cause: ConnectCause::Silent,
                ..
            }
        ) && received > 0
        {
            let less = (received / 2).max(LEAST_BYTES);
            self.slow_limit = Some(i32::try_from(less).unwrap_or(i32::MAX));
        }
    }

    fn limit(&self, question: &Question) -> i32 {
        self.slow_limit
            .map_or(question.max_bytes, |limit| limit.min(question.max_bytes))
    }

    /// The leader epoch of the batch that ends right before this offset, if that is the last one handed over.
    fn epoch_before(&self, offset: i64) -> Option<i32> {
        self.behind
            .filter(|behind| behind.next_offset == offset && behind.epoch >= 0)
            .map(|behind| behind.epoch)
    }

    fn remember_last_batch(&mut self, records: &Bytes) {
        // Only headers are looked at; damage is found, and told, by whoever decodes the batches.
        if let Some(last) = Walk::new(records).map_while(std::result::Result::ok).last() {
            let epoch = if last.header.is_legacy() {
                -1
            } else {
                last.header.partition_leader_epoch
            };
            self.behind = Some(Behind {
                next_offset: last.header.next_offset(),
                epoch,
            });
        }
    }
}
