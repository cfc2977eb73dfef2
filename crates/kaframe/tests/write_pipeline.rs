//! Several batches of a partition on their way at once: whatever goes wrong in between, every row is there once, in order, and what is said about it is true.

mod write_support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use kaframe::{Compression, ErrorKind, WriteOptions};
use kaframe_broker::{Action, Broker, BrokerOptions, Intercepted, TopicSpec};
use write_support::{all_values, broker, impatient, stored};

const PRODUCE: i16 = 0;
/// Enough for some twenty batches.
const ROWS: i64 = 40_000;

/// Rows that take about half a kilobyte each, numbered.
fn rows(range: std::ops::Range<i64>) -> RecordBatch {
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(range.clone().map(|_| "x".repeat(480))));
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(range));
    RecordBatch::try_from_iter([("n", numbers), ("text", texts)]).expect("two columns")
}

/// The numbers in a partition, in the order of its log.
async fn numbers(broker: &Broker, partition: i32) -> Vec<i64> {
    let (records, _) = stored(broker, "foo", partition).await;
    let value = |text: String| {
        let digits = text.strip_prefix("{\"n\":").and_then(|rest| rest.split(',').next());
        digits.and_then(|n| n.parse().ok()).expect("a number")
    };
    records
        .into_iter()
        .map(|record| value(record.value.expect("no tombstone")))
        .collect()
}

