//! The hook for tests: rules on requests, several brokers, logs edited behind the protocol's back.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use kaframe_broker::{Action, Broker, BrokerOptions, Hole};
use kaframe_wire::ErrorCode;
use kaframe_wire::batch::{ControlType, ProducerStamp, control_batch};
use kaframe_wire::message::offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
use kaframe_wire::message::{ApiKey, FetchRequest, MetadataRequest, OffsetForLeaderEpochRequest};
use support::{Connection, batch, batch_at, broker, fetch_request, records, text, topic_name, values};

const METADATA: i16 = ApiKey::Metadata as i16;

fn all_topics() -> MetadataRequest {
    MetadataRequest::default().with_topics(None)
}

#[test]
fn rules_see_requests_in_order_and_the_first_decision_counts() {
    let broker = broker(&["foo"]);
    let control = broker.control();
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let watching = control.intercept(move |request| {
        assert_eq!((request.broker, request.connection), (1, 1));
        counter.fetch_add(request.count_of_api as usize, Ordering::SeqCst);
        Action::Pass
    });
    control.intercept(|request| {
        if request.api_key == METADATA {
            Action::Drop
        } else {
            Action::Pass
        }
    });
    let mut connection = Connection::open(&broker);
    assert_eq!(connection.list_offset("foo", 0, -1, false), (0, 0, -1));
    assert_eq!(connection.list_offset("foo", 0, -1, false), (0, 0, -1));
    connection.send(12, &all_topics());
    assert!(connection.is_closed());
    assert_eq!(seen.load(Ordering::SeqCst), 1 + 2 + 1);
    assert_eq!(
        control.requests(),
        [
            (ApiKey::ListOffsets as i16, 9),
            (ApiKey::ListOffsets as i16, 9),
            (METADATA, 12)
        ]
    );
    control.remove(watching);
    control.clear();
    assert_eq!(Connection::open(&broker).ask(12, &all_topics()).topics.len(), 1);
}

#[test]
fn replies_are_delayed_replaced_silenced_and_dripped() {
    let broker = broker(&["foo"]);
    let control = broker.control();
    let mut connection = Connection::open(&broker);

    control.intercept(|_| Action::Delay(Duration::from_millis(200)));
    let started = Instant::now();
    connection.ask(12, &all_topics());
    assert!(started.elapsed() >= Duration::from_millis(200));

    control.clear();
    control.intercept(|_| Action::Drip {
        bytes: 8,
        every: Duration::from_millis(5),
    });
    let started = Instant::now();
    assert_eq!(connection.ask(12, &all_topics()).topics.len(), 1);
    assert!(started.elapsed() >= Duration::from_millis(20));

    control.clear();
    control.intercept(|_| Action::ReplaceBody(Bytes::from_static(b"body")));
    connection.send(12, &all_topics());
    let frame = connection.frame().unwrap();
    assert_eq!(
        &frame[..],
        b"\x00\x00\x00\x03\x00body",
        "a header of a flexible version"
    );
    connection.send(1, &all_topics());
    assert_eq!(&connection.frame().unwrap()[..], b"\x00\x00\x00\x04body");

    control.clear();
    control.intercept(|_| Action::ReplaceFrame(Bytes::from_static(b"\x00\x00\x00\x02hi")));
    connection.send(12, &all_topics());
    assert_eq!(&connection.frame().unwrap()[..], b"hi");

    control.clear();
    let rule = control.intercept(|request| {
        if request.api_key == METADATA {
            Action::Silence
        } else {
            Action::Pass
        }
    });
    connection.send(12, &all_topics());
    assert_eq!(
        connection.list_offset("foo", 0, -1, false),
        (0, 0, -1),
        "the connection lives on"
    );
    control.remove(rule);
}

