//! A tail of n reads about n records: proven by the bytes that it fetches.

use kaframe::ScanOptions;
use kaframe_broker::Hole;
use kaframe_wire::batch::ControlType::{Abort, Commit};

use crate::support::{Bench, bench, check, ints};

/// Records of a kilobyte, ten a batch.
fn fill(bench: &Bench, records: i64) {
    let padding = "x".repeat(1000);
    for batch in 0..records / 10 {
        let values: Vec<String> = (0..10)
            .map(|n| format!("{{\"n\": {}, \"p\": \"{padding}\"}}", batch * 10 + n))
            .collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        bench.append(0, 1000 + batch * 10, &values);
    }
}

/// The numbers of a tail, and the kilobytes that it fetched.
fn tail(bench: &Bench, n: u64) -> (Vec<i64>, u64) {
    let table = bench.read(ScanOptions::default().tail(n));
    check(&table);
    (ints(table.batches(), "n"), table.report().bytes_fetched >> 10)
}

#[test]
fn of_plain_records() {
    let bench = bench(1);
    fill(&bench, 20_000);
    let (numbers, kilobytes) = tail(&bench, 100);
    assert_eq!(numbers, (19_900..20_000).collect::<Vec<_>>());
    assert!(kilobytes < 150, "{kilobytes} KiB");
}

#[test]
fn behind_markers() {
    let bench = bench(1);
    fill(&bench, 20_000);
    for producer in 0..3000 {
        bench.end(0, producer, if producer % 2 == 0 { Commit } else { Abort });
    }
    let (numbers, kilobytes) = tail(&bench, 100);
    assert_eq!(numbers, (19_900..20_000).collect::<Vec<_>>());
    assert!(kilobytes < 2500, "{kilobytes} KiB");
}

#[test]
fn behind_a_compacted_hole() {
    let bench = bench(1);
    fill(&bench, 20_000);
    bench.control.make_hole("t", 0, 15_000, 20_000, Hole::EmptyBatch);
    let (numbers, kilobytes) = tail(&bench, 100);
    assert_eq!(numbers, (14_900..15_000).collect::<Vec<_>>());
    assert!(kilobytes < 2500, "{kilobytes} KiB");
}

#[test]
fn around_holes() {
    let bench = bench(1);
    fill(&bench, 20_000);
    // Nine of ten are gone.
    for batch in 0..1500 {
        bench
            .control
            .make_hole("t", 0, batch * 10 + 5_001, batch * 10 + 5_010, Hole::Nothing);
    }
    let (numbers, kilobytes) = tail(&bench, 100);
    assert_eq!(numbers, (0..100).map(|n| 19_000 + n * 10).collect::<Vec<_>>());
    assert!(kilobytes < 500, "{kilobytes} KiB");
}