/// Writes while `fault` acts on produce requests, and expects that every row is there once and in order.
async fn written_in_order(brokers: usize, fault: impl Fn(&Broker, &Intercepted) -> Action + Send + Sync + 'static) {
    let broker = Broker::start(BrokerOptions {
        topics: vec![TopicSpec::new("foo", 1)],
        brokers,
        ..BrokerOptions::default()
    })
    .expect("a broker starts");
    let broker = Arc::new(broker);
    let inner = Arc::downgrade(&broker);
    broker
        .control()
        .intercept(move |request| match (request.api_key, inner.upgrade()) {
            (PRODUCE, Some(broker)) => fault(&broker, request),
            _ => Action::Pass,
        });
    let mut properties = BTreeMap::new();
    properties.insert("bootstrap.servers".to_owned(), broker.bootstrap_servers());
    properties.insert("request.timeout.ms".to_owned(), "400".to_owned());
    properties.insert("default.api.timeout.ms".to_owned(), "20000".to_owned());
    let config = kaframe::Config::from_properties(properties).expect("properties");
    let cluster = kaframe::Cluster::connect_with(config).await.expect("connected");
    let report = cluster
        .write("foo", [rows(0..ROWS)], WriteOptions::default())
        .await
        .expect("written");
    assert_eq!(report.rows, ROWS as u64);
    broker.control().clear();
    assert_eq!(numbers(&broker, 0).await, (0..ROWS).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut() {
    // Before it is handled, in the middle of a full window, again and again.
    written_in_order(1, |_, request| match request.count_of_api {
        n if n % 4 == 3 => Action::Drop,
        _ => Action::Pass,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_come_too_late() {
    // Handled, but the client has given the connection up: batches behind it are in the log too, and come again.
    written_in_order(1, |_, request| match request.count_of_api {
        2 | 9 => Action::Delay(Duration::from_millis(1200)),
        _ => Action::Pass,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_drip() {
    written_in_order(1, |_, request| match request.count_of_api {
        n if n % 3 == 0 => Action::Drip {
            bytes: 7,
            every: Duration::from_millis(3),
        },
        _ => Action::Pass,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_moves() {
    written_in_order(3, |broker, request| {
        if request.count_of_api % 4 == 2 {
            broker
                .control()
                .set_leader("foo", 0, 1 + (request.count_of_api / 4 % 3) as i32);
        }
        Action::Pass
    })
    .await;
}

/// The body of an answer of version 12 or 13 to one batch, with this error.
fn refusal(request: &Intercepted, code: i16) -> Action {
    use kaframe_wire::message::produce_response::{PartitionProduceResponse, TopicProduceResponse};
    use kaframe_wire::message::{Decodable, Encodable, ProduceRequest, ProduceResponse};
    let mut body = request.body.clone();
    let asked = ProduceRequest::decode(&mut body, request.api_version).expect("a request");
    let topics = asked.topic_data.into_iter().map(|topic| {
        let answers = topic.partition_data.iter().map(|partition| {
            PartitionProduceResponse::default()
                .with_index(partition.index)
                .with_error_code(code)
                .with_base_offset(-1)
        });
        TopicProduceResponse::default()
            .with_name(topic.name)
            .with_topic_id(topic.topic_id)
            .with_partition_responses(answers.collect())
    });
    let answer = ProduceResponse::default().with_responses(topics.collect());
    let mut bytes = bytes::BytesMut::new();
    answer.encode(&mut bytes, request.api_version).expect("an answer");
    Action::ReplaceBody(bytes.freeze())
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_that_pass() {
    // NOT_ENOUGH_REPLICAS, also of the very first batch; those behind it are refused as out of order and come again.
    written_in_order(1, |_, request| match request.count_of_api {
        1 | 5 | 6 | 17 => refusal(request, 19),
        _ => Action::Pass,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doubts_that_are_resolved() {
    // NOT_ENOUGH_REPLICAS_AFTER_APPEND: the batch is in the log although the broker says no.
    let said = Arc::new(AtomicU64::new(0));
    written_in_order(1, move |_, request| match request.count_of_api {
        4 | 11 if said.fetch_add(1, Ordering::SeqCst) < 2 => refusal(request, 20),
        _ => Action::Pass,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_good_ends_the_write_and_nothing_behind_it_is_written() {
    let broker = broker(&[TopicSpec::new("foo", 1)]);
    // INVALID_RECORD for one batch in the middle; those behind it are on their way by then.
    broker
        .control()
        .intercept(|request| match (request.api_key, request.count_of_api) {
            (PRODUCE, 6) => refusal(request, 87),
            _ => Action::Pass,
        });
    let cluster = impatient(&broker).await;
    let error = cluster
        .write("foo", [rows(0..ROWS)], WriteOptions::default())
        .await
        .expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    let report = error.write_report().expect("a report");
    assert!(report.unknown.is_empty(), "{report:?}");
    assert_eq!(report.rows + report.not_written.len(), ROWS as u64);
    let found = numbers(&broker, 0).await;
    assert_eq!(found, (0..report.rows as i64).collect::<Vec<_>>(), "no hole");
    let not_written: Vec<_> = report.not_written.iter().collect();
    assert_eq!(not_written, vec![report.rows..ROWS as u64]);
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_in_the_middle_leaves_exactly_the_rows_on_their_way_unknown() {
    let broker = broker(&[TopicSpec::new("foo", 1)]);
    broker
        .control()
        .intercept(|request| match (request.api_key, request.count_of_api) {
            (PRODUCE, n) if n > 5 => Action::Silence,
            _ => Action::Pass,
        });
    let cluster = impatient(&broker).await;
    let error = cluster
        .write("foo", [rows(0..ROWS)], WriteOptions::default())
        .await
        .expect_err("no answers");
    assert_eq!(error.kind(), ErrorKind::UnknownOutcome, "{error}");
    let report = error.write_report().expect("a report").clone();
    broker.control().clear();
    let found = numbers(&broker, 0).await;
    assert_eq!(found, (0..report.rows as i64).collect::<Vec<_>>());
    let accounted = report.rows + report.unknown.len() + report.not_written.len();
    assert_eq!(accounted, ROWS as u64, "{report:?}");
    assert!(report.unknown.iter().all(|rows| rows.start >= report.rows));
}

/// With a broker that takes 30 ms for each answer, twenty batches take far less than one after the other: they overlap on the way, and lanes do too.
#[tokio::test(flavor = "multi_thread")]
async fn many_partitions_share_requests() {
    let broker = broker(&[TopicSpec::new("foo", 64)]);
    let requests = Arc::new(AtomicU64::new(0));
    let count = requests.clone();
    broker.control().intercept(move |request| {
        if request.api_key == PRODUCE {
            count.fetch_add(1, Ordering::SeqCst);
            return Action::Delay(Duration::from_millis(30));
        }
        Action::Pass
    });
    let cluster = impatient(&broker).await;
    let keys: ArrayRef = Arc::new(StringArray::from_iter_values((0..5_000).map(|i| format!("k{i}"))));
    let rows = RecordBatch::try_from_iter([("_key", keys.clone()), ("v", keys)]).expect("two columns");
    let began = Instant::now();
    let report = cluster
        .write("foo", [rows], WriteOptions::default().compression(Compression::Lz4))
        .await
        .expect("written");
    assert_eq!((report.rows, report.partitions.len()), (5_000, 64));
    let sent = requests.load(Ordering::SeqCst);
    assert!(sent < 40, "{sent} requests for 64 small batches");
    assert!(began.elapsed() < Duration::from_millis(900), "{:?}", began.elapsed());
    assert_eq!(all_values(&broker, "foo", 64).await.len(), 5_000);
}
