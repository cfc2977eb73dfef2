//! Broken headers and records of v2 batches. One test for each kind of damage; compressed data: `bad_compression.rs`,
//! old formats: `bad_legacy.rs`.

mod raw;

use kaframe_wire::WireError;
use kaframe_wire::batch::{Batch, BatchBuilder, Compression, ControlType, ProducerStamp, Scratch, Walk, restamp};
use raw::*;

#[test]
fn three_is_right() {
    assert_eq!(read(&three()), Ok(3));
    Batch::parse(&three()).expect("parse").verify_crc().expect("crc");
}

/// B-01: a wrong checksum is found, wherever the damage is; the header still tells what to pass over.
#[test]
fn checksum() {
    let good = three();
    for at in ATTRIBUTES..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        let Ok(batch) = Batch::parse(&bad) else { continue };
        let error = batch.verify_crc().expect_err("damage");
        assert!(error.to_string().contains("offset 0"), "{error}");
    }
    let bad = three_with(HEADER + 3, [0xff]);
    assert_eq!(Batch::parse(&bad).expect("the header is whole").header.next_offset(), 3);
    // Outside of what the checksum covers: a broker rewrites these.
    let mut stamped = good;
    restamp(&mut stamped, 77, 5, None).expect("restamp");
    Batch::parse(&stamped).expect("parse").verify_crc().expect("crc");
}

/// B-02: lengths that are negative or too short are damage wherever they stand.
#[test]
fn lengths() {
    for length in [-1, i32::MIN, 0, 13] {
        let bad = three_with(LENGTH, i32::to_be_bytes(length));
        assert_corrupt(Walk::new(&bad).next().expect("an error"));
        let behind = [three(), bad].concat();
        let mut walk = Walk::new(&behind);
        assert!(walk.next().expect("a batch").is_ok());
        let error = walk.next().expect("an error").expect_err("damage");
        assert!(
            error.to_string().contains(&format!("batch at byte {}", three().len())),
            "{error}"
        );
        assert!(walk.next().is_none(), "the walk ends after an error");
    }
    // Long enough for an old entry, not for a v2 header.
    for length in [14, 48] {
        assert_corrupt(
            Walk::new(&three_with(LENGTH, i32::to_be_bytes(length)))
                .next()
                .expect("an error"),
        );
    }
}

/// B-02, rule: the last batch may be cut anywhere, even before its length or magic.
#[test]
fn a_cut_tail_ends_the_walk() {
    let (whole, next) = (three(), three());
    for cut in 0..next.len() {
        let bytes = [&whole[..], &next[..cut]].concat();
        let mut walk = Walk::new(&bytes);
        assert!(walk.next().expect("a batch").is_ok());
        assert!(walk.next().is_none(), "cut at {cut}");
        assert_eq!(walk.cut_tail(), cut);
    }
}

/// Nothing whole: asking again would bring the same bytes for ever.
#[test]
fn nothing_whole_is_an_error() {
    let whole = three();
    for cut in 1..whole.len() {
        let step = Walk::new(&whole[..cut]).next();
        assert!(
            matches!(step, Some(Err(WireError::Protocol { .. }))),
            "cut at {cut}: {step:?}"
        );
    }
    let huge = three_with(LENGTH, i32::MAX.to_be_bytes());
    assert!(matches!(Walk::new(&huge).next(), Some(Err(WireError::Protocol { .. }))));
    assert!(Walk::new(&[]).next().is_none());
}

/// `parse` takes one whole batch, nothing around it.
#[test]
fn parse_wants_exactly_one() {
    let whole = three();
    assert_corrupt(Batch::parse(&whole[..whole.len() - 1]));
    assert_corrupt(Batch::parse(&[&whole[..], &[0]].concat()));
    assert_corrupt(Batch::parse(&[]));
}

/// B-03: a batch of any size is one batch.
#[test]
fn a_large_batch() {
    let value = vec![7; 6 << 20];
    let mut builder = BatchBuilder::new(Compression::None);
    builder.push(0, None, Some(&value), &[]);
    let batch = builder.finish(ProducerStamp::NONE).expect("a batch");
    assert_eq!(Walk::new(&batch).count(), 1);
    assert_eq!(read(&batch), Ok(1));
}

/// B-04: counts that cannot be, more than there are, fewer than there are.
#[test]
fn record_counts() {
    for count in [-1, i32::MIN, i32::MAX, 1000] {
        assert_corrupt(Batch::parse(&three_with(RECORD_COUNT, i32::to_be_bytes(count))));
    }
    let fewer = read(&three_with(RECORD_COUNT, 2i32.to_be_bytes())).expect_err("bytes are left");
    assert!(fewer.to_string().contains("left over"), "{fewer}");
    let more = around(0, 4, &body());
    assert_corrupt(read(&more));
    // Compressed, the count is only known to be wrong behind the last record.
    let gzip = around(1, 4000, &gzip(&body()));
    assert_corrupt(read(&gzip));
    assert_corrupt(read(&around(1, 2, &self::gzip(&body()))));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("to memory");
    encoder.finish().expect("to memory")
}

