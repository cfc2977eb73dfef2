//! What Metadata says about a cluster: request, check, and the view kept between requests. Sending and retrying is `cluster`'s.
//!
//! Reading must never create a topic, so auto-creation is switched off in every request (it is on by default in the protocol). Topics are asked by name even
//! where ids are known: versions 10 and 11 carry ids but must not be asked by them. Everything in an answer is a claim of a stranger: hosts and ports are
//! checked, names are escaped before they are shown, ids must be sane.
//!
//! Truth: `MetadataRequest.json`, `MetadataResponse.json` in Apache Kafka; KIP-516 for topic ids.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kaframe_wire::ErrorCode;
use kaframe_wire::message::metadata_request::MetadataRequestTopic;
use kaframe_wire::message::metadata_response::{MetadataResponsePartition, MetadataResponseTopic};
use kaframe_wire::message::{MetadataRequest, MetadataResponse, StrBytes, TopicName};
use tokio::time::Instant;

use crate::address::Address;
use crate::printable::printable;
use crate::topic::{PartitionMetadata, TopicMetadata};

/// Asks for these topics; `None` for all there are, an empty list for none (only the brokers).
pub(crate) fn request(topics: Option<&[&str]>) -> MetadataRequest {
    let named = |name: &&str| MetadataRequestTopic::default().with_name(Some(topic_name(name)));
    MetadataRequest::default()
        .with_topics(topics.map(|names| names.iter().map(named).collect()))
        .with_allow_auto_topic_creation(false)
}

/// A topic's name as messages hold it.
pub(crate) fn topic_name(name: &str) -> TopicName {
    TopicName(StrBytes::from_string(name.to_owned()))
}

/// One answer, checked.
#[derive(Debug, Default)]
pub(crate) struct Description {
    pub cluster_id: Option<String>,
    pub controller: Option<i32>,
    /// Broker by id; `Err` holds what it advertises where nobody could connect to that.
    pub brokers: BTreeMap<i32, Result<Address, String>>,
    pub topics: Vec<TopicAnswer>,
}

/// What was said about one topic.
#[derive(Debug)]
pub(crate) struct TopicAnswer {
    pub code: ErrorCode,
    pub topic: TopicMetadata,
}

/// Reads an answer; the error says what is impossible about it.
pub(crate) fn read(response: MetadataResponse) -> Result<Description, String> {
    let mut brokers = BTreeMap::new();
    for broker in &response.brokers {
        brokers
            .entry(broker.node_id.0)
            .or_insert_with(|| Address::from_broker(&broker.host, broker.port));
    }
    let topics = response.topics.into_iter().map(read_topic).collect::<Result<_, _>>()?;
    Ok(Description {
        cluster_id: response.cluster_id.map(|id| printable(&id)),
        controller: Some(response.controller_id.0).filter(|id| *id >= 0),
        brokers,
        topics,
    })
}

fn read_topic(topic: MetadataResponseTopic) -> Result<TopicAnswer, String> {
    let name = topic.name.map(|name| name.0.as_str().to_owned()).unwrap_or_default();
    let mut partitions = topic
        .partitions
        .into_iter()
        .map(|partition| read_partition(partition, &name))
        .collect::<Result<Vec<PartitionMetadata>, String>>()?;
    partitions.sort_unstable_by_key(|partition| partition.id);
    if let Some(twice) = partitions.windows(2).find(|pair| pair[0].id == pair[1].id) {
        return Err(format!(
            "partition {} of topic {:?} stands twice in Metadata",
            twice[0].id,
            printable(&name)
        ));
    }
    Ok(TopicAnswer {
        code: ErrorCode(topic.error_code),
        topic: TopicMetadata {
            name,
            id: Some(topic.topic_id).filter(|id| !id.is_nil()),
            internal: topic.is_internal,
            partitions,
        },
    })
}

fn read_partition(partition: MetadataResponsePartition, topic: &str) -> Result<PartitionMetadata, String> {
    if partition.partition_index < 0 {
        return Err(format!(
            "partition {} of topic {:?} in Metadata",
            partition.partition_index,
            printable(topic)
        ));
    }
    Ok(PartitionMetadata {
        id: partition.partition_index,
        leader: Some(partition.leader_id.0).filter(|id| *id >= 0),
        leader_epoch: partition.leader_epoch,
        replicas: partition.replica_nodes.iter().map(|id| id.0).collect(),
        isr: partition.isr_nodes.iter().map(|id| id.0).collect(),
    })
}

