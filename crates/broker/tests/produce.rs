//! What Produce accepts, refuses and stamps.

mod support;

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use kaframe_broker::{Broker, BrokerOptions, TopicSpec};
use kaframe_wire::ErrorCode;
use kaframe_wire::batch::{Batch, BatchBuilder, Compression, ControlType, ProducerStamp, TimestampType, control_batch};
use kaframe_wire::message::produce_request::{PartitionProduceData, TopicProduceData};
use kaframe_wire::message::{InitProducerIdRequest, ProduceRequest};
use support::{Connection, batch, batch_at, broker, records, topic_name};

fn broker_with(config: &str, value: &str) -> Broker {
    let topic = TopicSpec::new("foo", 1).config(config, value);
    Broker::start(BrokerOptions {
        topics: vec![topic],
        ..BrokerOptions::default()
    })
    .unwrap()
}

fn stamp(producer_id: i64, producer_epoch: i16, base_sequence: i32) -> ProducerStamp {
    ProducerStamp {
        producer_id,
        producer_epoch,
        base_sequence,
        transactional: false,
    }
}

#[test]
fn offsets_follow_on_and_every_version_appends() {
    let broker = broker(&["foo"]);
    let mut connection = Connection::open(&broker);
    for (at, version) in (3..=12).enumerate() {
        let answer = connection.produce_as(version, None, "foo", 0, batch(&["a", "b"]));
        assert_eq!(
            (answer.error_code, answer.base_offset),
            (0, 2 * at as i64),
            "version {version}"
        );
        assert_eq!(answer.log_append_time_ms, -1);
    }
    let data = connection.fetch("foo", 0, 0, false);
    let offsets: Vec<i64> = records(&data.records.unwrap())
        .into_iter()
        .map(|(offset, _)| offset)
        .collect();
    assert_eq!(offsets, (0..20).collect::<Vec<i64>>());
    assert_eq!(
        (data.high_watermark, data.last_stable_offset, data.log_start_offset),
        (20, 20, 0)
    );
}

#[test]
fn bad_batches_are_refused_with_kafkas_codes() {
    let broker = broker_with("max.message.bytes", "500");
    let mut connection = Connection::open(&broker);
    let good = batch(&["a", "b"]);
    let changed = |change: &dyn Fn(&mut BytesMut)| {
        let mut bytes = BytesMut::from(&good[..]);
        change(&mut bytes);
        let crc = crc32c::crc32c(&bytes[21..]);
        bytes[17..21].copy_from_slice(&crc.to_be_bytes());
        bytes.freeze()
    };
    let mut bad_crc = BytesMut::from(&good[..]);
    bad_crc[17] ^= 1;
    let twice: Bytes = [&good[..], &good[..]].concat().into();
    let cases = [
        ("nothing", Bytes::new(), ErrorCode::INVALID_RECORD),
        ("garbage", Bytes::from_static(&[7; 100]), ErrorCode::CORRUPT_MESSAGE),
        ("cut", good.slice(..good.len() - 1), ErrorCode::INVALID_RECORD),
        ("two batches", twice, ErrorCode::INVALID_RECORD),
        ("wrong checksum", bad_crc.freeze(), ErrorCode::CORRUPT_MESSAGE),
        (
            "record count",
            changed(&|bytes| bytes[60] = 1),
            ErrorCode::INVALID_RECORD,
        ),
        (
            "last offset delta",
            changed(&|bytes| bytes[26] = 5),
            ErrorCode::INVALID_RECORD,
        ),
        (
            "more records than fit",
            changed(&|bytes| (bytes[60], bytes[26]) = (3, 2)),
            ErrorCode::INVALID_RECORD,
        ),
        (
            "control",
            control_batch(0, 0, 1, 0, ControlType::Commit, 0),
            ErrorCode::INVALID_RECORD,
        ),
        (
            "codec 6",
            changed(&|bytes| bytes[22] = 6),
            ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
        ),
        ("too large", batch(&[&"x".repeat(500)]), ErrorCode::MESSAGE_TOO_LARGE),
        (
            "from the future",
            batch_at(&["a"], 99_000_000_000_000, ProducerStamp::NONE),
            ErrorCode::INVALID_TIMESTAMP,
        ),
    ];
    for (what, bytes, code) in cases {
        let answer = connection.produce("foo", 0, bytes);
        assert_eq!(ErrorCode(answer.error_code), code, "{what}: {:?}", answer.error_message);
        assert_eq!(answer.base_offset, -1, "{what}");
    }
    assert_eq!(
        connection.produce("foo", 1, good.clone()).error_code,
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0
    );
    assert_eq!(
        connection.produce("bar", 0, good.clone()).error_code,
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0
    );
    assert_eq!(connection.produce("foo", 0, good).base_offset, 0);
}

