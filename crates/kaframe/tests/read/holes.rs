//! Compaction: offsets with nothing at them, inside the log and at its end.

use std::time::{Duration, Instant};

use kaframe::ScanOptions;
use kaframe_broker::Hole;

use crate::support::{bench, check, ints};

#[test]
fn holes_inside_are_absent() {
    for hole in [Hole::EmptyBatch, Hole::Nothing] {
        let bench = bench(1);
        bench.numbers(0, 0..100);
        bench.control.make_hole("t", 0, 15, 37, hole);
        bench.control.make_hole("t", 0, 60, 70, hole);
        let table = bench.read(ScanOptions::default());
        check(&table);
        let expected: Vec<i64> = (0..100)
            .filter(|n| !(15..37).contains(n) && !(60..70).contains(n))
            .collect();
        assert_eq!(ints(table.batches(), "n"), expected);
        assert_eq!(table.report().partitions[0].absent, 32);
        assert!(table.complete());
    }
}

#[test]
fn holes_at_the_end_neither_hang_nor_cut_short() {
    for hole in [Hole::EmptyBatch, Hole::Nothing] {
        let bench = bench(1);
        bench.numbers(0, 0..100);
        bench.control.make_hole("t", 0, 85, 100, hole);
        let started = Instant::now();
        let table = bench.read(ScanOptions::default());
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        check(&table);
        assert_eq!(ints(table.batches(), "n"), (0..85).collect::<Vec<_>>());
        assert_eq!(table.report().partitions[0].absent, 15);
        if hole == Hole::Nothing {
            let notes = &table.report().partitions[0].notes;
            assert!(
                notes
                    .iter()
                    .any(|note| note.starts_with("offsets 85..100 hold nothing")),
                "{notes:?}"
            );
        }
    }
}

#[test]
fn a_tail_looks_behind_holes_until_it_has_enough() {
    for hole in [Hole::EmptyBatch, Hole::Nothing] {
        let bench = bench(1);
        bench.numbers(0, 0..3000);
        bench.control.make_hole("t", 0, 50, 3000, hole);
        let table = bench.read(ScanOptions::default().tail(20));
        check(&table);
        assert_eq!(ints(table.batches(), "n"), (30..50).collect::<Vec<_>>());
    }
}
