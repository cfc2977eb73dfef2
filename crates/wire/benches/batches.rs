//! Micro-benchmarks of batches: walking their headers, checking their checksums, cutting their records, and decompressing
//! with each codec. `cargo bench -p kaframe-wire --bench batches`, or `make micro`.

#![allow(missing_docs, reason = "criterion's macros make functions without")]

mod data;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use data::{BATCHES, RECORDS, batches};
use kaframe_wire::batch::{Compression, DEFAULT_MAX_DECOMPRESSED, Scratch, Walk};

fn read(c: &mut Criterion) {
    let plain = batches(Compression::None);
    let mut scratch = Scratch::default();
    let mut group = c.benchmark_group("batches");
    group.throughput(Throughput::Elements(BATCHES as u64));
    group.bench_function("walk", |bencher| {
        bencher.iter(|| {
            Walk::new(black_box(&plain))
                .map(|batch| batch.expect("whole").position)
                .sum::<usize>()
        });
    });
    group.throughput(Throughput::Bytes(plain.len() as u64));
    group.bench_function("crc", |bencher| {
        bencher.iter(|| {
            for batch in Walk::new(black_box(&plain)) {
                batch.expect("whole").verify_crc().expect("intact");
            }
        });
    });
    group.throughput(Throughput::Elements((BATCHES * RECORDS) as u64));
    group.bench_function("cut", |bencher| {
        bencher.iter(|| {
            let mut bytes = 0;
            for batch in Walk::new(black_box(&plain)) {
                let batch = batch.expect("whole");
                let mut records = batch.records(&mut scratch, DEFAULT_MAX_DECOMPRESSED).expect("readable");
                while let Some(record) = records.cut() {
                    bytes += record.value.map_or(0, <[u8]>::len);
                }
                records.finish().expect("whole");
            }
            bytes
        });
    });
    for compression in Compression::ALL.into_iter().skip(1) {
        let slice = batches(compression);
        group.throughput(Throughput::Bytes(plain.len() as u64));
        group.bench_function(compression.to_string(), |bencher| {
            bencher.iter(|| {
                for batch in Walk::new(black_box(&slice)) {
                    let batch = batch.expect("whole");
                    black_box(batch.records(&mut scratch, DEFAULT_MAX_DECOMPRESSED).expect("readable"));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
