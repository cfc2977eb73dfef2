//! Compressed data that is broken, lies about its size or blows up, and the odd kinds that Java reads too.

mod raw;

use std::io::Write;

use kaframe_wire::WireError;
use kaframe_wire::batch::{Batch, Scratch};
use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
use raw::*;

const GZIP: u16 = 1;
const SNAPPY: u16 = 2;
const LZ4: u16 = 3;
const ZSTD: u16 = 4;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("to memory");
    encoder.finish().expect("to memory")
}

fn lz4(bytes: &[u8], info: FrameInfo) -> Vec<u8> {
    let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(bytes).expect("to memory");
    encoder.finish().expect("to memory")
}

fn snappy(bytes: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(bytes).expect("to memory")
}

fn xerial(blocks: &[&[u8]]) -> Vec<u8> {
    let mut out = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01".to_vec();
    for block in blocks {
        out.extend_from_slice(&(block.len() as u32).to_be_bytes());
        out.extend_from_slice(block);
    }
    out
}

/// A stream of unknown length: no content size in the frame.
fn zstd_stream(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 1).expect("to memory")
}

fn all(bytes: &[u8]) -> [(u16, Vec<u8>); 6] {
    [
        (GZIP, gzip(bytes)),
        (SNAPPY, snappy(bytes)),
        (
            SNAPPY,
            xerial(
                &bytes
                    .chunks(32 << 10)
                    .map(snappy)
                    .collect::<Vec<_>>()
                    .iter()
                    .map(Vec::as_slice)
                    .collect::<Vec<_>>(),
            ),
        ),
        (LZ4, lz4(bytes, FrameInfo::new())),
        (ZSTD, zstd_stream(bytes)),
        (ZSTD, zstd::bulk::compress(bytes, 1).expect("to memory")),
    ]
}

/// One record whose value is `size` zeros, as it lies in an uncompressed batch.
fn one_large(size: usize) -> Vec<u8> {
    let mut builder = kaframe_wire::batch::BatchBuilder::new(kaframe_wire::batch::Compression::None);
    builder.push(0, None, Some(&vec![0; size]), &[]);
    builder
        .finish(kaframe_wire::batch::ProducerStamp::NONE)
        .expect("a batch")[HEADER..]
        .to_vec()
}

/// B-14: the limit is kept to the byte, by every codec, and is told.
#[test]
fn limits() {
    let body = one_large(3 << 20);
    for (codec, data) in all(&body) {
        let batch = around(codec, 1, &data);
        assert_eq!(read_within(&batch, body.len()), Ok(1), "codec {codec} at the limit");
        for limit in [0, 1, 1 << 20, body.len() - 1] {
            let error = read_within(&batch, limit).expect_err("above the limit");
            let WireError::Limit {
                what: "decompressed batch",
                size,
                limit: told,
            } = error
            else {
                panic!("codec {codec}: {error}");
            };
            assert_eq!(told, limit as u64);
            assert!(size > told, "codec {codec}: {size} > {told}");
        }
    }
}

/// B-14: bombs of every kind take no more memory than the limit and a little.
#[test]
fn bombs() {
    let limit = 2 << 20;
    let zeros = vec![0; 64 << 20];
    let member = gzip(&zeros[..1 << 20]);
    let nested = gzip(&gzip(&zeros));
    let mut bombs = all(&zeros).to_vec();
    bombs.push((GZIP, member.repeat(64)));
    let block = snappy(&zeros[..32 << 10]);
    bombs.push((SNAPPY, xerial(&vec![block.as_slice(); 200])));
    bombs.push((LZ4, lz4(&zeros, FrameInfo::new().block_size(BlockSize::Max4MB))));
    for (codec, data) in bombs {
        let batch = around(codec, 1, &data);
        let mut scratch = Scratch::default();
        let result = Batch::parse(&batch)
            .expect("parse")
            .records(&mut scratch, limit)
            .map(drop);
        assert!(
            matches!(result, Err(WireError::Limit { .. })),
            "codec {codec}: {result:?}"
        );
        assert!(
            scratch.capacity_bytes() <= limit + (1 << 20),
            "codec {codec}: {}",
            scratch.capacity_bytes()
        );
    }
    // Decompressed once it is small, and no records.
    assert_corrupt(read_within(&around(GZIP, 1, &nested), limit));
}

