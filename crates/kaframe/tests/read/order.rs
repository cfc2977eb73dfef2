//! `order=timestamp`: a table is sorted exactly; a stream merges its partitions, each in its own order; neither changes which rows come.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};
use kaframe::{ErrorKind, Order, Report, ScanOptions, ValueFormat};
use kaframe_broker::{BrokerOptions, TopicSpec};
use kaframe_wire::batch::ControlType::{Abort, Commit};
use kaframe_wire::batch::{BatchBuilder, Compression, ProducerStamp};
use proptest::prelude::*;

use crate::filters::at_least::at_least;
use crate::support::{Bench, bench, bench_with, check, ints};

/// Topic, partition, offset, timestamp of a row.
type Place = (String, i32, i64, Option<i64>);

/// One batch of values that count from `first`; -1 is a record without a timestamp.
fn append(bench: &Bench, topic: &str, partition: i32, first: usize, times: &[i64], stamp: ProducerStamp) {
    let mut builder = BatchBuilder::new(Compression::None);
    for (n, time) in times.iter().enumerate() {
        builder.push(*time, None, Some(format!("{{\"n\": {}}}", first + n).as_bytes()), &[]);
    }
    let batch = builder.finish(stamp).expect("a batch");
    bench.control.append_raw(topic, partition, batch);
}

fn places(batches: &[RecordBatch]) -> Vec<Place> {
    let of = |batch: &RecordBatch| {
        let column = |name| batch.column_by_name(name).expect("metadata").clone();
        let (topics, partitions) = (column("_topic"), column("_partition"));
        let (offsets, times) = (column("_offset"), column("_timestamp"));
        let (topics, partitions) = (topics.as_string::<i64>(), partitions.as_primitive::<Int32Type>());
        let (offsets, times) = (
            offsets.as_primitive::<Int64Type>(),
            times.as_primitive::<TimestampMillisecondType>(),
        );
        let row = |row| {
            let time = times.is_valid(row).then(|| times.value(row));
            (
                topics.value(row).to_owned(),
                partitions.value(row),
                offsets.value(row),
                time,
            )
        };
        (0..batch.num_rows()).map(row).collect::<Vec<_>>()
    };
    batches.iter().flat_map(of).collect()
}

/// By timestamp: what a table is sorted by.
fn sorted(mut rows: Vec<Place>) -> Vec<Place> {
    rows.sort_by(|a, b| (a.3, &a.0, a.1, a.2).cmp(&(b.3, &b.0, b.1, b.2)));
    rows
}

/// By the largest timestamp so far in the partition: what merging heads comes to. Also how many rows are older than one before them.
fn merged(rows: &[Place]) -> (Vec<Place>, u64) {
    let (mut keyed, mut disorder) = (Vec::new(), 0);
    let mut newest: Option<(String, i32, Option<i64>)> = None;
    for row in rows {
        let so_far = match &newest {
            Some((topic, partition, time)) if (topic, *partition) == (&row.0, row.1) => *time,
            _ => None,
        };
        disorder += u64::from(row.3 < so_far);
        let key = so_far.max(row.3);
        newest = Some((row.0.clone(), row.1, key));
        keyed.push((key, row.clone()));
    }
    keyed.sort_by(|(a, left), (b, right)| (a, &left.0, left.1, left.2).cmp(&(b, &right.0, right.1, right.2)));
    (keyed.into_iter().map(|(_, row)| row).collect(), disorder)
}

fn options() -> ScanOptions {
    let columns = ["n", "_topic", "_partition", "_offset", "_timestamp"];
    ScanOptions::default().columns(columns).value_format(ValueFormat::Json)
}

fn streamed(bench: &Bench, topics: &str, options: ScanOptions) -> (Vec<RecordBatch>, Report) {
    let mut stream = bench.cluster.scan(topics, options).unwrap().stream().unwrap();
    let batches: Vec<_> = stream.by_ref().collect::<kaframe::Result<_>>().unwrap();
    (batches, stream.report())
}

