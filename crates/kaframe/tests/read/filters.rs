//! Filters in plain Arrow, and rows that pass them: what is not fetched, what is not decoded, what is counted.

pub mod at_least;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use kaframe::{Answered, ErrorKind, Implied, OnError, ScanOptions, ValueFormat};
use kaframe_wire::batch::ControlType::Abort;

use crate::support::{bench, check, ints, nulls, places};
use at_least::{AtLeast, at_least};

fn options(filter: AtLeast) -> ScanOptions {
    ScanOptions::default()
        .value_format(ValueFormat::Json)
        .filter(Arc::new(filter))
}

#[test]
fn rows_that_do_not_pass_are_filtered() {
    let bench = bench(2);
    bench.numbers(0, 0..100);
    bench.numbers(1, 50..150);
    let table = bench.read(options(at_least("n", 95.0)));
    check(&table);
    assert_eq!(ints(table.batches(), "n"), (95..100).chain(95..150).collect::<Vec<_>>());
    let filtered: u64 = table.report().partitions.iter().map(|p| p.filtered).sum();
    assert_eq!(filtered, 200 - 60);
    // The same as a stream.
    let (batches, report) = bench.streamed(options(at_least("n", 95.0))).unwrap();
    assert_eq!(ints(&batches, "n").len(), 60);
    assert!(report.complete && report.delivered() == 60);
}

#[test]
fn a_mask_is_computed_for_many_small_batches_at_once() {
    let bench = bench(1);
    for n in 0..2000 {
        bench.append(0, 1000, &[&format!("{{\"n\": {n}}}")]);
    }
    let filter = at_least("n", 1999.0);
    let looked_at = filter.looked_at.clone();
    assert_eq!(ints(bench.read(options(filter)).batches(), "n"), [1999]);
    // One row of nulls tells whether malformed values might pass.
    assert_eq!(looked_at.0.load(Relaxed), 1 + 2000);
    assert!(
        looked_at.1.load(Relaxed) <= 1 + 4,
        "{} masks",
        looked_at.1.load(Relaxed)
    );
}

#[test]
fn what_bounds_answer_is_never_fetched() {
    let bench = bench(3);
    for partition in 0..3 {
        bench.numbers(partition, 0..100);
    }
    let mut filter = at_least("_offset", 90.0);
    filter.implied = Implied {
        partitions: Some([1, 7].into()),
        offset_from: Some(90),
        exact: true,
        ..Implied::default()
    };
    let looked_at = filter.looked_at.clone();
    let scan = bench.cluster.scan("t", options(filter)).unwrap();
    assert_eq!(scan.plan().conditions[0].answered, Answered::Bounds);
    assert!(scan.plan().to_string().contains("where _offset >= 90"));
    let table = scan.read().unwrap();
    check(&table);
    assert_eq!(places(&table), (90..100).map(|offset| (1, offset)).collect::<Vec<_>>());
    assert_eq!(looked_at.0.load(Relaxed), 0);
    assert_eq!(table.report().partitions.len(), 1);
    assert!(table.report().bytes_fetched < 1000);
    // None of the partitions there are.
    let mut filter = at_least("_partition", 7.0);
    filter.implied.partitions = Some([7].into());
    let table = bench.read(options(filter));
    assert_eq!((table.num_rows(), table.report().partitions.len()), (0, 0));
    assert_eq!(
        bench
            .cluster
            .scan("t", options(at_least("n", 98.0)))
            .unwrap()
            .count()
            .unwrap()
            .records,
        6
    );
}

