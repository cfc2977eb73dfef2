//! How many rows a second one core decodes from JSON to Arrow.
//!
//! `cargo run --release -p kaframe-codec --example decode_speed [rows]` makes records in memory: flat ones of about 115
//! bytes, the same with their keys in random order, nested ones of about 530 bytes and tiny ones; with the name of a file
//! instead it takes one record from each line. It prints rows a second, megabytes a second and nanoseconds a row: the best
//! of five runs, as the machine's other work only ever slows a run down. On Linux it counts the time that the thread was
//! running, elsewhere what a clock on the wall shows.
//!
//! Further words after that choose columns. `PASSES=1` decodes once, to count instructions.

use std::fmt::Write;
use std::time::{Duration, Instant};

use kaframe_codec::{DecoderOptions, ValueFormat, decoder};

/// A xorshift generator: the records are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

const EVENTS: [&str; 8] = [
    "page_view",
    "add_to_cart",
    "checkout",
    "login",
    "logout",
    "search",
    "refund",
    "signup",
];
const COUNTRIES: [&str; 10] = ["DE", "US", "FR", "GB", "IN", "BR", "JP", "NL", "SE", "PL"];
const WORDS: [&str; 9] = [
    "lorem",
    "ipsum",
    "dolor",
    "sit",
    "amet",
    "naïve",
    "café",
    "say \\\"hi\\\"",
    "line\\nbreak",
];

fn time(i: u64) -> String {
    let (day, second) = (i / 40 / 86_400, i / 40 % 86_400);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    let (month, day) = (1 + day / 28 % 12, 1 + day % 28);
    format!(
        "2026-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}.{:03}Z",
        second % 60,
        i * 25 % 1000
    )
}

fn flat(random: &mut Random, i: u64) -> String {
    format!(
        r#"{{"number":{},"user":"u{}","ts":"{}","amount":{}.{},"ok":{},"event":"{}","country":"{}"}}"#,
        1_000_000 + i,
        random.below(100_000),
        time(i),
        random.below(5000),
        1 + random.below(99),
        random.below(2) == 0,
        random.one_of(&EVENTS),
        random.one_of(&COUNTRIES),
    )
}

fn nested(random: &mut Random, i: u64) -> String {
    let mut text = format!(
        r#"{{"id":"{:016x}","ts":"{}","source":{{"service":"svc-{}","host":"ip-10-0-{}-{}","pid":{}}},"#,
        random.next(),
        time(i),
        random.below(30),
        random.below(256),
        random.below(256),
        random.below(60_000),
    );
    let _ = write!(
        text,
        r#""user":{{"id":{},"name":"user {}","vip":{},"address":{{"city":"City{}","country":"{}","lat":{}.{:05}}}}},"#,
        random.below(1 << 40),
        random.below(100_000),
        random.below(10) == 0,
        random.below(500),
        random.one_of(&COUNTRIES),
        random.below(90),
        random.below(100_000),
    );
    text.push_str("\"items\":[");
    for item in 0..1 + random.below(3) {
        let comma = if item > 0 { "," } else { "" };
        let _ = write!(
            text,
            r#"{comma}{{"sku":"SKU-{:06}","qty":{},"price":{}.{:02},"tags":["{}","{}"]}}"#,
            random.below(1_000_000),
            1 + random.below(9),
            random.below(1000),
            random.below(100),
            random.one_of(&WORDS),
            random.one_of(&WORDS),
        );
    }
    let coupon = if random.below(5) == 0 {
        "null".to_string()
    } else {
        format!("\"C{}\"", random.below(1000))
    };
    let note: Vec<&str> = (0..5).map(|_| random.one_of(&WORDS)).collect();
    let _ = write!(
        text,
        r#"],"coupon":{coupon},"total":{}.{:02},"note":"{}"}}"#,
        random.below(10_000),
        random.below(100),
        note.join(" ")
    );
    text
}

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

fn measure(name: &str, records: &[&[u8]], columns: &[String]) {
    let bytes: usize = records.iter().map(|record| record.len()).sum();
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
        for batch in records.chunks(BATCH) {
            for record in batch {
                decoder.push(record).expect("well formed");
            }
            rows += std::hint::black_box(decoder.finish()).rows;
        }
        best = best.min((running(clock) - start).as_secs_f64());
        assert_eq!(rows, records.len());
    }
    let rows = records.len() as f64;
    println!(
        "{name}: {:.2} M rows/s, {:.0} MB/s, {:.0} ns a row of {:.0} bytes",
        rows / best / 1e6,
        bytes as f64 / best / 1e6,
        best / rows * 1e9,
        bytes as f64 / rows
    );
}

fn measure_all(name: &str, records: &[String], columns: &[String]) {
    let records: Vec<&[u8]> = records.iter().map(String::as_bytes).collect();
    measure(name, &records, columns);
}

/// The members of a flat object in random order.
fn shuffled(random: &mut Random, record: &str) -> String {
    let mut members: Vec<&str> = record[1..record.len() - 1].split(',').collect();
    for i in (1..members.len()).rev() {
        members.swap(i, random.below(i as u64 + 1) as usize);
    }
    format!("{{{}}}", members.join(","))
}

fn main() {
    let mut words = std::env::args().skip(1);
    let first = words.next().unwrap_or_else(|| "500000".to_string());
    let columns: Vec<String> = words.collect();
    let Ok(rows) = first.parse::<u64>() else {
        let data = std::fs::read(&first).expect("a number of rows or a file");
        let records: Vec<&[u8]> = data
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .collect();
        return measure(&first, &records, &columns);
    };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let records: Vec<String> = (0..rows).map(|i| flat(&mut random, i)).collect();
    measure_all("flat", &records, &columns);
    let records: Vec<String> = records.iter().map(|record| shuffled(&mut random, record)).collect();
    measure_all("shuffled", &records, &columns);
    let records: Vec<String> = (0..rows / 4).map(|i| nested(&mut random, i)).collect();
    measure_all("nested", &records, &columns);
    let records: Vec<String> = (0..rows).map(|i| format!(r#"{{"number": {i}}}"#)).collect();
    measure_all("tiny", &records, &columns);
}
