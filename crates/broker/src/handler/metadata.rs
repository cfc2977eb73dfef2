//! Metadata: v0-13
//!
//! * v0: an empty list means all topics; from v1 `null` does, and an empty list means none.
//! * An unknown topic is created with one partition if the broker is set to do so and the request allows it (always before v4);
//!   unlike Kafka the answer has it at once. A bad name is INVALID_TOPIC_EXCEPTION.
//! * v10: topic ids in the answer. v12: topics asked by id.
//! * Every broker is alive, every replica in sync.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kaframe_wire::message::{BrokerId, MetadataRequest, MetadataResponse};
use uuid::Uuid;

use super::{Context, operations, text, topic_name};
use crate::cluster::{Cluster, NewTopic, Node};
use crate::topic::{Partition, Topic, validate_name};

pub(super) fn handle(context: &Context<'_>, request: MetadataRequest) -> MetadataResponse {
    let version = context.version;
    let mut cluster = context.shared.cluster();
    let asked_operations = (8..=10).contains(&version) && request.include_cluster_authorized_operations;
    let topic_operations = version >= 8 && request.include_topic_authorized_operations;
    let create = cluster.auto_create_topics && (version < 4 || request.allow_auto_topic_creation);

    let topics: Vec<MetadataResponseTopic> = match request.topics {
        Some(asked) if !(version == 0 && asked.is_empty()) => asked
            .into_iter()
            .map(|asked| match asked.name {
                Some(name) => by_name(&mut cluster, &name.0, create),
                None => by_id(&cluster, asked.topic_id),
            })
            .map(|described| described.unwrap_or_else(|failed| failed))
            .collect(),
        _ => cluster.topics().map(describe).collect(),
    };
    let topics = topics
        .into_iter()
        .map(|topic| {
            let known = topic.error_code == ErrorCode::NONE.0;
            let operations = if topic_operations && known {
                operations::TOPIC
            } else {
                operations::NOT_ASKED
            };
            topic.with_topic_authorized_operations(operations)
        })
        .collect();
    MetadataResponse::default()
        .with_brokers(cluster.nodes.iter().map(broker).collect())
        .with_cluster_id(Some(text(&cluster.id)))
        .with_controller_id(BrokerId(cluster.nodes[0].id))
        .with_topics(topics)
        .with_cluster_authorized_operations(if asked_operations {
            operations::CLUSTER
        } else {
            operations::NOT_ASKED
        })
}

fn broker(node: &Node) -> MetadataResponseBroker {
    MetadataResponseBroker::default()
        .with_node_id(BrokerId(node.id))
        .with_host(text(&node.host))
        .with_port(i32::from(node.port))
}

type Described = Result<MetadataResponseTopic, MetadataResponseTopic>;

fn by_name(cluster: &mut Cluster, name: &str, create: bool) -> Described {
    let failed = |code: ErrorCode| {
        MetadataResponseTopic::default()
            .with_error_code(code.0)
            .with_name(Some(topic_name(name)))
    };
    if validate_name(name).is_err() {
        return Err(failed(ErrorCode::INVALID_TOPIC_EXCEPTION));
    }
    if cluster.topic(name).is_none() && create {
        let new = NewTopic {
            name: name.to_owned(),
            partitions: -1,
            replication_factor: -1,
            ..NewTopic::default()
        };
        cluster.create_topic(new, false).map_err(|(code, _)| failed(code))?;
    }
    cluster
        .topic(name)
        .map(describe)
        .ok_or_else(|| failed(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION))
}

fn by_id(cluster: &Cluster, id: Uuid) -> Described {
    cluster.topic_by_id(id).map(describe).ok_or_else(|| {
        MetadataResponseTopic::default()
            .with_error_code(ErrorCode::UNKNOWN_TOPIC_ID.0)
            .with_name(None)
            .with_topic_id(id)
    })
}

fn describe(topic: &Topic) -> MetadataResponseTopic {
    MetadataResponseTopic::default()
        .with_name(Some(topic_name(&topic.name)))
        .with_topic_id(topic.id)
        .with_partitions(topic.partitions.iter().enumerate().map(partition).collect())
}

fn partition((index, partition): (usize, &Partition)) -> MetadataResponsePartition {
    let replicas: Vec<BrokerId> = partition.replicas.iter().copied().map(BrokerId).collect();
    MetadataResponsePartition::default()
        .with_partition_index(index as i32)
        .with_leader_id(BrokerId(partition.leader))
        .with_leader_epoch(partition.leader_epoch())
        .with_replica_nodes(replicas.clone())
        .with_isr_nodes(replicas)
}
