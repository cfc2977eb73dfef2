//! Produce: v3-13
//!
//! * Exactly one batch of magic 2 per partition; what is checked is in [`crate::produce`].
//! * acks 0 gets no answer; 1 and -1 (all) are the same here; anything else is INVALID_REQUIRED_ACKS.
//! * A batch of a transaction needs an open one that covers the partition, else INVALID_TXN_STATE; from v12 on the partition joins
//!   the transaction by itself (KIP-890).
//! * v7: zstd. v8: error messages. v10: the current leader in NOT_LEADER_OR_FOLLOWER (KIP-951). v13: topic ids.
//! * Quotas: none.

use kaframe_wire::ErrorCode;
use kaframe_wire::batch::Scratch;
use kaframe_wire::message::produce_request::PartitionProduceData;
use kaframe_wire::message::produce_response::{
    LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, TopicProduceResponse,
};
use kaframe_wire::message::{BrokerId, ProduceRequest, ProduceResponse};

use super::{Context, fenced_code, text, topic_name};
use crate::cluster::Refusal;
use crate::produce::{Valid, validate};
use crate::shared::now_ms;
use crate::transactions::ProducerName;

pub(super) fn handle(context: &Context<'_>, request: ProduceRequest) -> Option<ProduceResponse> {
    let transactional_id = request.transactional_id.as_ref().map(|id| id.0.to_string());
    let acks_known = matches!(request.acks, -1..=1);
    let mut scratch = Scratch::default();
    let mut response = ProduceResponse::default();
    let mut moved = false;
    for topic in request.topic_data {
        let by_id = context.version >= 13;
        let name = if by_id {
            context
                .shared
                .cluster()
                .topic_by_id(topic.topic_id)
                .map(|known| known.name.clone())
        } else {
            Some(topic.name.0.to_string())
        };
        let mut answers = Vec::with_capacity(topic.partition_data.len());
        for partition in topic.partition_data {
            let answer = PartitionProduceResponse::default()
                .with_index(partition.index)
                .with_log_start_offset(-1);
            let outcome = if !acks_known {
                Err((
                    ErrorCode::INVALID_REQUIRED_ACKS,
                    format!("acks={} is not 0, 1 or -1", request.acks),
                ))
            } else if let Some(name) = &name {
                append(context, name, &partition, transactional_id.as_deref(), &mut scratch)
            } else {
                Err((ErrorCode::UNKNOWN_TOPIC_ID, "no topic has this id".to_owned()))
            };
            answers.push(match outcome {
                Ok(done) => answer
                    .with_base_offset(done.base_offset)
                    .with_log_append_time_ms(done.log_append_time)
                    .with_log_start_offset(done.log_start_offset),
                Err((code, reason)) => {
                    let leader = name
                        .as_deref()
                        .and_then(|name| current_leader(context, name, partition.index));
                    let answer = answer
                        .with_error_code(code.0)
                        .with_base_offset(-1)
                        .with_error_message(Some(text(&reason)));
                    match leader {
                        Some(leader) if code == ErrorCode::NOT_LEADER_OR_FOLLOWER && context.version >= 10 => {
                            moved = true;
                            answer.with_current_leader(leader)
                        }
                        _ => answer,
                    }
                }
            });
        }
        let answered = TopicProduceResponse::default().with_partition_responses(answers);
        response.responses.push(if by_id {
            answered.with_topic_id(topic.topic_id)
        } else {
            answered.with_name(topic_name(&topic.name.0))
        });
    }
    context.shared.changed();
    if moved {
        response.node_endpoints = endpoints(context);
    }
    (request.acks != 0).then_some(response)
}

struct Done {
    base_offset: i64,
    log_append_time: i64,
    log_start_offset: i64,
}

/// Validates without the lock, appends with it.
fn append(
    context: &Context<'_>,
    topic: &str,
    partition: &PartitionProduceData,
    transactional_id: Option<&str>,
    scratch: &mut Scratch,
) -> Result<Done, Refusal> {
    let rules = {
        let cluster = context.shared.cluster();
        let version = cluster.version;
        let known = cluster
            .topic(topic)
            .filter(|known| known.partition(partition.index).is_some());
        known
            .map(|known| known.rules(version))
            .ok_or_else(|| unknown(topic, partition.index))?
    };
    let now = now_ms();
    let records = partition.records.as_deref().unwrap_or_default();
    let Valid {
        bytes,
        header,
        log_append_time,
    } = validate(records, &rules, context.version, now, scratch)?;

    let mut cluster = context.shared.cluster();
    let present = cluster
        .partition(topic, partition.index)
        .ok_or_else(|| unknown(topic, partition.index))?;
    if present.leader != context.node {
        let reason = format!("broker {} does not lead {topic}-{}", context.node, partition.index);
        return Err((ErrorCode::NOT_LEADER_OR_FOLLOWER, reason));
    }
    if header.is_transactional() {
        let id = transactional_id.ok_or_else(|| {
            let reason = "a batch of a transaction without a transactional id".to_owned();
            (ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED, reason)
        })?;
        let producer = ProducerName {
            id: header.producer_id,
            epoch: header.producer_epoch,
        };
        let refused = |code| {
            (
                fenced_code(code, context.version, i16::MAX),
                format!("transactional id {id:?}"),
            )
        };
        if context.version >= 12 {
            let joined = [(topic.to_owned(), partition.index)];
            cluster.transactions.add(id, producer, joined, None).map_err(refused)?;
        }
        cluster
            .transactions
            .verify(id, producer, topic, partition.index)
            .map_err(refused)?;
    }
    let log = &mut cluster
        .partition_mut(topic, partition.index)
        .ok_or_else(|| unknown(topic, partition.index))?
        .log;
    let appended = log
        .append(bytes, log_append_time)
        .map_err(|code| (code, code.meaning().to_owned()))?;
    Ok(Done {
        base_offset: appended.base_offset,
        log_append_time: appended.log_append_time.unwrap_or(-1),
        log_start_offset: log.start_offset(),
    })
}

fn unknown(topic: &str, partition: i32) -> Refusal {
    (
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        format!("there is no partition {partition} of topic {topic}"),
    )
}

fn current_leader(context: &Context<'_>, topic: &str, index: i32) -> Option<LeaderIdAndEpoch> {
    let cluster = context.shared.cluster();
    let partition = cluster.partition(topic, index)?;
    Some(
        LeaderIdAndEpoch::default()
            .with_leader_id(BrokerId(partition.leader))
            .with_leader_epoch(partition.leader_epoch()),
    )
}

fn endpoints(context: &Context<'_>) -> Vec<NodeEndpoint> {
    let cluster = context.shared.cluster();
    let endpoint = |node: &crate::cluster::Node| {
        NodeEndpoint::default()
            .with_node_id(BrokerId(node.id))
            .with_host(text(&node.host))
            .with_port(i32::from(node.port))
    };
    cluster.nodes.iter().map(endpoint).collect()
}
