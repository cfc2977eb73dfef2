//! v0 and v1 entries and wrappers by hand, right and wrong.

mod raw;

use kaframe_wire::batch::{Batch, Scratch, Walk};
use raw::{assert_corrupt, read};

/// An entry as a v0 or v1 log holds it.
fn entry(magic: u8, offset: i64, attributes: u8, timestamp: i64, key: Option<&[u8]>, value: Option<&[u8]>) -> Vec<u8> {
    let mut tail = vec![magic, attributes];
    if magic == 1 {
        tail.extend_from_slice(&timestamp.to_be_bytes());
    }
    for field in [key, value] {
        let length = field.map_or(-1, |field| field.len() as i32);
        tail.extend_from_slice(&length.to_be_bytes());
        tail.extend_from_slice(field.unwrap_or_default());
    }
    let mut out = offset.to_be_bytes().to_vec();
    out.extend_from_slice(&(tail.len() as i32 + 4).to_be_bytes());
    out.extend_from_slice(&crc32fast::hash(&tail).to_be_bytes());
    out.extend_from_slice(&tail);
    out
}

fn plain(magic: u8, offset: i64) -> Vec<u8> {
    entry(magic, offset, 0, offset.wrapping_add(1000), Some(b"k"), Some(b"v"))
}

fn wrapper(magic: u8, offset: i64, attributes: u8, inside: &[u8]) -> Vec<u8> {
    let data = snap::raw::Encoder::new().compress_vec(inside).expect("to memory");
    entry(magic, offset, 2 | attributes, 5000, None, Some(&data))
}

fn inside(magic: u8, offsets: &[i64]) -> Vec<u8> {
    offsets.iter().flat_map(|offset| plain(magic, *offset)).collect()
}

fn offsets(bytes: &[u8]) -> Vec<i64> {
    let mut scratch = Scratch::default();
    let batch = Batch::parse(bytes).expect("parse");
    batch.verify_crc().expect("crc");
    batch
        .records(&mut scratch, 1 << 20)
        .expect("records")
        .map(|record| record.expect("a record").offset)
        .collect()
}

#[test]
fn relative_offsets_of_v1() {
    assert_eq!(offsets(&wrapper(1, 102, 0, &inside(1, &[0, 1, 2]))), [100, 101, 102]);
    assert_eq!(
        offsets(&wrapper(1, 102, 0, &inside(1, &[1, 4]))),
        [99, 102],
        "compacted"
    );
    assert_eq!(
        offsets(&wrapper(1, 0, 0, &inside(1, &[7, 8]))),
        [7, 8],
        "a wrapper at 0: as they are"
    );
    assert_corrupt(read(&wrapper(1, 1, 0, &inside(1, &[0, 1, 2]))));
}

#[test]
fn absolute_offsets_of_v0() {
    assert_eq!(
        offsets(&wrapper(0, 102, 0, &inside(0, &[100, 101, 102]))),
        [100, 101, 102]
    );
}

#[test]
fn timestamps() {
    let times = |bytes: &[u8]| -> Vec<Option<i64>> {
        let mut scratch = Scratch::default();
        let batch = Batch::parse(bytes).expect("parse");
        batch
            .records(&mut scratch, 1 << 20)
            .expect("records")
            .map(|record| record.expect("a record").timestamp)
            .collect()
    };
    assert_eq!(times(&plain(0, 4)), [None]);
    assert_eq!(times(&plain(1, 4)), [Some(1004)]);
    assert_eq!(times(&entry(1, 4, 0, -1, None, None)), [None]);
    assert_eq!(
        times(&wrapper(1, 2, 0, &inside(1, &[0, 1, 2]))),
        [Some(1000), Some(1001), Some(1002)]
    );
    assert_eq!(
        times(&wrapper(1, 2, 8, &inside(1, &[0, 1, 2]))),
        [Some(5000); 3],
        "LogAppendTime is the wrapper's"
    );
    assert_eq!(times(&wrapper(0, 2, 8, &inside(0, &[0, 1, 2]))), [None; 3]);
}

#[test]
fn wrappers_that_lie() {
    // Null, empty, another magic inside, a wrapper inside, offsets that do not grow.
    assert_corrupt(read(&entry(1, 5, 2, 0, None, None)));
    assert_corrupt(read(&wrapper(1, 5, 0, &[])));
    assert_corrupt(read(&wrapper(1, 5, 0, &inside(0, &[0, 1]))));
    assert_corrupt(read(&wrapper(0, 5, 0, &inside(1, &[4, 5]))));
    assert_corrupt(read(&wrapper(1, 5, 0, &wrapper(1, 0, 0, &inside(1, &[0])))));
    assert_corrupt(read(&wrapper(1, 5, 0, &inside(1, &[0, 0, 1]))));
    assert_corrupt(read(&wrapper(1, 5, 0, &inside(1, &[2, 1, 3]))));
    assert_corrupt(read(&wrapper(1, 5, 0, &inside(1, &[i64::MIN, 3]))));
    // A v2 batch inside.
    assert_corrupt(read(&wrapper(1, 5, 0, &raw::three())));
    // Cut anywhere inside.
    let whole = inside(1, &[0, 1]);
    for end in (1..whole.len()).filter(|end| *end != whole.len() / 2) {
        assert_corrupt(read(&wrapper(1, 5, 0, &whole[..end])));
    }
}

/// Every length field of an entry, with every kind of lie.
#[test]
fn lengths_that_lie() {
    for magic in [0, 1] {
        let good = plain(magic, 3);
        assert_eq!(read(&good), Ok(1));
        let key_at = if magic == 0 { 18 } else { 26 };
        for at in [key_at, key_at + 5] {
            for length in [-2, i32::MIN, i32::MAX, 0, 2, 100] {
                let mut bad = good.clone();
                bad[at..at + 4].copy_from_slice(&i32::to_be_bytes(length));
                assert_corrupt(read(&bad));
            }
        }
        let short = &good[..good.len() - 3];
        assert!(Walk::new(short).next().expect("an error").is_err());
        let mut declared_short = good.clone();
        declared_short[8..12].copy_from_slice(&13i32.to_be_bytes());
        assert_corrupt(Walk::new(&declared_short).next().expect("an error"));
    }
    // As long as a v0 entry must be, but of magic 1.
    let mut small = entry(0, 3, 0, 0, None, None);
    small[16] = 1;
    assert_corrupt(Batch::parse(&small));
}

#[test]
fn checksum() {
    let mut bad = plain(1, 3);
    Batch::parse(&bad).expect("parse").verify_crc().expect("crc");
    let last = bad.len() - 1;
    bad[last] ^= 1;
    assert_corrupt(Batch::parse(&bad).expect("parse").verify_crc());
}

#[test]
fn the_last_offset_has_a_next() {
    assert_corrupt(Batch::parse(&plain(1, i64::MAX)));
    assert_corrupt(read(&wrapper(0, 5, 0, &inside(0, &[i64::MAX]))));
}
