//! Topics: list, create, describe, delete. Reading never creates one; only [`Cluster::create_topic`] does.

use std::collections::BTreeMap;

use kaframe_client::{ClientError, Isolation, OffsetQuery, TopicMetadata};

use crate::blocking;
use crate::cluster::Cluster;
use crate::error::{Error, ErrorKind, Result};

/// A topic in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicInfo {
    /// Name.
    pub name: String,
    /// Number of partitions.
    pub partitions: i32,
    /// Kafka keeps it for itself, such as `__consumer_offsets`.
    pub internal: bool,
}

/// A topic to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopic {
    /// Name: 1 to 249 characters of `a-z A-Z 0-9 . _ -`.
    pub name: String,
    /// Number of partitions; -1 for the broker's default.
    pub partitions: i32,
    /// Copies of each partition; -1 for the broker's default.
    pub replication_factor: i16,
    /// Topic configurations by Kafka's names, such as `cleanup.policy`.
    pub configs: BTreeMap<String, String>,
}

impl NewTopic {
    /// A topic with so many partitions and everything else by default.
    pub fn new(name: impl Into<String>, partitions: i32) -> NewTopic {
        NewTopic {
            name: name.into(),
            partitions,
            replication_factor: -1,
            configs: BTreeMap::new(),
        }
    }

    /// Sets one topic configuration.
    #[must_use]
    pub fn config(mut self, key: impl Into<String>, value: impl Into<String>) -> NewTopic {
        self.configs.insert(key.into(), value.into());
        self
    }
}

/// What is known of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicDescription {
    /// Name.
    pub name: String,
    /// Id, from Kafka 2.8 on.
    pub id: Option<String>,
    /// Kafka keeps it for itself.
    pub internal: bool,
    /// Partitions, by number.
    pub partitions: Vec<PartitionDescription>,
    /// The configuration; `None` where it may not be read. A value is `None` where it is secret.
    pub configs: Option<BTreeMap<String, Option<String>>>,
}

/// What is known of a partition. Offsets are `None` while the partition has no leader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionDescription {
    /// Number, from 0.
    pub id: i32,
    /// Broker that leads it; `None` while there is none.
    pub leader: Option<i32>,
    /// Leader epoch, -1 where the broker is too old to say.
    pub leader_epoch: i32,
    /// Brokers that hold a copy.
    pub replicas: Vec<i32>,
    /// Brokers whose copy is in sync.
    pub isr: Vec<i32>,
    /// The first offset that is still there.
    pub log_start_offset: Option<i64>,
    /// The offset behind the last record that all in-sync brokers have.
    pub high_watermark: Option<i64>,
    /// The offset before which every transaction is decided.
    pub last_stable_offset: Option<i64>,
}

impl Cluster {
    /// All topics, by name, Kafka's own included.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`] when no broker answers, [`ErrorKind::ReadTimeout`] when one is too slow.
    pub async fn topics(&self) -> Result<Vec<TopicInfo>> {
        let topics = self.client.topics().await?;
        Ok(topics.iter().map(TopicInfo::from).collect())
    }

    /// Creates a topic and waits until its partitions have leaders.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the name or a number makes no sense or the topic exists already, [`ErrorKind::Auth`] when it may not be created.
    pub async fn create_topic(&self, topic: &NewTopic) -> Result<()> {
        let NewTopic {
            name,
            partitions,
            replication_factor,
            configs,
        } = topic;
        check_counts(topic)?;
        let new = kaframe_client::NewTopic {
            name: name.clone(),
            partitions: *partitions,
            replication_factor: *replication_factor,
            configs: configs.clone(),
        };
        Ok(self.client.create_topic(&new).await?)
    }

    /// Deletes a topic with all its records.
    ///
    /// # Errors
    /// [`ErrorKind::TopicNotFound`] when there is none, [`ErrorKind::Auth`] when it may not be deleted.
    pub async fn delete_topic(&self, name: &str) -> Result<()> {
        Ok(self.client.delete_topic(name).await?)
    }