#[test]
fn times_that_follow_from_a_filter_are_bounds_by_time() {
    let bench = bench(1);
    // Timestamps are 1000 + n.
    bench.numbers(0, 0..100);
    let mut filter = at_least("_timestamp", 1050.0);
    filter.implied = Implied {
        timestamp_from: Some(1050),
        timestamp_to: Some(1060),
        exact: true,
        ..Implied::default()
    };
    let table = bench.read(options(filter.clone()));
    check(&table);
    assert_eq!(ints(table.batches(), "n"), (50..60).collect::<Vec<_>>());
    assert_eq!(table.report().partitions[0].start, 50);
    assert!(table.report().time_bound.is_some());
    // With bounds given: the narrower of both.
    let table = bench.read(options(filter.clone()).start("@1055").unwrap());
    assert_eq!(ints(table.batches(), "n"), (55..60).collect::<Vec<_>>());
    let table = bench.read(options(filter.clone()).end("@1052").unwrap());
    assert_eq!(ints(table.batches(), "n"), [50, 51]);
    let table = bench.read(options(filter).start_at(kaframe::Bound::Offset(58)));
    assert_eq!(ints(table.batches(), "n"), [58, 59]);
}

#[test]
fn metadata_is_tested_before_values_are_decoded() {
    let bench = bench(1);
    bench.append(0, 1000, &["{\"n\": 0}", "not json", "{\"n\": 2}", "{\"n\": 3}"]);
    let table = bench.read(options(at_least("_offset", 2.0)));
    check(&table);
    // The malformed value was not looked at.
    assert_eq!(ints(table.batches(), "n"), [2, 3]);
    assert_eq!(
        (table.report().malformed, table.report().partitions[0].filtered),
        (0, 2)
    );
    let both = options(at_least("_offset", 1.0)).filter(Arc::new(at_least("n", 3.0)));
    let scan = bench.cluster.scan("t", both.clone()).unwrap();
    let answered: Vec<_> = scan.plan().conditions.iter().map(|c| c.answered).collect();
    assert_eq!(answered, [Answered::Metadata, Answered::Value]);
    let table = bench.read(both);
    check(&table);
    // Here it was, and its row has no n.
    assert_eq!((ints(table.batches(), "n"), table.report().malformed), (vec![3], 1));
}

#[test]
fn columns_of_the_filter_need_not_be_in_the_result() {
    let bench = bench(1);
    bench.append(
        0,
        1000,
        &[
            "{\"user\": {\"age\": 7}, \"name\": \"a\"}",
            "{\"user\": {\"age\": 70}, \"name\": \"b\"}",
            "{\"user\": null, \"name\": \"c\"}",
        ],
    );
    let table = bench.read(options(at_least("user.age", 10.0)).columns(["_offset"]));
    check(&table);
    assert_eq!(ints(table.batches(), "_offset"), [1]);
    assert_eq!(table.schema().fields().len(), 1);
}

#[test]
fn no_row_that_passes_still_has_the_columns() {
    let bench = bench(1);
    bench.append(0, 1000, &["{\"n\": 1, \"text\": \"a\"}"]);
    let table = bench.read(options(at_least("n", 5.0)));
    assert_eq!(table.num_rows(), 0);
    let names: Vec<_> = table.schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(names[..2], ["n", "text"]);
}

#[test]
fn a_column_that_no_record_has_is_an_error() {
    let bench = bench(1);
    bench.numbers(0, 0..10);
    let error = bench.fails(options(at_least("m", 1.0)));
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.to_string().contains("no record has a column \"m\""), "{error}");
    let error = bench.streamed(options(at_least("m", 1.0))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    let error = bench.fails(options(at_least("_ofset", 1.0)));
    assert!(error.hint().unwrap().contains("_offset"), "{error}");
}

#[test]
fn types_are_those_of_the_whole_read() {
    let bench = bench(1);
    // Behind the sample the type changes: numbers become JSON text, of which the filter makes numbers again.
    bench.numbers(0, 0..1500);
    bench.append(0, 9000, &["{\"n\": \"5000\"}", "{\"n\": 6000}"]);
    let table = bench.read(options(at_least("n", 1498.0)));
    check(&table);
    // Text in JSON text has its quotes, so it is no number.
    assert_eq!(ints(table.batches(), "_offset"), [1498, 1499, 1501]);
    let limited = bench.read(options(at_least("n", 1498.0)).limit(2));
    check(&limited);
    assert_eq!(ints(limited.batches(), "_offset"), [1498, 1499]);
    let newest = bench.read(options(at_least("n", 1498.0)).tail(2));
    check(&newest);
    assert_eq!(ints(newest.batches(), "_offset"), [1499, 1501]);
}