/// B-14: sizes that are only declared reserve nothing.
#[test]
fn declared_sizes() {
    // Snappy: 4 GiB - 1, and 100 MiB, in a block of a few bytes.
    for header in [&[0xff, 0xff, 0xff, 0xff, 0x0f][..], &[0x80, 0x80, 0x80, 0x32]] {
        let data = [header, &[0, 0]].concat();
        for data in [data.clone(), xerial(&[&data])] {
            let batch = around(SNAPPY, 1, &data);
            let mut scratch = Scratch::default();
            assert_corrupt(
                Batch::parse(&batch)
                    .expect("parse")
                    .records(&mut scratch, 256 << 20)
                    .map(drop),
            );
            assert!(scratch.capacity_bytes() < 1 << 20);
        }
    }
    // Zstandard: a frame header with a content size of 200 MiB and one of 64 GiB, then an empty last block.
    for (size, limit_error) in [(200u64 << 20, false), (64 << 30, true)] {
        let data = [
            &[0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0x58][..],
            &size.to_le_bytes(),
            &[1, 0, 0],
        ]
        .concat();
        let batch = around(ZSTD, 1, &data);
        let mut scratch = Scratch::default();
        let result = Batch::parse(&batch)
            .expect("parse")
            .records(&mut scratch, 256 << 20)
            .map(drop);
        assert_eq!(
            matches!(result, Err(WireError::Limit { .. })),
            limit_error,
            "{result:?}"
        );
        assert!(result.is_err());
        assert!(scratch.capacity_bytes() < 1 << 20, "{}", scratch.capacity_bytes());
    }
    // LZ4: a content size of 1 TiB, which is not looked at, and a block length of 2 GiB.
    let honest = lz4(&body(), FrameInfo::new().content_size(Some(body().len() as u64)));
    assert_eq!(read(&around(LZ4, 3, &honest)), Ok(3));
    let mut lying = lz4(&body(), FrameInfo::new());
    put(&mut lying, 7, [0xff, 0xff, 0xff, 0x7f]);
    assert_corrupt(read(&around(LZ4, 3, &lying)));
}

/// B-15: cut anywhere, damaged anywhere: an error, or in codecs without a checksum other records, never a panic.
#[test]
fn cut_and_damaged() {
    for (codec, data) in all(&body()) {
        for end in 0..data.len() {
            let result = read(&around(codec, 3, &data[..end]));
            // A gzip member whose last checksum is cut, an lz4 frame without its end: Java reads the records too. We do not.
            assert_corrupt(result);
        }
        for at in 0..data.len() {
            for bit in 0..8 {
                let mut bad = data.clone();
                bad[at] ^= 1 << bit;
                let result = read(&around(codec, 3, &bad));
                assert!(
                    matches!(result, Ok(3) | Err(WireError::Corrupt { .. } | WireError::Limit { .. })),
                    "codec {codec} byte {at}: {result:?}"
                );
            }
        }
    }
    for codec in [GZIP, SNAPPY, LZ4, ZSTD] {
        assert_corrupt(read(&around(codec, 3, &[])));
    }
}

/// B-15: the flag says one codec, the data is of another.
#[test]
fn wrong_codec() {
    for (codec, data) in all(&body()) {
        for flag in [GZIP, SNAPPY, LZ4, ZSTD] {
            if flag != codec {
                assert_corrupt(read(&around(flag, 3, &data)));
            }
        }
        assert_corrupt(read(&around(0, 3, &data)));
    }
}

#[test]
fn gzip_members() {
    let body = body();
    let (front, back) = body.split_at(9);
    let members = [gzip(front), gzip(&[]), gzip(back)].concat();
    assert_eq!(read(&around(GZIP, 3, &members)), Ok(3));
    assert_corrupt(read(&around(GZIP, 3, &[&members[..], b"garbage"].concat())));
}

