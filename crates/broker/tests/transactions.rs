//! Transactions by raw frames: what confluent-kafka's tests cannot reach.

mod support;

use std::time::Duration;

use bytes::Bytes;
use kaframe_wire::ErrorCode;
use kaframe_wire::batch::ProducerStamp;
use kaframe_wire::message::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kaframe_wire::message::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kaframe_wire::message::offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use kaframe_wire::message::txn_offset_commit_request::{TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic};
use kaframe_wire::message::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, EndTxnRequest, GroupId, InitProducerIdRequest,
    InitProducerIdResponse, OffsetCommitRequest, OffsetFetchRequest, ProducerId, TransactionalId,
    TxnOffsetCommitRequest,
};
use support::{Connection, batch_at, broker, text, topic_name, values};

const ID: &str = "tx";

/// A producer with its connection.
struct Producer {
    connection: Connection,
    id: i64,
    epoch: i16,
}

fn transactional_id() -> TransactionalId {
    TransactionalId(text(ID))
}

fn init(connection: &mut Connection, timeout_ms: i32, current: Option<(i64, i16)>) -> InitProducerIdResponse {
    let (id, epoch) = current.unwrap_or((-1, -1));
    let request = InitProducerIdRequest::default()
        .with_transactional_id(Some(transactional_id()))
        .with_transaction_timeout_ms(timeout_ms)
        .with_producer_id(ProducerId(id))
        .with_producer_epoch(epoch);
    connection.ask(4, &request)
}

impl Producer {
    fn new(broker: &kaframe_broker::Broker, timeout_ms: i32) -> Self {
        let mut connection = Connection::open(broker);
        let answer = init(&mut connection, timeout_ms, None);
        assert_eq!(answer.error_code, 0);
        Self {
            connection,
            id: answer.producer_id.0,
            epoch: answer.producer_epoch,
        }
    }

    fn batch(&self, sequence: i32, values: &[&str]) -> Bytes {
        let stamp = ProducerStamp {
            producer_id: self.id,
            producer_epoch: self.epoch,
            base_sequence: sequence,
            transactional: true,
        };
        batch_at(values, 1000, stamp)
    }

    fn add(&mut self, partitions: &[i32]) -> Vec<ErrorCode> {
        let topic = AddPartitionsToTxnTopic::default()
            .with_name(topic_name("foo"))
            .with_partitions(partitions.to_vec());
        let request = AddPartitionsToTxnRequest::default()
            .with_v3_and_below_transactional_id(transactional_id())
            .with_v3_and_below_producer_id(ProducerId(self.id))
            .with_v3_and_below_producer_epoch(self.epoch)
            .with_v3_and_below_topics(vec![topic]);
        let response = self.connection.ask(3, &request);
        let results = &response.results_by_topic_v3_and_below[0].results_by_partition;
        results
            .iter()
            .map(|result| ErrorCode(result.partition_error_code))
            .collect()
    }

    fn produce(&mut self, version: i16, partition: i32, sequence: i32, values: &[&str]) -> ErrorCode {
        let batch = self.batch(sequence, values);
        ErrorCode(
            self.connection
                .produce_as(version, Some(ID), "foo", partition, batch)
                .error_code,
        )
    }

    fn end(&mut self, version: i16, committed: bool) -> (ErrorCode, i16) {
        let request = EndTxnRequest::default()
            .with_transactional_id(transactional_id())
            .with_producer_id(ProducerId(self.id))
            .with_producer_epoch(self.epoch)
            .with_committed(committed);
        let response = self.connection.ask(version, &request);
        (ErrorCode(response.error_code), response.producer_epoch)
    }
}

#[test]
fn a_transaction_over_two_partitions() {
    let broker = broker(&["foo:2"]);
    let mut producer = Producer::new(&broker, 60_000);
    assert_eq!(
        producer.produce(9, 0, 0, &["a"]),
        ErrorCode::INVALID_TXN_STATE,
        "not added yet"
    );
    assert_eq!(producer.add(&[0, 1]), [ErrorCode::NONE, ErrorCode::NONE]);
    for partition in 0..2 {
        assert_eq!(producer.produce(9, partition, 0, &["a", "b"]), ErrorCode::NONE);
        assert_eq!(producer.connection.list_offset("foo", partition, -1, true), (0, 0, -1));
        assert_eq!(
            producer.connection.list_offset("foo", partition, 0, true),
            (0, -1, -1),
            "withheld"
        );
        assert!(values(&producer.connection.fetch("foo", partition, 0, true)).is_empty());
    }
    assert_eq!(producer.end(3, true).0, ErrorCode::NONE);
    assert_eq!(producer.end(3, true).0, ErrorCode::NONE, "asked again");
    assert_eq!(producer.end(3, false).0, ErrorCode::INVALID_TXN_STATE);
    for partition in 0..2 {
        let data = producer.connection.fetch("foo", partition, 0, true);
        assert_eq!(values(&data), ["a", "b"]);
        assert_eq!((data.high_watermark, data.last_stable_offset), (3, 3));
        assert_eq!(data.aborted_transactions, Some(Vec::new()));
    }
}

