//! `limit` gives exactly n if there are n; `tail` the newest n.

use kaframe::{Bound, ErrorKind, ScanOptions};
use kaframe_wire::batch::ControlType::Abort;

use crate::support::{bench, check, ints, places};

#[test]
fn a_limit_is_dealt_over_the_partitions() {
    let bench = bench(4);
    for (partition, rows) in [(0, 100), (1, 2), (2, 0), (3, 100)] {
        bench.numbers(partition, 0..rows);
    }
    let counts = |limit| {
        let table = bench.read(ScanOptions::default().limit(limit));
        check(&table);
        let places = places(&table);
        for (partition, offset) in &places {
            assert!(
                *offset == 0 || places.contains(&(*partition, offset - 1)),
                "rows come from the front"
            );
        }
        (0..4)
            .map(|p| places.iter().filter(|(of, _)| *of == p).count())
            .collect::<Vec<_>>()
    };
    assert_eq!(counts(1), [1, 0, 0, 0]);
    assert_eq!(counts(10), [3, 2, 0, 5]);
    assert_eq!(counts(20).iter().sum::<usize>(), 20);
    assert_eq!(counts(150).iter().sum::<usize>(), 150);
    assert_eq!(counts(202).iter().sum::<usize>(), 202);
    assert_eq!(counts(9999).iter().sum::<usize>(), 202);
}

#[test]
fn a_limit_counts_records_not_offsets() {
    let bench = bench(2);
    for partition in 0..2 {
        for round in 0..20 {
            bench.transaction(partition, 1, 1000..1010);
            bench.end(partition, 1, Abort);
            bench.numbers(partition, round * 3..round * 3 + 3);
        }
    }
    for limit in [1, 7, 40, 119, 120, 121] {
        let table = bench.read(ScanOptions::default().limit(limit));
        check(&table);
        assert_eq!(table.num_rows() as u64, limit.min(120));
        assert!(table.complete());
    }
}

#[test]
fn what_lies_behind_a_limit_is_where_the_next_read_starts() {
    let bench = bench(2);
    bench.numbers(0, 0..50);
    bench.numbers(1, 100..130);
    let mut seen = Vec::new();
    let mut options = ScanOptions::default().limit(13);
    loop {
        let table = bench.read(options.clone());
        check(&table);
        if table.num_rows() == 0 {
            break;
        }
        seen.extend(ints(table.batches(), "n"));
        options = options.start_at(kaframe::Bounds::Bookmark(table.next_start().clone()));
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..50).chain(100..130).collect::<Vec<_>>());
}

#[test]
fn the_newest_over_all_partitions() {
    let bench = bench(3);
    // Timestamps are 1000 + n.
    bench.numbers(0, 0..50);
    bench.numbers(1, 30..80);
    bench.numbers(2, 0..10);
    let table = bench.read(ScanOptions::default().tail(40));
    check(&table);
    let mut numbers = ints(table.batches(), "n");
    numbers.sort_unstable();
    let mut expected: Vec<i64> = (0..50).chain(30..80).chain(0..10).collect();
    expected.sort_unstable();
    assert_eq!(numbers, expected[expected.len() - 40..]);
    assert!(places(&table).is_sorted());
    assert_eq!(bench.read(ScanOptions::default().tail(5000)).num_rows(), 110);
}

#[test]
fn a_tail_inside_bounds_and_with_time() {
    let bench = bench(1);
    bench.numbers(0, 0..100);
    let options = ScanOptions::default().end("@1050").unwrap().tail(5);
    let table = bench.read(options);
    check(&table);
    assert_eq!(ints(table.batches(), "n"), [45, 46, 47, 48, 49]);
}

#[test]
fn limit_and_tail_exclude_each_other() {
    let bench = bench(1);
    assert_eq!(
        bench.fails(ScanOptions::default().limit(1).tail(1)).kind(),
        ErrorKind::Config
    );
    assert_eq!(bench.read(ScanOptions::default().limit(0)).num_rows(), 0);
    bench.numbers(0, 0..10);
    assert_eq!(bench.read(ScanOptions::default().limit(0)).num_rows(), 0);
    assert_eq!(bench.read(ScanOptions::default().tail(0)).num_rows(), 0);
}

#[test]
fn partitions_without_records_leave_their_share_to_the_others() {
    let bench = bench(3);
    bench.numbers(1, 0..20);
    for limit in [1, 2, 5] {
        assert_eq!(bench.read(ScanOptions::default().limit(limit)).num_rows() as u64, limit);
        assert_eq!(
            bench
                .streamed(ScanOptions::default().limit(limit))
                .unwrap()
                .1
                .delivered(),
            limit
        );
    }
    let behind = ScanOptions::default().start_at(Bound::Offset(0)).limit(1);
    assert_eq!(bench.read(behind).num_rows(), 1);
}
