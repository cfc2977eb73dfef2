//! AddPartitionsToTxn: v0-5
//!
//! * All partitions of a request join or none does: if one is unknown, the others are OPERATION_NOT_ATTEMPTED.
//! * v2: PRODUCER_FENCED instead of INVALID_PRODUCER_EPOCH. v4: several transactions at once, and asking without adding; in Kafka
//!   only brokers send those.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kaframe_wire::message::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnResult, AddPartitionsToTxnTopicResult,
};
use kaframe_wire::message::{AddPartitionsToTxnRequest, AddPartitionsToTxnResponse};

use super::{Context, check_coordinator, fenced_code};
use crate::cluster::Cluster;
use crate::transactions::ProducerName;

pub(super) fn handle(context: &Context<'_>, request: AddPartitionsToTxnRequest) -> AddPartitionsToTxnResponse {
    let mut cluster = context.shared.cluster();
    if context.version < 4 {
        let producer = ProducerName {
            id: request.v3_and_below_producer_id.0,
            epoch: request.v3_and_below_producer_epoch,
        };
        let id = &request.v3_and_below_transactional_id.0;
        let results = join(&mut cluster, context, id, producer, false, request.v3_and_below_topics);
        return AddPartitionsToTxnResponse::default().with_results_by_topic_v3_and_below(results);
    }
    let results = request
        .transactions
        .into_iter()
        .map(|transaction| {
            let producer = ProducerName {
                id: transaction.producer_id.0,
                epoch: transaction.producer_epoch,
            };
            let id = &transaction.transactional_id.0;
            let results = join(
                &mut cluster,
                context,
                id,
                producer,
                transaction.verify_only,
                transaction.topics,
            );
            AddPartitionsToTxnResult::default()
                .with_transactional_id(transaction.transactional_id)
                .with_topic_results(results)
        })
        .collect();
    AddPartitionsToTxnResponse::default().with_results_by_transaction(results)
}

fn join(
    cluster: &mut Cluster,
    context: &Context<'_>,
    id: &str,
    producer: ProducerName,
    verify_only: bool,
    topics: Vec<AddPartitionsToTxnTopic>,
) -> Vec<AddPartitionsToTxnTopicResult> {
    let asked: Vec<(String, i32)> = topics
        .iter()
        .flat_map(|topic| {
            topic
                .partitions
                .iter()
                .map(|partition| (topic.name.0.to_string(), *partition))
        })
        .collect();
    let all_known = asked
        .iter()
        .all(|(topic, partition)| cluster.partition(topic, *partition).is_some());
    let outcome = check_coordinator(cluster, context.node, id).and_then(|()| {
        if !all_known || verify_only {
            Ok(())
        } else {
            cluster.transactions.add(id, producer, asked, None)
        }
    });
    topics
        .into_iter()
        .map(|topic| {
            let results = topic
                .partitions
                .iter()
                .map(|partition| {
                    let code = match outcome {
                        Err(code) => fenced_code(code, context.version, 2),
                        Ok(()) if cluster.partition(&topic.name.0, *partition).is_none() => {
                            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
                        }
                        Ok(()) if !all_known => ErrorCode::OPERATION_NOT_ATTEMPTED,
                        Ok(()) if verify_only => {
                            let verified = cluster.transactions.verify(id, producer, &topic.name.0, *partition);
                            verified.err().unwrap_or(ErrorCode::NONE)
                        }
                        Ok(()) => ErrorCode::NONE,
                    };
                    AddPartitionsToTxnPartitionResult::default()
                        .with_partition_index(*partition)
                        .with_partition_error_code(code.0)
                })
                .collect();
            AddPartitionsToTxnTopicResult::default()
                .with_name(topic.name)
                .with_results_by_partition(results)
        })
        .collect()
}
