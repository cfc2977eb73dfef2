//! TxnOffsetCommit: v0-5
//!
//! * Offsets count once the transaction commits. The group must have been added, except from v5 on, where it joins by itself.
//! * v3: member and generation; there are no members, so a named one is UNKNOWN_MEMBER_ID.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::txn_offset_commit_response::{
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use kaframe_wire::message::{TxnOffsetCommitRequest, TxnOffsetCommitResponse};

use super::offset_commit::MAX_METADATA;
use super::{Context, check_coordinator, fenced_code};
use crate::cluster::Cluster;
use crate::groups::{Committed, Offsets};
use crate::transactions::ProducerName;

pub(super) fn handle(context: &Context<'_>, request: TxnOffsetCommitRequest) -> TxnOffsetCommitResponse {
    let mut cluster = context.shared.cluster();
    let mut offsets = Offsets::new();
    let mut codes = Vec::new();
    for topic in &request.topics {
        for partition in &topic.partitions {
            let metadata = partition.committed_metadata.as_ref().map(ToString::to_string);
            let code = if cluster.partition(&topic.name.0, partition.partition_index).is_none() {
                ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
            } else if metadata.as_ref().is_some_and(|metadata| metadata.len() > MAX_METADATA) {
                ErrorCode::OFFSET_METADATA_TOO_LARGE
            } else {
                let key = (topic.name.0.to_string(), partition.partition_index);
                let leader_epoch = partition.committed_leader_epoch;
                offsets.insert(
                    key,
                    Committed {
                        offset: partition.committed_offset,
                        leader_epoch,
                        metadata,
                    },
                );
                ErrorCode::NONE
            };
            codes.push(code);
        }
    }
    let refused = hold(&mut cluster, context, &request, offsets).err();
    let mut codes = codes.into_iter();
    let topics = request
        .topics
        .into_iter()
        .map(|topic| {
            let partitions = topic
                .partitions
                .iter()
                .zip(&mut codes)
                .map(|(partition, code)| {
                    TxnOffsetCommitResponsePartition::default()
                        .with_partition_index(partition.partition_index)
                        .with_error_code(refused.unwrap_or(code).0)
                })
                .collect();
            TxnOffsetCommitResponseTopic::default()
                .with_name(topic.name)
                .with_partitions(partitions)
        })
        .collect();
    TxnOffsetCommitResponse::default().with_topics(topics)
}

fn hold(
    cluster: &mut Cluster,
    context: &Context<'_>,
    request: &TxnOffsetCommitRequest,
    offsets: Offsets,
) -> Result<(), ErrorCode> {
    check_coordinator(cluster, context.node, &request.group_id.0)?;
    if context.version >= 3 && (request.generation_id >= 0 || !request.member_id.is_empty()) {
        return Err(ErrorCode::UNKNOWN_MEMBER_ID);
    }
    let producer = ProducerName {
        id: request.producer_id.0,
        epoch: request.producer_epoch,
    };
    let id = &request.transactional_id.0;
    cluster
        .transactions
        .hold_offsets(id, producer, &request.group_id.0, offsets, context.version >= 5)
        .map_err(|code| fenced_code(code, context.version, i16::MAX))
}
