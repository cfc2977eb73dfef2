//! Batches written by hand, right or wrong: what `BatchBuilder` would never write.
#![allow(dead_code, reason = "each test file takes what it needs")]

use kaframe_wire::WireError;
use kaframe_wire::batch::{Batch, BatchBuilder, Compression, DEFAULT_MAX_DECOMPRESSED, ProducerStamp, Scratch};

pub const LENGTH: usize = 8;
pub const MAGIC: usize = 16;
pub const ATTRIBUTES: usize = 21;
pub const LAST_OFFSET_DELTA: usize = 23;
pub const BASE_TIMESTAMP: usize = 27;
pub const MAX_TIMESTAMP: usize = 35;
pub const RECORD_COUNT: usize = 57;
pub const HEADER: usize = 61;

/// A batch of three records.
pub fn three() -> Vec<u8> {
    let mut builder = BatchBuilder::new(Compression::None);
    builder.push(100, Some(b"a"), Some(b"one"), &[]);
    builder.push(90, None, Some(b"two"), &[(b"h", None), (b"h", Some(b"x"))]);
    builder.push(110, Some(b"c"), None, &[]);
    builder.finish(ProducerStamp::NONE).expect("a batch").to_vec()
}

/// Overwrites bytes.
pub fn put<const N: usize>(batch: &mut [u8], at: usize, bytes: [u8; N]) {
    batch[at..at + N].copy_from_slice(&bytes);
}

/// `three` with some bytes overwritten. The checksum is not mended.
pub fn three_with<const N: usize>(at: usize, bytes: [u8; N]) -> Vec<u8> {
    let mut batch = three();
    put(&mut batch, at, bytes);
    batch
}

/// A batch around a body that is already compressed (or not).
pub fn around(attributes: u16, count: i32, body: &[u8]) -> Vec<u8> {
    let mut batch = three();
    batch.truncate(HEADER);
    batch.extend_from_slice(body);
    let length = (batch.len() - 12) as i32;
    put(&mut batch, LENGTH, length.to_be_bytes());
    put(&mut batch, ATTRIBUTES, attributes.to_be_bytes());
    put(&mut batch, LAST_OFFSET_DELTA, (count - 1).max(0).to_be_bytes());
    put(&mut batch, RECORD_COUNT, count.to_be_bytes());
    batch
}

/// The uncompressed records of `three`.
pub fn body() -> Vec<u8> {
    three()[HEADER..].to_vec()
}

/// Parses and reads to the end: how many records, or the first error.
pub fn read(batch: &[u8]) -> Result<usize, WireError> {
    read_within(batch, DEFAULT_MAX_DECOMPRESSED)
}

/// How many records the batch has, which both ways of cutting them must agree on.
pub fn read_within(batch: &[u8], limit: usize) -> Result<usize, WireError> {
    let mut scratch = Scratch::default();
    let batch = Batch::parse(batch)?;
    let iterated: Result<Vec<_>, _> = batch.records(&mut scratch, limit)?.collect();
    let iterated = iterated.map(|records| records.len());
    let mut records = batch.records(&mut scratch, limit)?;
    let mut count = 0;
    while records.cut().is_some() {
        count += 1;
    }
    let cut = records.finish().map(|()| count);
    assert_eq!(cut, iterated, "cutting and iterating differ");
    iterated
}

#[track_caller]
pub fn assert_corrupt<T: std::fmt::Debug>(result: Result<T, WireError>) {
    assert!(matches!(result, Err(WireError::Corrupt { .. })), "{result:?}");
}