fn out_of_order(report: &Report) -> u64 {
    let warning = report
        .warnings
        .iter()
        .find(|text| text.contains("older than one before"));
    warning.map_or(0, |text| {
        text.split(' ').next().unwrap().replace(',', "").parse().unwrap()
    })
}

/// What a log is made of: batches of timestamps, plain or of a transaction that is committed or aborted.
#[derive(Debug, Clone)]
struct Written {
    partition: usize,
    times: Vec<i64>,
    kind: u8,
}

fn log() -> impl Strategy<Value = Vec<Written>> {
    let time = prop_oneof![8 => 1000i64..1040, 1 => Just(-1i64)];
    let written = (0usize..5, prop::collection::vec(time, 1..12), 0u8..5);
    let written = written.prop_map(|(partition, times, kind)| Written { partition, times, kind });
    prop::collection::vec(written, 0..14)
}

/// Two topics, of two partitions and of three.
fn laid(log: &[Written]) -> Bench {
    let bench = bench_with(BrokerOptions {
        topics: vec![TopicSpec::new("s", 2), TopicSpec::new("t", 3)],
        ..BrokerOptions::default()
    });
    let mut first = 0;
    for written in log {
        let (topic, partition) = [("s", 0), ("s", 1), ("t", 0), ("t", 1), ("t", 2)][written.partition];
        let end = match written.kind {
            3 => Some(Commit),
            4 => Some(Abort),
            _ => None,
        };
        let stamp = ProducerStamp {
            producer_id: 7,
            producer_epoch: 0,
            base_sequence: 0,
            transactional: true,
        };
        append(
            &bench,
            topic,
            partition,
            first,
            &written.times,
            if end.is_some() { stamp } else { ProducerStamp::NONE },
        );
        if let Some(end) = end {
            let marker = kaframe_wire::batch::control_batch(0, 5000, 7, 0, end, 0);
            bench.control.append_raw(topic, partition, marker);
        }
        first += written.times.len();
    }
    bench
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn rows_are_those_of_a_plain_read_in_another_order(
        log in log(),
        counted in prop_oneof![3 => Just(None), 1 => (0u64..60).prop_map(Some)],
        from_the_end in any::<bool>(),
        at_least_n in prop::option::of(0i64..60),
        batch_size in 1usize..40,
    ) {
        let bench = laid(&log);
        let mut plain = options();
        match counted {
            Some(count) if from_the_end => plain = plain.tail(count),
            Some(count) => plain = plain.limit(count),
            None => {}
        }
        if let Some(least) = at_least_n {
            plain = plain.filter(Arc::new(at_least("n", least as f64)));
        }
        let ordered = ScanOptions { batch_size, ..plain.clone().order(Order::Timestamp) };
        let read = |options| bench.cluster.read("*", options).unwrap();
        let before = read(plain);
        let rows = places(before.batches());
        let table = read(ordered.clone());
        check(&table);
        prop_assert_eq!(places(table.batches()), sorted(rows.clone()));
        prop_assert_eq!(&table.report().partitions, &before.report().partitions);
        prop_assert_eq!(table.next_start().to_string(), before.next_start().to_string());
        let (batches, report) = streamed(&bench, "*", ordered);
        let (expected, disorder) = merged(&rows);
        prop_assert_eq!(places(&batches), expected);
        prop_assert_eq!(out_of_order(&report), disorder);
        prop_assert_eq!(&report.partitions, &before.report().partitions);
        prop_assert!(report.complete);
        prop_assert!(batches.iter().rev().skip(1).all(|batch| batch.num_rows() == batch_size));
    }
}

