//! The last record of each key, as a compacted topic would hold it.

use std::sync::Arc;

use kaframe::{ErrorKind, Implied, OnError, ScanOptions, Table};
use kaframe_wire::batch::{BatchBuilder, Compression, ProducerStamp};

use crate::filters::at_least::at_least;
use crate::support::{Bench, bench, check, ints, places, texts};

/// Appends records of keys and values as one batch.
fn append(bench: &Bench, partition: i32, records: &[(Option<&str>, Option<&str>)]) {
    let mut builder = BatchBuilder::new(Compression::None);
    for (key, value) in records {
        builder.push(1000, key.map(str::as_bytes), value.map(str::as_bytes), &[]);
    }
    let batch = builder.finish(ProducerStamp::NONE).expect("a batch");
    bench.control.append_raw("t", partition, batch);
}

fn latest(bench: &Bench, options: ScanOptions) -> Table {
    let table = bench.cluster.scan("t", options).and_then(|scan| scan.latest_by_key());
    table.unwrap_or_else(|error| panic!("{error} ({:?})", error.hint()))
}

const A: Option<&str> = Some("a");
const B: Option<&str> = Some("b");

#[test]
fn the_last_value_stays_and_a_tombstone_takes_all() {
    let bench = bench(1);
    append(
        &bench,
        0,
        &[
            (A, Some("{\"n\": 1}")),
            (B, Some("{\"n\": 2}")),
            (A, Some("{\"n\": 3}")),
        ],
    );
    append(&bench, 0, &[(B, None), (Some("c"), Some("{\"n\": 4}"))]);
    let table = latest(&bench, ScanOptions::default());
    check(&table);
    assert_eq!(ints(table.batches(), "n"), [3, 4]);
    assert_eq!(ints(table.batches(), "_offset"), [2, 4]);
    let p = &table.report().partitions[0];
    assert_eq!((p.delivered, p.filtered), (2, 3));
    // Back then: up to offset 2, which is not in it.
    let table = latest(&bench, ScanOptions::default().end("2").unwrap());
    assert_eq!(ints(table.batches(), "n"), [1, 2]);
    // Of the columns asked for the key need not be one.
    let table = latest(&bench, ScanOptions::default().columns(["n"]));
    assert_eq!(ints(table.batches(), "n"), [3, 4]);
    // What comes after a tombstone is a new beginning.
    append(&bench, 0, &[(B, Some("{\"n\": 5}"))]);
    assert_eq!(ints(latest(&bench, ScanOptions::default()).batches(), "n"), [3, 4, 5]);
}

#[test]
fn a_key_belongs_to_its_partition() {
    let bench = bench(2);
    append(&bench, 0, &[(A, Some("{\"n\": 1}")), (None, Some("{\"n\": 2}"))]);
    append(&bench, 1, &[(A, Some("{\"n\": 3}")), (A, Some("{\"n\": 4}"))]);
    let table = latest(&bench, ScanOptions::default());
    check(&table);
    assert_eq!(ints(table.batches(), "n"), [1, 4]);
    assert_eq!(places(&table), [(0, 0), (1, 1)]);
    let warnings = table.report().warnings.join("\n");
    assert!(warnings.contains("1 key is in more than one partition"), "{warnings}");
    assert!(warnings.contains("1 record has no key"), "{warnings}");
}

#[test]
fn a_malformed_last_value_does_not_bring_an_older_one_back() {
    let bench = bench(1);
    append(
        &bench,
        0,
        &[
            (A, Some("{\"n\": 1}")),
            (B, Some("{\"n\": 2}")),
            (A, Some("{\"n\": oops")),
        ],
    );
    append(&bench, 0, &[(B, Some("nor this")), (B, Some("{\"n\": 3}"))]);
    let json = |on_error| ScanOptions {
        on_error,
        ..ScanOptions::default().value_format(kaframe::ValueFormat::Json)
    };
    let table = latest(&bench, json(OnError::Null));
    check(&table);
    assert_eq!(ints(table.batches(), "_offset"), [2, 4]);
    assert_eq!(table.errors().num_rows(), 1);
    let table = latest(&bench, json(OnError::Skip));
    check(&table);
    assert_eq!(ints(table.batches(), "_offset"), [4]);
    assert_eq!(
        (table.report().partitions[0].skipped, table.errors().num_rows()),
        (1, 1)
    );
}

#[test]
fn types_are_those_of_all_that_was_read() {
    let bench = bench(1);
    append(&bench, 0, &[(A, Some("{\"n\": 1}")), (B, Some("{\"n\": \"text\"}"))]);
    append(&bench, 0, &[(A, Some("{\"n\": 2}")), (Some("c"), Some("{\"n\": [1]}"))]);
    let table = latest(&bench, ScanOptions::default());
    check(&table);
    assert_eq!(
        texts(table.batches(), "n"),
        [
            Some("\"text\"".to_owned()),
            Some("2".to_owned()),
            Some("[1]".to_owned())
        ]
    );
    let scan = bench.cluster.scan("t", ScanOptions::default().tail(1)).unwrap();
    assert_eq!(scan.latest_by_key().unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn a_filter_is_asked_of_the_last_records() {
    let bench = bench(2);
    append(
        &bench,
        0,
        &[
            (A, Some("{\"n\": 9}")),
            (B, Some("{\"n\": 7}")),
            (Some("c"), Some("{\"n\": 8}")),
        ],
    );
    append(
        &bench,
        0,
        &[(A, Some("{\"n\": 1}")), (Some("c"), None), (None, Some("{\"n\": 9}"))],
    );
    append(&bench, 1, &[(B, Some("{\"n\": 2}")), (Some("d"), Some("{\"n\": 6}"))]);
    let table = latest(&bench, ScanOptions::default().filter(Arc::new(at_least("n", 5.0))));
    check(&table);
    // The 9 of a was overtaken by a 1, which does not pass; the 8 of c by a tombstone.
    assert_eq!(places(&table), [(0, 1), (1, 1)]);
    assert_eq!(ints(table.batches(), "n"), [7, 6]);
    assert_eq!(table.report().partitions[0].filtered, 5);
    let said = table.report().warnings.join("\n");
    assert!(
        said.contains("1 record has no key") && said.contains("1 key is in more than one partition"),
        "{said}"
    );
    // Columns of the filter alone, in any split.
    let options = ScanOptions::default().filter(Arc::new(at_least("n", 5.0)));
    let keys = latest(&bench, options.columns(["_key"]));
    assert_eq!(
        texts(keys.batches(), "_key"),
        [Some("b".to_owned()), Some("d".to_owned())]
    );
}

#[test]
fn a_filter_that_cuts_the_range_has_two_meanings() {
    let bench = bench(1);
    append(&bench, 0, &[(A, Some("{\"n\": 9}"))]);
    for implied in [
        Implied {
            offset_to: Some(5),
            ..Implied::default()
        },
        Implied {
            timestamp_from: Some(5),
            ..Implied::default()
        },
    ] {
        let mut filter = at_least("n", 5.0);
        filter.implied = implied;
        let scan = bench.cluster.scan("t", ScanOptions::default().filter(Arc::new(filter)));
        let error = scan.unwrap().latest_by_key().unwrap_err();
        assert!(
            error.kind() == ErrorKind::Config && error.to_string().contains("two meanings"),
            "{error}"
        );
    }
}
