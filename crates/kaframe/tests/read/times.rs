//! Bounds by time: a start is exact, an end looks `late` past itself, and every row is tested.

use std::time::Duration;

use kaframe::{Late, ScanOptions};
use kaframe_broker::{BrokerOptions, TopicSpec};
use kaframe_wire::batch::{BatchBuilder, Compression, ProducerStamp};

use crate::support::{Bench, bench, bench_with, check, ints};

/// Values `{"n": timestamp}` in this order, one a batch.
fn stamped(bench: &Bench, times: &[i64]) {
    for time in times {
        let mut builder = BatchBuilder::new(Compression::None);
        builder.push(*time, None, Some(format!("{{\"n\": {time}}}").as_bytes()), &[]);
        bench
            .control
            .append_raw("t", 0, builder.finish(ProducerStamp::NONE).unwrap());
    }
}

fn window(start: &str, end: &str, late: Late) -> ScanOptions {
    ScanOptions {
        late,
        ..ScanOptions::default().start(start).unwrap().end(end).unwrap()
    }
}

const NOT_LATE: Late = Late::Within(Duration::ZERO);

#[test]
fn a_window_of_ordered_times() {
    let bench = bench(1);
    bench.numbers(0, 0..100);
    let table = bench.read(window("@1020", "@1050", NOT_LATE));
    check(&table);
    assert_eq!(ints(table.batches(), "n"), (20..50).collect::<Vec<_>>());
    let table = bench.read(window("@1020", "@1050", Late::default()));
    check(&table);
    assert_eq!(ints(table.batches(), "n"), (20..50).collect::<Vec<_>>());
    assert_eq!(table.report().partitions[0].filtered, 50);
    // The next read starts at the first record that this one did not want.
    assert_eq!(table.next_start().topics[0].partitions[0].offset, 50);
    assert!(
        table.report().time_bound.as_ref().unwrap().contains("5 min"),
        "{:?}",
        table.report().time_bound
    );
}

#[test]
fn late_records_are_found_counted_and_filtered() {
    let bench = bench(1);
    let times = [1000, 2000, 5000, 3000, 9000, 2500, 30_000, 2600];
    stamped(&bench, &times);
    let read = |late| bench.read(window("@2000", "@4000", late));
    let table = read(NOT_LATE);
    check(&table);
    assert_eq!(ints(table.batches(), "n"), [2000]);
    let table = read(Late::Within(Duration::from_secs(20)));
    check(&table);
    assert_eq!(ints(table.batches(), "n"), [2000, 3000, 2500]);
    let warning = &table.report().warnings[0];
    assert!(
        warning.starts_with("2 rows were found behind the place of the end in the log, up to 1.5 s late"),
        "{warning}"
    );
    let table = read(Late::Scan);
    check(&table);
    assert_eq!(ints(table.batches(), "n"), [2000, 3000, 2500, 2600]);
    assert!(table.report().time_bound.as_ref().unwrap().contains("exact"));
}

#[test]
fn log_append_time_is_exact() {
    let topic = TopicSpec::new("t", 1).config("message.timestamp.type", "LogAppendTime");
    let bench = bench_with(BrokerOptions {
        topics: vec![topic],
        ..BrokerOptions::default()
    });
    let table = {
        let writer = bench.cluster.scan("t", ScanOptions::default()).unwrap();
        assert_eq!(writer.plan().offsets(), 0);
        let mut log_append = BatchBuilder::new(Compression::None);
        log_append.push(1, None, Some(b"{\"n\": 1}"), &[]);
        let mut bytes = bytes::BytesMut::from(&log_append.finish(ProducerStamp::NONE).unwrap()[..]);
        kaframe_wire::batch::restamp(&mut bytes, 0, 0, Some(7000)).unwrap();
        bench.control.append_exact("t", 0, bytes.freeze());
        bench.read(window("@6000", "@8000", Late::default()))
    };
    check(&table);
    assert_eq!(table.num_rows(), 1);
    assert!(table.report().time_bound.as_ref().unwrap().contains("LogAppendTime"));
}

#[test]
fn times_outside_the_log_are_cut_and_empty_results_say_why() {
    let bench = bench(1);
    bench.numbers(0, 0..100);
    let table = bench.read(window("2001-01-01", "2001-01-02", Late::default()));
    assert_eq!(table.num_rows(), 0);
    assert!(
        table
            .report()
            .to_string()
            .contains("nothing to read: no record at or after"),
        "{}",
        table.report()
    );
    let table = bench.read(window("@1", "@999", Late::default()));
    assert_eq!(table.num_rows(), 0);
    let table = bench.read(window("@1", "2030-01-01T00:00:00", Late::default()));
    assert_eq!(table.num_rows(), 100);
    let text = table.report().to_string();
    assert!(
        text.contains("after the start") && text.contains("no record at or after the end"),
        "{text}"
    );
}
