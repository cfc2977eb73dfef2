//! Transactions committed, aborted, open, interleaved, and as the last thing in the log.

use kaframe::{IsolationLevel, ScanOptions};
use kaframe_wire::batch::ControlType::{Abort, Commit};

use crate::support::{Bench, bench, check, ints};

fn mixed() -> Bench {
    let bench = bench(1);
    bench.transaction(0, 1, 0..10);
    bench.transaction(0, 2, 100..110);
    bench.numbers(0, 10..20);
    bench.end(0, 2, Abort);
    bench.transaction(0, 1, 20..30);
    bench.end(0, 1, Commit);
    bench.transaction(0, 2, 30..40);
    bench.end(0, 2, Commit);
    bench.transaction(0, 1, 110..120);
    bench.end(0, 1, Abort);
    bench
}

#[test]
fn aborted_records_are_never_seen_and_all_offsets_are_counted() {
    let bench = mixed();
    let table = bench.read(ScanOptions::default());
    check(&table);
    assert_eq!(ints(table.batches(), "n"), (0..40).collect::<Vec<_>>());
    let p = &table.report().partitions[0];
    assert_eq!((p.delivered, p.aborted, p.control), (40, 20, 4));
    let everything = ScanOptions {
        isolation_level: IsolationLevel::ReadUncommitted,
        ..ScanOptions::default()
    };
    let table = bench.read(everything);
    check(&table);
    assert_eq!(table.num_rows(), 60);
    assert_eq!(table.report().partitions[0].control, 4);
}

#[test]
fn a_read_that_starts_inside_a_transaction_knows_of_it() {
    let bench = mixed();
    let all = bench.read(ScanOptions::default());
    let rows: Vec<(i64, i64)> = ints(all.batches(), "_offset")
        .into_iter()
        .zip(ints(all.batches(), "n"))
        .collect();
    for start in 0..64 {
        let table = bench.read(ScanOptions::default().start(&start.to_string()).unwrap());
        check(&table);
        let expected: Vec<i64> = rows.iter().filter(|(o, _)| *o >= start).map(|(_, n)| *n).collect();
        let read = if table.num_rows() == 0 {
            vec![]
        } else {
            ints(table.batches(), "n")
        };
        assert_eq!(read, expected, "from {start}");
    }
}

#[test]
fn an_open_transaction_ends_the_read_with_a_warning() {
    let bench = bench(1);
    bench.numbers(0, 0..10);
    bench.transaction(0, 1, 10..20);
    bench.numbers(0, 20..30);
    let table = bench.read(ScanOptions::default());
    check(&table);
    assert_eq!(ints(table.batches(), "n"), (0..10).collect::<Vec<_>>());
    assert_eq!(
        table.report().warnings,
        ["20 offsets not yet decided (open transaction): not read"]
    );
    let p = &table.report().partitions[0];
    assert_eq!((p.last_stable_offset, p.high_watermark), (Some(10), Some(30)));
}

#[test]
fn a_log_of_nothing_but_aborted_records() {
    let bench = bench(1);
    for _ in 0..5 {
        bench.transaction(0, 1, 0..10);
        bench.end(0, 1, Abort);
    }
    let table = bench.read(ScanOptions::default());
    check(&table);
    assert_eq!(table.num_rows(), 0);
    assert_eq!(table.report().partitions[0].aborted, 50);
}
