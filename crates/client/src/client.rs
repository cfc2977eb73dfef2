//! A cluster as users of this crate see it: the operations that are awaited in one go.
//!
//! Each operation repeats single attempts (`cluster`, `offsets`, ...) until one succeeds, one fails for good, or nothing has moved for the configured
//! `timeout`. Reading partitions has its own handle, [`crate::PartitionFetcher`]; writing has [`crate::Producer`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kaframe_wire::ErrorCode;
use tokio::time::{Instant, sleep};

use crate::admin::{self, ConfigEntry, NewTopic};
use crate::cluster::{Cluster, SharedCluster, same_topic};
use crate::config::ClientConfig;
use crate::error::ClientError;
use crate::group::GroupOffset;
use crate::listing::ClusterListing;
use crate::metadata::KnownTopic;
use crate::nearest::nearest;
use crate::printable::printable;
use crate::retry::{Attempts, Patience};
use crate::topic::{EpochEnd, Isolation, ListedOffset, OffsetQuery, PartitionMetadata, TopicMetadata};
use crate::{Result, epoch, group, listing, offsets};

/// How long a name may be unknown before it is taken for a typing error: long enough for the news of a topic created a moment ago to get around.
const MISSPELT_PATIENCE: Duration = Duration::from_millis(300);

/// A cluster that answered. Clones share its connections; when the last clone and the last reader or writer made from it are dropped, all are closed.
#[derive(Debug, Clone)]
pub struct Client {
    cluster: SharedCluster,
    timeout: Duration,
}

impl Client {
    /// Reaches the cluster: tries every bootstrap address once, in order, until one answers as a Kafka broker.
    ///
    /// # Errors
    /// [`ClientError::Config`] for addresses that make no sense; [`ClientError::Connect`], [`ClientError::NotKafka`] at once if every address refuses, does not
    /// resolve or answers something else, within [`ClientConfig::timeout`] where one is silent.
    pub async fn connect(config: ClientConfig) -> Result<Client> {
        let timeout = config.timeout;
        Ok(Client {
            cluster: Arc::new(Cluster::connect(config).await?),
            timeout,
        })
    }

    /// The same connections, with another limit of time without progress than [`ClientConfig::timeout`].
    pub fn with_timeout(&self, timeout: Duration) -> Client {
        Client {
            cluster: self.cluster.clone(),
            timeout,
        }
    }