#[test]
fn aborted_transactions_are_listed_where_they_overlap() {
    let broker = broker(&["foo"]);
    let mut producer = Producer::new(&broker, 60_000);
    for (round, committed) in [false, true, false].into_iter().enumerate() {
        producer.add(&[0]);
        assert_eq!(producer.produce(9, 0, 2 * round as i32, &["a", "b"]), ErrorCode::NONE);
        assert_eq!(producer.end(3, committed).0, ErrorCode::NONE);
    }
    let mut firsts = |offset: i64, read_committed: bool| -> Option<Vec<i64>> {
        let data = producer.connection.fetch("foo", 0, offset, read_committed);
        data.aborted_transactions
            .map(|list| list.iter().map(|aborted| aborted.first_offset).collect())
    };
    assert_eq!(firsts(0, true), Some(vec![0, 6]));
    assert_eq!(firsts(2, true), Some(vec![0, 6]));
    assert_eq!(firsts(3, true), Some(vec![6]));
    assert_eq!(firsts(0, false), None);
}

#[test]
fn one_unknown_partition_stops_all() {
    let broker = broker(&["foo:2"]);
    let mut producer = Producer::new(&broker, 60_000);
    let codes = producer.add(&[0, 9]);
    assert_eq!(
        codes,
        [
            ErrorCode::OPERATION_NOT_ATTEMPTED,
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
        ]
    );
    assert_eq!(
        producer.end(3, true).0,
        ErrorCode::INVALID_TXN_STATE,
        "nothing had begun"
    );
}

#[test]
fn a_newer_producer_fences_the_older() {
    let broker = broker(&["foo"]);
    let mut old = Producer::new(&broker, 60_000);
    old.add(&[0]);
    assert_eq!(old.produce(9, 0, 0, &["a"]), ErrorCode::NONE);
    let mut new = Producer::new(&broker, 60_000);
    assert_eq!((new.id, new.epoch), (old.id, old.epoch + 1));
    assert_eq!(old.produce(9, 0, 1, &["b"]), ErrorCode::INVALID_PRODUCER_EPOCH);
    assert_eq!(old.add(&[0]), [ErrorCode::PRODUCER_FENCED]);
    assert_eq!(old.end(3, true).0, ErrorCode::PRODUCER_FENCED);
    assert_eq!(
        old.end(1, true).0,
        ErrorCode::INVALID_PRODUCER_EPOCH,
        "an older version knows no other code"
    );
    let refused = init(&mut old.connection, 60_000, Some((old.id, old.epoch)));
    assert_eq!(refused.error_code, ErrorCode::PRODUCER_FENCED.0);
    // What the old one had open was aborted.
    assert_eq!(new.connection.list_offset("foo", 0, -1, true), (0, 2, -1));
    new.add(&[0]);
    assert_eq!(new.produce(9, 0, 0, &["c"]), ErrorCode::NONE);
    assert_eq!(new.end(3, true).0, ErrorCode::NONE);
    // A producer may go on under its own name, with the next epoch.
    let again = init(&mut new.connection, 60_000, Some((new.id, new.epoch)));
    assert_eq!((again.error_code, again.producer_epoch), (0, new.epoch + 1));
}

#[test]
fn timeouts() {
    let broker = broker(&["foo"]);
    let mut connection = Connection::open(&broker);
    for timeout in [0, -1, 900_001] {
        let refused = init(&mut connection, timeout, None);
        assert_eq!(refused.error_code, ErrorCode::INVALID_TRANSACTION_TIMEOUT.0);
    }
    let mut producer = Producer::new(&broker, 200);
    producer.add(&[0]);
    assert_eq!(producer.produce(9, 0, 0, &["a"]), ErrorCode::NONE);
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(producer.connection.list_offset("foo", 0, -1, true), (0, 2, -1));
    assert_eq!(producer.end(3, true).0, ErrorCode::PRODUCER_FENCED);
}