#[test]
fn zstd_needs_version_7() {
    let broker = broker(&["foo"]);
    let mut connection = Connection::open(&broker);
    let mut builder = BatchBuilder::new(Compression::Zstd);
    builder.push(1, None, Some(b"a"), &[]);
    let bytes = builder.finish(ProducerStamp::NONE).unwrap();
    let old = connection.produce_as(6, None, "foo", 0, bytes.clone());
    assert_eq!(old.error_code, ErrorCode::UNSUPPORTED_COMPRESSION_TYPE.0);
    assert_eq!(connection.produce_as(7, None, "foo", 0, bytes).error_code, 0);
}

#[test]
fn acks_0_gets_no_answer() {
    let broker = broker(&["foo"]);
    let mut connection = Connection::open(&broker);
    let data = PartitionProduceData::default()
        .with_index(0)
        .with_records(Some(batch(&["a"])));
    let topic = TopicProduceData::default()
        .with_name(topic_name("foo"))
        .with_partition_data(vec![data]);
    let request = ProduceRequest::default().with_acks(0).with_topic_data(vec![topic]);
    connection.send(9, &request);
    // The next answer is that of the next request.
    assert_eq!(connection.list_offset("foo", 0, -1, false), (0, 1, -1));
    let refused = connection.ask(9, &request.with_acks(7));
    assert_eq!(
        refused.responses[0].partition_responses[0].error_code,
        ErrorCode::INVALID_REQUIRED_ACKS.0
    );
}

#[test]
fn idempotence() {
    let broker = broker(&["foo"]);
    let mut connection = Connection::open(&broker);
    let producer = connection.ask(
        4,
        &InitProducerIdRequest::default()
            .with_transactional_id(None)
            .with_transaction_timeout_ms(1000),
    );
    assert_eq!((producer.error_code, producer.producer_epoch), (0, 0));
    let id = producer.producer_id.0;
    let send = |connection: &mut Connection, epoch: i16, sequence: i32| {
        let answer = connection.produce("foo", 0, batch_at(&["a", "b"], 1, stamp(id, epoch, sequence)));
        (ErrorCode(answer.error_code), answer.base_offset)
    };
    assert_eq!(send(&mut connection, 0, 0), (ErrorCode::NONE, 0));
    assert_eq!(send(&mut connection, 0, 2), (ErrorCode::NONE, 2));
    assert_eq!(
        send(&mut connection, 0, 0),
        (ErrorCode::NONE, 0),
        "a duplicate gets the first answer"
    );
    assert_eq!(
        send(&mut connection, 0, 6),
        (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1)
    );
    assert_eq!(
        send(&mut connection, 1, 4),
        (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1)
    );
    assert_eq!(send(&mut connection, 1, 0), (ErrorCode::NONE, 4));
    assert_eq!(send(&mut connection, 0, 2), (ErrorCode::INVALID_PRODUCER_EPOCH, -1));
    assert_eq!(connection.list_offset("foo", 0, -1, false), (0, 6, -1));
}