/// B-05: no records, but a place in the log.
#[test]
fn an_empty_batch() {
    let mut empty = around(0, 0, &[]);
    put(&mut empty, LAST_OFFSET_DELTA, 9i32.to_be_bytes());
    assert_eq!(read(&empty), Ok(0));
    assert_eq!(Batch::parse(&empty).expect("parse").header.next_offset(), 10);
    // With the compression of what it was.
    for codec in 1..5 {
        assert_eq!(read(&around(codec, 0, &[])), Ok(0));
    }
    assert_corrupt(read(&around(0, 0, &[1, 2, 3])));
}

/// One record: length, attributes, timestamp delta, offset delta, null key, null value, no headers.
fn bare(offset_delta: i8) -> Vec<u8> {
    let zigzag = ((offset_delta << 1) ^ (offset_delta >> 7)) as u8;
    vec![12, 0, 0, zigzag, 1, 1, 0]
}

/// B-06: offsets inside a batch only grow and stay inside it.
#[test]
fn offset_deltas() {
    let read_deltas = |deltas: &[i8], last: i32| {
        let body: Vec<u8> = deltas.iter().flat_map(|delta| bare(*delta)).collect();
        let mut batch = around(0, deltas.len() as i32, &body);
        put(&mut batch, LAST_OFFSET_DELTA, last.to_be_bytes());
        read(&batch)
    };
    assert_eq!(read_deltas(&[0, 1, 2], 2), Ok(3));
    assert_eq!(read_deltas(&[3, 5, 9], 20), Ok(3), "gaps are what compaction leaves");
    for deltas in [[0, 0, 1], [2, 1, 3], [-1, 0, 1], [0, 1, 21]] {
        let error = read_deltas(&deltas, 20).expect_err("out of order");
        assert!(error.to_string().contains("offset out of order"), "{error}");
    }
    assert_corrupt(read_deltas(&[0, 1, 2], 1));
    assert_corrupt(read_deltas(&[0, 1, 2], -1));
}

/// B-10: no offset overflows.
#[test]
fn offsets_at_the_end_of_the_range() {
    let based = |base: i64| three_with(0, base.to_be_bytes());
    assert_eq!(read(&based(i64::MAX - 3)), Ok(3));
    assert_eq!(
        Batch::parse(&based(i64::MAX - 3)).expect("parse").header.next_offset(),
        i64::MAX
    );
    for base in [i64::MAX - 2, i64::MAX - 1, i64::MAX] {
        assert_corrupt(Batch::parse(&based(base)));
    }
    assert_corrupt(Walk::new(&based(-1)).next().expect("an error"));
    assert_corrupt(restamp(&mut three(), i64::MAX - 2, 0, None));
    assert_corrupt(restamp(&mut three(), -1, 0, None));
}

/// B-11: any timestamp is carried, none wraps.
#[test]
fn timestamps() {
    let times = |batch: &[u8]| -> Vec<Option<i64>> {
        let mut scratch = Scratch::default();
        let batch = Batch::parse(batch).expect("parse");
        batch
            .records(&mut scratch, 0)
            .expect("records")
            .map(|record| record.expect("a record").timestamp)
            .collect()
    };
    assert_eq!(times(&three()), [Some(100), Some(90), Some(110)], "negative deltas");
    assert_eq!(
        times(&three_with(BASE_TIMESTAMP, (-1i64).to_be_bytes())),
        [None, Some(-11), Some(9)]
    );
    assert_eq!(
        times(&three_with(BASE_TIMESTAMP, i64::MAX.to_be_bytes())),
        [Some(i64::MAX), Some(i64::MAX - 10), None]
    );
    assert_eq!(
        times(&three_with(BASE_TIMESTAMP, i64::MIN.to_be_bytes())),
        [Some(i64::MIN), None, Some(i64::MIN + 10)]
    );
    let mut appended = three_with(ATTRIBUTES, 8u16.to_be_bytes());
    put(&mut appended, MAX_TIMESTAMP, 5000i64.to_be_bytes());
    assert_eq!(times(&appended), [Some(5000); 3]);
    put(&mut appended, MAX_TIMESTAMP, (-1i64).to_be_bytes());
    assert_eq!(times(&appended), [None; 3]);
}

/// B-12: unknown magics are damage, unknown attribute bits are a newer writer.
#[test]
fn magic_and_attributes() {
    for magic in [3u8, 127, 128, 255] {
        let error = Walk::new(&three_with(MAGIC, [magic]))
            .next()
            .expect("an error")
            .expect_err("damage");
        assert!(error.to_string().contains("unknown magic"), "{error}");
        assert_corrupt(Batch::parse(&three_with(MAGIC, [magic])));
    }
    assert_eq!(read(&three_with(ATTRIBUTES, [0xff, 0xc0])), Ok(3));
}

