//! Writes that fail: what is said about every row is true.

mod write_support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use kaframe::{CancelToken, Compression, ErrorKind, WriteOptions};
use kaframe_broker::{Action, Broker, TopicSpec};
use write_support::{all_values, broker, cluster, impatient, stored};

const PRODUCE: i16 = 0;
const DESCRIBE_CONFIGS: i16 = 32;

fn numbers(rows: std::ops::Range<i64>) -> RecordBatch {
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(rows));
    RecordBatch::try_from_iter([("n", column)]).expect("one column")
}

fn texts(values: Vec<String>) -> RecordBatch {
    let column: ArrayRef = Arc::new(StringArray::from(values));
    RecordBatch::try_from_iter([("text", column)]).expect("one column")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_does_not_exist_is_not_created() {
    let broker = broker(&[TopicSpec::new("orders", 1)]);
    let cluster = cluster(&broker).await;
    let error = cluster
        .write("order", [numbers(0..1)], WriteOptions::default())
        .await
        .expect_err("no such topic");
    assert_eq!(error.kind(), ErrorKind::TopicNotFound);
    assert!(error.hint().is_some_and(|hint| hint.contains("create")), "{error:?}");
    let topics = cluster.topics().await.expect("topics");
    assert_eq!(topics.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["orders"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_too_large_is_refused_by_its_number_and_everything_before_it_is_written() {
    let broker = broker(&[TopicSpec::new("foo", 1).config("max.message.bytes", "2000")]);
    let mut values: Vec<String> = (0..100).map(|i| format!("{i}{}", "x".repeat(300))).collect();
    values[60] = "x".repeat(3000);
    let error = cluster(&broker)
        .await
        .write("foo", [texts(values.clone())], WriteOptions::default())
        .await
        .expect_err("too large");
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(
        error.message().contains("row 60") && error.message().contains("2000"),
        "{error}"
    );
    let report = error.write_report().expect("it had begun");
    assert_eq!(report.rows, 60);
    assert!(report.unknown.is_empty());
    assert_eq!(report.not_written.iter().collect::<Vec<_>>(), vec![60..100]);
    assert_eq!(all_values(&broker, "foo", 1).await.len(), 60);
    // Compressed it does fit.
    let options = WriteOptions::default().compression(Compression::Gzip);
    let report = cluster(&broker)
        .await
        .write("foo", [texts(values)], options)
        .await
        .expect("written");
    assert_eq!(report.rows, 100);
}

/// The limit cannot be asked for, so batches are made too large and are split after the broker has said so.
#[tokio::test(flavor = "multi_thread")]
async fn batches_that_the_broker_finds_too_large_are_split() {
    let broker = broker(&[TopicSpec::new("foo", 1).config("max.message.bytes", "5000")]);
    broker.control().intercept(|request| match request.api_key {
        DESCRIBE_CONFIGS => Action::Drop,
        _ => Action::Pass,
    });
    let values: Vec<String> = (0..200).map(|i| format!("{i}-{}", "x".repeat(300))).collect();
    let cluster = impatient(&broker).await;
    let report = cluster
        .write("foo", [texts(values.clone())], WriteOptions::default())
        .await
        .expect("written");
    assert_eq!(report.rows, 200);
    let (records, batches) = stored(&broker, "foo", 0).await;
    assert!(batches > 10, "{batches} batches");
    let expected: Vec<String> = values.iter().map(|value| format!("{{\"text\":\"{value}\"}}")).collect();
    assert_eq!(
        records.into_iter().filter_map(|r| r.value).collect::<Vec<_>>(),
        expected,
        "in order"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_asked_for_again_and_nothing_is_there_twice() {
    let broker = broker(&[TopicSpec::new("foo", 1)]);
    // Handled, but the answer comes so late that the client has given the connection up.
    let late = Duration::from_millis(1500);
    broker
        .control()
        .intercept(move |request| match (request.api_key, request.count_of_api) {
            (PRODUCE, 1) => Action::Delay(late),
            _ => Action::Pass,
        });
    let mut properties = std::collections::BTreeMap::new();
    properties.insert("bootstrap.servers".to_owned(), broker.bootstrap_servers());
    properties.insert("request.timeout.ms".to_owned(), "300".to_owned());
    let config = kaframe::Config::from_properties(properties).expect("properties");
    let cluster = kaframe::Cluster::connect_with(config).await.expect("connected");
    let report = cluster
        .write("foo", [numbers(0..100)], WriteOptions::default())
        .await
        .expect("written");
    assert_eq!(report.rows, 100);
    let sent = broker
        .control()
        .requests()
        .iter()
        .filter(|(api, _)| *api == PRODUCE)
        .count();
    assert!(sent >= 2, "the batch was sent {sent} times");
    assert_eq!(all_values(&broker, "foo", 1).await.len(), 100);
}

fn silence_partition_answers(broker: &Broker, from: u64) {
    broker.control().intercept(move |request| match request.api_key {
        PRODUCE if request.count_of_api >= from => Action::Silence,
        _ => Action::Pass,
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_comes_is_an_unknown_outcome_with_the_rows() {
    let broker = broker(&[TopicSpec::new("foo", 1)]);
    let cluster = impatient(&broker).await;
    let mut writer = cluster.writer("foo", WriteOptions::default()).await.expect("opened");
    writer.push(&numbers(0..10)).await.expect("taken");
    writer.flush().await.expect("written");
    silence_partition_answers(&broker, 2);
    writer.push(&numbers(10..30)).await.expect("taken");
    let error = writer.finish().await.expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::UnknownOutcome);
    assert!(error.message().contains("rows 10-29"), "{error}");
    let report = error.write_report().expect("a report");
    assert_eq!(report.rows, 10);
    assert_eq!(report.unknown.iter().collect::<Vec<_>>(), vec![10..30]);
    assert!(report.not_written.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failure_nothing_more_is_sent_and_no_row_is_forgotten() {
    const ROWS: i64 = 300_000;
    let broker = broker(&[TopicSpec::new("foo", 2)]);
    silence_partition_answers(&broker, 3);
    let cluster = impatient(&broker).await;
    let error = cluster
        .write("foo", [numbers(0..ROWS)], WriteOptions::default())
        .await
        .expect_err("no answers");
    assert_eq!(error.kind(), ErrorKind::UnknownOutcome);
    let report = error.write_report().expect("a report");
    assert!(
        report.rows > 0 && !report.unknown.is_empty() && !report.not_written.is_empty(),
        "{report:?}"
    );
    assert_eq!(
        report.rows + report.unknown.len() + report.not_written.len(),
        ROWS as u64,
        "{report:?}"
    );
    assert_eq!(all_values(&broker, "foo", 2).await.len() as u64, report.rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_write_stops_at_once_and_tells_what_it_does_not_know() {
    let broker = broker(&[TopicSpec::new("foo", 1)]);
    silence_partition_answers(&broker, 2);
    let cancel = CancelToken::new();
    let options = WriteOptions {
        cancel: cancel.clone(),
        ..WriteOptions::default()
    };
    let cluster = cluster(&broker).await;
    let mut writer = cluster.writer("foo", options).await.expect("opened");
    writer.push(&numbers(0..10)).await.expect("taken");
    writer.flush().await.expect("written");
    writer.push(&numbers(10..20)).await.expect("taken");
    let stop = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        cancel.cancel();
        Instant::now()
    });
    let error = writer.finish().await.expect_err("cancelled");
    let waited = stop.await.expect("no panic").elapsed();
    assert!(waited < Duration::from_millis(250), "{waited:?}");
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    let report = error.write_report().expect("a report");
    assert_eq!((report.rows, report.unknown.to_string().as_str()), (10, "rows 10-19"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_writer_takes_nothing_more() {
    let broker = broker(&[TopicSpec::new("foo", 1).config("max.message.bytes", "1000")]);
    let cluster = cluster(&broker).await;
    let mut writer = cluster.writer("foo", WriteOptions::default()).await.expect("opened");
    writer
        .push(&texts(vec!["x".repeat(2000)]))
        .await
        .expect_err("too large");
    let error = writer.push(&numbers(0..1)).await.expect_err("it has failed");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(all_values(&broker, "foo", 1).await.len(), 0);
}

/// Several partitions are written at once: four answers that each take 300 ms do not take 1.2 s.
#[tokio::test(flavor = "multi_thread")]
async fn partitions_do_not_wait_for_each_other() {
    let broker = broker(&[TopicSpec::new("foo", 4)]);
    let produced = Arc::new(AtomicU64::new(0));
    let count = produced.clone();
    broker.control().intercept(move |request| {
        if request.api_key == PRODUCE {
            count.fetch_add(1, Ordering::SeqCst);
            return Action::Delay(Duration::from_millis(300));
        }
        Action::Pass
    });
    let cluster = cluster(&broker).await;
    let keys: ArrayRef = Arc::new(StringArray::from((0..400).map(|i| format!("k{i}")).collect::<Vec<_>>()));
    let rows = RecordBatch::try_from_iter([("_key", keys.clone()), ("v", keys)]).expect("two columns");
    let began = Instant::now();
    let report = cluster
        .write("foo", [rows], WriteOptions::default())
        .await
        .expect("written");
    assert_eq!((report.rows, produced.load(Ordering::SeqCst)), (400, 4));
    assert!(began.elapsed() < Duration::from_millis(900), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_before_kafkas_is_refused_by_its_row() {
    let broker = broker(&[TopicSpec::new("foo", 1)]);
    let cluster = cluster(&broker).await;
    let mut times: Vec<i64> = (0..20_000).collect();
    times[15_000] = -5;
    let rows =
        RecordBatch::try_from_iter([("_timestamp", Arc::new(Int64Array::from(times)) as ArrayRef)]).expect("one");
    let error = cluster
        .write("foo", [rows], WriteOptions::default())
        .await
        .expect_err("before 1970");
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.message().contains("row 15000"), "{error}");
}