    /// Partitions, leaders, offsets and configuration of a topic.
    ///
    /// # Errors
    /// [`ErrorKind::TopicNotFound`] when there is none, with the nearest names.
    pub async fn describe_topic(&self, name: &str) -> Result<TopicDescription> {
        let topic = self.client.topic(name).await?;
        let configs = match self.client.topic_configs(name).await {
            Ok(configs) => Some(configs),
            Err(error) if unreadable(&error) => None,
            Err(error) => return Err(error.into()),
        };
        let mut partitions: Vec<PartitionDescription> =
            topic.partitions.iter().map(PartitionDescription::from).collect();
        self.add_offsets(&topic, &mut partitions).await?;
        Ok(TopicDescription {
            name: topic.name.clone(),
            id: topic.id.map(|id| id.to_string()),
            internal: topic.internal,
            partitions,
            configs,
        })
    }

    /// Asks the leaders for the three bounds of each partition that has one.
    async fn add_offsets(&self, topic: &TopicMetadata, partitions: &mut [PartitionDescription]) -> Result<()> {
        let led: Vec<i32> = partitions.iter().filter(|p| p.leader.is_some()).map(|p| p.id).collect();
        let ask = |query: OffsetQuery| led.iter().map(|id| (*id, query)).collect::<Vec<_>>();
        let (starts, ends) = (ask(OffsetQuery::Earliest), ask(OffsetQuery::Latest));
        let (starts, stable, high) = tokio::try_join!(
            self.client.list_offsets(topic, &starts, Isolation::ReadUncommitted),
            self.client.list_offsets(topic, &ends, Isolation::ReadCommitted),
            self.client.list_offsets(topic, &ends, Isolation::ReadUncommitted),
        )?;
        for partition in partitions {
            let of = |listed: &[kaframe_client::ListedOffset]| {
                listed
                    .iter()
                    .find(|l| l.partition == partition.id)
                    .and_then(|l| l.offset)
            };
            partition.log_start_offset = of(&starts);
            partition.last_stable_offset = of(&stable);
            partition.high_watermark = of(&high);
        }
        Ok(())
    }
}

/// Whether a configuration may not be read. READ and DESCRIBE on the topic are enough for everything else; this needs one permission more, and brokers
/// from 1.1 on.
pub(crate) fn unreadable(error: &ClientError) -> bool {
    matches!(error, ClientError::Authorization { .. } | ClientError::Config { .. })
}

/// What no broker would take, said before one is asked.
fn check_counts(topic: &NewTopic) -> Result<()> {
    let wrong = |what: &str, number: i32| {
        Error::new(
            ErrorKind::Config,
            format!("topic {:?} with {number} {what}", topic.name),
        )
        .with_topic(&topic.name)
        .with_hint("give a number from 1 up, or -1 for the broker's default")
    };
    if topic.partitions == 0 || topic.partitions < -1 {
        return Err(wrong("partitions", topic.partitions));
    }
    if topic.replication_factor == 0 || topic.replication_factor < -1 {
        return Err(wrong("copies of each partition", topic.replication_factor.into()));
    }
    Ok(())
}

impl From<&TopicMetadata> for TopicInfo {
    fn from(topic: &TopicMetadata) -> TopicInfo {
        TopicInfo {
            name: topic.name.clone(),
            partitions: i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX),
            internal: topic.internal,
        }
    }
}

impl From<&kaframe_client::PartitionMetadata> for PartitionDescription {
    fn from(partition: &kaframe_client::PartitionMetadata) -> PartitionDescription {
        PartitionDescription {
            id: partition.id,
            leader: partition.leader,
            leader_epoch: partition.leader_epoch,
            replicas: partition.replicas.clone(),
            isr: partition.isr.clone(),
            log_start_offset: None,
            high_watermark: None,
            last_stable_offset: None,
        }
    }
}

impl blocking::Cluster {
    /// See [`Cluster::topics`].
    pub fn topics(&self) -> Result<Vec<TopicInfo>> {
        self.block_on(self.as_async().topics())
    }

    /// See [`Cluster::create_topic`].
    pub fn create_topic(&self, topic: &NewTopic) -> Result<()> {
        self.block_on(self.as_async().create_topic(topic))
    }

    /// See [`Cluster::delete_topic`].
    pub fn delete_topic(&self, name: &str) -> Result<()> {
        self.block_on(self.as_async().delete_topic(name))
    }

    /// See [`Cluster::describe_topic`].
    pub fn describe_topic(&self, name: &str) -> Result<TopicDescription> {
        self.block_on(self.as_async().describe_topic(name))
    }
}
