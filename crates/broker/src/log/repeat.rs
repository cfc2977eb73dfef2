//! A log without end: one batch, served again and again with other offsets. Tests ask for it through [`crate::Control`].
//!
//! Only the base offset differs from copy to copy; it lies outside the checksum, so nothing is copied but eight bytes a batch.

use bytes::Bytes;
use kaframe_wire::WireError;
use kaframe_wire::batch::Batch;

use super::{Log, Slice};

/// The one batch of a log.
#[derive(Debug)]
pub(super) struct Repeated {
    /// Behind the base offset.
    tail: Bytes,
    /// Offsets of one copy.
    offsets: i64,
    /// The offset of the first copy.
    start: i64,
}

/// Where the base offset ends.
const BASE_OFFSET: usize = 8;

impl Log {
    /// Puts so many copies of a batch behind everything; nothing can be appended behind them.
    ///
    /// # Errors
    /// The bytes are not one batch.
    pub(crate) fn repeat(&mut self, batch: &Bytes, copies: i64) -> Result<(), WireError> {
        let header = Batch::parse(batch)?.header;
        let offsets = i64::from(header.last_offset_delta) + 1;
        self.repeated = Some(Repeated {
            tail: batch.slice(BASE_OFFSET..),
            offsets,
            start: self.end_offset,
        });
        self.end_offset += offsets * copies;
        Ok(())
    }
}

impl Repeated {
    pub(super) fn start(&self) -> i64 {
        self.start
    }

    /// Like [`Log::slice`], of the copies.
    pub(super) fn slice(&self, offset: i64, upper: i64, max_bytes: usize, at_least_one: bool) -> Slice {
        let mut slice = Slice::default();
        let length = BASE_OFFSET + self.tail.len();
        let mut copy = (offset - self.start) / self.offsets;
        loop {
            let base = self.start + copy * self.offsets;
            if base + self.offsets > upper {
                return slice;
            }
            let room = max_bytes.saturating_sub(slice.bytes);
            let whole = length <= room || (at_least_one && slice.parts.is_empty());
            if !whole && (slice.parts.is_empty() || room == 0) {
                return slice;
            }
            let mut parts = [Bytes::copy_from_slice(&base.to_be_bytes()), self.tail.clone()];
            if !whole {
                parts[0].truncate(room);
                parts[1].truncate(room - parts[0].len());
            }
            for part in parts {
                slice.bytes += part.len();
                slice.parts.push(part);
            }
            if !whole {
                return slice;
            }
            copy += 1;
        }
    }
}
