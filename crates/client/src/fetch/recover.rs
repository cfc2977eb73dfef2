//! What a reader does when asking went wrong: find the leader, make sure that the log is still the one it was reading, and ask again from the same offset;
//! or say for good why that is of no use.

use kaframe_wire::ErrorCode;
use tokio::time::{Instant, sleep_until};

use super::clock::Waiting;
use super::{Link, PartitionFetcher, Target};
use crate::Result;
use crate::answer::denied;
use crate::connection::Connection;
use crate::error::ClientError;
use crate::offsets::needs_refresh;
use crate::topic::{Isolation, OffsetQuery};

/// How often a leader may contradict itself about what is in range.
const MOST_RANGE_DISPUTES: u32 = 3;

impl PartitionFetcher {
    /// Finds the leader and connects to it, for as long as patience lasts.
    pub(super) async fn connect(&mut self) -> Result<()> {
        let waiting = self.clock.waiting();
        loop {
            let deadline = self.clock.deadline(&waiting);
            let attempt = match self.find_leader() {
                Ok(()) => self.dial(deadline).await,
                Err(error) => Err(error),
            };
            match attempt {
                Ok(connection) => {
                    self.link = Link::Idle(connection);
                    return Ok(());
                }
                Err(error) => self.pause_and_refresh(error, None, deadline, &waiting).await?,
            }
        }
    }

    /// Deals with a failed attempt; returns when the question may be asked again.
    pub(super) async fn recover(
        &mut self,
        error: ClientError,
        offset: i64,
        deadline: Instant,
        waiting: &Waiting,
    ) -> Result<()> {
        if !self.target.is_leader {
            // Whatever a follower says, the leader has the last word.
            tracing::debug!(%error, broker = self.broker(), "back to the leader");
            self.link = Link::Down;
            self.avoid_replicas = true;
            self.target.is_leader = true;
            return self.find_leader();
        }
        let error = match error {
            ClientError::Broker {
                code: ErrorCode::OFFSET_OUT_OF_RANGE,
                ..
            } => {
                self.link = Link::Down;
                self.classify_range(error, offset).await?
            }
            error @ ClientError::Truncated { .. } => return Err(self.truncated_or_recreated(error).await),
            ClientError::Broker {
                code: code @ ErrorCode::TOPIC_AUTHORIZATION_FAILED,
                ..
            } => {
                return Err(denied(&self.topic.name, code, "READ"));
            }
            ClientError::Broker {
                code: ErrorCode::CORRUPT_MESSAGE,
                ref broker,
                ref message,
                ..
            } if self.attempts.failures() > 0 => {
                return Err(ClientError::Corrupt {
                    topic: self.topic.name.clone(),
                    partition: self.partition,
                    offset,
                    broker: broker.clone(),
                    detail: message.clone(),
                });
            }
            error => error,
        };
        let epoch = self.target.epoch;
        self.pause_and_refresh(error, Some(offset), deadline, waiting).await?;
        let moved = self.find_leader().is_ok() && self.target.epoch != epoch;
        if let Some(last_epoch) = self.epoch_before(offset).filter(|_| moved) {
            self.check_truncation(offset, last_epoch).await?;
        }
        Ok(())
    }

    /// Pauses before the next attempt and looks the topic up again where another broker may be meant; or fails for good.
    async fn pause_and_refresh(
        &mut self,
        error: ClientError,
        offset: Option<i64>,
        deadline: Instant,
        waiting: &Waiting,
    ) -> Result<()> {
        let followed = std::mem::take(&mut self.followed);
        let stale = needs_refresh(&error) && !followed;
        if stale || followed {
            self.link = Link::Down;
        }
        if matches!(error, ClientError::Connect { .. }) {
            // Whoever named this broker, Metadata may know better.
            self.target.doubted = true;
        }
        let asked = self.target.at;
        let pause = match self.attempts.failed(error, &self.client.cluster().quota) {
            Ok(pause) => pause,
            Err(last) => return Err(self.last_words(last).await),
        };
        let until = Instant::now() + pause;
        if until >= deadline {
            return Err(self.gave_up(offset, waiting));
        }
        let last = self.attempts.last.as_ref().map(tracing::field::display);
        tracing::info!(
            topic = self.topic.name,
            partition = self.partition,
            ?pause,
            last,
            "fetching again"
        );
        sleep_until(until).await;
        if stale {
            self.client.refresh(&self.topic, asked, deadline).await?;
        }
        Ok(())
    }

    /// Takes over what Metadata says of the leader now, unless a broker has told us of a newer one.
    fn find_leader(&mut self) -> Result<()> {
        let known = self.client.current(&self.topic)?;
        let described = self.client.partition(&known.topic, self.partition)?;
        let newer = described.leader_epoch >= self.target.epoch || described.leader_epoch < 0;
        if newer || self.target.doubted {
            let leader = self.client.leader(&known.topic, described)?;
            if leader != self.target.broker {
                self.link = Link::Down;
            }
            self.target = Target {
                broker: leader,
                is_leader: true,
                epoch: described.leader_epoch,
                at: known.at,
                doubted: false,
            };
        }
        Ok(())
    }

    /// Goes where a broker says that the leader is. That takes a newer epoch each time, so two brokers cannot play the reader back and forth.
    pub(super) fn follow(&mut self, leader: i32, epoch: i32) {
        if epoch > self.target.epoch && self.client.cluster().knows_broker(leader) {
            self.link = Link::Down;
            self.target = Target {
                broker: leader,
                is_leader: true,
                epoch,
                at: Instant::now(),
                doubted: false,
            };
            self.followed = true;
        }
    }

