//! The four compressions of Kafka, both ways, one file each.
//!
//! Reading is bounded: the output grows as bytes come out of the decoder, never because a header promises them, and stops
//! one byte past the caller's limit with [`WireError::Limit`]. Buffers are kept in [`Scratch`] and zeroed once when they
//! grow, so a decoder that fails cannot show what was in memory before.
//!
//! What each codec looks like inside a Kafka batch: KIP-110 (zstd), KIP-57 (lz4 frames), the xerial framing of
//! snappy-java, and RFC 1952 for gzip.

mod gzip;
mod lz4;
mod output;
mod snappy;
mod zstd;

use std::fmt;
use std::str::FromStr;

use crate::WireError;
pub(crate) use output::Output;
pub use output::Scratch;

/// How the records of a batch are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// Gzip, RFC 1952.
    Gzip,
    /// Snappy blocks, written in the framing of snappy-java ("xerial"), read in that or raw.
    Snappy,
    /// LZ4 frames.
    Lz4,
    /// Zstandard frames.
    Zstd,
}

impl Compression {
    /// Every compression, in the order of its number on the wire.
    pub const ALL: [Compression; 5] = [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ];

    /// The bits of a batch's attributes that name the compression.
    pub(crate) const MASK: u16 = 7;

    /// From the lowest three bits of a batch's attributes.
    pub(crate) fn from_attributes(attributes: u16) -> Result<Compression, WireError> {
        let codec = (attributes & Compression::MASK) as u8;
        Compression::ALL
            .get(usize::from(codec))
            .copied()
            .ok_or(WireError::UnsupportedCompression { codec })
    }

    /// The number in the attributes.
    pub(crate) fn to_attributes(self) -> u16 {
        self as u16
    }

    fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Snappy => "snappy",
            Compression::Lz4 => "lz4",
            Compression::Zstd => "zstd",
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Compression {
    type Err = String;

    /// The names of the Java client's `compression.type`.
    fn from_str(text: &str) -> Result<Compression, String> {
        Compression::ALL
            .into_iter()
            .find(|compression| compression.name() == text)
            .ok_or_else(|| format!("unknown compression {text:?}: none, gzip, snappy, lz4 or zstd"))
    }
}

/// Decompresses `input` into the scratch buffer, at most `limit` bytes. `magic` is that of the batch: the lz4 frames of
/// magic 0 carry a checksum over the wrong bytes.
pub(crate) fn decompress<'s>(
    compression: Compression,
    magic: i8,
    input: &[u8],
    scratch: &'s mut Scratch,
    limit: usize,
) -> Result<&'s [u8], WireError> {
    let (mut output, zstd) = scratch.output(limit);
    match compression {
        Compression::None => output.append(input)?,
        Compression::Gzip => gzip::decompress(input, &mut output)?,
        Compression::Snappy => snappy::decompress(input, &mut output)?,
        Compression::Lz4 => lz4::decompress(input, magic == 0, &mut output)?,
        Compression::Zstd => zstd::decompress(input, zstd, &mut output)?,
    }
    output.finish()
}

/// Compresses `input` behind what `out` already holds.
pub(crate) fn compress(compression: Compression, input: &[u8], out: &mut Vec<u8>) -> Result<(), WireError> {
    match compression {
        Compression::None => out.extend_from_slice(input),
        Compression::Gzip => gzip::compress(input, out)?,
        Compression::Snappy => snappy::compress(input, out)?,
        Compression::Lz4 => lz4::compress(input, out)?,
        Compression::Zstd => zstd::compress(input, out)?,
    }
    Ok(())
}

/// What a decoder says about broken input.
#[cold]
fn broken(compression: Compression, detail: impl fmt::Display) -> WireError {
    WireError::corrupt(format!("{compression} data: {detail}"))
}
