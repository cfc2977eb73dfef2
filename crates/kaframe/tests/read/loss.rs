//! Records that the plan promised and the broker no longer has: an error, or with `allow_partial` a list of what is missing.

use std::time::{Duration, Instant};

use kaframe::{ErrorKind, ScanOptions};
use kaframe_broker::Action;

use crate::support::{bench, check, ints};

fn partial() -> ScanOptions {
    ScanOptions {
        allow_partial: true,
        ..ScanOptions::default()
    }
}

#[test]
fn a_log_start_that_passes_the_plan() {
    let bench = bench(1);
    bench.numbers(0, 0..100);
    let scan = bench.cluster.scan("t", ScanOptions::default()).unwrap();
    let partial = bench.cluster.scan("t", partial()).unwrap();
    bench.control.set_log_start("t", 0, 35);
    let error = scan.read().unwrap_err();
    assert_eq!(
        (error.kind(), error.partition(), error.offset()),
        (ErrorKind::DataLoss, Some(0), Some(0))
    );
    assert!(error.to_string().contains("records 0..35 are lost"), "{error}");
    let table = partial.read().unwrap();
    check(&table);
    assert_eq!(ints(table.batches(), "n"), (35..100).collect::<Vec<_>>());
    assert!(!table.complete());
    let lost = &table.report().lost_ranges;
    assert_eq!((lost.len(), lost[0].range.start, lost[0].range.end), (1, 0, 35));
    assert!(
        table.report().to_string().contains("NOT COMPLETE, 35 lost"),
        "{}",
        table.report()
    );
}

#[test]
fn everything_deleted_before_it_was_read() {
    let bench = bench(1);
    bench.numbers(0, 0..100);
    let scan = bench.cluster.scan("t", partial()).unwrap();
    bench.control.set_log_start("t", 0, 100);
    let table = scan.read().unwrap();
    check(&table);
    assert_eq!((table.num_rows(), table.report().partitions[0].lost), (0, 100));
}

#[test]
fn a_damaged_batch() {
    let bench = bench(1);
    bench.numbers(0, 0..100);
    bench.control.corrupt("t", 0, 44);
    let error = bench.fails(ScanOptions::default());
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Corrupt, Some(40)));
    assert!(error.broker().is_some());
    let table = bench.read(partial());
    check(&table);
    assert_eq!(ints(table.batches(), "n"), (0..40).chain(50..100).collect::<Vec<_>>());
    let lost = &table.report().lost_ranges;
    assert_eq!((lost.len(), lost[0].range.start, lost[0].range.end), (1, 40, 50));
}

#[test]
fn a_truncated_log() {
    let bench = bench(1);
    bench.numbers(0, 0..100);
    let scan = bench.cluster.scan("t", ScanOptions::default()).unwrap();
    bench.control.truncate("t", 0, 50);
    let error = scan.read().unwrap_err();
    assert_eq!(
        (error.kind(), error.partition()),
        (ErrorKind::DataLoss, Some(0)),
        "{error}"
    );
    assert!(error.to_string().contains("truncated"), "{error}");
}

#[test]
fn a_recreated_topic() {
    let bench = bench(1);
    bench.numbers(0, 0..100);
    let scan = bench.cluster.scan("t", ScanOptions::default()).unwrap();
    bench.control.recreate_topic("t");
    bench.numbers(0, 0..100);
    let error = scan.read().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DataLoss, "{error}");
}

#[test]
fn a_broker_that_never_answers_a_fetch() {
    let bench = bench(1);
    bench.numbers(0, 0..100);
    bench.control.intercept(|request| {
        if request.api_key == 1 {
            Action::Silence
        } else {
            Action::Pass
        }
    });
    let timeout = Duration::from_secs(1);
    let started = Instant::now();
    let error = bench.fails(ScanOptions {
        timeout,
        ..ScanOptions::default()
    });
    assert_eq!(
        (error.kind(), error.partition()),
        (ErrorKind::ReadTimeout, Some(0)),
        "{error}"
    );
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    let table = bench.read(ScanOptions { timeout, ..partial() });
    check(&table);
    assert_eq!(table.report().partitions[0].not_read, 100);
    assert!(!table.complete());
    assert_eq!(table.next_start().topics[0].partitions[0].offset, 0);
}

#[test]
fn a_broker_that_answers_empty_for_ever() {
    let bench = bench(1);
    bench.numbers(0, 0..100);
    let options = ScanOptions {
        timeout: Duration::from_secs(3),
        ..ScanOptions::default()
    };
    let scan = bench.cluster.scan("t", options).unwrap();
    // The high watermark below the plan's end says that the broker lags: no hole.
    bench.control.set_high_watermark("t", 0, Some(60));
    let error = scan.read().unwrap_err();
    assert_eq!(
        (error.kind(), error.offset()),
        (ErrorKind::ReadTimeout, Some(60)),
        "{error}"
    );
    assert!(error.to_string().contains("40 offsets to go"), "{error}");
}

#[test]
fn a_leader_that_moves_loses_nothing() {
    let bench = crate::support::bench_with(kaframe_broker::BrokerOptions {
        brokers: 2,
        topics: vec![kaframe_broker::TopicSpec::new("t", 1)],
        ..Default::default()
    });
    bench.numbers(0, 0..500);
    let scan = bench.cluster.scan("t", ScanOptions::default()).unwrap();
    bench.control.set_leader("t", 0, 2);
    assert_eq!(ints(scan.read().unwrap().batches(), "n"), (0..500).collect::<Vec<_>>());
    bench.control.set_leader("t", 0, 1);
    assert_eq!(ints(scan.read().unwrap().batches(), "n"), (0..500).collect::<Vec<_>>());
}
