//! How many rows a second one core decodes from JSON to Arrow.
//!
//! `cargo run --release -p kaframe-codec --example decode_speed [rows]` makes records in memory: flat ones of about 115
//! bytes, the same with their keys in random order or missing now and then, nested ones of about 530 bytes and tiny ones; with the name of a file
//! instead it takes one record from each line. It prints rows a second, megabytes a second and nanoseconds a row: the best
//! of as many runs as fit into two seconds, as the machine's other work only ever slows a run down. On Linux the time
//! is that for which the thread was on a core.
//!
//! The C library gives memory back to the system when a batch is dropped and gets it again for the next, page by page: a fifth of the time for
//! wide records. `MALLOC_TRIM_THRESHOLD_=4000000000 MALLOC_MMAP_MAX_=0` before the command makes it keep what it has, so that decoding
//! is timed alone.
//!
//! Further words after that choose columns. `ONCE=1` decodes once, to count instructions.

#[path = "../benches/data/mod.rs"]
mod data;

use std::time::{Duration, Instant};

use data::{Maker, Records};
use kaframe_codec::{DecoderOptions, ValueFormat, decoder};

/// Rows of one batch.
const BATCH: usize = 16_384;

/// How long each case is decoded again and again.
const LONG_ENOUGH: Duration = Duration::from_secs(2);

/// How long this thread has been on a core.
#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "the standard library does not tell")]
fn on_core(_: Instant) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the system writes the struct that it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(not(target_os = "linux"))]
fn on_core(begin: Instant) -> Duration {
    begin.elapsed()
}

/// Decodes records that stand side by side, as those of a batch do.
fn measure(name: &str, records: &Records, columns: &[String]) {
    // To count instructions, each record is decoded once.
    let once = std::env::var_os("ONCE").is_some();
    let options = DecoderOptions {
        select: (!columns.is_empty()).then(|| columns.to_vec()),
        ..DecoderOptions::new(ValueFormat::Json)
    };
    let begin = Instant::now();
    let mut best = f64::INFINITY;
    loop {
        let mut decoder = decoder(&options);
        let start = on_core(begin);
        let mut rows = 0;
        for batch in records.at.chunks(BATCH) {
            for record in batch {
                decoder
                    .push_within(&records.buffer, record.clone())
                    .expect("well formed");
            }
            rows += std::hint::black_box(decoder.finish()).rows;
        }
        best = best.min((on_core(begin) - start).as_secs_f64());
        assert_eq!(rows, records.at.len());
        if once || begin.elapsed() >= LONG_ENOUGH {
            break;
        }
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
