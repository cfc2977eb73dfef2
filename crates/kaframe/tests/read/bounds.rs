//! Bounds as callers say them, resolved against a real log.

use std::collections::BTreeMap;

use kaframe::{Bound, Bounds, ErrorKind, ScanOptions};
use kaframe_broker::Action;

use crate::support::{bench, check, ints, places};

fn options(start: &str, end: &str) -> ScanOptions {
    ScanOptions::default().start(start).unwrap().end(end).unwrap()
}

#[test]
fn the_whole_topic_in_order_of_partition_and_offset() {
    let bench = bench(3);
    for partition in 0..3 {
        bench.numbers(partition, 0..25);
    }
    let table = bench.read(ScanOptions::default());
    check(&table);
    let expected: Vec<(i64, i64)> = (0..3).flat_map(|p| (0..25).map(move |o| (p, o))).collect();
    assert_eq!(places(&table), expected);
    assert!(table.complete());
    let text = table.report().to_string();
    assert!(
        text.starts_with("t: 75 delivered of 75 offsets, nothing lost, "),
        "{text}"
    );
}

#[test]
fn an_empty_topic_is_an_empty_table_that_says_why() {
    let bench = bench(2);
    let table = bench.read(ScanOptions::default());
    assert_eq!(table.num_rows(), 0);
    assert!(
        table.report().to_string().contains("the partition is empty"),
        "{}",
        table.report()
    );
    let names: Vec<_> = table.schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(names, ["_key", "_partition", "_offset", "_timestamp"]);
}

#[test]
fn offsets_and_offsets_before_the_end() {
    let bench = bench(1);
    bench.numbers(0, 0..100);
    bench.control.set_log_start("t", 0, 20);
    let numbers = |start, end| ints(bench.read(options(start, end)).batches(), "n");
    assert_eq!(numbers("0", "latest"), (20..100).collect::<Vec<_>>());
    assert_eq!(numbers("33", "47"), (33..47).collect::<Vec<_>>());
    assert_eq!(numbers("-7", "-3"), (93..97).collect::<Vec<_>>());
    assert_eq!(numbers("-1000", "22"), (20..22).collect::<Vec<_>>());
    assert_eq!(numbers("95", "5000"), (95..100).collect::<Vec<_>>());
    let empty = bench.read(options("earliest", "15"));
    assert_eq!(empty.num_rows(), 0);
    assert!(
        empty
            .report()
            .to_string()
            .contains("at or below the log start offset 20"),
        "{}",
        empty.report()
    );
}

#[test]
fn offsets_outside_the_log_are_errors_with_their_place() {
    let bench = bench(2);
    bench.numbers(0, 0..100);
    bench.numbers(1, 0..10);
    bench.control.set_log_start("t", 0, 20);
    let below = bench.fails(options("5", "latest"));
    assert_eq!(below.kind(), ErrorKind::OffsetOutOfRange);
    assert_eq!(
        (below.topic(), below.partition(), below.offset()),
        (Some("t"), Some(0), Some(5))
    );
    let past = bench.fails(options("1732266000000", "latest"));
    assert_eq!(past.kind(), ErrorKind::OffsetOutOfRange);
    assert!(past.hint().unwrap().contains("\"@1732266000000\""));
    assert_eq!(bench.fails(options("30", "29")).kind(), ErrorKind::Config);
    // Past the end of one partition only.
    assert_eq!(places(&bench.read(options("50", "latest"))).len(), 50);
}

#[test]
fn partitions_chosen_and_bounds_of_each() {
    let bench = bench(3);
    for partition in 0..3 {
        bench.numbers(partition, 0..10);
    }
    let chosen = ScanOptions {
        partitions: Some(vec![2, 0]),
        start: Bounds::PerPartition(BTreeMap::from([(2, Bound::Offset(8)), (0, Bound::FromEnd(1))])),
        ..ScanOptions::default()
    };
    assert_eq!(places(&bench.read(chosen)), [(0, 9), (2, 8), (2, 9)]);
    let missing = ScanOptions {
        partitions: Some(vec![0, 7]),
        ..ScanOptions::default()
    };
    let error = bench.fails(missing);
    assert_eq!(error.kind(), ErrorKind::TopicNotFound);
    assert_eq!(error.partition(), Some(7));
    assert!(error.to_string().contains("it has 3"), "{error}");
}

#[test]
fn what_comes_after_the_scan_is_not_in_it() {
    let bench = bench(1);
    bench.numbers(0, 0..50);
    let scan = bench.cluster.scan("t", ScanOptions::default()).unwrap();
    bench.numbers(0, 50..90);
    for _ in 0..2 {
        assert_eq!(ints(scan.read().unwrap().batches(), "n"), (0..50).collect::<Vec<_>>());
    }
    assert_eq!(
        scan.plan().to_string().lines().next(),
        Some("plan of t: 50 offsets in 1 partition, read_committed")
    );
}

#[test]
fn a_misspelt_topic_names_its_neighbour_and_is_not_created() {
    let bench = bench(1);
    let error = bench.cluster.scan("tt", ScanOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TopicNotFound);
    assert!(error.to_string().contains("\"t\""), "{error}");
    assert!(bench.cluster.scan("tt", ScanOptions::default()).is_err());
}

#[test]
fn a_read_is_not_seen_by_the_broker_but_for_reading() {
    let bench = bench(2);
    bench.numbers(0, 0..100);
    bench.read(ScanOptions::default());
    // Fetch, ListOffsets, Metadata, ApiVersions, DescribeConfigs, OffsetForLeaderEpoch.
    let allowed = [1, 2, 3, 18, 32, 23];
    let others: Vec<_> = bench
        .control
        .requests()
        .into_iter()
        .filter(|(api, _)| !allowed.contains(api))
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn a_partition_added_during_the_read_is_not_in_it_and_told() {
    let bench = bench(2);
    bench.numbers(0, 0..20);
    let control = bench.control.clone();
    let rule = bench.control.intercept(move |request| {
        // The plan is made before the first Fetch.
        if request.api_key == 1 && request.count_of_api == 1 {
            control.grow_topic("t", 4);
        }
        Action::Pass
    });
    let table = bench.read(ScanOptions::default());
    bench.control.remove(rule);
    assert_eq!(table.report().partitions.len(), 2);
    assert_eq!(
        table.report().warnings,
        ["2 partitions were added during the read and not in it: 2, 3"]
    );
    assert_eq!(bench.read(ScanOptions::default()).report().partitions.len(), 4);
}
