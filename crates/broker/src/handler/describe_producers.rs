//! DescribeProducers: v0
//!
//! * The producers a partition knows, with their open transactions (KIP-664). Timestamps are not kept: -1.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::describe_producers_response::{PartitionResponse, ProducerState, TopicResponse};
use kaframe_wire::message::{DescribeProducersRequest, DescribeProducersResponse, ProducerId};

use super::Context;
use crate::leadership::check_leader;

pub(super) fn handle(context: &Context<'_>, request: DescribeProducersRequest) -> DescribeProducersResponse {
    let cluster = context.shared.cluster();
    let topics = request
        .topics
        .into_iter()
        .map(|topic| {
            let partitions = topic
                .partition_indexes
                .iter()
                .map(|index| {
                    let answer = PartitionResponse::default()
                        .with_partition_index(*index)
                        .with_error_message(None);
                    let partition = cluster
                        .partition(&topic.name.0, *index)
                        .ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
                        .and_then(|partition| check_leader(partition, context.node, -1).map(|()| partition));
                    match partition {
                        Ok(partition) => {
                            let active = partition.log.producers().active();
                            let state = |producer: &crate::log::ActiveProducer| {
                                ProducerState::default()
                                    .with_producer_id(ProducerId(producer.producer_id))
                                    .with_producer_epoch(i32::from(producer.epoch))
                                    .with_last_sequence(producer.last_sequence)
                                    .with_last_timestamp(-1)
                                    .with_current_txn_start_offset(producer.open.unwrap_or(-1))
                            };
                            answer.with_active_producers(active.iter().map(state).collect())
                        }
                        Err(code) => answer.with_error_code(code.0),
                    }
                })
                .collect();
            TopicResponse::default()
                .with_name(topic.name)
                .with_partitions(partitions)
        })
        .collect();
    DescribeProducersResponse::default().with_topics(topics)
}
