//! LZ4 frames (KIP-57), read by hand over decoders of blocks: blocks go straight into the output with no buffer in
//! between, nothing is reserved by what a frame header declares, and the frames of old producers can be read. Format:
//! <https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md>.
//!
//! Independent blocks, which is what Kafka's clients write, go through the C library: 3.5 to 4.1 GB/s where `lz4_flex` without unsafe code
//! makes 2.6. All others, and what that library refuses, are `lz4_flex`'s.
//!
//! - Independent and linked blocks, with and without content size and checksums. Content and block checksums are not
//!   compared: the batch's own CRC covers the same bytes.
//! - One frame; what follows it is not looked at. Java's `Lz4BlockInputStream` does the same.
//! - Magic 0 batches carry a header checksum over the wrong bytes (KAFKA-3160): there it is not compared.

use std::io::Write;

use lz4_flex::block::{DecompressError, decompress_into, decompress_into_with_dict};
use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
use twox_hash::XxHash32;

use super::{Compression, Output, broken};
use crate::WireError;

const MAGIC: [u8; 4] = 0x184d_2204_u32.to_le_bytes();
/// How far back a linked block may refer.
const WINDOW: usize = 64 << 10;
/// Set in a block's length when the block is stored as it is.
const STORED: u32 = 1 << 31;

pub(super) fn decompress(input: &[u8], broken_checksum: bool, output: &mut Output<'_>) -> Result<(), WireError> {
    let frame = Frame::parse(input, broken_checksum).map_err(|detail| broken(Compression::Lz4, detail))?;
    let mut rest = frame.blocks;
    loop {
        let cut = || broken(Compression::Lz4, "the frame is cut");
        let (length, after) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
        let length = u32::from_le_bytes(*length);
        if length == 0 {
            return Ok(());
        }
        let size = (length & !STORED) as usize;
        let (data, after) = after.split_at_checked(size).ok_or_else(cut)?;
        if size > frame.block_size {
            return Err(broken(
                Compression::Lz4,
                format_args!("a block of {size} bytes in a frame of smaller blocks"),
            ));
        }
        if length & STORED != 0 {
            output.append(data)?;
        } else {
            block(data, &frame, output)?;
        }
        rest = after.get(frame.block_checksum..).ok_or_else(cut)?;
    }
}

fn block(data: &[u8], frame: &Frame<'_>, output: &mut Output<'_>) -> Result<(), WireError> {
    // One byte of a block yields at most 255, so a small block asks for little room whatever the frame declares.
    let wish = frame.block_size.min(data.len().saturating_mul(255).saturating_add(64));
    let (window, room) = output.window_and_room(WINDOW, wish);
    let whole = room.len() == wish;
    let written = match frame.linked && !window.is_empty() {
        true => decompress_into_with_dict(data, room, window),
        false => independent(data, room),
    };
    match written {
        Ok(bytes) => output.advance(bytes),
        Err(DecompressError::OutputTooSmall { .. }) if !whole => Err(output.over(output.limit() as u64 + 1)),
        Err(e) => Err(broken(Compression::Lz4, e)),
    }
}

fn independent(data: &[u8], room: &mut [u8]) -> Result<usize, DecompressError> {
    let size = i32::try_from(room.len()).ok();
    match lz4::block::decompress_to_buffer(data, size, room) {
        Ok(bytes) => Ok(bytes),
        // It does not say why.
        Err(_) => decompress_into(data, room),
    }
}

struct Frame<'i> {
    linked: bool,
    block_size: usize,
    /// Bytes behind each block.
    block_checksum: usize,
    blocks: &'i [u8],
}

impl<'i> Frame<'i> {
    fn parse(input: &'i [u8], broken_checksum: bool) -> Result<Frame<'i>, &'static str> {
        let cut = "a cut frame header";
        let rest = input.strip_prefix(&MAGIC).ok_or("no lz4 frame")?;
        let [flags, sizes] = *rest.first_chunk::<2>().ok_or(cut)?;
        if flags >> 6 != 1 {
            return Err("an unknown version of the frame format");
        }
        if flags & 1 != 0 {
            return Err("a frame that needs a dictionary");
        }
        let block_size = match sizes >> 4 & 7 {
            4 => 64 << 10,
            5 => 256 << 10,
            6 => 1 << 20,
            7 => 4 << 20,
            _ => return Err("an unknown block size"),
        };
        let content_size = if flags & 8 != 0 { 8 } else { 0 };
        let (descriptor, rest) = rest.split_at_checked(2 + content_size).ok_or(cut)?;
        let (checksum, blocks) = rest.split_first().ok_or(cut)?;
        if !broken_checksum && (XxHash32::oneshot(0, descriptor) >> 8) as u8 != *checksum {
            return Err("the checksum of the frame header is wrong");
        }
        let block_checksum = if flags & 16 != 0 { 4 } else { 0 };
        Ok(Frame {
            linked: flags & 32 == 0,
            block_size,
            block_checksum,
            blocks,
        })
    }
}

/// As Java writes: 64 KiB blocks, independent (Java reads no others), no content size.
pub(super) fn compress(input: &[u8], out: &mut Vec<u8>) -> Result<(), WireError> {
    let info = FrameInfo::new()
        .block_mode(BlockMode::Independent)
        .block_size(BlockSize::Max64KB);
    let mut encoder = FrameEncoder::with_frame_info(info, out);
    encoder
        .write_all(input)
        .map_err(|e| broken(Compression::Lz4, e))
        .and_then(|()| encoder.finish().map(drop).map_err(|e| broken(Compression::Lz4, e)))
}