#[test]
fn the_second_protocol_of_transactions() {
    let broker = broker(&["foo"]);
    let mut producer = Producer::new(&broker, 60_000);
    // From version 12 on the partition joins by itself.
    assert_eq!(producer.produce(12, 0, 0, &["a"]), ErrorCode::NONE);
    let first_epoch = producer.epoch;
    assert_eq!(producer.end(5, true), (ErrorCode::NONE, first_epoch + 1));
    assert_eq!(
        producer.end(5, true),
        (ErrorCode::NONE, first_epoch + 1),
        "asked again with the old epoch"
    );
    producer.epoch = first_epoch + 1;
    assert_eq!(producer.produce(12, 0, 0, &["b"]), ErrorCode::NONE);
    assert_eq!(producer.end(5, false), (ErrorCode::NONE, first_epoch + 2));
    let data = producer.connection.fetch("foo", 0, 0, true);
    assert_eq!(data.aborted_transactions.unwrap().len(), 1);
    assert_eq!(data.last_stable_offset, 4);
}

#[test]
fn offsets_wait_for_the_commit() {
    let broker = broker(&["foo"]);
    let mut producer = Producer::new(&broker, 60_000);
    let group = || GroupId(text("g"));
    let commit = |producer: &mut Producer, offset: i64| {
        let partition = TxnOffsetCommitRequestPartition::default()
            .with_partition_index(0)
            .with_committed_offset(offset)
            .with_committed_leader_epoch(-1);
        let topic = TxnOffsetCommitRequestTopic::default()
            .with_name(topic_name("foo"))
            .with_partitions(vec![partition]);
        let request = TxnOffsetCommitRequest::default()
            .with_transactional_id(transactional_id())
            .with_group_id(group())
            .with_producer_id(ProducerId(producer.id))
            .with_producer_epoch(producer.epoch)
            .with_generation_id(-1)
            .with_topics(vec![topic]);
        let response = producer.connection.ask(3, &request);
        ErrorCode(response.topics[0].partitions[0].error_code)
    };
    let fetch = |producer: &mut Producer| {
        let topic = OffsetFetchRequestTopics::default()
            .with_name(topic_name("foo"))
            .with_partition_indexes(vec![0]);
        let asked = OffsetFetchRequestGroup::default()
            .with_group_id(group())
            .with_member_id(None)
            .with_member_epoch(-1)
            .with_topics(Some(vec![topic]));
        let request = OffsetFetchRequest::default()
            .with_groups(vec![asked])
            .with_require_stable(true);
        let response = producer.connection.ask(9, &request);
        let partition = &response.groups[0].topics[0].partitions[0];
        (ErrorCode(partition.error_code), partition.committed_offset)
    };
    assert_eq!(
        commit(&mut producer, 5),
        ErrorCode::INVALID_TXN_STATE,
        "the group was not added"
    );
    let add = AddOffsetsToTxnRequest::default()
        .with_transactional_id(transactional_id())
        .with_producer_id(ProducerId(producer.id))
        .with_producer_epoch(producer.epoch)
        .with_group_id(group());
    for (committed, expected) in [(false, -1), (true, 7)] {
        assert_eq!(producer.connection.ask(3, &add).error_code, 0);
        assert_eq!(commit(&mut producer, 7), ErrorCode::NONE);
        assert_eq!(fetch(&mut producer), (ErrorCode::UNSTABLE_OFFSET_COMMIT, -1));
        assert_eq!(producer.end(3, committed).0, ErrorCode::NONE);
        assert_eq!(fetch(&mut producer), (ErrorCode::NONE, expected));
    }
}

#[test]
fn offsets_without_a_transaction() {
    let broker = broker(&["foo"]);
    let mut connection = Connection::open(&broker);
    let mut commit = |partition: i32, member: &str, metadata: &str| {
        let partition = OffsetCommitRequestPartition::default()
            .with_partition_index(partition)
            .with_committed_offset(3)
            .with_committed_metadata(Some(text(metadata)));
        let topic = OffsetCommitRequestTopic::default()
            .with_name(topic_name("foo"))
            .with_partitions(vec![partition]);
        let request = OffsetCommitRequest::default()
            .with_group_id(GroupId(text("g")))
            .with_generation_id_or_member_epoch(-1)
            .with_member_id(text(member))
            .with_topics(vec![topic]);
        let response = connection.ask(8, &request);
        ErrorCode(response.topics[0].partitions[0].error_code)
    };
    assert_eq!(commit(0, "", ""), ErrorCode::NONE);
    assert_eq!(commit(9, "", ""), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    assert_eq!(commit(0, "member", ""), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(commit(0, "", &"x".repeat(5000)), ErrorCode::OFFSET_METADATA_TOO_LARGE);
    // `null` topics: everything the group committed, in the older form.
    let request = OffsetFetchRequest::default()
        .with_group_id(GroupId(text("g")))
        .with_topics(None);
    let response = connection.ask(5, &request);
    assert_eq!(response.topics[0].partitions[0].committed_offset, 3);
}
