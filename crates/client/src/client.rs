//! One cluster as this process sees it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::ClientConfig;
use crate::topic::{EpochEnd, Isolation, ListedOffset, OffsetQuery, TopicMetadata};
use crate::{NewTopic, Result};

/// A connection to a cluster; clones share it.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<ClientConfig>,
}

impl Client {
    /// Reaches the cluster: tries every bootstrap address once, in order, until one answers as a Kafka broker.
    pub async fn connect(config: ClientConfig) -> Result<Client> {
        Ok(Client { shared: Arc::new(config) })
    }

    /// The cluster's id, if it has told one.
    pub fn cluster_id(&self) -> Option<String> {
        todo!()
    }

    /// The bootstrap servers as given, separated by commas.
    pub fn bootstrap_servers(&self) -> String {
        self.shared.bootstrap_servers.join(",")
    }

    /// All topics, ascending by name.
    pub async fn topics(&self) -> Result<Vec<TopicMetadata>> {
        todo!()
    }

    /// One topic, asked afresh. Never creates it.
    pub async fn topic(&self, name: &str) -> Result<TopicMetadata> {
        let _ = name;
        todo!()
    }

    /// Offsets of partitions, from their leaders, in the order asked.
    pub async fn list_offsets(
        &self,
        topic: &TopicMetadata,
        queries: &[(i32, OffsetQuery)],
        isolation: Isolation,
    ) -> Result<Vec<ListedOffset>> {
        let _ = (topic, queries, isolation);
        todo!()
    }

    /// Where a leader epoch ends.
    pub async fn end_offset_for_leader_epoch(
        &self,
        topic: &TopicMetadata,
        partition: i32,
        epoch: i32,
    ) -> Result<EpochEnd> {
        let _ = (topic, partition, epoch);
        todo!()
    }

    /// The configuration of a topic.
    pub async fn topic_configs(&self, topic: &str) -> Result<BTreeMap<String, Option<String>>> {
        let _ = topic;
        todo!()
    }

    /// Creates a topic and waits until its partitions have leaders.
    pub async fn create_topic(&self, topic: &NewTopic) -> Result<()> {
        let _ = topic;
        todo!()
    }

    /// Deletes a topic.
    pub async fn delete_topic(&self, topic: &str) -> Result<()> {
        let _ = topic;
        todo!()
    }

    /// Moves log start offsets forward.
    pub async fn delete_records(&self, topic: &TopicMetadata, before: &[(i32, i64)]) -> Result<()> {
        let _ = (topic, before);
        todo!()
    }
}