#[test]
fn snappy_streams() {
    let body = body();
    let (front, back) = body.split_at(9);
    let joined = [xerial(&[&snappy(front)]), xerial(&[&snappy(back)])].concat();
    assert_eq!(read(&around(SNAPPY, 3, &joined)), Ok(3), "a second stream header");
    assert_eq!(read(&around(SNAPPY, 3, &snappy(&body))), Ok(3), "a raw block");
    assert_corrupt(read(&around(SNAPPY, 3, &xerial(&[]))));
    let negative = [&xerial(&[])[..], &[0xff; 4]].concat();
    assert_corrupt(read(&around(SNAPPY, 3, &negative)));
}

#[test]
fn lz4_frames() {
    let text: Vec<u8> = (0..200_000u32)
        .flat_map(|n| (n / 7 % 1000 * (n % 13)).to_le_bytes())
        .collect();
    let mut builder = kaframe_wire::batch::BatchBuilder::new(kaframe_wire::batch::Compression::None);
    builder.push(0, None, Some(&text), &[]);
    let plain = builder
        .finish(kaframe_wire::batch::ProducerStamp::NONE)
        .expect("a batch");
    let plain = &plain[HEADER..];
    for mode in [BlockMode::Independent, BlockMode::Linked] {
        for size in [
            BlockSize::Max64KB,
            BlockSize::Max256KB,
            BlockSize::Max1MB,
            BlockSize::Max4MB,
        ] {
            for checksums in [false, true] {
                let info = FrameInfo::new()
                    .block_mode(mode)
                    .block_size(size)
                    .block_checksums(checksums)
                    .content_checksum(checksums)
                    .content_size(checksums.then_some(plain.len() as u64));
                let data = lz4(plain, info);
                let batch = around(LZ4, 1, &data);
                let mut scratch = Scratch::default();
                let batch = Batch::parse(&batch).expect("parse");
                let record = batch
                    .records(&mut scratch, 1 << 20)
                    .expect("records")
                    .next()
                    .expect("one");
                assert!(
                    record.expect("a record").value == Some(&text),
                    "{mode:?} {size:?} {checksums}"
                );
            }
        }
    }
    // The header's checksum counts, except in magic 0 (a fixture has that).
    let mut bad = lz4(&body(), FrameInfo::new());
    bad[6] ^= 1;
    assert_corrupt(read(&around(LZ4, 3, &bad)));
    // Behind the end mark Java does not look.
    let trailing = [lz4(&body(), FrameInfo::new()), b"garbage".to_vec()].concat();
    assert_eq!(read(&around(LZ4, 3, &trailing)), Ok(3));
    // The legacy frame format of the lz4 tool.
    assert_corrupt(read(&around(LZ4, 3, &[0x02, 0x21, 0x4c, 0x18, 0, 0, 0, 0])));
}

#[test]
fn zstd_frames() {
    let body = body();
    let (front, back) = body.split_at(9);
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9];
    let frames = [&zstd_stream(front)[..], &skippable, &zstd_stream(back)].concat();
    assert_eq!(read(&around(ZSTD, 3, &frames)), Ok(3));
    let large = one_large(5 << 20);
    assert_eq!(
        read(&around(ZSTD, 1, &zstd_stream(&large))),
        Ok(1),
        "larger than guessed from its input"
    );
    // A frame that names a dictionary.
    let dictionary = [0x28, 0xb5, 0x2f, 0xfd, 0x21, 7, 1, 9, 0, 0, 7];
    assert_corrupt(read(&around(ZSTD, 1, &dictionary)));
}

/// B-21: what an earlier batch left in the buffer never shows.
#[test]
fn old_bytes_do_not_show() {
    let mut scratch = Scratch::default();
    let large = around(ZSTD, 1, &zstd_stream(&one_large(1 << 20)));
    Batch::parse(&large)
        .expect("parse")
        .records(&mut scratch, 8 << 20)
        .expect("records")
        .for_each(drop);
    for (codec, data) in all(&body()) {
        let whole = around(codec, 3, &data);
        let batch = Batch::parse(&whole).expect("parse");
        assert_eq!(batch.records(&mut scratch, 8 << 20).expect("records").count(), 3);
        let cut = around(codec, 3, &data[..data.len() / 2]);
        assert!(
            Batch::parse(&cut)
                .expect("parse")
                .records(&mut scratch, 8 << 20)
                .is_err()
        );
    }
}