#[test]
fn leaders_and_epochs() {
    let options = BrokerOptions {
        brokers: 2,
        topics: vec!["foo".parse().unwrap()],
        ..BrokerOptions::default()
    };
    let broker = Broker::start(options).unwrap();
    let control = broker.control();
    let mut first = Connection::open_node(&broker, 1);
    let mut second = Connection::open_node(&broker, 2);
    assert_eq!(first.produce("foo", 0, batch(&["a", "b"])).error_code, 0);
    assert_eq!(
        second.fetch("foo", 0, 0, false).error_code,
        ErrorCode::NOT_LEADER_OR_FOLLOWER.0
    );

    control.set_leader("foo", 0, 2);
    let refused = first.fetch("foo", 0, 0, false);
    assert_eq!(refused.error_code, ErrorCode::NOT_LEADER_OR_FOLLOWER.0);
    assert_eq!(
        (refused.current_leader.leader_id.0, refused.current_leader.leader_epoch),
        (2, 1)
    );
    assert_eq!(
        first.produce("foo", 0, batch(&["c"])).error_code,
        ErrorCode::NOT_LEADER_OR_FOLLOWER.0
    );
    assert_eq!(values(&second.fetch("foo", 0, 0, false)), ["a", "b"]);

    let mut request = fetch_request("foo", 0, 0, false);
    for (epoch, code) in [
        (0, ErrorCode::FENCED_LEADER_EPOCH),
        (1, ErrorCode::NONE),
        (2, ErrorCode::UNKNOWN_LEADER_EPOCH),
    ] {
        request.topics[0].partitions[0].current_leader_epoch = epoch;
        let response = second.ask(12, &request);
        assert_eq!(ErrorCode(response.responses[0].partitions[0].error_code), code);
    }
    let metadata = first.ask(12, &all_topics());
    let partition = &metadata.topics[0].partitions[0];
    assert_eq!((partition.leader_id.0, partition.leader_epoch), (2, 1));
    control.bump_leader_epoch("foo", 0);
    let metadata = first.ask(12, &all_topics());
    assert_eq!(metadata.topics[0].partitions[0].leader_epoch, 2);
}

#[test]
fn a_fetch_in_wait_hears_of_a_new_leader() {
    let options = BrokerOptions {
        brokers: 2,
        topics: vec!["foo".parse().unwrap()],
        ..BrokerOptions::default()
    };
    let broker = Broker::start(options).unwrap();
    let mut connection = Connection::open(&broker);
    let asked = connection.send(12, &fetch_request("foo", 0, 0, false).with_max_wait_ms(15_000));
    std::thread::sleep(Duration::from_millis(50));
    let started = Instant::now();
    broker.control().set_leader("foo", 0, 2);
    let response = connection.receive::<FetchRequest>(12, asked);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(
        response.responses[0].partitions[0].error_code,
        ErrorCode::NOT_LEADER_OR_FOLLOWER.0
    );
}

#[test]
fn truncation_is_visible_to_those_who_ask() {
    let broker = broker(&["foo"]);
    let mut connection = Connection::open(&broker);
    for _ in 0..3 {
        connection.produce("foo", 0, batch(&["a", "b"]));
    }
    broker.control().truncate("foo", 0, 4);
    assert_eq!(connection.list_offset("foo", 0, -1, false), (0, 4, -1));
    connection.produce("foo", 0, batch(&["c", "d", "e"]));

    let asked = OffsetForLeaderPartition::default()
        .with_current_leader_epoch(1)
        .with_leader_epoch(0);
    let topic = OffsetForLeaderTopic::default()
        .with_topic(topic_name("foo"))
        .with_partitions(vec![asked]);
    let request = OffsetForLeaderEpochRequest::default()
        .with_replica_id((-1).into())
        .with_topics(vec![topic]);
    let response = connection.ask(4, &request);
    let end = &response.topics[0].partitions[0];
    assert_eq!((end.error_code, end.leader_epoch, end.end_offset), (0, 0, 4));

    // A reader that had come to offset 6 in epoch 0 is told where the logs part.
    let mut request = fetch_request("foo", 0, 6, false);
    request.topics[0].partitions[0].last_fetched_epoch = 0;
    let response = connection.ask(12, &request);
    let data = &response.responses[0].partitions[0];
    assert_eq!((data.diverging_epoch.epoch, data.diverging_epoch.end_offset), (0, 4));
    assert!(values(data).is_empty());
}

