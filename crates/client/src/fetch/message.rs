//! Fetch of one partition: request and check.
//!
//! Versions 4 to 17: 4 isolation, 5 log start, 7 sessions (never opened here: epoch -1 costs the broker no cache slot), 9 leader epoch, 10 zstd, 11 rack, 12 the
//! epoch of the last batch, 13 topic ids instead of names, 15 the replica's state moves away, 16 the new leader in a refusal. Version 18 is for brokers.
//!
//! Truth: `FetchRequest.json` in Apache Kafka; KIP-227 (sessions), KIP-392 (followers), KIP-320 (epochs), KIP-516 (topic ids), KIP-951 (new leader).

use std::time::Duration;

use bytes::Bytes;
use kaframe_wire::ErrorCode;
use kaframe_wire::message::fetch_request::{FetchPartition, FetchTopic};
use kaframe_wire::message::fetch_response::PartitionData;
use kaframe_wire::message::{BrokerId, FetchRequest, FetchResponse};

use crate::metadata::topic_name;
use crate::topic::{AbortedTransaction, Isolation, TopicMetadata};

/// The last version that names topics; where the topic's id is not known, no newer one can be spoken.
pub(super) const LAST_BY_NAME: i16 = 12;

/// The first version in which the leader compares the reader's last epoch with its log.
const FIRST_WITH_LAST_EPOCH: i16 = 12;

/// What one request asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Question {
    pub offset: i64,
    pub max_bytes: i32,
    pub max_wait: Duration,
}

/// What a request says besides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    pub partition: i32,
    pub leader_epoch: i32,
    /// The leader epoch of the batch right before the offset asked, -1 if unknown.
    pub last_fetched_epoch: i32,
    pub isolation: Isolation,
}

pub(super) fn build(version: i16, topic: &TopicMetadata, question: &Question, context: &Context) -> FetchRequest {
    let partition = FetchPartition::default()
        .with_partition(context.partition)
        .with_current_leader_epoch(context.leader_epoch)
        .with_last_fetched_epoch(if version >= FIRST_WITH_LAST_EPOCH {
            context.last_fetched_epoch
        } else {
            -1
        })
        .with_fetch_offset(question.offset)
        .with_log_start_offset(-1)
        .with_partition_max_bytes(question.max_bytes);
    let fetched = FetchTopic::default().with_partitions(vec![partition]);
    let fetched = if version > LAST_BY_NAME {
        fetched.with_topic_id(topic.id.unwrap_or_default())
    } else {
        fetched.with_topic(topic_name(&topic.name))
    };
    FetchRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_max_wait_ms(i32::try_from(question.max_wait.as_millis()).unwrap_or(i32::MAX))
        .with_min_bytes(1)
        .with_max_bytes(question.max_bytes)
        .with_isolation_level(context.isolation.code())
        .with_session_id(0)
        .with_session_epoch(-1)
        .with_topics(vec![fetched])
}

/// What a response says about the partition that was asked.
#[derive(Debug)]
pub(super) struct PartitionAnswer {
    pub code: ErrorCode,
    pub high_watermark: i64,
    pub last_stable_offset: Option<i64>,
    pub log_start_offset: Option<i64>,
    pub records: Bytes,
    pub aborted: Vec<AbortedTransaction>,
    /// The log and the reader disagree: the largest common epoch and where it ends.
    pub diverging: Option<(i32, i64)>,
    /// The leader and its epoch, where the broker is not the leader and says who is.
    pub current_leader: Option<(i32, i32)>,
    /// A follower that the broker would rather have asked; there are no records then.
    pub preferred: Option<i32>,
}

/// Finds the partition in a response. Topics and partitions that were not asked are passed over, a partition that stands twice is taken once.
/// `None`: it was left out.
pub(super) fn find(
    response: FetchResponse,
    version: i16,
    topic: &TopicMetadata,
    partition: i32,
    isolation: Isolation,
) -> Option<PartitionAnswer> {
    let code = ErrorCode(response.error_code);
    let asked = response.responses.into_iter().filter(|answered| {
        if version > LAST_BY_NAME {
            Some(answered.topic_id) == topic.id
        } else {
            answered.topic.0.as_str() == topic.name
        }
    });
    let found = asked
        .flat_map(|answered| answered.partitions)
        .find(|data| data.partition_index == partition);
    match found {
        Some(data) => Some(read(data, code, isolation)),
        // A refusal of the request as a whole lists no partitions.
        None if !code.is_none() => Some(read(PartitionData::default(), code, isolation)),
        None => None,
    }
}

