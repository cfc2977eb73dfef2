//! Malformed values: each is counted; a table lists all, a stream the first ones, and says of how many.

use arrow_array::RecordBatch;
use kaframe::{OnError, Order, ScanOptions, ValueFormat};

use crate::support::{Bench, bench, ints};

/// A stream of two partitions lists 5,000 of each, or 8 MiB.
const LISTED: usize = 5000;

/// With so many malformed values the format found would be another.
fn json() -> ScanOptions {
    ScanOptions::default().value_format(ValueFormat::Json)
}

/// So many records, of which the odd ones are malformed and have so many bytes.
fn every_other_bad(bench: &Bench, partition: i32, records: usize, size: usize) {
    let bad = format!("{{\"n\": {}", "x".repeat(size));
    for start in (0..records).step_by(500) {
        let values: Vec<String> = (start..start + 500).map(|n| format!("{{\"n\": {n}}}")).collect();
        let value = |(n, value): (usize, &'_ String)| if n % 2 == 0 { value.clone() } else { bad.clone() };
        let values: Vec<String> = values.iter().enumerate().map(value).collect();
        bench.append(
            partition,
            1000 + start as i64,
            &values.iter().map(String::as_str).collect::<Vec<_>>(),
        );
    }
}

fn offsets(errors: &RecordBatch, partition: i64) -> Vec<i64> {
    let errors = std::slice::from_ref(errors);
    let rows = ints(errors, "partition").into_iter().zip(ints(errors, "offset"));
    rows.filter(|(p, _)| *p == partition)
        .map(|(_, offset)| offset)
        .collect()
}

#[test]
fn a_stream_lists_the_first_and_counts_the_others() {
    let bench = bench(2);
    every_other_bad(&bench, 0, 12_000, 10);
    every_other_bad(&bench, 1, 1000, 10);
    let table = bench.read(json());
    assert_eq!(
        (table.report().malformed, table.report().malformed_not_listed),
        (6500, 0)
    );
    assert_eq!(table.errors().num_rows(), 6500);
    let of_some = [
        (json(), 6000, 500),
        (
            ScanOptions {
                on_error: OnError::Skip,
                ..json()
            },
            6000,
            500,
        ),
        (
            ScanOptions {
                order: Order::Timestamp,
                ..json()
            },
            6000,
            500,
        ),
        // The malformed are rows: half of eleven thousand, and half of the thousand that the short partition has.
        (json().limit(12_000), 5500, 500),
    ];
    for (options, first, second) in of_some {
        let mut stream = bench.cluster.scan("t", options).unwrap().stream().unwrap();
        let rows: usize = stream.by_ref().map(|batch| batch.unwrap().num_rows()).sum();
        let (report, errors) = (stream.report(), stream.errors());
        assert_eq!(report.malformed, first + second, "{report}");
        assert_eq!(report.malformed_not_listed, first - LISTED as u64);
        assert_eq!(report.delivered(), rows as u64);
        let listed: Vec<i64> = (0..LISTED as i64).map(|n| 2 * n + 1).collect();
        assert_eq!(offsets(&errors, 0), listed);
        assert_eq!(offsets(&errors, 1).len() as u64, second);
        let told = format!(
            "the errors list 5,500 malformed of {}",
            if first == 6000 { "6,500" } else { "6,000" }
        );
        assert!(
            report.warnings.iter().any(|warning| warning.starts_with(&told)),
            "{report}"
        );
    }
}

#[test]
fn large_ones_are_listed_by_their_bytes() {
    let bench = bench(2);
    every_other_bad(&bench, 0, 2000, 20_000);
    every_other_bad(&bench, 1, 500, 10);
    let mut stream = bench.cluster.scan("t", json()).unwrap().stream().unwrap();
    stream.by_ref().for_each(|batch| drop(batch.unwrap()));
    let (report, listed) = (stream.report(), offsets(&stream.errors(), 0).len());
    assert_eq!(report.malformed, 1250);
    assert!((400..420).contains(&listed), "8 MiB of 20,000 bytes: {listed}");
    assert_eq!(report.malformed_not_listed, 1000 - listed as u64);
    assert_eq!(offsets(&stream.errors(), 1).len(), 250);
}

#[test]
fn following_lists_the_last_rounds() {
    let bench = bench(1);
    bench.numbers(0, 0..10);
    let mut follow = bench.cluster.scan("t", json()).unwrap().follow().unwrap();
    let mut rows = 0;
    for round in 1..=4u64 {
        every_other_bad(&bench, 0, 8000, 10);
        while rows < 10 + round * 8000 {
            rows += follow.next().unwrap().unwrap().num_rows() as u64;
        }
    }
    bench.numbers(0, 0..1);
    follow.next().unwrap().unwrap();
    let (report, errors) = (follow.report().unwrap(), follow.errors());
    assert_eq!(report.malformed, 16_000, "{report}");
    assert_eq!(report.malformed_not_listed + errors.num_rows() as u64, 16_000);
    assert!((4000..=14_000).contains(&errors.num_rows()), "{}", errors.num_rows());
    assert_eq!(offsets(&errors, 0).last(), Some(&32_009));
    assert!(report.to_string().contains("malformed of 16,000"), "{report}");
}
