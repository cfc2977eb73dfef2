//! Arbitrary bytes, and right bytes with a few bits turned over: no panic, no endless loop, no more memory than a budget.
//! The long version of this is `fuzz/`.

use std::alloc::System;

use bytes::Bytes;
use kaframe_wire::batch::{Batch, BatchBuilder, Compression, ProducerStamp, Scratch, Walk};
use kaframe_wire::frame::{BodyKind, decode_request_body, decode_request_frame, decode_response, guard_body};
use kaframe_wire::message::*;
use proptest::collection::vec;
use proptest::prelude::*;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const LIMIT: usize = 1 << 20;

/// Reads all there is.
fn drain(bytes: &[u8], scratch: &mut Scratch) -> usize {
    let mut records = 0;
    for batch in Walk::new(bytes).map_while(Result::ok) {
        let _ = batch.verify_crc();
        let _ = batch.control_type();
        let Ok(cut) = batch.records(scratch, LIMIT) else {
            continue;
        };
        for record in cut.map_while(Result::ok) {
            assert_eq!(record.headers.iter().count(), record.headers.len());
            records += 1;
        }
    }
    records
}

fn batch(compression: Compression) -> Vec<u8> {
    let mut builder = BatchBuilder::new(compression);
    for n in 0..20u8 {
        let value = vec![n; usize::from(n) * 9];
        builder.push(
            i64::from(n),
            Some(&[n]),
            Some(&value),
            &[(b"h", Some(&value)), (b"h", None)],
        );
    }
    builder.finish(ProducerStamp::NONE).expect("a batch").to_vec()
}

fn bodies(key: i16, version: i16, bytes: &[u8]) {
    let frame = Bytes::from([&key.to_be_bytes()[..], &version.to_be_bytes(), bytes].concat());
    for kind in [BodyKind::Request, BodyKind::Response] {
        let _ = guard_body(key, version, kind, bytes);
    }
    if let Ok(request) = decode_request_frame(frame.clone()) {
        let _ = decode_request_body::<MetadataRequest>(&request);
        let _ = decode_request_body::<ProduceRequest>(&request);
        let _ = decode_request_body::<FetchRequest>(&request);
    }
    let id = i32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]]);
    let _ = decode_response::<MetadataRequest>(version, id, frame.clone());
    let _ = decode_response::<FetchRequest>(version, id, frame.clone());
    let _ = decode_response::<ApiVersionsRequest>(version, id, frame);
}

fn arbitrary_bytes() {
    let cases = ProptestConfig::with_cases(2000);
    proptest!(cases, |(mut bytes in vec(any::<u8>(), 0..300), magic in 0u8..4, attributes in 0u8..9, key in 0i16..80, version in 0i16..20)| {
        bodies(key, version, &bytes);
        drain(&bytes, &mut Scratch::default());
        // Closer to a batch: a length and a magic that fit.
        if bytes.len() > 70 {
            let length = (bytes.len() - 12) as i32;
            bytes[8..12].copy_from_slice(&length.to_be_bytes());
            bytes[0] &= 0x7f;
            bytes[16] = magic;
            bytes[if magic == 2 { 22 } else { 17 }] = attributes;
            bytes[57..61].copy_from_slice(&[0, 0, 0, 9]);
            drain(&bytes, &mut Scratch::default());
        }
    });
}

fn turned_bits() {
    let batches = Compression::ALL.map(batch);
    let cases = ProptestConfig::with_cases(4000);
    proptest!(cases, |(codec in 0usize..5, flips in vec((any::<prop::sample::Index>(), 0u8..8), 1..4))| {
        let mut bytes = batches[codec].clone();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        drain(&bytes, &mut Scratch::default());
        let _ = Batch::parse(&bytes);
    });
}

/// A response of a few bytes that promises two billion elements must not reserve for them.
fn lying_counts() {
    for version in 0..14 {
        for at in 0..24 {
            let mut frame = vec![0; 64];
            frame[at..at + 5].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x07]);
            let region = Region::new(ALLOCATOR);
            let _ = decode_response::<MetadataRequest>(version, 0, frame.clone().into());
            let took = region.change().bytes_allocated;
            assert!(
                took < 64 << 10,
                "version {version}, byte {at}: {took} bytes for a frame of 64"
            );
        }
    }
}

/// Reading takes no allocation per record, and none at all once the scratch buffer is warm.
fn no_allocation_for_records() {
    for compression in [
        Compression::None,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ] {
        let bytes = batch(compression);
        let mut scratch = Scratch::default();
        drain(&bytes, &mut scratch);
        let region = Region::new(ALLOCATOR);
        assert_eq!(drain(&bytes, &mut scratch), 20);
        let change = region.change();
        assert_eq!((change.allocations, change.reallocations), (0, 0), "{compression}");
    }
}

/// One test, one thread: the allocator counts for the whole process.
#[test]
fn bytes_are_hostile() {
    no_allocation_for_records();
    lying_counts();
    let region = Region::new(ALLOCATOR);
    arbitrary_bytes();
    turned_bits();
    let change = region.change();
    let left = change.bytes_allocated.saturating_sub(change.bytes_deallocated);
    assert!(left < 64 << 20, "{left} bytes are left behind");
}