    /// The limit of time without progress in force.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(crate) fn cluster(&self) -> &SharedCluster {
        &self.cluster
    }

    /// The settings in force.
    pub fn config(&self) -> &ClientConfig {
        &self.cluster.config
    }

    /// The cluster's id, if it has told one.
    pub fn cluster_id(&self) -> Option<String> {
        self.cluster.cluster_id()
    }

    /// The bootstrap servers as given, separated by commas.
    pub fn bootstrap_servers(&self) -> String {
        self.cluster.name()
    }

    /// How far away the leader of a partition is: the shortest time in which it has answered a small request; `None` before it has
    /// answered any.
    pub fn round_trip(&self, topic: &TopicMetadata, partition: i32) -> Option<Duration> {
        let known = self.current(topic).ok()?;
        let leader = known.topic.partition(partition)?.leader?;
        self.cluster.round_trip(leader)
    }

    /// All topics that may be seen, ascending by name, internal ones included.
    pub async fn topics(&self) -> Result<Vec<TopicMetadata>> {
        let mut retrying = Retrying::new(self, "listing the topics");
        loop {
            match self.cluster.describe(None, retrying.deadline()).await {
                Ok(description) => {
                    self.cluster.quota.succeeded();
                    let seen = description.topics.into_iter().filter(|answer| {
                        !matches!(
                            answer.code,
                            ErrorCode::TOPIC_AUTHORIZATION_FAILED | ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
                        )
                    });
                    let mut topics: Vec<TopicMetadata> = seen.map(|answer| answer.topic).collect();
                    topics.sort_by(|a, b| a.name.cmp(&b.name));
                    return Ok(topics);
                }
                Err(error) => retrying.failed(error).await?,
            }
        }
    }

    /// The cluster as one broker lists it, with one topic or all of them; for showing. Asking never creates a topic.
    pub async fn listing(&self, topic: Option<&str>) -> Result<ClusterListing> {
        listing::list(self, topic).await
    }

    /// One topic, asked afresh. Asking never creates it.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] with the nearest names there are; [`ClientError::Authorization`].
    pub async fn topic(&self, name: &str) -> Result<TopicMetadata> {
        let mut retrying = Retrying::new(self, "the topic's metadata").about(name, None);
        let started = Instant::now();
        loop {
            let error = match self
                .cluster
                .fresher_topic(name, Instant::now(), retrying.deadline())
                .await
            {
                // A topic without partitions is one that is still being made.
                Ok(known) if known.topic.partitions.is_empty() => self.leaderless(name, None),
                Ok(known) => {
                    self.cluster.quota.succeeded();
                    return Ok(known.topic.as_ref().clone());
                }
                Err(ClientError::Broker { code, .. })
                    if code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION && started.elapsed() > MISSPELT_PATIENCE
                        || code == ErrorCode::INVALID_TOPIC_EXCEPTION =>
                {
                    return Err(self.not_found(name).await);
                }
                Err(error) => error,
            };
            retrying.failed(error).await?;
        }
    }

    /// The error for a topic that is not there, with the names that are.
    pub(crate) async fn not_found(&self, name: &str) -> ClientError {
        let deadline = Instant::now() + self.timeout;
        let description = self.cluster.describe(None, deadline).await.unwrap_or_default();
        let names = description.topics.iter().map(|answer| answer.topic.name.as_str());
        ClientError::NotFound {
            topic: printable(name),
            nearest: nearest(name, names).iter().map(|name| printable(name)).collect(),
            cluster: self.cluster.name(),
        }
    }

    /// Offsets of partitions, from their leaders, in the order asked. A partition may be asked several things.
    ///
    /// Where the log is too old to be searched by time (message format 0.9), the answer to [`OffsetQuery::AtTime`] is the log start with no timestamp: no
    /// record that was asked for lies before it. Brokers without tiered storage answer [`OffsetQuery::LocalLogStart`] with the log start.
    ///
    /// # Errors
    /// [`ClientError::UnknownPartition`], [`ClientError::Authorization`], [`ClientError::TopicRecreated`], [`ClientError::NotFound`] if the topic went away,
    /// [`ClientError::NoProgress`].
    pub async fn list_offsets(
        &self,
        topic: &TopicMetadata,
        queries: &[(i32, OffsetQuery)],
        isolation: Isolation,
    ) -> Result<Vec<ListedOffset>> {
        offsets::list(self, topic, queries, isolation).await
    }

    /// Where a leader epoch ends in the log of the partition's leader; tells whether what was read in that epoch is still there.
    pub async fn end_offset_for_leader_epoch(
        &self,
        topic: &TopicMetadata,
        partition: i32,
        epoch: i32,
    ) -> Result<EpochEnd> {
        epoch::end_offset(self, topic, partition, epoch).await
    }

    /// Where a consumer group stands in partitions of a topic, in the order asked. Joins nothing, commits nothing; needs DESCRIBE on the group.
    ///
    /// # Errors
    /// [`ClientError::Authorization`], [`ClientError::NoProgress`] while the group has no coordinator.
    pub async fn group_offsets(
        &self,
        group: &str,
        topic: &TopicMetadata,
        partitions: &[i32],
    ) -> Result<Vec<GroupOffset>> {
        group::offsets(self, group, &topic.name, partitions).await
    }

    /// The configuration of a topic, defaults included; `None` for values that the broker keeps to itself.
    ///
    /// # Errors
    /// [`ClientError::Authorization`] where DESCRIBE_CONFIGS is not granted: reading does not need it.
    pub async fn topic_configs(&self, topic: &str) -> Result<BTreeMap<String, Option<String>>> {
        admin::describe_configs(self, topic).await
    }

    /// The same, in the broker's order, with who set each; see [`Client::topic_configs`].
    pub async fn topic_config_entries(&self, topic: &str) -> Result<Vec<ConfigEntry>> {
        admin::config_entries(self, topic).await
    }

    /// Creates a topic and waits until every partition of it has a leader.
    pub async fn create_topic(&self, topic: &NewTopic) -> Result<()> {
        admin::create_topic(self, topic).await
    }

    /// Deletes a topic and waits until it is gone from Metadata.
    pub async fn delete_topic(&self, topic: &str) -> Result<()> {
        admin::delete_topic(self, topic).await
    }

    /// Moves log start offsets forward: `(partition, offset)` deletes every record below that offset.
    pub async fn delete_records(&self, topic: &TopicMetadata, before: &[(i32, i64)]) -> Result<()> {
        admin::delete_records(self, topic, before).await
    }

    /// The newest that is known of a topic, without asking; fails if that is another topic of the same name.
    pub(crate) fn current(&self, topic: &TopicMetadata) -> Result<KnownTopic> {
        match self.cluster.known_topic(&topic.name) {
            Some(known) => same_topic(topic, &known.topic).map(|()| known),
            None => Ok(KnownTopic {
                topic: Arc::new(topic.clone()),
                at: Instant::now(),
            }),
        }
    }

    /// Looks a topic up again after its metadata led astray; what cannot be had now is left for the next attempt.
    pub(crate) async fn refresh(&self, first: &TopicMetadata, than: Instant, deadline: Instant) -> Result<()> {
        match self.cluster.fresher_topic(&first.name, than, deadline).await {
            Ok(known) => same_topic(first, &known.topic),
            Err(error @ ClientError::Authorization { .. }) => Err(error),
            Err(error) => {
                tracing::debug!(%error, topic = first.name, "metadata could not be refreshed");
                Ok(())
            }
        }
    }

    /// A partition of a topic, or the error that there is none.
    pub(crate) fn partition<'a>(&self, topic: &'a TopicMetadata, partition: i32) -> Result<&'a PartitionMetadata> {
        topic.partition(partition).ok_or_else(|| ClientError::UnknownPartition {
            topic: topic.name.clone(),
            partition,
            count: topic.partitions.len(),
        })
    }

    /// The leader of a partition, or a passing error while it has none.
    pub(crate) fn leader(&self, topic: &TopicMetadata, partition: &PartitionMetadata) -> Result<i32> {
        partition
            .leader
            .ok_or_else(|| self.leaderless(&topic.name, Some(partition.id)))
    }

    fn leaderless(&self, topic: &str, partition: Option<i32>) -> ClientError {
        ClientError::Broker {
            code: ErrorCode::LEADER_NOT_AVAILABLE,
            api: "Metadata".to_owned(),
            topic: Some(topic.to_owned()),
            partition,
            broker: self.cluster.name(),
            message: "no broker leads it at the moment".to_owned(),
        }
    }
}

