//! `latest_by_key` of logs of any kind is what a dictionary makes of a plain read.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use kaframe::{Bound, ScanOptions, Table, ValueFormat};
use kaframe_wire::batch::ControlType::{Abort, Commit};
use kaframe_wire::batch::{BatchBuilder, Compression, ProducerStamp, control_batch};
use proptest::prelude::*;

use crate::support::{Bench, bench, check, ints};

/// A record: its key, and whether its value is null.
type Record = (Option<u8>, bool);

#[derive(Debug, Clone)]
struct Written {
    partition: i32,
    records: Vec<Record>,
    /// 0, 1, 2: plain; 3: committed; 4: aborted; 5: a transaction that stays open.
    kind: u8,
}

fn log() -> impl Strategy<Value = Vec<Written>> {
    let record = (prop::option::weighted(0.85, 0u8..9), prop::bool::weighted(0.25));
    let written = (
        0i32..3,
        prop::collection::vec(record, 1..10),
        prop_oneof![9 => 0u8..5, 1 => Just(5u8)],
    );
    let written = written.prop_map(|(partition, records, kind)| Written {
        partition,
        records,
        kind,
    });
    prop::collection::vec(written, 0..20)
}

fn laid(log: &[Written]) -> Bench {
    let bench = bench(3);
    let mut n = 0;
    for (producer, written) in (0i64..).zip(log) {
        let mut builder = BatchBuilder::new(Compression::None);
        for (key, tombstone) in &written.records {
            let key = key.map(|key| format!("k{key}"));
            let value = (!tombstone).then(|| format!("{{\"n\": {n}}}"));
            n += 1;
            builder.push(
                1000 + n,
                key.as_deref().map(str::as_bytes),
                value.as_deref().map(str::as_bytes),
                &[],
            );
        }
        let stamp = match written.kind {
            0..3 => ProducerStamp::NONE,
            _ => ProducerStamp {
                producer_id: producer,
                producer_epoch: 0,
                base_sequence: 0,
                transactional: true,
            },
        };
        let batch = builder.finish(stamp).expect("a batch");
        bench.control.append_raw("t", written.partition, batch);
        let end = match written.kind {
            3 => Commit,
            4 => Abort,
            _ => continue,
        };
        let marker = control_batch(0, 5000, producer, 0, end, 0);
        bench.control.append_raw("t", written.partition, marker);
    }
    bench
}

/// Partition, offset, key, n of each row; n is `None` for a tombstone.
fn rows(table: &Table) -> Vec<(i64, i64, Option<String>, Option<i64>)> {
    let of = |batch: &RecordBatch| {
        let one = std::slice::from_ref(batch);
        let (partitions, offsets) = (ints(one, "_partition"), ints(one, "_offset"));
        let keys = batch.column_by_name("_key").expect("keys").clone();
        // Where every value is null there is no column of them.
        let values = batch.column_by_name("value").cloned();
        let (keys, values) = (
            keys.as_string::<i64>(),
            values.as_ref().map(|values| values.as_string::<i64>()),
        );
        let row = |row: usize| {
            let key = keys.is_valid(row).then(|| keys.value(row).to_owned());
            let number = |text: &str| text.trim_matches(|c: char| !c.is_ascii_digit()).parse().expect("n");
            let n = values
                .filter(|values| values.is_valid(row))
                .map(|values| number(values.value(row)));
            (partitions[row], offsets[row], key, n)
        };
        (0..batch.num_rows()).map(row).collect::<Vec<_>>()
    };
    table.batches().iter().flat_map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_latest_by_key_is_a_dictionary_of_a_plain_read(
        log in log(),
        start in prop_oneof![2 => Just(Bound::Earliest), 1 => (0i64..30).prop_map(Bound::FromEnd)],
        end in prop_oneof![2 => Just(Bound::Latest), 1 => (0i64..20).prop_map(Bound::FromEnd)],
        uncommitted in any::<bool>(),
    ) {
        // An end before the start is refused, which is tested elsewhere.
        let end = match (start, end) {
            (Bound::FromEnd(start), Bound::FromEnd(end)) => Bound::FromEnd(end.min(start)),
            (_, end) => end,
        };
        let bench = laid(&log);
        let options = ScanOptions {
            isolation_level: if uncommitted { kaframe::IsolationLevel::ReadUncommitted } else { kaframe::IsolationLevel::ReadCommitted },
            key_format: Some(ValueFormat::String),
            ..ScanOptions::default().value_format(ValueFormat::String).start_at(start).end_at(end)
        };
        let plain = bench.read(options.clone());
        check(&plain);
        let mut last = BTreeMap::new();
        for row in rows(&plain) {
            if row.2.is_some() {
                last.insert((row.0, row.2.clone()), row);
            }
        }
        let mut expected: Vec<_> = last.into_values().filter(|row| row.3.is_some()).collect();
        expected.sort();
        let latest = bench.cluster.scan("t", options).unwrap().latest_by_key().unwrap();
        check(&latest);
        prop_assert_eq!(rows(&latest), expected);
    }
}