fn read(data: PartitionData, whole: ErrorCode, isolation: Isolation) -> PartitionAnswer {
    let code = if whole.is_none() {
        ErrorCode(data.error_code)
    } else {
        whole
    };
    // Some brokers list aborted transactions to readers who want to see them.
    let aborted = match isolation {
        Isolation::ReadUncommitted => None,
        Isolation::ReadCommitted => data.aborted_transactions,
    };
    let mut aborted: Vec<AbortedTransaction> = aborted
        .unwrap_or_default()
        .into_iter()
        .map(|aborted| AbortedTransaction {
            first_offset: aborted.first_offset,
            producer_id: aborted.producer_id.0,
        })
        .collect();
    // Kafka sends them in order, not every broker does.
    aborted.sort_unstable();
    let diverging = &data.diverging_epoch;
    let leader = &data.current_leader;
    PartitionAnswer {
        code,
        high_watermark: data.high_watermark,
        last_stable_offset: Some(data.last_stable_offset).filter(|offset| *offset >= 0),
        log_start_offset: Some(data.log_start_offset).filter(|offset| *offset >= 0),
        records: data.records.unwrap_or_default(),
        aborted,
        diverging: Some((diverging.epoch, diverging.end_offset)).filter(|(_, end)| *end >= 0),
        current_leader: Some((leader.leader_id.0, leader.leader_epoch)).filter(|(id, epoch)| *id >= 0 && *epoch >= 0),
        preferred: Some(data.preferred_read_replica.0).filter(|id| *id >= 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaframe_wire::message::ProducerId;
    use kaframe_wire::message::fetch_response::{AbortedTransaction as WireAborted, FetchableTopicResponse};
    use uuid::Uuid;

    const QUESTION: Question = Question {
        offset: 42,
        max_bytes: 1000,
        max_wait: Duration::from_millis(500),
    };
    const CONTEXT: Context = Context {
        partition: 3,
        leader_epoch: 5,
        last_fetched_epoch: 4,
        isolation: Isolation::ReadCommitted,
    };

    fn topic() -> TopicMetadata {
        TopicMetadata {
            name: "foo".into(),
            id: Some(Uuid::from_u128(7)),
            internal: false,
            partitions: Vec::new(),
        }
    }

    fn data(partition: i32, high_watermark: i64) -> PartitionData {
        PartitionData::default()
            .with_partition_index(partition)
            .with_high_watermark(high_watermark)
    }

    fn named(name: &str, partitions: Vec<PartitionData>) -> FetchableTopicResponse {
        FetchableTopicResponse::default()
            .with_topic(topic_name(name))
            .with_partitions(partitions)
    }

    fn found(topics: Vec<FetchableTopicResponse>) -> Option<PartitionAnswer> {
        find(
            FetchResponse::default().with_responses(topics),
            12,
            &topic(),
            3,
            Isolation::ReadCommitted,
        )
    }

    #[test]
    fn asks_without_a_session_and_by_id_from_13() {
        for version in 4..=17 {
            let request = build(version, &topic(), &QUESTION, &CONTEXT);
            assert_eq!(
                (request.session_id, request.session_epoch, request.min_bytes),
                (0, -1, 1)
            );
            assert_eq!((request.replica_id.0, request.rack_id.as_str()), (-1, ""));
            let asked = &request.topics[0];
            assert_eq!(asked.topic.0.as_str(), if version < 13 { "foo" } else { "" });
            assert_eq!(
                asked.topic_id,
                if version < 13 { Uuid::nil() } else { Uuid::from_u128(7) }
            );
            let partition = &asked.partitions[0];
            assert_eq!((partition.fetch_offset, partition.current_leader_epoch), (42, 5));
            assert_eq!(partition.last_fetched_epoch, if version < 12 { -1 } else { 4 });
        }
    }

    #[test]
    fn every_version_encodes() {
        for version in 4..=17 {
            let request = build(version, &topic(), &QUESTION, &CONTEXT);
            kaframe_wire::frame::encode_request(version, 1, "test", &request).unwrap();
        }
    }

    #[test]
    fn takes_the_partition_that_was_asked_and_takes_it_once() {
        let answer = found(vec![
            named("bar", vec![data(3, 1)]),
            named("foo", vec![data(2, 2), data(3, 3), data(3, 4)]),
            named("foo", vec![data(3, 5)]),
        ]);
        assert_eq!(answer.unwrap().high_watermark, 3);
        assert!(found(vec![named("foo", vec![data(2, 2)])]).is_none());
        assert!(found(Vec::new()).is_none());
    }

    #[test]
    fn a_refusal_of_the_whole_request_counts_for_the_partition() {
        let response = FetchResponse::default().with_error_code(100);
        let answer = find(response, 13, &topic(), 3, Isolation::ReadCommitted).unwrap();
        assert_eq!(answer.code, ErrorCode::UNKNOWN_TOPIC_ID);
    }

    #[test]
    fn aborted_transactions_are_sorted_and_only_for_those_who_filter() {
        let listed = |first, producer| {
            WireAborted::default()
                .with_first_offset(first)
                .with_producer_id(ProducerId(producer))
        };
        let aborted = Some(vec![listed(9, 1), listed(2, 5), listed(2, 4)]);
        let answer = found(vec![named(
            "foo",
            vec![data(3, 0).with_aborted_transactions(aborted.clone())],
        )])
        .unwrap();
        let order: Vec<_> = answer.aborted.iter().map(|a| (a.first_offset, a.producer_id)).collect();
        assert_eq!(order, [(2, 4), (2, 5), (9, 1)]);
        let read = read(
            data(3, 0).with_aborted_transactions(aborted),
            ErrorCode::NONE,
            Isolation::ReadUncommitted,
        );
        assert!(read.aborted.is_empty());
        let none = found(vec![named(
            "foo",
            vec![data(3, 0).with_aborted_transactions(None).with_records(None)],
        )])
        .unwrap();
        assert!(none.aborted.is_empty() && none.records.is_empty());
    }

    #[test]
    fn minus_one_means_unknown() {
        let answer = found(vec![named("foo", vec![data(3, 7)])]).unwrap();
        assert_eq!((answer.last_stable_offset, answer.log_start_offset), (None, None));
        assert!(answer.diverging.is_none() && answer.current_leader.is_none() && answer.preferred.is_none());
    }
}
