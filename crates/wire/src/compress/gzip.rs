//! Gzip, RFC 1952: any number of members one after the other, as Java's `GZIPInputStream` reads them.

use std::io::{Read, Write};

use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::{Compression, Output, broken};
use crate::WireError;

pub(super) fn decompress(input: &[u8], output: &mut Output<'_>) -> Result<(), WireError> {
    let mut decoder = MultiGzDecoder::new(input);
    loop {
        match decoder.read(output.all_room(1)) {
            Ok(0) => return Ok(()),
            Ok(bytes) => output.advance(bytes)?,
            Err(e) => return Err(broken(Compression::Gzip, e)),
        }
    }
}

pub(super) fn compress(input: &[u8], out: &mut Vec<u8>) -> Result<(), WireError> {
    let mut encoder = GzEncoder::new(out, flate2::Compression::default());
    encoder
        .write_all(input)
        .and_then(|()| encoder.finish().map(drop))
        .map_err(|e| broken(Compression::Gzip, e))
}