/// One operation that is repeated until it is done: counts its failures, sleeps between attempts, and turns impatience into an error that tells the story.
#[derive(Debug)]
pub(crate) struct Retrying<'a> {
    client: &'a Client,
    what: &'static str,
    topic: Option<&'a str>,
    partition: Option<i32>,
    patience: Patience,
    attempts: Attempts,
}

impl<'a> Retrying<'a> {
    pub fn new(client: &'a Client, what: &'static str) -> Self {
        let patience = Patience::new(client.timeout);
        Self {
            client,
            what,
            topic: None,
            partition: None,
            patience,
            attempts: Attempts::default(),
        }
    }

    pub fn about(mut self, topic: &'a str, partition: Option<i32>) -> Self {
        self.topic = Some(topic);
        self.partition = partition;
        self
    }

    /// When patience ends.
    pub fn deadline(&self) -> Instant {
        self.patience.deadline()
    }

    /// How often it failed so far.
    pub fn failures(&self) -> u32 {
        self.attempts.failures()
    }

    /// Sleeps before the next attempt, or fails with what is final.
    pub async fn failed(&mut self, error: ClientError) -> Result<()> {
        sleep(self.pause(error)?).await;
        Ok(())
    }

    /// How long to wait before the next attempt, or what is final.
    pub fn pause(&mut self, error: ClientError) -> Result<Duration> {
        if matches!(error, ClientError::NoProgress { .. }) {
            return Err(error);
        }
        let pause = self.attempts.failed(error, &self.client.cluster.quota)?;
        if !self.patience.allows(pause) {
            return Err(self.gave_up());
        }
        let last = self.attempts.last.as_ref().map(tracing::field::display);
        tracing::info!(what = self.what, topic = self.topic, ?pause, last, "trying again");
        Ok(pause)
    }

    fn gave_up(&self) -> ClientError {
        let last = self
            .attempts
            .last
            .as_ref()
            .map_or_else(String::new, |error| format!("; last: {error}"));
        ClientError::NoProgress {
            topic: self.topic.map(str::to_owned),
            partition: self.partition,
            waited: self.patience.waited(),
            what: format!("waiting for {}{last}", self.what),
            broker: match &self.attempts.last {
                Some(ClientError::Broker { broker, .. }) => broker.clone(),
                _ => self.client.cluster.name(),
            },
            offset: None,
        }
    }
}
