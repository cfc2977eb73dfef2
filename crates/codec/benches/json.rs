//! Micro-benchmarks of the JSON decoder: flat, nested, drifting and shuffled records, and a few columns of many.
//! `cargo bench -p kaframe-codec --bench json`, or `make micro`.

#![allow(missing_docs, reason = "criterion's macros make functions without")]

mod data;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use data::{Maker, Records};
use kaframe_codec::{DecoderOptions, ValueFormat, decoder};

const ROWS: u64 = 16_384;

fn json(c: &mut Criterion) {
    let cases: [(&str, Maker, &[&str]); 6] = [
        ("flat", data::flat, &[]),
        ("nested", data::nested, &[]),
        ("drifting", data::drifting, &[]),
        ("shuffled", data::shuffled, &[]),
        ("flat, 2 of 7 columns", data::flat, &["number", "event"]),
        ("nested, 2 of 8 columns", data::nested, &["ts", "total"]),
    ];
    let mut group = c.benchmark_group("json");
    for (name, maker, columns) in cases {
        let records = Records::made(maker, ROWS);
        let mut decoder = decoder(&DecoderOptions {
            select: (!columns.is_empty()).then(|| columns.iter().map(ToString::to_string).collect()),
            ..DecoderOptions::new(ValueFormat::Json)
        });
        group.throughput(Throughput::Elements(ROWS));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for record in &records.at {
                    decoder
                        .push_within(&records.buffer, record.clone())
                        .expect("well formed");
                }
                black_box(decoder.finish())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, json);
criterion_main!(benches);