/// What is known of the cluster between requests.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub cluster_id: Option<String>,
    pub controller: Option<i32>,
    pub brokers: BTreeMap<i32, Result<Address, String>>,
    topics: HashMap<String, KnownTopic>,
}

/// A topic as last described, and when.
#[derive(Debug, Clone)]
pub(crate) struct KnownTopic {
    pub topic: Arc<TopicMetadata>,
    pub at: Instant,
}

impl View {
    /// Takes an answer in: brokers are replaced (an answer lists all of them), topics are added.
    pub fn learn(&mut self, description: &Description, at: Instant) {
        if !description.brokers.is_empty() {
            self.brokers = description.brokers.clone();
        }
        self.cluster_id = description.cluster_id.clone().or(self.cluster_id.take());
        self.controller = description.controller;
        for answer in description.topics.iter().filter(|answer| answer.code.is_none()) {
            let known = KnownTopic {
                topic: Arc::new(answer.topic.clone()),
                at,
            };
            self.topics.insert(answer.topic.name.clone(), known);
        }
    }

    pub fn topic(&self, name: &str) -> Option<&KnownTopic> {
        self.topics.get(name)
    }

    pub fn forget(&mut self, name: &str) {
        self.topics.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaframe_wire::message::BrokerId;
    use kaframe_wire::message::metadata_response::MetadataResponseBroker;

    fn broker(id: i32, host: &str, port: i32) -> MetadataResponseBroker {
        MetadataResponseBroker::default()
            .with_node_id(BrokerId(id))
            .with_host(StrBytes::from_string(host.to_owned()))
            .with_port(port)
    }

    fn partition(index: i32, leader: i32) -> MetadataResponsePartition {
        MetadataResponsePartition::default()
            .with_partition_index(index)
            .with_leader_id(BrokerId(leader))
    }

    fn topic(partitions: Vec<MetadataResponsePartition>) -> MetadataResponseTopic {
        MetadataResponseTopic::default()
            .with_name(Some(topic_name("foo")))
            .with_partitions(partitions)
    }

    #[test]
    fn never_asks_to_create_a_topic() {
        for topics in [None, Some(&["foo"][..]), Some(&[][..])] {
            assert!(!request(topics).allow_auto_topic_creation);
        }
        assert!(request(None).topics.is_none());
        assert_eq!(request(Some(&[])).topics.map(|topics| topics.len()), Some(0));
    }

    #[test]
    fn partitions_are_sorted_and_a_missing_leader_is_none() {
        let response = MetadataResponse::default().with_topics(vec![topic(vec![partition(2, -1), partition(0, 7)])]);
        let description = read(response).unwrap();
        let foo = &description.topics[0].topic;
        assert_eq!(foo.partition(0).unwrap().leader, Some(7));
        assert_eq!(foo.partition(2).unwrap().leader, None);
        assert!(foo.partition(1).is_none() && foo.id.is_none());
    }

    #[test]
    fn impossible_answers_are_refused() {
        for partitions in [vec![partition(0, 1), partition(0, 2)], vec![partition(-3, 1)]] {
            assert!(read(MetadataResponse::default().with_topics(vec![topic(partitions)])).is_err());
        }
    }

    #[test]
    fn an_impossible_address_is_kept_for_the_error_only() {
        let brokers = vec![
            broker(i32::MIN, "ok", 9092),
            broker(2, "evil\u{1b}[2J", 9092),
            broker(3, "h", -1),
        ];
        let description = read(MetadataResponse::default().with_brokers(brokers)).unwrap();
        assert!(description.brokers[&i32::MIN].is_ok());
        assert_eq!(description.brokers[&2], Err("evil\\u{1b}[2J:9092".to_owned()));
        assert_eq!(description.brokers[&3], Err("h:-1".to_owned()));
    }

    #[test]
    fn every_version_encodes() {
        for version in 4..=13 {
            for topics in [None, Some(&["foo"][..]), Some(&[][..])] {
                kaframe_wire::frame::encode_request(version, 1, "test", &request(topics)).unwrap();
            }
        }
    }
}
