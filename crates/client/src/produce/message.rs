//! Produce and InitProducerId: requests and checks.
//!
//! Produce v3 to v13: 3 record batches of format 2, 8 says which records were bad, 10 names the new leader, 13 topic ids. Always acks=all.
//! InitProducerId v0 to v5, without a transactional id.
//!
//! Truth: `ProduceRequest.json`, `InitProducerIdRequest.json` in Apache Kafka; KIP-98 for idempotence.

use bytes::Bytes;
use kaframe_wire::ErrorCode;
use kaframe_wire::message::produce_request::{PartitionProduceData, TopicProduceData};
use kaframe_wire::message::produce_response::PartitionProduceResponse;
use kaframe_wire::message::{InitProducerIdRequest, ProduceRequest, ProduceResponse, ProducerId};

use crate::metadata::topic_name;
use crate::topic::TopicMetadata;

/// The last version that names topics.
pub(super) const LAST_BY_NAME: i16 = 12;
const ACKS_ALL: i16 = -1;

/// A request with one batch for each of some partitions.
pub(super) fn build(
    version: i16,
    topic: &TopicMetadata,
    batches: impl Iterator<Item = (i32, Bytes)>,
    limit_ms: i32,
) -> ProduceRequest {
    let data = batches.map(|(partition, batch)| {
        PartitionProduceData::default()
            .with_index(partition)
            .with_records(Some(batch))
    });
    let produced = TopicProduceData::default().with_partition_data(data.collect());
    let produced = if version > LAST_BY_NAME {
        produced.with_topic_id(topic.id.unwrap_or_default())
    } else {
        produced.with_name(topic_name(&topic.name))
    };
    ProduceRequest::default()
        .with_acks(ACKS_ALL)
        .with_timeout_ms(limit_ms)
        .with_topic_data(vec![produced])
}

pub(super) fn build_init() -> InitProducerIdRequest {
    InitProducerIdRequest::default()
        .with_transactional_id(None)
        // Without a transactional id there is no transaction that could time out.
        .with_transaction_timeout_ms(i32::MAX)
        .with_producer_id(ProducerId(-1))
        .with_producer_epoch(-1)
}

/// Finds the partition in a response.
pub(super) fn find(
    response: &ProduceResponse,
    version: i16,
    topic: &TopicMetadata,
    partition: i32,
) -> Option<PartitionProduceResponse> {
    let asked = response.responses.iter().filter(|answered| {
        if version > LAST_BY_NAME {
            Some(answered.topic_id) == topic.id
        } else {
            answered.name.0.as_str() == topic.name
        }
    });
    asked
        .flat_map(|answered| &answered.partition_responses)
        .find(|result| result.index == partition)
        .cloned()
}

/// What an answer to a batch means for the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is in the log.
    Written,
    /// Send the same bytes again; this attempt has left nothing behind.
    Again,
    /// Send the same bytes again; this attempt may have left them in the log, where the sequence number keeps them from being there twice.
    AgainInDoubt,
    /// It is not in the log, and this batch never will be.
    TooLarge,
    /// Refused by this attempt.
    Refused,
    /// The broker lost or closed our line of sequence numbers.
    OutOfSequence,
}

pub(super) fn fate(code: ErrorCode) -> Fate {
    match code {
        // A duplicate is a batch that an earlier attempt wrote.
        ErrorCode::NONE | ErrorCode::DUPLICATE_SEQUENCE_NUMBER => Fate::Written,
        ErrorCode::MESSAGE_TOO_LARGE | ErrorCode::RECORD_LIST_TOO_LARGE => Fate::TooLarge,
        ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER
        | ErrorCode::UNKNOWN_PRODUCER_ID
        | ErrorCode::INVALID_PRODUCER_EPOCH
        | ErrorCode::PRODUCER_FENCED => Fate::OutOfSequence,
        ErrorCode::NOT_LEADER_OR_FOLLOWER
        | ErrorCode::LEADER_NOT_AVAILABLE
        | ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
        | ErrorCode::UNKNOWN_TOPIC_ID
        | ErrorCode::INCONSISTENT_TOPIC_ID
        | ErrorCode::NOT_ENOUGH_REPLICAS
        | ErrorCode::FENCED_LEADER_EPOCH
        | ErrorCode::UNKNOWN_LEADER_EPOCH
        | ErrorCode::CORRUPT_MESSAGE
        | ErrorCode::THROTTLING_QUOTA_EXCEEDED => Fate::Again,
        ErrorCode::REQUEST_TIMED_OUT
        | ErrorCode::NETWORK_EXCEPTION
        | ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND
        | ErrorCode::KAFKA_STORAGE_ERROR
        | ErrorCode::UNKNOWN_SERVER_ERROR => Fate::AgainInDoubt,
        _ => Fate::Refused,
    }
}

