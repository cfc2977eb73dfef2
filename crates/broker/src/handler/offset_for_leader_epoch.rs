//! OffsetForLeaderEpoch: v2-4
//!
//! * The end offset of the last epoch not after the one asked; -1 and -1 for an epoch the log knows nothing of.
//! * Leaders only; leader epochs are compared.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult};
use kaframe_wire::message::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};

use super::Context;
use crate::leadership::check_leader;

pub(super) fn handle(context: &Context<'_>, request: OffsetForLeaderEpochRequest) -> OffsetForLeaderEpochResponse {
    let cluster = context.shared.cluster();
    let topics = request
        .topics
        .into_iter()
        .map(|topic| {
            let partitions = topic
                .partitions
                .iter()
                .map(|asked| {
                    let found = cluster
                        .partition(&topic.topic.0, asked.partition)
                        .ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
                        .and_then(|partition| {
                            check_leader(partition, context.node, asked.current_leader_epoch)?;
                            let log = &partition.log;
                            Ok(log.epochs().end_of(asked.leader_epoch, log.end_offset()))
                        });
                    let answer = EpochEndOffset::default().with_partition(asked.partition);
                    match found {
                        Ok((epoch, end)) => answer.with_leader_epoch(epoch).with_end_offset(end),
                        Err(code) => answer.with_error_code(code.0).with_leader_epoch(-1).with_end_offset(-1),
                    }
                })
                .collect();
            OffsetForLeaderTopicResult::default()
                .with_topic(topic.topic)
                .with_partitions(partitions)
        })
        .collect();
    OffsetForLeaderEpochResponse::default().with_topics(topics)
}
