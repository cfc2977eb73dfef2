//! Streams: the same rows in batches, one schema, bounded memory, stopped by dropping.

use std::time::Duration;

use kaframe::ScanOptions;
use kaframe_wire::batch::ControlType::Abort;

use crate::support::{bench, ints, texts};

#[test]
fn the_same_rows_in_batches_of_at_most_batch_size() {
    let bench = bench(3);
    for partition in 0..3 {
        bench.numbers(partition, 0..500);
        bench.transaction(partition, 1, 0..10);
        bench.end(partition, 1, Abort);
    }
    let options = ScanOptions {
        batch_size: 64,
        ..ScanOptions::default()
    };
    let table = bench.read(options.clone());
    let (batches, report) = bench.streamed(options.clone()).unwrap();
    assert!(batches.iter().all(|batch| batch.num_rows() <= 64));
    for column in ["n", "_partition", "_offset"] {
        assert_eq!(ints(&batches, column), ints(table.batches(), column));
    }
    assert_eq!(report.partitions, table.report().partitions);
    assert!(report.complete);
    // Twice gives the same; a tiny memory limit too.
    let scan = bench
        .cluster
        .scan(
            "t",
            ScanOptions {
                memory_limit: 1,
                ..options
            },
        )
        .unwrap();
    for _ in 0..2 {
        let batches: Vec<_> = scan.stream().unwrap().map(Result::unwrap).collect();
        assert_eq!(ints(&batches, "n"), ints(table.batches(), "n"));
    }
}

#[test]
fn limit_and_tail_in_a_stream() {
    let bench = bench(2);
    bench.numbers(0, 0..100);
    bench.numbers(1, 50..60);
    for options in [ScanOptions::default().limit(33), ScanOptions::default().tail(17)] {
        let table = bench.read(options.clone());
        let (batches, report) = bench.streamed(options).unwrap();
        for partition in 0..2 {
            let of = |batches: &[arrow_array::RecordBatch]| {
                let rows = ints(batches, "_partition").into_iter().zip(ints(batches, "n"));
                rows.filter(|(p, _)| *p == partition).collect::<Vec<_>>()
            };
            assert_eq!(of(&batches), of(table.batches()));
        }
        assert_eq!(report.partitions, table.report().partitions);
    }
}

#[test]
fn what_does_not_fit_the_sample_goes_to_extra() {
    let bench = bench(1);
    let mut values: Vec<String> = (0..1200).map(|n| format!("{{\"n\": {n}}}")).collect();
    values.push(r#"{"n": 1, "new": true}"#.into());
    values.push(r#"{"n": "text"}"#.into());
    bench.append(0, 1, &values.iter().map(String::as_str).collect::<Vec<_>>());
    let (batches, _) = bench.streamed(ScanOptions::default()).unwrap();
    let extra: Vec<String> = texts(&batches, "_extra").into_iter().flatten().collect();
    assert_eq!(extra, [r#"{"new": true}"#, r#"{"n": "text"}"#]);
    assert_eq!(ints(&batches, "n").len(), 1201);
}

#[test]
fn a_dropped_stream_stops_the_read() {
    let bench = bench(1);
    bench.numbers(0, 0..5000);
    let scan = bench
        .cluster
        .scan(
            "t",
            ScanOptions {
                batch_size: 10,
                memory_limit: 1,
                ..ScanOptions::default()
            },
        )
        .unwrap();
    let mut stream = scan.stream().unwrap();
    assert_eq!(stream.next().unwrap().unwrap().num_rows(), 10);
    let report = stream.report();
    // Decoded and not taken is not delivered.
    assert_eq!(
        (report.partitions[0].delivered, report.partitions[0].not_read),
        (10, 4990)
    );
    assert!(!report.complete);
    drop(stream);
    // What was on its way arrives; then nothing more comes.
    std::thread::sleep(Duration::from_millis(500));
    let before = bench.control.requests().len();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(bench.control.requests().len(), before);
}
