//! One batch: its header and its bytes.

use super::checksum;
use super::header::{Header, V2_HEADER};
use super::records::Records;
use super::walk::whole_length;
use super::{Compression, ControlType, Scratch, control, legacy};
use crate::WireError;
use crate::compress::decompress;

/// A batch, borrowed from the bytes that were walked. Its header is checked; checksum and records are not yet.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Decoded.
    pub header: Header,
    /// The whole batch, header included.
    pub bytes: &'a [u8],
    /// Where it begins in the slice that was walked.
    pub position: usize,
}

impl<'a> Batch<'a> {
    /// Reads the one batch that `entry` consists of. Bytes before or behind it are an error.
    pub fn parse(entry: &'a [u8]) -> Result<Batch<'a>, WireError> {
        let had = entry.len();
        let length = whole_length(entry)?
            .ok_or_else(|| WireError::corrupt(format!("{had} bytes are less than the batch they begin")))?;
        if length != had {
            return Err(WireError::corrupt(format!("{had} bytes around a batch of {length}")));
        }
        Ok(Batch {
            header: Header::parse(entry, length)?,
            bytes: entry,
            position: 0,
        })
    }

    /// Compares the checksum: CRC-32C of a v2 batch, CRC-32 of an older one. Reads all bytes, at memory speed.
    pub fn verify_crc(&self) -> Result<(), WireError> {
        let computed = match self.header.is_legacy() {
            true => checksum::legacy(self.bytes),
            false => checksum::v2(self.bytes),
        };
        if computed != self.header.crc {
            return Err(self.crc_mismatch(computed));
        }
        Ok(())
    }

    #[cold]
    fn crc_mismatch(&self, computed: u32) -> WireError {
        let Header { base_offset, crc, .. } = self.header;
        WireError::corrupt(format!(
            "the CRC of the batch at offset {base_offset} is {computed:08x}, it says {crc:08x}"
        ))
    }

    /// The records, cut one by one as the iterator is driven.
    ///
    /// Uncompressed ones borrow from the batch itself, compressed ones from `scratch`, which holds what the batch
    /// decompresses to: at most `limit` bytes, else [`WireError::Limit`]. Old compressed wrappers are opened, offsets are
    /// absolute in every format. Does not look at the checksum.
    pub fn records<'b>(&self, scratch: &'b mut Scratch, limit: usize) -> Result<Records<'b>, WireError>
    where
        'a: 'b,
    {
        if self.header.is_legacy() {
            return legacy::records(self, scratch, limit).map(Records::legacy);
        }
        let body: &'a [u8] = self.bytes.get(V2_HEADER..).unwrap_or_default();
        let body = match self.header.compression()? {
            Compression::None => body,
            // Kept by compaction: no records, so nothing was compressed.
            _ if self.header.record_count == 0 && body.is_empty() => body,
            compression => decompress(compression, 2, body, scratch, limit)?,
        };
        Records::v2(&self.header, body)
    }

    /// What the first record of a control batch says; `None` for other batches, and for control batches that are empty or
    /// whose key is unreadable. Types that are neither commit nor abort are the broker's own business.
    pub fn control_type(&self) -> Option<ControlType> {
        /// A marker is tens of bytes; nobody compresses it, but nothing forbids it.
        const LIMIT: usize = 64 << 10;
        if !self.header.is_control() {
            return None;
        }
        let mut scratch = Scratch::default();
        let first = self.records(&mut scratch, LIMIT).ok()?.next()?.ok()?;
        control::type_of(first.key?)
    }
}
