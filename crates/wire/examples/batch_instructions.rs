//! Runs one fixed piece of reading batches, for `bench/instructions.py` to count its instructions.
//!
//! Without words it lists the cases: a name and how many records a pass reads (batches, where only they are walked). With a
//! name and a number it does that piece so many times.

#[path = "../benches/data/mod.rs"]
mod data;

use std::hint::black_box;

use data::{BATCHES, RECORDS, batches};
use kaframe_wire::batch::{Compression, DEFAULT_MAX_DECOMPRESSED, Scratch, Walk};

fn main() {
    let mut words = std::env::args().skip(1);
    let Some(wanted) = words.next() else {
        println!("walk\t{BATCHES}");
        for case in ["crc", "cut"] {
            println!("{case}\t{}", BATCHES * RECORDS);
        }
        for compression in Compression::ALL.into_iter().skip(1) {
            println!("decompress {compression}\t{}", BATCHES * RECORDS);
        }
        return;
    };
    let passes: usize = words
        .next()
        .and_then(|word| word.parse().ok())
        .expect("a number of passes");
    let codec = wanted.strip_prefix("decompress ").unwrap_or("none");
    let slice = batches(codec.parse().expect("a compression"));
    let mut scratch = Scratch::default();
    for _ in 0..passes {
        let mut seen = 0;
        for batch in Walk::new(black_box(&slice)) {
            let batch = batch.expect("whole");
            match wanted.as_str() {
                "walk" => seen += RECORDS,
                "crc" => {
                    batch.verify_crc().expect("intact");
                    seen += RECORDS;
                }
                "cut" => {
                    let mut records = batch.records(&mut scratch, DEFAULT_MAX_DECOMPRESSED).expect("readable");
                    while let Some(record) = records.cut() {
                        seen += usize::from(black_box(record.value).is_some());
                    }
                    records.finish().expect("whole");
                }
                _ => {
                    black_box(batch.records(&mut scratch, DEFAULT_MAX_DECOMPRESSED).expect("readable"));
                    seen += RECORDS;
                }
            }
        }
        assert_eq!(seen, BATCHES * RECORDS);
    }
}
