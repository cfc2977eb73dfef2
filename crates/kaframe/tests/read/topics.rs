//! Several topics: one table in the order they were named, one schema, one report, one bookmark.

use std::collections::BTreeMap;

use kaframe::{Bound, Bounds, ErrorKind, ScanOptions, Topics};
use kaframe_broker::{BrokerOptions, TopicSpec};
use kaframe_wire::batch::ProducerStamp;

use crate::support::{Bench, batch, bench_with, check, ints, texts};

/// Topics `orders` (2 partitions), `returns` and `other-x`, without records.
fn topics() -> Bench {
    bench_with(BrokerOptions {
        topics: vec![
            TopicSpec::new("orders", 2),
            TopicSpec::new("returns", 1),
            TopicSpec::new("other-x", 1),
        ],
        ..BrokerOptions::default()
    })
}

fn append(bench: &Bench, topic: &str, partition: i32, values: &[&str]) {
    let values: Vec<Option<&[u8]>> = values.iter().map(|value| Some(value.as_bytes())).collect();
    bench
        .control
        .append_raw(topic, partition, batch(1000, &values, ProducerStamp::NONE));
}

fn filled() -> Bench {
    let bench = topics();
    append(&bench, "orders", 0, &[r#"{"id": 1}"#, r#"{"id": 2, "amount": 2}"#]);
    append(&bench, "orders", 1, &[r#"{"id": 3}"#]);
    append(&bench, "returns", 0, &[r#"{"id": 4, "amount": 0.5, "why": "late"}"#]);
    append(&bench, "other-x", 0, &[r#"{"id": 5}"#]);
    bench
}

fn topics_of(table: &kaframe::Table) -> Vec<String> {
    texts(table.batches(), "_topic").into_iter().flatten().collect()
}

#[test]
fn rows_come_in_the_order_the_topics_were_named() {
    let bench = filled();
    let table = bench
        .cluster
        .read(["returns", "orders"], ScanOptions::default())
        .unwrap();
    check(&table);
    assert_eq!(ints(table.batches(), "id"), [4, 1, 2, 3]);
    assert_eq!(topics_of(&table), ["returns", "orders", "orders", "orders"]);
    let schema = table.schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(
        names,
        [
            "id",
            "amount",
            "why",
            "_key",
            "_topic",
            "_partition",
            "_offset",
            "_timestamp"
        ]
    );
    // 0.5 in one topic makes the other's whole numbers floats.
    assert_eq!(
        schema.field_with_name("amount").unwrap().data_type().to_string(),
        "Float64"
    );
    let report = table.report();
    let places: Vec<(&str, i32, u64)> = report
        .partitions
        .iter()
        .map(|p| (p.topic.as_str(), p.partition, p.delivered))
        .collect();
    assert_eq!(places, [("returns", 0, 1), ("orders", 0, 2), ("orders", 1, 1)]);
    assert!(
        report
            .to_string()
            .starts_with("returns, orders: 4 delivered of 4 offsets")
    );
    let streamed = bench
        .cluster
        .scan(["returns", "orders"], ScanOptions::default())
        .unwrap();
    let batches: Vec<_> = streamed.stream().unwrap().map(Result::unwrap).collect();
    assert_eq!(ints(&batches, "id"), [4, 1, 2, 3]);
}

#[test]
fn one_bookmark_goes_on_in_all() {
    let bench = filled();
    let first = bench
        .cluster
        .read(["orders", "returns"], ScanOptions::default())
        .unwrap();
    append(&bench, "returns", 0, &[r#"{"id": 6}"#]);
    append(&bench, "orders", 1, &[r#"{"id": 7}"#]);
    let bookmark: kaframe::Bookmark = first.next_start().to_string().parse().unwrap();
    let from = ScanOptions::default().start_at(Bounds::Bookmark(bookmark.clone()));
    let second = bench.cluster.read(["orders", "returns"], from.clone()).unwrap();
    assert_eq!(ints(second.batches(), "id"), [7, 6]);
    // One more topic begins at its start; one that is left out is told.
    let more = bench
        .cluster
        .read(["orders", "returns", "other-x"], from.clone())
        .unwrap();
    assert_eq!(ints(more.batches(), "id"), [7, 6, 5]);
    let error = bench.cluster.read("orders", from).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("orders, returns"), "{error}");
}

#[test]
fn bounds_of_each() {
    let bench = filled();
    let start = BTreeMap::from([("orders".to_owned(), Bounds::One(Bound::FromEnd(1)))]);
    let options = ScanOptions::default().start_at(Bounds::PerTopic(start.clone()));
    let table = bench.cluster.read(["orders", "returns"], options.clone()).unwrap();
    assert_eq!(ints(table.batches(), "id"), [2, 3, 4]);
    let error = bench.cluster.scan("returns", options).unwrap_err();
    assert!(error.to_string().contains("start names topic \"orders\""), "{error}");
    let partitions = Bounds::PerPartition(BTreeMap::from([(0, Bound::Latest)]));
    let options = ScanOptions::default().start_at(partitions);
    let error = bench.cluster.scan(["orders", "returns"], options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let past = ScanOptions::default().start("99").unwrap();
    let error = bench.cluster.scan(["orders", "returns"], past).unwrap_err();
    assert_eq!(error.topic(), Some("orders"), "{error}");
}

#[test]
fn patterns_and_what_is_not_there() {
    let bench = filled();
    let table = bench.cluster.read("o*r*", ScanOptions::default()).unwrap();
    assert_eq!(ints(table.batches(), "id"), [1, 2, 3, 5]);
    // A pattern that matches one topic still tells it: the schema does not depend on what else is there.
    let table = bench.cluster.read("ret*", ScanOptions::default()).unwrap();
    assert_eq!(topics_of(&table), ["returns"]);
    assert_eq!(
        topics_of(
            &bench
                .cluster
                .read(Topics::found(["returns"]), ScanOptions::default())
                .unwrap()
        ),
        ["returns"]
    );
    let error = bench.cluster.scan("x*", ScanOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TopicNotFound, "{error}");
    let error = bench
        .cluster
        .scan(["orders", "orderz"], ScanOptions::default())
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.topic()),
        (ErrorKind::TopicNotFound, Some("orderz"))
    );
    let none: [&str; 0] = [];
    assert_eq!(
        bench.cluster.scan(none, ScanOptions::default()).unwrap_err().kind(),
        ErrorKind::Config
    );
    assert_eq!(
        bench
            .cluster
            .scan(["orders", "orders"], ScanOptions::default())
            .unwrap_err()
            .kind(),
        ErrorKind::Config
    );
}

#[test]
fn limit_and_tail_over_all() {
    let bench = filled();
    let all = ["orders", "returns", "other-x"];
    let table = bench.cluster.read(all, ScanOptions::default().limit(3)).unwrap();
    check(&table);
    assert_eq!(table.num_rows(), 3);
    append(&bench, "returns", 0, &[r#"{"id": 8}"#]);
    let table = bench.cluster.read(all, ScanOptions::default().tail(2)).unwrap();
    check(&table);
    // The newest: `orders`-0 holds one of 1001, all others are of 1000; then the last by topic.
    assert_eq!(ints(table.batches(), "id"), [2, 5]);
}

#[test]
fn what_goes_wrong_names_its_topic() {
    let bench = filled();
    append(&bench, "returns", 0, &[r#"{"id": 8}"#]);
    let partial = ScanOptions {
        allow_partial: true,
        ..ScanOptions::default()
    };
    let scan = bench.cluster.scan(["orders", "returns"], partial).unwrap();
    let whole = bench
        .cluster
        .scan(["orders", "returns"], ScanOptions::default())
        .unwrap();
    bench.control.set_log_start("returns", 0, 1);
    let error = whole.read().unwrap_err();
    assert_eq!((error.kind(), error.topic()), (ErrorKind::DataLoss, Some("returns")));
    let table = scan.read().unwrap();
    check(&table);
    let lost = &table.report().lost_ranges;
    assert_eq!((lost[0].topic.as_str(), lost[0].partition), ("returns", 0));
    assert!(
        table.report().to_string().contains("missing: returns-0 [0, 1)"),
        "{}",
        table.report()
    );
    assert_eq!(ints(table.batches(), "id"), [1, 2, 3, 8]);
}

#[test]
fn a_topic_of_which_nothing_decodes_is_no_column_of_nulls() {
    let bench = filled();
    append(&bench, "orders", 0, &[r#"{"id": 9}"#; 50]);
    append(&bench, "other-x", 0, &["plain"]);
    let table = bench
        .cluster
        .read(["orders", "other-x"], ScanOptions::default())
        .unwrap();
    let errors = table.errors();
    assert_eq!(
        texts(std::slice::from_ref(errors), "topic"),
        [Some("other-x".to_owned())]
    );
    bench.control.recreate_topic("returns");
    append(&bench, "returns", 0, &["plain"]);
    let error = bench
        .cluster
        .read(["orders", "returns"], ScanOptions::default())
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.topic()),
        (ErrorKind::Decode, Some("returns")),
        "{error}"
    );
}
