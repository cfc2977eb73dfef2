//! Runs one fixed piece of JSON decoding, for `bench/instructions.py` to count its instructions.
//!
//! Without words it lists the cases: a name and how many records a pass decodes. With a name and a number it decodes the
//! case's records so many times. Each case is there for every instruction set that this machine has.

#[path = "../benches/data/mod.rs"]
mod data;

use data::{Maker, Records};
use kaframe_codec::{DecoderOptions, ValueFormat, json_decoders};

const ROWS: u64 = 2048;

const CASES: [(&str, Maker, &[&str]); 6] = [
    ("flat", data::flat, &[]),
    ("nested", data::nested, &[]),
    ("drifting", data::drifting, &[]),
    ("shuffled", data::shuffled, &[]),
    ("flat, 2 of 7 columns", data::flat, &["number", "event"]),
    ("nested, 2 of 8 columns", data::nested, &["ts", "total"]),
];

fn options(columns: &[&str]) -> DecoderOptions {
    DecoderOptions {
        select: (!columns.is_empty()).then(|| columns.iter().map(ToString::to_string).collect()),
        ..DecoderOptions::new(ValueFormat::Json)
    }
}

fn main() {
    let mut words = std::env::args().skip(1);
    let Some(wanted) = words.next() else {
        for (case, ..) in CASES {
            for (level, _) in json_decoders(&options(&[])) {
                println!("json {case}, {level}\t{ROWS}");
            }
        }
        return;
    };
    let passes: usize = words
        .next()
        .and_then(|word| word.parse().ok())
        .expect("a number of passes");
    for (case, maker, columns) in CASES {
        for (level, mut decoder) in json_decoders(&options(columns)) {
            if wanted != format!("json {case}, {level}") {
                continue;
            }
            let records = Records::made(maker, ROWS);
            for _ in 0..passes {
                for record in &records.at {
                    decoder
                        .push_within(&records.buffer, record.clone())
                        .expect("well formed");
                }
                assert_eq!(std::hint::black_box(decoder.finish()).rows, ROWS as usize);
            }
            return;
        }
    }
    panic!("no such case: {wanted}");
}