#[test]
fn holes_log_start_and_damage() {
    let broker = broker(&["foo"]);
    let control = broker.control();
    let mut connection = Connection::open(&broker);
    connection.produce("foo", 0, batch(&["a", "b", "c", "d"]));
    connection.produce("foo", 0, batch(&["e", "f"]));
    control.make_hole("foo", 0, 1, 3, Hole::EmptyBatch);
    assert_eq!(values(&connection.fetch("foo", 0, 0, false)), ["a", "d", "e", "f"]);
    control.make_hole("foo", 0, 4, 6, Hole::Nothing);
    let data = connection.fetch("foo", 0, 4, false);
    assert_eq!((data.error_code, data.high_watermark, values(&data).len()), (0, 6, 0));

    control.set_log_start("foo", 0, 2);
    let refused = connection.fetch("foo", 0, 1, false);
    assert_eq!(refused.error_code, ErrorCode::OFFSET_OUT_OF_RANGE.0);
    assert_eq!(connection.list_offset("foo", 0, -2, false), (0, 2, -1));

    control.set_high_watermark("foo", 0, Some(4));
    let data = connection.fetch("foo", 0, 6, false);
    assert_eq!(
        (data.error_code, data.high_watermark),
        (0, 4),
        "between high watermark and end there is no error"
    );
    control.set_high_watermark("foo", 0, None);

    control.corrupt("foo", 0, 3);
    let data = connection.fetch("foo", 0, 2, false);
    let bytes = data.records.unwrap();
    assert!(kaframe_wire::batch::Batch::parse(&bytes).unwrap().verify_crc().is_err());
}

#[test]
fn batches_appended_by_hand() {
    let broker = broker(&["foo"]);
    let control = broker.control();
    let mut connection = Connection::open(&broker);
    let stamp = ProducerStamp {
        producer_id: 9,
        producer_epoch: 0,
        base_sequence: 0,
        transactional: true,
    };
    assert_eq!(control.append_raw("foo", 0, batch(&["a"])), 0);
    assert_eq!(control.append_raw("foo", 0, batch_at(&["b", "c"], 1, stamp)), 1);
    assert_eq!(
        connection.list_offset("foo", 0, -1, true),
        (0, 1, -1),
        "an open transaction"
    );
    assert_eq!(
        control.append_raw("foo", 0, control_batch(0, 1, 9, 0, ControlType::Abort, 0)),
        3
    );
    assert_eq!(connection.list_offset("foo", 0, -1, true), (0, 4, -1));
    let data = connection.fetch("foo", 0, 0, true);
    assert_eq!(data.aborted_transactions.unwrap()[0].first_offset, 1);
    assert_eq!(records(&data.records.unwrap()).len(), 3);

    control.append_exact("foo", 0, control_batch(10, 1, 9, 0, ControlType::Commit, 0));
    assert_eq!(connection.list_offset("foo", 0, -1, false), (0, 11, -1));
}

#[test]
fn recreated_topics_have_another_id_and_brokers_other_addresses() {
    let broker = broker(&["foo:2"]);
    let control = broker.control();
    let mut connection = Connection::open(&broker);
    connection.produce("foo", 0, batch(&["a"]));
    let before = connection.ask(12, &all_topics());
    control.recreate_topic("foo");
    control.advertise(1, "no-such-host.invalid", 9);
    let after = connection.ask(12, &all_topics());
    assert_ne!(before.topics[0].topic_id, after.topics[0].topic_id);
    assert_eq!(after.topics[0].partitions.len(), 2);
    assert_eq!(connection.list_offset("foo", 0, -1, false), (0, 0, -1));
    assert_eq!(
        (after.brokers[0].host.clone(), after.brokers[0].port),
        (text("no-such-host.invalid"), 9)
    );

    // By its old id the topic is unknown.
    let mut request = fetch_request("foo", 0, 0, false);
    request.topics[0].topic = topic_name("");
    request.topics[0].topic_id = before.topics[0].topic_id;
    let response = connection.ask(13, &request);
    assert_eq!(
        response.responses[0].partitions[0].error_code,
        ErrorCode::UNKNOWN_TOPIC_ID.0
    );
}

#[test]
#[should_panic(expected = "there is no partition 0 of topic foo")]
fn editing_a_log_that_does_not_exist_panics() {
    broker(&[]).control().set_log_start("foo", 0, 1);
}