    /// Connects to the broker that is to be asked.
    pub(super) async fn dial(&self, deadline: Instant) -> Result<Connection> {
        let role = if self.target.is_leader { "leader" } else { "replica" };
        let whose = format!("{role} of {}-{}", self.topic.name, self.partition);
        let deadline = deadline.min(Instant::now() + self.client.config().request_timeout);
        self.client
            .cluster()
            .open_to(self.target.broker, &whose, deadline)
            .await
    }

    /// Asks the leader where the epoch of the last batch ends: below the position, the log was truncated under the reader. Called by itself whenever the
    /// leader epoch has changed. A leader that cannot or may not say proves nothing.
    ///
    /// # Errors
    /// [`ClientError::Truncated`]; failures of asking.
    pub async fn check_truncation(&mut self, position: i64, last_seen_epoch: i32) -> Result<()> {
        let asked = self
            .client
            .end_offset_for_leader_epoch(&self.topic, self.partition, last_seen_epoch)
            .await;
        match asked {
            Ok(end) if end.end_offset >= 0 && end.leader_epoch >= 0 && end.end_offset < position => {
                let error = self.truncated(position, end.end_offset);
                Err(self.truncated_or_recreated(error).await)
            }
            Ok(_) | Err(ClientError::Config { .. } | ClientError::Authorization { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// To a reader that names topics, a new topic of the same name looks like one that was cut short; Metadata knows better.
    async fn truncated_or_recreated(&self, truncated: ClientError) -> ClientError {
        let now = Instant::now();
        let deadline = now + self.client.config().request_timeout;
        self.client
            .refresh(&self.topic, now, deadline)
            .await
            .err()
            .unwrap_or(truncated)
    }

    /// Asks the leader for its bounds, to tell retention from truncation from a mistake; gives the error back where the bounds include the offset, as they do
    /// when a leader has just changed.
    async fn classify_range(&mut self, error: ClientError, offset: i64) -> Result<ClientError> {
        let now = Instant::now();
        self.client
            .refresh(&self.topic, now, now + self.client.config().request_timeout)
            .await?;
        let queries = [
            (self.partition, OffsetQuery::Earliest),
            (self.partition, OffsetQuery::Latest),
        ];
        let bounds = self
            .client
            .list_offsets(&self.topic, &queries, Isolation::ReadUncommitted)
            .await;
        let (log_start, end) = match &bounds {
            Ok(listed) => (
                listed.first().and_then(|l| l.offset),
                listed.get(1).and_then(|l| l.offset),
            ),
            Err(_) => (None, None),
        };
        let inside = log_start.is_some_and(|start| offset >= start) && end.is_some_and(|end| offset <= end);
        if inside && self.range_disputes < MOST_RANGE_DISPUTES {
            self.range_disputes += 1;
            return Ok(self.refused(
                ErrorCode::NOT_LEADER_OR_FOLLOWER,
                "Fetch".to_owned(),
                &error.to_string(),
            ));
        }
        match end {
            Some(end) if offset > end && self.epoch_before(offset).is_some() => Err(self.truncated(offset, end)),
            _ => Err(ClientError::OffsetOutOfRange {
                topic: self.topic.name.clone(),
                partition: self.partition,
                offset,
                log_start,
                end,
                broker: self.broker(),
            }),
        }
    }

    /// What an error that is final means for a reader.
    async fn last_words(&mut self, error: ClientError) -> ClientError {
        match error {
            ClientError::Broker {
                code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                ..
            } => self.client.not_found(&self.topic.name).await,
            ClientError::Broker {
                code: code @ (ErrorCode::UNKNOWN_TOPIC_ID | ErrorCode::INCONSISTENT_TOPIC_ID),
                broker,
                ..
            } => {
                let deadline = Instant::now() + self.client.config().request_timeout;
                match self
                    .client
                    .cluster()
                    .fresher_topic(&self.topic.name, Instant::now(), deadline)
                    .await
                {
                    Err(ClientError::Broker {
                        code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                        ..
                    }) => self.client.not_found(&self.topic.name).await,
                    _ => ClientError::TopicRecreated {
                        topic: self.topic.name.clone(),
                        expected: self.topic.id.map_or_else(|| "unknown".to_owned(), |id| id.to_string()),
                        found: format!("{broker} no longer knows that one ({code})"),
                    },
                }
            }
            other => other,
        }
    }

    pub(super) fn refused(&self, code: ErrorCode, api: String, message: &str) -> ClientError {
        ClientError::Broker {
            code,
            api,
            topic: Some(self.topic.name.clone()),
            partition: Some(self.partition),
            broker: self.broker(),
            message: message.to_owned(),
        }
    }

    pub(super) fn truncated(&self, position: i64, epoch_end: i64) -> ClientError {
        ClientError::Truncated {
            topic: self.topic.name.clone(),
            partition: self.partition,
            position,
            epoch: self.epoch_before(position).unwrap_or(-1),
            epoch_end,
            broker: self.broker(),
        }
    }

    pub(super) fn gave_up(&self, offset: Option<i64>, waiting: &Waiting) -> ClientError {
        let last = self
            .attempts
            .last
            .as_ref()
            .map_or_else(String::new, |error| format!("; last: {error}"));
        ClientError::NoProgress {
            topic: Some(self.topic.name.clone()),
            partition: Some(self.partition),
            waited: self.clock.waited() + waiting.elapsed(),
            what: format!("waiting for records{last}"),
            broker: self.broker(),
            offset,
        }
    }
}