#[test]
fn a_filter_that_makes_no_sense_for_the_final_types_is_an_error() {
    let bench = bench(1);
    bench.append(0, 1000, &["{\"n\": {\"a\": 1}}"]);
    let error = bench.fails(options(at_least("n", 1.0)));
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("n >= 1"), "{error}");
    assert!(bench.streamed(options(at_least("n", 1.0))).is_err());
    // For the first records it makes none, for all of them it does.
    for _ in 0..1100 {
        bench.append(0, 1000, &["{\"n\": {\"a\": 1}}"]);
    }
    bench.append(0, 1000, &["{\"n\": 7}"]);
    let table = bench.read(options(at_least("n", 1.0)));
    check(&table);
    assert_eq!(ints(table.batches(), "_offset"), [1101]);
}

#[test]
fn malformed_values_follow_the_rule() {
    let bench = bench(1);
    // The second is malformed where the filter looks, the third where it does not.
    bench.append(
        0,
        1000,
        &[
            "{\"n\": 1, \"m\": 2}",
            "{\"n\": ",
            "{\"n\": 5, \"m\": 01}",
            "{\"n\": 6, \"m\": 3}",
        ],
    );
    let table = bench.read(options(at_least("n", 5.0)));
    check(&table);
    assert_eq!(ints(table.batches(), "_offset"), [3]);
    assert_eq!(
        (table.report().malformed, table.report().partitions[0].filtered),
        (2, 3)
    );
    let skip = |filter| ScanOptions {
        on_error: OnError::Skip,
        ..options(filter)
    };
    let table = bench.read(skip(at_least("n", 5.0)));
    check(&table);
    assert_eq!(
        (ints(table.batches(), "_offset"), table.report().partitions[0].skipped),
        (vec![3], 2)
    );
    let raise = ScanOptions {
        on_error: OnError::Raise,
        ..options(at_least("n", 5.0))
    };
    assert_eq!(bench.fails(raise).kind(), ErrorKind::Decode);
    // A filter on metadata lets them through.
    let table = bench.read(options(at_least("_offset", 1.0)));
    check(&table);
    assert_eq!((table.num_rows(), nulls(table.batches(), "n")), (3, 2));
    assert_eq!(table.errors().num_rows(), 2);
}

#[test]
fn a_limit_counts_rows_that_pass_and_a_tail_goes_back_for_them() {
    let bench = bench(2);
    for round in 0..30 {
        bench.numbers(0, round * 100..round * 100 + 100);
        bench.transaction(0, 1, 5000..5010);
        bench.end(0, 1, Abort);
        bench.numbers(1, round * 100..round * 100 + 50);
    }
    let all = bench.read(options(at_least("n", 2925.0)));
    check(&all);
    assert_eq!(all.num_rows(), 75 + 25);
    for limit in [0, 1, 10, 99, 100, 101] {
        let table = bench.read(options(at_least("n", 2925.0)).limit(limit));
        check(&table);
        assert_eq!(table.num_rows() as u64, limit.min(100), "limit {limit}");
    }
    // The oldest hundred of partition 0 pass: a tail has to go back all the way.
    let mut early = at_least("n", f64::MIN);
    early.column = vec!["n".into()];
    let back = bench.read(options(early).tail(5));
    check(&back);
    assert_eq!(back.num_rows(), 5);
    for tail in [1, 10, 60, 100, 101] {
        let table = bench.read(options(at_least("n", 2925.0)).tail(tail));
        check(&table);
        assert_eq!(table.num_rows() as u64, tail.min(100), "tail {tail}");
        let counted = bench
            .cluster
            .scan("t", options(at_least("n", 2925.0)).tail(tail))
            .unwrap()
            .count();
        assert_eq!(counted.unwrap().records, tail.min(100));
    }
}
