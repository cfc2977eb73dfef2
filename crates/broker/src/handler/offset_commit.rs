//! OffsetCommit: v2-9
//!
//! * Only from consumers that are no members (generation -1 and no member id); a member is UNKNOWN_MEMBER_ID, there are none.
//! * v6: leader epochs. Retention times are ignored: offsets stay until the broker stops.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::offset_commit_request::OffsetCommitRequestPartition;
use kaframe_wire::message::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use kaframe_wire::message::{OffsetCommitRequest, OffsetCommitResponse};

use super::{Context, check_coordinator};
use crate::cluster::Cluster;
use crate::groups::Committed;

/// Longest metadata (`offset.metadata.max.bytes`).
pub(super) const MAX_METADATA: usize = 4096;

pub(super) fn handle(context: &Context<'_>, request: OffsetCommitRequest) -> OffsetCommitResponse {
    let mut cluster = context.shared.cluster();
    let group = request.group_id.0.to_string();
    let refused = check_coordinator(&cluster, context.node, &group)
        .and_then(|()| {
            let member = request.generation_id_or_member_epoch >= 0 || !request.member_id.is_empty();
            if member {
                Err(ErrorCode::UNKNOWN_MEMBER_ID)
            } else {
                Ok(())
            }
        })
        .err();
    let topics = request
        .topics
        .into_iter()
        .map(|topic| {
            let partitions = topic
                .partitions
                .iter()
                .map(|partition| {
                    let code = refused.unwrap_or_else(|| commit(&mut cluster, &group, &topic.name.0, partition));
                    OffsetCommitResponsePartition::default()
                        .with_partition_index(partition.partition_index)
                        .with_error_code(code.0)
                })
                .collect();
            OffsetCommitResponseTopic::default()
                .with_name(topic.name)
                .with_partitions(partitions)
        })
        .collect();
    OffsetCommitResponse::default().with_topics(topics)
}

fn commit(cluster: &mut Cluster, group: &str, topic: &str, partition: &OffsetCommitRequestPartition) -> ErrorCode {
    if cluster.partition(topic, partition.partition_index).is_none() {
        return ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    }
    let metadata = partition.committed_metadata.as_ref().map(ToString::to_string);
    if metadata.as_ref().is_some_and(|metadata| metadata.len() > MAX_METADATA) {
        return ErrorCode::OFFSET_METADATA_TOO_LARGE;
    }
    let committed = Committed {
        offset: partition.committed_offset,
        leader_epoch: partition.committed_leader_epoch,
        metadata,
    };
    cluster
        .groups
        .commit(group, topic, partition.partition_index, committed);
    ErrorCode::NONE
}
