//! Zstandard frames (KIP-110), with or without content size; several frames and skippable ones are read through.
//!
//! Decoded in one call into contiguous output rather than as a stream: a stream reserves the window that a frame header
//! declares (up to 128 MiB for a frame of a few bytes), one call needs none. The price: where neither the frame nor the
//! last batch tells the size, the call is repeated with twice the room, at most until the limit.

use std::fmt;

use zstd::zstd_safe::{self, DCtx};

use super::{Compression, Output, broken};
use crate::WireError;

/// zstd's own default, and Kafka's.
const LEVEL: i32 = 3;
/// A declared content size is believed for the first try up to this many times the input.
const BELIEVED_RATIO: usize = 32;

/// A decoder that is kept from batch to batch: making one costs more than a small batch.
#[derive(Default)]
pub(super) struct Context(Option<DCtx<'static>>);

impl Context {
    pub(super) fn size_bytes(&self) -> usize {
        self.0.as_ref().map_or(0, DCtx::sizeof)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Context({} bytes)", self.size_bytes())
    }
}

pub(super) fn decompress(input: &[u8], context: &mut Context, output: &mut Output<'_>) -> Result<(), WireError> {
    if input.is_empty() {
        return Err(broken(Compression::Zstd, "no frame"));
    }
    let context = context.0.get_or_insert_with(DCtx::create);
    let declared = zstd_safe::get_frame_content_size(input).ok().flatten();
    if let Some(size) = declared
        && size > output.limit() as u64
    {
        return Err(output.over(size));
    }
    let believed = input.len().saturating_mul(BELIEVED_RATIO);
    let mut wish = declared.map_or(input.len().saturating_mul(4), |size| believed.min(size as usize));
    loop {
        let room = output.all_room(wish);
        let length = room.len();
        match context.decompress(room, input) {
            Ok(bytes) => return output.advance(bytes),
            Err(code) if !is_too_small(code) => {
                return Err(broken(Compression::Zstd, zstd_safe::get_error_name(code)));
            }
            Err(_) if length > output.limit() => return Err(output.over(length as u64)),
            Err(_) => wish = length.saturating_mul(2),
        }
    }
}

/// The library tells its errors apart by number only in its unstable interface; the text is stable.
fn is_too_small(code: zstd_safe::ErrorCode) -> bool {
    zstd_safe::get_error_name(code) == "Destination buffer is too small"
}

pub(super) fn compress(input: &[u8], out: &mut Vec<u8>) -> Result<(), WireError> {
    let start = out.len();
    out.resize(start + zstd_safe::compress_bound(input.len()), 0);
    let size = zstd_safe::compress(&mut out[start..], input, LEVEL)
        .map_err(|code| broken(Compression::Zstd, zstd_safe::get_error_name(code)))?;
    out.truncate(start + size);
    Ok(())
}
