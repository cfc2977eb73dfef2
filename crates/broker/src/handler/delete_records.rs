//! DeleteRecords: v0-2
//!
//! * Moves the log start offset up; -1 means the high watermark, anything behind it is OFFSET_OUT_OF_RANGE.
//! * A topic whose cleanup policy is only compaction refuses, as in Kafka.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult};
use kaframe_wire::message::{DeleteRecordsRequest, DeleteRecordsResponse};

use super::Context;
use crate::cluster::Cluster;
use crate::leadership::check_leader;

pub(super) fn handle(context: &Context<'_>, request: DeleteRecordsRequest) -> DeleteRecordsResponse {
    let mut cluster = context.shared.cluster();
    let topics = request
        .topics
        .into_iter()
        .map(|topic| {
            let partitions = topic
                .partitions
                .iter()
                .map(|asked| {
                    let answer = DeleteRecordsPartitionResult::default().with_partition_index(asked.partition_index);
                    match delete(
                        &mut cluster,
                        context.node,
                        &topic.name.0,
                        asked.partition_index,
                        asked.offset,
                    ) {
                        Ok(start) => answer.with_low_watermark(start),
                        Err(code) => answer.with_low_watermark(-1).with_error_code(code.0),
                    }
                })
                .collect();
            DeleteRecordsTopicResult::default()
                .with_name(topic.name)
                .with_partitions(partitions)
        })
        .collect();
    drop(cluster);
    context.shared.changed();
    DeleteRecordsResponse::default().with_topics(topics)
}

fn delete(cluster: &mut Cluster, node: i32, topic: &str, index: i32, offset: i64) -> Result<i64, ErrorCode> {
    let topic = cluster.topic_mut(topic).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    if topic
        .configs
        .get(crate::config::CLEANUP_POLICY)
        .is_some_and(|policy| policy == "compact")
    {
        return Err(ErrorCode::POLICY_VIOLATION);
    }
    let partition = topic
        .partition_mut(index)
        .ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    check_leader(partition, node, -1)?;
    let high_watermark = partition.log.high_watermark();
    let target = if offset == -1 { high_watermark } else { offset };
    if !(0..=high_watermark).contains(&target) {
        return Err(ErrorCode::OFFSET_OUT_OF_RANGE);
    }
    partition.log.move_start(target);
    Ok(partition.log.start_offset())
}
