//! Bytes of a text file, compressed as a whole or not.

use std::io::{self, Write};

use flate2::write::GzEncoder;

use super::format::FileCompression;
use super::sink::Out;

/// Gzip's usual level gives little more for twice the time.
const GZIP_LEVEL: u32 = 4;

pub(super) enum Text {
    Plain(Out),
    Gzip(GzEncoder<Out>),
    Zstd(zstd::Encoder<'static, Out>),
}

impl Text {
    pub fn new(out: Out, compression: FileCompression) -> io::Result<Text> {
        Ok(match compression {
            FileCompression::Gzip => Text::Gzip(GzEncoder::new(out, flate2::Compression::new(GZIP_LEVEL))),
            FileCompression::Zstd => Text::Zstd(zstd::Encoder::new(out, 0)?),
            _ => Text::Plain(out),
        })
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Text::Plain(out) => out.write_all(bytes),
            Text::Gzip(out) => out.write_all(bytes),
            Text::Zstd(out) => out.write_all(bytes),
        }
    }

    pub fn finish(self) -> io::Result<Out> {
        match self {
            Text::Plain(out) => Ok(out),
            Text::Gzip(out) => out.finish(),
            Text::Zstd(out) => out.finish(),
        }
    }
}