/// The sequence number behind `count` records; after the largest comes 0.
pub(super) fn next_sequence(sequence: i32, count: i32) -> i32 {
    let next = i64::from(sequence) + i64::from(count);
    let wrapped = if next > i64::from(i32::MAX) {
        next - i64::from(i32::MAX) - 1
    } else {
        next
    };
    i32::try_from(wrapped).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaframe_wire::message::produce_response::TopicProduceResponse;
    use uuid::Uuid;

    fn topic() -> TopicMetadata {
        TopicMetadata {
            name: "foo".into(),
            id: Some(Uuid::from_u128(7)),
            internal: false,
            partitions: Vec::new(),
        }
    }

    #[test]
    fn asks_all_replicas_and_names_the_topic_by_id_from_13() {
        for version in 3..=13 {
            let batches = [(2, Bytes::from_static(b"batch")), (3, Bytes::from_static(b"other"))];
            let request = build(version, &topic(), batches.into_iter(), 5000);
            assert_eq!((request.acks, request.timeout_ms), (-1, 5000));
            assert!(request.transactional_id.is_none());
            let named = &request.topic_data[0];
            assert_eq!(named.name.0.as_str(), if version < 13 { "foo" } else { "" });
            let asked: Vec<i32> = named.partition_data.iter().map(|data| data.index).collect();
            assert_eq!(asked, [2, 3]);
            assert_eq!(
                named.topic_id,
                if version < 13 { Uuid::nil() } else { Uuid::from_u128(7) }
            );
            kaframe_wire::frame::encode_request(version, 1, "test", &request).unwrap();
        }
        for version in 0..=5 {
            kaframe_wire::frame::encode_request(version, 1, "test", &build_init()).unwrap();
        }
    }

    #[test]
    fn finds_the_partition_that_was_asked() {
        let result = |index, offset| {
            PartitionProduceResponse::default()
                .with_index(index)
                .with_base_offset(offset)
        };
        let named = TopicProduceResponse::default()
            .with_name(topic_name("foo"))
            .with_partition_responses(vec![result(1, 10), result(2, 20), result(2, 30)]);
        let response = ProduceResponse::default().with_responses(vec![named]);
        assert_eq!(find(&response, 12, &topic(), 2).map(|r| r.base_offset), Some(20));
        assert_eq!(find(&response, 12, &topic(), 3), None);
        assert_eq!(find(&response, 13, &topic(), 2), None, "another topic's id");
    }

    #[test]
    fn sequences_wrap_to_zero() {
        assert_eq!(next_sequence(0, 10), 10);
        assert_eq!(next_sequence(i32::MAX, 1), 0);
        assert_eq!(next_sequence(i32::MAX - 1, 3), 1);
    }

    #[test]
    fn what_may_have_been_written_is_in_doubt() {
        assert_eq!(fate(ErrorCode::REQUEST_TIMED_OUT), Fate::AgainInDoubt);
        assert_eq!(fate(ErrorCode::NOT_LEADER_OR_FOLLOWER), Fate::Again);
        assert_eq!(fate(ErrorCode::TOPIC_AUTHORIZATION_FAILED), Fate::Refused);
        assert_eq!(fate(ErrorCode(32767)), Fate::Refused);
        assert_eq!(fate(ErrorCode::DUPLICATE_SEQUENCE_NUMBER), Fate::Written);
    }
}
