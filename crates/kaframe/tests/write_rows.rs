//! Rows become records: values, keys, headers, timestamps, partitions.

mod write_support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use arrow_array::builder::{BinaryBuilder, ListBuilder, StringBuilder, StructBuilder};
use arrow_array::{ArrayRef, BinaryArray, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow_schema::{DataType, Field, Fields};
use kaframe::{Compression, EncodeFormat, ErrorKind, ValueFormat, WriteOptions};
use kaframe_broker::TopicSpec;
use write_support::{all_values, broker, cluster, stored};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .expect("columns of one length")
}

fn ints(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_json_objects_and_the_report_says_where() {
    let broker = broker(&[TopicSpec::new("foo", 1)]);
    let rows = batch(vec![
        ("number", ints(0..1000)),
        ("_partition", ints(0..1000)),
        ("_offset", ints(5000..6000)),
    ]);
    let report = cluster(&broker)
        .await
        .write("foo", [rows], WriteOptions::default())
        .await
        .expect("written");
    assert_eq!((report.rows, report.partitions.len()), (1000, 1));
    let only = &report.partitions[0];
    assert_eq!(
        (only.partition, only.rows, only.first_offset, only.last_offset),
        (0, 1000, Some(0), Some(999))
    );
    assert!(report.unknown.is_empty() && report.not_written.is_empty());
    let (records, _) = stored(&broker, "foo", 0).await;
    let expected: Vec<String> = (0..1000).map(|i| format!("{{\"number\":{i}}}")).collect();
    assert_eq!(
        records
            .iter()
            .map(|r| r.value.clone().expect("a value"))
            .collect::<Vec<_>>(),
        expected
    );
    assert!(
        records
            .iter()
            .all(|r| r.key.is_none() && r.headers.is_empty() && r.timestamp.is_some())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn key_headers_and_timestamp_become_the_records_own() {
    let broker = broker(&[TopicSpec::new("foo", 1)]);
    let fields = Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Binary, true),
    ]);
    let entry = StructBuilder::new(
        fields,
        vec![Box::new(StringBuilder::new()), Box::new(BinaryBuilder::new())],
    );
    let mut headers = ListBuilder::new(entry);
    for (key, value) in [("h", Some(&b"\x00\x01"[..])), ("h", None)] {
        headers
            .values()
            .field_builder::<StringBuilder>(0)
            .expect("keys")
            .append_value(key);
        headers
            .values()
            .field_builder::<BinaryBuilder>(1)
            .expect("values")
            .append_option(value);
        headers.values().append(true);
    }
    headers.append(true);
    headers.append(false);
    let times = TimestampMillisecondArray::from(vec![Some(1_700_000_000_123), None]).with_timezone("UTC");
    let rows = batch(vec![
        ("a", ints(1..3)),
        ("_key", Arc::new(StringArray::from(vec![Some("k"), None]))),
        ("_headers", Arc::new(headers.finish())),
        ("_timestamp", Arc::new(times)),
    ]);
    cluster(&broker)
        .await
        .write("foo", [rows], WriteOptions::default())
        .await
        .expect("written");
    let (records, _) = stored(&broker, "foo", 0).await;
    assert_eq!(records[0].key.as_deref(), Some("k"));
    assert_eq!(records[0].timestamp, Some(1_700_000_000_123));
    assert_eq!(
        records[0].headers,
        [("h".to_owned(), Some(vec![0, 1])), ("h".to_owned(), None)]
    );
    assert_eq!(records[0].value.as_deref(), Some(r#"{"a":1}"#));
    assert_eq!((records[1].key.as_deref(), records[1].headers.len()), (None, 0));
    assert!(records[1].timestamp.expect("the time of writing") > 1_700_000_000_123);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_column_stays_in_the_value() {
    let broker = broker(&[TopicSpec::new("foo", 1)]);
    let rows = batch(vec![("id", ints(7..9)), ("x", texts(&["a", "b"]))]);
    let cluster = cluster(&broker).await;
    cluster
        .write("foo", [rows.clone()], WriteOptions::default().key("id"))
        .await
        .expect("written");
    let binary = WriteOptions {
        key_format: Some(ValueFormat::Long),
        ..WriteOptions::default().key("id")
    };
    cluster.write("foo", [rows.clone()], binary).await.expect("written");
    let (records, _) = stored(&broker, "foo", 0).await;
    assert_eq!(records[0].key.as_deref(), Some("7"));
    assert_eq!(records[0].value.as_deref(), Some(r#"{"id":7,"x":"a"}"#));
    assert_eq!(records[2].key.as_deref(), Some("\0\0\0\0\0\0\0\u{7}"));
    let error = cluster
        .write("foo", [rows], WriteOptions::default().key("nope"))
        .await
        .expect_err("no such column");
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.message().contains("\"nope\""), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn text_and_raw_values_come_from_the_one_column() {
    let broker = broker(&[TopicSpec::new("foo", 1)]);
    let cluster = cluster(&broker).await;
    let text = batch(vec![(
        "line",
        Arc::new(StringArray::from(vec![Some("a b"), None, Some("")])),
    )]);
    let options = WriteOptions::default().value_format(EncodeFormat::String);
    cluster.write("foo", [text], options.clone()).await.expect("written");
    let raw = batch(vec![("v", Arc::new(BinaryArray::from(vec![&b"xyz"[..]])))]);
    cluster
        .write("foo", [raw], WriteOptions::default().value_format(EncodeFormat::Raw))
        .await
        .expect("written");
    let (records, _) = stored(&broker, "foo", 0).await;
    let values: Vec<Option<&str>> = records.iter().map(|r| r.value.as_deref()).collect();
    assert_eq!(values, [Some("a b"), None, Some(""), Some("xyz")]);
    let two = batch(vec![("a", texts(&["x"])), ("b", texts(&["y"]))]);
    let error = cluster.write("foo", [two], options).await.expect_err("two columns");
    assert_eq!(error.kind(), ErrorKind::Schema);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_where_java_puts_them() {
    let broker = broker(&[TopicSpec::new("foo", 7)]);
    // murmur2 of Java's own tests (org.apache.kafka.common.utils.UtilsTest), positive part, modulo seven.
    let hashes = [
        ("21", -973_932_308_i32),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ("abc", 479_470_107),
    ];
    let keys: Vec<&str> = hashes.iter().map(|(key, _)| *key).collect();
    let rows = batch(vec![("_key", texts(&keys)), ("n", ints(0..6))]);
    cluster(&broker)
        .await
        .write("foo", [rows], WriteOptions::default())
        .await
        .expect("written");
    let mut found = BTreeMap::new();
    for partition in 0..7 {
        for record in stored(&broker, "foo", partition).await.0 {
            found.insert(record.key.expect("a key"), partition);
        }
    }
    let expected: BTreeMap<String, i32> = hashes
        .iter()
        .map(|(key, hash)| ((*key).to_owned(), (hash & 0x7fff_ffff) % 7))
        .collect();
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_rows_reach_several_partitions_once_each_and_in_order() {
    const ROWS: i64 = 200_000;
    let broker = broker(&[TopicSpec::new("keyed", 3), TopicSpec::new("turns", 3)]);
    let cluster = cluster(&broker).await;
    let batches = |keyed: bool| {
        (0..ROWS / 10_000).map(move |i| {
            let rows = i * 10_000..(i + 1) * 10_000;
            let mut columns = vec![("n", ints(rows.clone()))];
            if keyed {
                let keys: Vec<String> = rows.map(|n| format!("k{}", n % 50)).collect();
                columns.push(("_key", Arc::new(StringArray::from(keys))));
            }
            batch(columns)
        })
    };
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = seen.clone();
    let progress = Arc::new(move |p: &kaframe::WriteProgress| told.lock().expect("no panic").push(p.rows));
    let options = WriteOptions {
        progress: Some(progress),
        ..WriteOptions::default()
    };
    for (topic, keyed) in [("keyed", true), ("turns", false)] {
        let report = cluster
            .write(topic, batches(keyed), options.clone())
            .await
            .expect("written");
        assert_eq!(report.rows, ROWS as u64);
        assert_eq!(report.partitions.len(), 3, "{topic} uses all partitions");
        assert_eq!(seen.lock().expect("no panic").last(), Some(&(ROWS as u64)));
        let mut all = BTreeSet::new();
        for partition in 0..3 {
            let (records, batches) = stored(&broker, topic, partition).await;
            assert!(batches < 40, "{batches} batches of {} records", records.len());
            let numbers: Vec<i64> = records
                .iter()
                .map(|r| {
                    r.value.as_deref().expect("a value")[5..]
                        .trim_end_matches('}')
                        .parse()
                        .expect("a number")
                })
                .collect();
            assert!(numbers.is_sorted(), "order is kept in a partition");
            all.extend(numbers);
        }
        assert_eq!(all.len() as i64, ROWS, "every row once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_compression_and_a_fixed_partition() {
    let broker = broker(&[TopicSpec::new("foo", 2)]);
    let cluster = cluster(&broker).await;
    let codecs = [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ];
    for compression in codecs {
        let options = WriteOptions {
            partition: Some(1),
            ..WriteOptions::default().compression(compression)
        };
        let rows = batch(vec![("n", Arc::new(Int32Array::from_iter_values(0..100)))]);
        cluster.write("foo", [rows], options).await.expect("written");
    }
    assert_eq!(stored(&broker, "foo", 0).await.0.len(), 0);
    assert_eq!(all_values(&broker, "foo", 2).await.len(), 500);
    let options = WriteOptions {
        partition: Some(2),
        ..WriteOptions::default()
    };
    let error = cluster.write("foo", [], options).await.expect_err("no such partition");
    assert_eq!((error.kind(), error.partition()), (ErrorKind::TopicNotFound, Some(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_without_a_value_are_tombstones_and_none_at_all_is_fine() {
    let broker = broker(&[TopicSpec::new("foo", 1)]);
    let cluster = cluster(&broker).await;
    cluster
        .write(
            "foo",
            [batch(vec![("_key", texts(&["gone"]))])],
            WriteOptions::default(),
        )
        .await
        .expect("written");
    let report = cluster
        .write("foo", [], WriteOptions::default())
        .await
        .expect("nothing to write");
    assert_eq!((report.rows, report.partitions.len()), (0, 0));
    let (records, _) = stored(&broker, "foo", 0).await;
    assert_eq!(records.len(), 1);
    assert_eq!(
        (records[0].key.as_deref(), records[0].value.as_deref()),
        (Some("gone"), None)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_takes_rows_piece_by_piece() {
    let broker = broker(&[TopicSpec::new("foo", 1)]);
    let cluster = cluster(&broker).await;
    let mut writer = cluster.writer("foo", WriteOptions::default()).await.expect("opened");
    writer.push(&batch(vec![("n", ints(0..3))])).await.expect("taken");
    assert_eq!(writer.report().rows, 0);
    writer.flush().await.expect("written");
    assert_eq!(writer.report().rows, 3);
    writer
        .push(&batch(vec![("other", texts(&["x"]))]))
        .await
        .expect("taken");
    assert_eq!(writer.finish().await.expect("written").rows, 4);
    assert_eq!(all_values(&broker, "foo", 1).await[3], r#"{"other":"x"}"#);
}
