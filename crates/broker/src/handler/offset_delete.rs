//! OffsetDelete: v0
//!
//! * Forgets committed offsets of single partitions; an unknown group is GROUP_ID_NOT_FOUND.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::offset_delete_response::{OffsetDeleteResponsePartition, OffsetDeleteResponseTopic};
use kaframe_wire::message::{OffsetDeleteRequest, OffsetDeleteResponse};

use super::{Context, check_coordinator};

pub(super) fn handle(context: &Context<'_>, request: OffsetDeleteRequest) -> OffsetDeleteResponse {
    let mut cluster = context.shared.cluster();
    let group = request.group_id.0.to_string();
    if let Err(code) = check_coordinator(&cluster, context.node, &group) {
        return OffsetDeleteResponse::default().with_error_code(code.0);
    }
    if cluster.groups.offsets(&group).is_none() {
        return OffsetDeleteResponse::default().with_error_code(ErrorCode::GROUP_ID_NOT_FOUND.0);
    }
    let topics = request
        .topics
        .into_iter()
        .map(|topic| {
            let partitions = topic
                .partitions
                .iter()
                .map(|partition| {
                    cluster
                        .groups
                        .delete_offset(&group, &topic.name.0, partition.partition_index);
                    OffsetDeleteResponsePartition::default().with_partition_index(partition.partition_index)
                })
                .collect();
            OffsetDeleteResponseTopic::default()
                .with_name(topic.name)
                .with_partitions(partitions)
        })
        .collect();
    OffsetDeleteResponse::default().with_topics(topics)
}