#[test]
fn columns_need_not_have_the_timestamp() {
    let bench = bench(2);
    append(&bench, "t", 0, 0, &[1000, 1003], ProducerStamp::NONE);
    append(&bench, "t", 1, 2, &[1001, 1002], ProducerStamp::NONE);
    let only_n = ScanOptions::default().columns(["n"]).order(Order::Timestamp);
    assert_eq!(ints(bench.read(only_n.clone()).batches(), "n"), [0, 2, 3, 1]);
    let (batches, report) = streamed(&bench, "t", only_n);
    assert_eq!(ints(&batches, "n"), [0, 2, 3, 1]);
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    let none = ScanOptions::default().columns(["_partition"]).order(Order::Timestamp);
    assert_eq!(ints(bench.read(none).batches(), "_partition"), [0, 1, 1, 0]);
}

#[test]
fn types_that_widen_are_those_of_a_plain_read() {
    let bench = bench(2);
    bench.append(0, 1000, &["{\"n\": 1}"]);
    bench.append(1, 900, &["{\"n\": \"text\"}"]);
    let table = bench.read(ScanOptions::default().order(Order::Timestamp));
    check(&table);
    let texts = crate::support::texts(table.batches(), "n");
    assert_eq!(texts, [Some("\"text\"".to_owned()), Some("1".to_owned())]);
}

/// Splits are small against the rows, so that many rounds are needed, and one partition's times lie behind all of another's.
#[test]
fn partitions_whose_times_do_not_overlap_come_one_after_the_other() {
    let bench = bench(3);
    for (partition, first) in [(0, 200_000), (1, 0), (2, 100_000)] {
        for chunk in 0..40 {
            let times: Vec<i64> = (0..500).map(|n| 1_000_000 + first + chunk * 500 + n).collect();
            append(&bench, "t", partition, 0, &times, ProducerStamp::NONE);
        }
    }
    let ordered = ScanOptions {
        memory_limit: 64 << 10,
        batch_size: 700,
        ..options().order(Order::Timestamp)
    };
    let (batches, report) = streamed(&bench, "t", ordered);
    let rows = places(&batches);
    assert_eq!(rows.len(), 60_000);
    assert!(rows.is_sorted_by_key(|row| row.3) && report.complete && report.warnings.is_empty());
}

#[test]
fn a_stream_can_be_resumed_in_the_middle() {
    let bench = bench(2);
    append(&bench, "t", 0, 0, &[1000, 1002, 1004, 1006], ProducerStamp::NONE);
    append(&bench, "t", 1, 10, &[1001, 1003, 1005, 1007], ProducerStamp::NONE);
    let ordered = ScanOptions {
        batch_size: 3,
        ..options().order(Order::Timestamp)
    };
    let scan = bench.cluster.scan("t", ordered.clone()).unwrap();
    let rest = scan.block_on(async {
        let mut stream = scan.as_async().stream().await.unwrap();
        let first = stream.next().await.unwrap().unwrap();
        assert_eq!(ints(&[first], "n"), [0, 10, 1]);
        stream.next_start()
    });
    let (batches, _) = streamed(&bench, "t", ordered.start_at(kaframe::Bounds::Bookmark(rest)));
    assert_eq!(ints(&batches, "n"), [11, 2, 12, 3, 13]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let bench = bench(1);
    bench.numbers(0, 0..10);
    let ordered = ScanOptions::default().order(Order::Timestamp);
    let error = bench.cluster.scan("t", ordered.clone()).unwrap().follow().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!("time".parse::<Order>().unwrap_err().kind(), ErrorKind::Config);
    // Rows that have to be held do not pass the memory that a stream may take.
    let large = "x".repeat(50_000);
    for _ in 0..20 {
        bench.append(0, 1000, &[&format!("{{\"n\": 1, \"text\": \"{large}\"}}")]);
    }
    let held = ScanOptions {
        memory_limit: 200_000,
        ..ordered.limit(29)
    };
    let mut stream = bench.cluster.scan("t", held).unwrap().stream().unwrap();
    let error = stream.find_map(Result::err).expect("too large");
    assert_eq!(error.kind(), ErrorKind::ResultTooLarge);
    assert!(error.message().contains("memory_limit"), "{error}");
}
