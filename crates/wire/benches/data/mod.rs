//! Batches made in memory, the same in every run: what the micro-benchmarks and the instruction counts read.
#![allow(dead_code, reason = "each of them uses a part")]

use kaframe_wire::batch::{BatchBuilder, Compression, ProducerStamp};

/// Records of a batch: about 16 KiB of values.
pub const RECORDS: usize = 128;

/// Batches of a slice.
pub const BATCHES: usize = 64;

/// Batches side by side, as a response carries them, of JSON values of about 115 bytes.
pub fn batches(compression: Compression) -> Vec<u8> {
    let mut slice = Vec::new();
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    for batch in 0..BATCHES {
        let mut builder = BatchBuilder::new(compression);
        for record in 0..RECORDS {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let i = batch * RECORDS + record;
            let value = format!(
                r#"{{"number":{},"user":"u{}","ts":"2026-01-01T00:00:{:02}.000Z","amount":{}.{},"ok":true,"event":"login"}}"#,
                1_000_000 + i,
                seed % 100_000,
                i % 60,
                seed % 5000,
                1 + seed % 99
            );
            builder.push(1_767_225_600_000 + i as i64, None, Some(value.as_bytes()), &[]);
        }
        slice.extend_from_slice(&builder.finish(ProducerStamp::NONE).expect("a small batch"));
    }
    slice
}
