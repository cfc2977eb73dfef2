//! JSON records made in memory, the same in every run: what the speed example, the micro-benchmarks and the instruction counts
//! decode.
#![allow(dead_code, reason = "each of them uses a part")]

use std::fmt::Write;
use std::ops::Range;

/// A xorshift generator.
pub struct Random(u64);

impl Default for Random {
    fn default() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

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

/// Seven scalars, about 115 bytes.
pub fn flat(random: &mut Random, i: u64) -> String {
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

/// The members of a flat record in random order.
pub fn shuffled(random: &mut Random, i: u64) -> String {
    let record = flat(random, i);
    let mut members: Vec<&str> = record[1..record.len() - 1].split(',').collect();
    for i in (1..members.len()).rev() {
        members.swap(i, random.below(i as u64 + 1) as usize);
    }
    format!("{{{}}}", members.join(","))
}

/// A flat record of which each member is missing now and then, or null; the number is a float at times.
pub fn drifting(random: &mut Random, i: u64) -> String {
    let record = flat(random, i);
    let mut members: Vec<String> = Vec::new();
    for member in record[1..record.len() - 1].split(',') {
        match random.below(20) {
            0..3 => {}
            3 => members.push(format!("{}:null", member.split(':').next().unwrap_or_default())),
            4 if member.starts_with("\"number\"") => members.push(format!("{member}.5")),
            _ => members.push(member.to_string()),
        }
    }
    format!("{{{}}}", members.join(","))
}

/// Objects and lists in each other, about 530 bytes.
pub fn nested(random: &mut Random, i: u64) -> String {
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

/// One number.
pub fn tiny(_: &mut Random, i: u64) -> String {
    format!(r#"{{"number": {i}}}"#)
}

/// What makes a record.
pub type Maker = fn(&mut Random, u64) -> String;

/// Records side by side in one buffer, as they stand in a batch.
pub struct Records {
    pub buffer: Vec<u8>,
    pub at: Vec<Range<usize>>,
}

impl Records {
    /// `rows` records of `maker`.
    pub fn made(maker: Maker, rows: u64) -> Self {
        let mut random = Random::default();
        let mut buffer = Vec::new();
        for i in 0..rows {
            buffer.extend_from_slice(maker(&mut random, i).as_bytes());
            buffer.push(b'\n');
        }
        Self::lines(buffer)
    }

    /// The lines of `buffer` that are not empty.
    pub fn lines(buffer: Vec<u8>) -> Self {
        let mut start = 0;
        let lines = buffer.split(|byte| *byte == b'\n').map(|line| {
            let range = start..start + line.len();
            start = range.end + 1;
            range
        });
        let at = lines.filter(|line| !line.is_empty()).collect();
        Self { buffer, at }
    }

    /// Bytes of the records.
    pub fn bytes(&self) -> usize {
        self.at.iter().map(Range::len).sum()
    }
}
