//! How many rows a second one core decodes from JSON to Arrow.
//!
//! `cargo run --release -p kaframe-codec --example decode_speed [rows]` makes records in memory: flat ones of about 115
//! bytes, the same with their keys in random order or missing now and then, nested ones of about 530 bytes and tiny ones; with the name of a file
//! instead it takes one record from each line. It prints rows a second, megabytes a second and nanoseconds a row: the best
//! of five runs, as the machine's other work only ever slows a run down. On Linux it counts the time that the thread was
//! running, elsewhere what a clock on the wall shows.
//!
//! Further words after that choose columns. `PASSES=1` decodes once, to count instructions.

#[path = "../benches/data/mod.rs"]
mod data;

use std::time::{Duration, Instant};

use data::{Maker, Records};
use kaframe_codec::{DecoderOptions, ValueFormat, decoder};

/// Rows of one batch.
const BATCH: usize = 16_384;

/// How long this thread has been running.
fn running(since: Instant) -> Duration {
    // Time on a core, in nanoseconds, is the first number.
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse().ok())
        .map_or_else(|| since.elapsed(), Duration::from_nanos)
}

/// Decodes records that stand side by side, as those of a batch do.
fn measure(name: &str, records: &Records, columns: &[String]) {
    let passes = std::env::var("PASSES").map_or(5, |passes| passes.parse().expect("a number of passes"));
    let options = DecoderOptions {
        select: (!columns.is_empty()).then(|| columns.to_vec()),
        ..DecoderOptions::new(ValueFormat::Json)
    };
    let clock = Instant::now();
    let mut best = f64::INFINITY;
    for _ in 0..passes {
        let mut decoder = decoder(&options);
        let start = running(clock);
        let mut rows = 0;
        for batch in records.at.chunks(BATCH) {
            for record in batch {
                decoder
                    .push_within(&records.buffer, record.clone())
                    .expect("well formed");
            }
            rows += std::hint::black_box(decoder.finish()).rows;
        }
        best = best.min((running(clock) - start).as_secs_f64());
        assert_eq!(rows, records.at.len());
    }
    let (rows, bytes) = (records.at.len() as f64, records.bytes());
    println!(
        "{name}: {:.2} M rows/s, {:.0} MB/s, {:.0} ns a row of {:.0} bytes",
        rows / best / 1e6,
        bytes as f64 / best / 1e6,
        best / rows * 1e9,
        bytes as f64 / rows
    );
}

fn main() {
    let mut words = std::env::args().skip(1);
    let first = words.next().unwrap_or_else(|| "500000".to_string());
    let columns: Vec<String> = words.collect();
    let Ok(rows) = first.parse::<u64>() else {
        let records = Records::lines(std::fs::read(&first).expect("a number of rows or a file"));
        return measure(&first, &records, &columns);
    };
    let cases: [(&str, Maker, u64); 5] = [
        ("flat", data::flat, rows),
        ("shuffled", data::shuffled, rows),
        ("drifting", data::drifting, rows),
        ("nested", data::nested, rows / 4),
        ("tiny", data::tiny, rows),
    ];
    for (name, maker, rows) in cases {
        measure(name, &Records::made(maker, rows), &columns);
    }
}