/// B-13.
#[test]
fn unknown_compressions() {
    for codec in 5..8u8 {
        let batch = three_with(ATTRIBUTES, [0, codec]);
        assert_eq!(read(&batch), Err(WireError::UnsupportedCompression { codec }));
    }
}

/// B-17: fields of a record that lie.
#[test]
fn record_fields() {
    let one = |record: &[u8]| read(&around(0, 1, record));
    assert_eq!(one(&[12, 0, 0, 0, 1, 1, 0]), Ok(1), "the smallest record");
    assert_eq!(one(&[18, 0, 0, 0, 1, 1, 2, 0, 1, 0]).ok(), None);
    for bad in [
        &[1, 0, 0, 0, 1, 1, 0][..],                           // negative length
        &[10, 0, 0, 0, 1, 1, 0],                              // shorter than its fields
        &[14, 0, 0, 0, 1, 1, 0],                              // longer than the batch
        &[14, 0, 0, 0, 1, 1, 0, 0],                           // a byte behind its headers
        &[12, 0, 0, 0, 3, 1, 0],                              // key length -2
        &[12, 0, 0, 0, 20, 1, 0],                             // key longer than the record
        &[12, 0, 0, 0, 1, 3, 0],                              // value length -2
        &[12, 0, 0, 0, 1, 20, 0],                             // value longer than the record
        &[12, 0, 0, 0, 1, 1, 1],                              // header count -1
        &[12, 0, 0, 0, 1, 1, 2],                              // a header that is not there
        &[20, 0, 0, 0, 1, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f],   // 2^31 - 1 headers
        &[16, 0, 0, 0, 1, 1, 2, 1, 1],                        // header key null
        &[16, 0, 0, 0, 1, 1, 2, 0, 3],                        // header value length -2
        &[16, 0, 0, 0, 1, 1, 2, 0, 9],                        // header value longer than the record
        &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0, 0, 1, 1], // varint of six bytes
        &[0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 1, 1, 0],    // length 2^31 - 1
        &[0, 0, 0, 0, 0, 0, 0],                               // length 0
    ] {
        assert_corrupt(one(bad));
    }
    assert_eq!(
        one(&[16, 0, 0, 0, 1, 1, 2, 0, 1]),
        Ok(1),
        "empty header key, null header value"
    );
    assert_eq!(
        one(&[12, 0x7f, 0, 0, 1, 1, 0]),
        Ok(1),
        "unknown record attributes are ignored"
    );
}

/// B-17: a million headers are only many.
#[test]
fn many_headers() {
    let headers = vec![(b"k".as_slice(), None); 1_000_000];
    let mut builder = BatchBuilder::new(Compression::None);
    builder.push(0, None, None, &headers);
    let batch = builder.finish(ProducerStamp::NONE).expect("a batch");
    let mut scratch = Scratch::default();
    let batch = Batch::parse(&batch).expect("parse");
    let record = batch
        .records(&mut scratch, 0)
        .expect("records")
        .next()
        .expect("one")
        .expect("a record");
    assert_eq!(
        (record.headers.len(), record.headers.iter().count()),
        (1_000_000, 1_000_000)
    );
}

/// B-18: control batches in every shape.
#[test]
fn control_batches() {
    let control = |key: Option<&[u8]>, records: usize| {
        let mut builder = BatchBuilder::new(Compression::None);
        for _ in 0..records {
            builder.push(0, key, None, &[]);
        }
        let mut batch = builder.finish(ProducerStamp::NONE).expect("a batch").to_vec();
        put(&mut batch, ATTRIBUTES, 0x30u16.to_be_bytes());
        Batch::parse(&batch).expect("parse").control_type()
    };
    assert_eq!(control(Some(&[0, 0, 0, 0]), 1), Some(ControlType::Abort));
    assert_eq!(
        control(Some(&[0, 0, 0, 1]), 2),
        Some(ControlType::Commit),
        "the first record counts"
    );
    assert_eq!(
        control(Some(&[0, 9, 0, 1, 7, 7]), 1),
        Some(ControlType::Commit),
        "a newer version of the key"
    );
    assert_eq!(control(Some(&[0, 0, 0, 5]), 1), Some(ControlType::Other(5)));
    assert_eq!(control(Some(&[0, 0, 0xff, 0xff]), 1), Some(ControlType::Other(-1)));
    assert_eq!(control(Some(&[0, 0, 0]), 1), None);
    assert_eq!(control(None, 1), None);
    assert_eq!(Batch::parse(&around(0x30, 0, &[])).expect("parse").control_type(), None);
    assert_eq!(
        Batch::parse(&three()).expect("parse").control_type(),
        None,
        "no control batch"
    );
    assert_eq!(
        Batch::parse(&around(0x30, 1, &[0; 7])).expect("parse").control_type(),
        None,
        "no record"
    );
}
