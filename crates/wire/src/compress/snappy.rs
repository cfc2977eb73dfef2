//! Snappy: the framing of snappy-java ("xerial") if its 8-byte magic stands in front, else one raw block.
//!
//! Framing: magic, version (int32), lowest compatible version (int32), then blocks, each an int32 length and a raw block
//! of up to 32 KiB of data. A second header may stand where a block is expected: snappy-java writes that when streams are
//! joined. librdkafka and some Go clients write raw blocks.

use snap::raw::{Decoder, Encoder, decompress_len, max_compress_len};

use super::{Compression, Output, broken};
use crate::WireError;

const MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
const HEADER: usize = 16;
/// What snappy-java puts into a block.
const BLOCK: usize = 32 << 10;
/// A copy of 64 bytes takes three, so no block can grow more than this; a header that says otherwise lies.
const MOST_RATIO: usize = 22;

pub(super) fn decompress(input: &[u8], output: &mut Output<'_>) -> Result<(), WireError> {
    let mut decoder = Decoder::new();
    if !input.starts_with(&MAGIC) {
        return block(&mut decoder, input, output);
    }
    let mut rest = input;
    while !rest.is_empty() {
        if rest.starts_with(&MAGIC) {
            rest = rest
                .get(HEADER..)
                .ok_or_else(|| broken(Compression::Snappy, "a cut stream header"))?;
            continue;
        }
        let Some((length, after)) = rest.split_first_chunk::<4>() else {
            return Err(broken(Compression::Snappy, "a cut block length"));
        };
        let length = u32::from_be_bytes(*length) as usize;
        let Some((data, after)) = after.split_at_checked(length) else {
            let left = after.len();
            return Err(broken(
                Compression::Snappy,
                format_args!("a block of {length} bytes where {left} are left"),
            ));
        };
        block(&mut decoder, data, output)?;
        rest = after;
    }
    Ok(())
}

fn block(decoder: &mut Decoder, data: &[u8], output: &mut Output<'_>) -> Result<(), WireError> {
    let size = decompress_len(data).map_err(|e| broken(Compression::Snappy, e))?;
    if size > data.len().saturating_mul(MOST_RATIO) {
        let from = data.len();
        return Err(broken(
            Compression::Snappy,
            format_args!("{from} bytes cannot hold the {size} they declare"),
        ));
    }
    if size > output.limit() - output.filled() {
        return Err(output.over((output.filled() + size) as u64));
    }
    let room = &mut output.room(size)[..size];
    let written = decoder
        .decompress(data, room)
        .map_err(|e| broken(Compression::Snappy, e))?;
    output.advance(written)
}

pub(super) fn compress(input: &[u8], out: &mut Vec<u8>) -> Result<(), WireError> {
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&1i32.to_be_bytes());
    out.extend_from_slice(&1i32.to_be_bytes());
    let mut encoder = Encoder::new();
    for data in input.chunks(BLOCK) {
        let start = out.len();
        out.resize(start + 4 + max_compress_len(data.len()), 0);
        let size = encoder
            .compress(data, &mut out[start + 4..])
            .map_err(|e| broken(Compression::Snappy, e))?;
        out[start..start + 4].copy_from_slice(&(size as u32).to_be_bytes());
        out.truncate(start + 4 + size);
    }
    Ok(())
}
