//! A cluster as one broker lists it: brokers and topics in the order of its answer, partitions by number, with every error it names.
//!
//! For showing, not for reading: a reader wants the topic that it asked for or an error (`metadata`, `cluster`). Asking never creates a topic.

use kaframe_wire::message::MetadataResponse;
use kaframe_wire::message::metadata_response::MetadataResponseTopic;

use crate::Result;
use crate::client::{Client, Retrying};
use crate::metadata;
use crate::printable::printable;

/// What one broker says about the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterListing {
    /// Id of the broker that answered; `None` where it does not list itself under the address it was asked at.
    pub from: Option<i32>,
    /// The address at which it was asked.
    pub from_address: String,
    /// Id of the controller, if there is one.
    pub controller: Option<i32>,
    /// The brokers.
    pub brokers: Vec<ListedBroker>,
    /// The topics.
    pub topics: Vec<ListedTopic>,
}

/// A broker of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedBroker {
    /// Its id.
    pub id: i32,
    /// The host it advertises.
    pub host: String,
    /// The port it advertises.
    pub port: i32,
}

/// A topic of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTopic {
    /// Its name.
    pub name: String,
    /// Kafka's error code, 0 for none.
    pub error: i16,
    /// Its partitions.
    pub partitions: Vec<ListedPartition>,
}

/// A partition of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPartition {
    /// Number, from 0.
    pub id: i32,
    /// Kafka's error code, 0 for none.
    pub error: i16,
    /// Broker that leads it, -1 for none.
    pub leader: i32,
    /// Brokers that hold a copy.
    pub replicas: Vec<i32>,
    /// Brokers whose copy is in sync.
    pub isr: Vec<i32>,
}

/// Asks for one topic, or for all; see [`Client::listing`].
pub(crate) async fn list(client: &Client, topic: Option<&str>) -> Result<ClusterListing> {
    let mut retrying = Retrying::new(client, "the cluster's metadata");
    let names = topic.map(|name| [name]);
    let names = names.as_ref().map(<[&str; 1]>::as_slice);
    loop {
        let asked = client
            .cluster()
            .ask_any(|_| Ok(metadata::request(names)), "the cluster", retrying.deadline());
        match asked.await {
            Ok(answer) => {
                client.cluster().quota.succeeded();
                return Ok(read(answer.body, answer.peer.address.to_string()));
            }
            Err(error) => retrying.failed(error).await?,
        }
    }
}

fn read(response: MetadataResponse, address: String) -> ClusterListing {
    let brokers: Vec<ListedBroker> = response
        .brokers
        .iter()
        .map(|broker| ListedBroker {
            id: broker.node_id.0,
            host: printable(&broker.host),
            port: broker.port,
        })
        .collect();
    let from = brokers.iter().find(|b| format!("{}:{}", b.host, b.port) == address);
    ClusterListing {
        from: from.map(|broker| broker.id),
        from_address: address,
        controller: Some(response.controller_id.0).filter(|id| *id >= 0),
        topics: response.topics.into_iter().map(read_topic).collect(),
        brokers,
    }
}

fn read_topic(topic: MetadataResponseTopic) -> ListedTopic {
    let mut partitions: Vec<ListedPartition> = topic
        .partitions
        .into_iter()
        .map(|partition| ListedPartition {
            id: partition.partition_index,
            error: partition.error_code,
            leader: partition.leader_id.0,
            replicas: partition.replica_nodes.iter().map(|id| id.0).collect(),
            isr: partition.isr_nodes.iter().map(|id| id.0).collect(),
        })
        .collect();
    // Newer brokers name them in any order.
    partitions.sort_by_key(|partition| partition.id);
    ListedTopic {
        name: topic.name.map(|name| printable(&name)).unwrap_or_default(),
        error: topic.error_code,
        partitions,
    }
}