#[test]
fn sequences_wrap_at_the_largest_number() {
    let broker = broker(&["foo"]);
    let mut connection = Connection::open(&broker);
    // A producer the partition knows nothing of may begin anywhere.
    let first = batch_at(&["a", "b"], 1, stamp(7, 0, i32::MAX - 1));
    assert_eq!(connection.produce("foo", 0, first).error_code, 0);
    assert_eq!(
        connection
            .produce("foo", 0, batch_at(&["c"], 1, stamp(7, 0, 0)))
            .base_offset,
        2
    );
}

#[test]
fn log_append_time_is_stamped_by_the_broker() {
    let broker = broker_with("message.timestamp.type", "LogAppendTime");
    let mut connection = Connection::open(&broker);
    let answer = connection.produce("foo", 0, batch_at(&["a", "b"], 1, ProducerStamp::NONE));
    assert!(answer.log_append_time_ms > 1_600_000_000_000);
    let data = connection.fetch("foo", 0, 0, false);
    let bytes = data.records.unwrap();
    let stored = Batch::parse(&bytes).unwrap();
    stored.verify_crc().unwrap();
    assert_eq!(stored.header.timestamp_type(), TimestampType::LogAppendTime);
    assert_eq!(stored.header.max_timestamp, answer.log_append_time_ms);
}

#[test]
fn a_wrong_largest_timestamp_is_corrected() {
    let broker = broker(&["foo"]);
    let mut connection = Connection::open(&broker);
    let mut bytes = BytesMut::from(&batch_at(&["a", "b"], 1000, ProducerStamp::NONE)[..]);
    bytes[35..43].copy_from_slice(&9_i64.to_be_bytes());
    let crc = crc32c::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(connection.produce("foo", 0, bytes.freeze()).error_code, 0);
    let data = connection.fetch("foo", 0, 0, false);
    let bytes = data.records.unwrap();
    let stored = Batch::parse(&bytes).unwrap();
    stored.verify_crc().unwrap();
    assert_eq!(stored.header.max_timestamp, 1001);
}

#[test]
fn a_topic_may_ask_for_a_compression() {
    let broker = broker_with("compression.type", "zstd");
    let mut connection = Connection::open(&broker);
    assert_eq!(connection.produce("foo", 0, batch(&["a", "b"])).error_code, 0);
    let data = connection.fetch("foo", 0, 0, false);
    let bytes = data.records.unwrap();
    assert_eq!(
        Batch::parse(&bytes).unwrap().header.compression(),
        Ok(Compression::Zstd)
    );
    assert_eq!(records(&bytes), [(0, "a".to_owned()), (1, "b".to_owned())]);
}

#[test]
fn a_compacted_topic_needs_keys() {
    let broker = broker_with("cleanup.policy", "compact");
    let mut connection = Connection::open(&broker);
    assert_eq!(
        connection.produce("foo", 0, batch(&["a"])).error_code,
        ErrorCode::INVALID_RECORD.0
    );
    let mut builder = BatchBuilder::new(Compression::None);
    builder.push(1, Some(b"key"), Some(b"a"), &[]);
    assert_eq!(
        connection
            .produce("foo", 0, builder.finish(ProducerStamp::NONE).unwrap())
            .error_code,
        0
    );
}

#[test]
fn options_are_checked() {
    let with = |topic: TopicSpec| {
        Broker::start(BrokerOptions {
            topics: vec![topic],
            ..BrokerOptions::default()
        })
    };
    assert!(with(TopicSpec::new("no spaces", 1)).is_err());
    assert!(with(TopicSpec::new("foo", 0)).is_err());
    assert!(with(TopicSpec::new("foo", 1).config("no.such", "1")).is_err());
    assert!(
        Broker::start(BrokerOptions {
            brokers: 0,
            ..BrokerOptions::default()
        })
        .is_err()
    );
    assert!("foo:0".parse::<TopicSpec>().is_err());
    assert!(":3".parse::<TopicSpec>().is_err());
    let spec = TopicSpec {
        name: "foo".to_owned(),
        partitions: 3,
        configs: BTreeMap::new(),
    };
    assert_eq!("foo:3".parse::<TopicSpec>().unwrap(), spec);
}
