//! The header of a batch, of all three formats, read from a fixed number of bytes.
//!
//! ```text
//! v2                                              v0, v1
//!  0 base offset            i64                    0 offset      i64   of a compressed wrapper: of its last record
//!  8 length of what follows i32                    8 length      i32
//! 12 partition leader epoch i32                   12 crc         u32   CRC-32 from 16 on
//! 16 magic                  i8  = 2               16 magic       i8
//! 17 crc                    u32 CRC-32C from 21   17 attributes  i8
//! 21 attributes             i16                   18 timestamp   i64   v1 only
//! 23 last offset delta      i32                   .. key, value  i32 length (-1 null) and bytes
//! 27 base timestamp         i64
//! 35 max timestamp          i64
//! 43 producer id            i64
//! 51 producer epoch         i16
//! 53 base sequence          i32
//! 57 record count           i32
//! 61 records
//! ```

use super::Compression;
use crate::WireError;

/// Base offset and length, common to all formats and not counted by the length.
pub(super) const PREFIX: usize = 12;
/// Where the magic byte stands, in all formats.
pub(super) const MAGIC_AT: usize = 16;
/// A v2 header.
pub(super) const V2_HEADER: usize = 61;
pub(super) const V2_CRC_FROM: usize = 21;
pub(super) const LEGACY_CRC_FROM: usize = 16;
/// The smallest v0 entry: null key, null value.
pub(super) const V0_HEADER: usize = 18;
/// Of a v1 entry: with a timestamp.
pub(super) const V1_HEADER: usize = 26;
/// Two lengths.
pub(super) const LEGACY_LENGTHS: usize = 8;

pub(super) const LOG_APPEND_TIME: u16 = 1 << 3;
pub(super) const TRANSACTIONAL: u16 = 1 << 4;
pub(super) const CONTROL: u16 = 1 << 5;
const DELETE_HORIZON: u16 = 1 << 6;

/// What the timestamps of a batch mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimestampType {
    /// Magic 0: there are none.
    NoTimestampType,
    /// Given by the producer, each record its own.
    CreateTime,
    /// Given by the broker on append, one for the whole batch.
    LogAppendTime,
}

/// The header of a batch. Fields that v0 and v1 do not have are -1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The offset of the first record, or of the place where it was before compaction. In v0 and v1: of the *last* record
    /// (see [`Header::is_legacy`]).
    pub base_offset: i64,
    /// The whole batch in bytes, with the 12 bytes before the part that its own length field counts.
    pub length: usize,
    /// The epoch of the leader that appended it; -1 in requests.
    pub partition_leader_epoch: i32,
    /// 0, 1 or 2.
    pub magic: i8,
    /// The checksum as written; see [`super::Batch::verify_crc`].
    pub crc: u32,
    /// Compression and flags.
    pub attributes: u16,
    /// The offset of the last record less the base offset, kept by compaction; never negative. 0 in v0 and v1.
    pub last_offset_delta: i32,
    /// What record timestamps count from, in ms; the time of a purge if [`Header::has_delete_horizon`]. In v1 that of the entry.
    pub base_timestamp: i64,
    /// The largest timestamp in ms as the writer says, -1 for none.
    pub max_timestamp: i64,
    /// Of the idempotent or transactional producer, -1 for others.
    pub producer_id: i64,
    /// Of that producer, -1 for others.
    pub producer_epoch: i16,
    /// The sequence number of the first record, -1 for others.
    pub base_sequence: i32,
    /// How many records the batch says it holds; 0 in what compaction left of an emptied one; never negative but in a
    /// compressed v0 or v1 wrapper, where it is -1: not known before it is decompressed.
    pub record_count: i32,
}

impl Header {
    /// The offset of the last record (or of the place where it was).
    pub fn last_offset(&self) -> i64 {
        // Neither can overflow: `parse` refuses such headers.
        self.base_offset.saturating_add(i64::from(self.last_offset_delta))
    }

    /// The offset behind this batch: where a reader goes on.
    pub fn next_offset(&self) -> i64 {
        self.last_offset().saturating_add(1)
    }

    /// How the records are compressed; an error for the three numbers that name none.
    pub fn compression(&self) -> Result<Compression, WireError> {
        Compression::from_attributes(self.attributes)
    }

    /// What the timestamps mean.
    pub fn timestamp_type(&self) -> TimestampType {
        match (self.magic, self.attributes & LOG_APPEND_TIME) {
            (0, _) => TimestampType::NoTimestampType,
            (_, 0) => TimestampType::CreateTime,
            _ => TimestampType::LogAppendTime,
        }
    }

    /// Whether the batch belongs to a transaction.
    pub fn is_transactional(&self) -> bool {
        self.magic >= 2 && self.attributes & TRANSACTIONAL != 0
    }

    /// Whether it holds control records: never shown to users.
    pub fn is_control(&self) -> bool {
        self.magic >= 2 && self.attributes & CONTROL != 0
    }

    /// Whether [`Header::base_timestamp`] is the time from which compaction may drop the tombstones in here (KIP-534).
    /// Record timestamps are still right.
    pub fn has_delete_horizon(&self) -> bool {
        self.magic >= 2 && self.attributes & DELETE_HORIZON != 0
    }

    /// Whether this is a v0 or v1 entry: [`Header::base_offset`] is then the offset of the *last* record, that of the first
    /// is only known from [`super::Batch::records`].
    pub fn is_legacy(&self) -> bool {
        self.magic < 2
    }

    /// Reads the header of the batch that `entry` begins with; `entry` holds all of it. Checks everything that does not
    /// need the records.
    #[inline]
    pub(super) fn parse(entry: &[u8], length: usize) -> Result<Header, WireError> {
        match entry.get(MAGIC_AT).copied() {
            Some(2) => Header::parse_v2(entry, length),
            Some(magic @ (0 | 1)) => Header::parse_legacy(entry, length, magic as i8),
            Some(magic) => Err(WireError::corrupt(format!("unknown magic {}", magic as i8))),
            None => Err(WireError::corrupt(format!(
                "a batch of {length} bytes is shorter than any header"
            ))),
        }
    }

    #[inline]
    fn parse_v2(entry: &[u8], length: usize) -> Result<Header, WireError> {
        let Some(b) = entry.first_chunk::<V2_HEADER>().filter(|_| length >= V2_HEADER) else {
            return Err(WireError::corrupt(format!(
                "a v2 batch of {length} bytes, shorter than its header"
            )));
        };
        let header = Header {
            base_offset: i64_at(b, 0),
            length,
            partition_leader_epoch: i32_at(b, 12),
            magic: 2,
            crc: i32_at(b, 17) as u32,
            attributes: u16::from_be_bytes([b[21], b[22]]),
            last_offset_delta: i32_at(b, 23),
            base_timestamp: i64_at(b, 27),
            max_timestamp: i64_at(b, 35),
            producer_id: i64_at(b, 43),
            producer_epoch: i16::from_be_bytes([b[51], b[52]]),
            base_sequence: i32_at(b, 53),
            record_count: i32_at(b, 57),
        };
        header.check(length - V2_HEADER)?;
        Ok(header)
    }

    #[inline]
    fn check(&self, body: usize) -> Result<(), WireError> {
        /// Length, attributes, two deltas, two lengths and a header count, one byte each.
        const SMALLEST_RECORD: usize = 7;
        let Header {
            base_offset,
            last_offset_delta,
            record_count,
            ..
        } = *self;
        if last_offset_delta < 0 {
            return Err(WireError::corrupt(format!("last offset delta {last_offset_delta}")));
        }
        // One more than the last offset must exist too: it is the next position.
        if base_offset > i64::MAX - 1 - i64::from(last_offset_delta) {
            return Err(WireError::corrupt(format!(
                "base offset {base_offset} + {last_offset_delta} overflows"
            )));
        }
        let compressed = self.attributes & 7 != 0;
        if record_count < 0 || (!compressed && record_count as usize > body / SMALLEST_RECORD) {
            return Err(WireError::corrupt(format!("{record_count} records in {body} bytes")));
        }
        if i64::from(record_count) > i64::from(last_offset_delta) + 1 {
            return Err(WireError::corrupt(format!(
                "{record_count} records in {last_offset_delta} + 1 offsets"
            )));
        }
        Ok(())
    }

    fn parse_legacy(entry: &[u8], length: usize, magic: i8) -> Result<Header, WireError> {
        let fixed = if magic == 0 { V0_HEADER } else { V1_HEADER };
        let Some(b) = entry
            .first_chunk::<V0_HEADER>()
            .filter(|_| length >= fixed + LEGACY_LENGTHS)
        else {
            return Err(WireError::corrupt(format!(
                "a v{magic} entry of {length} bytes, shorter than its header"
            )));
        };
        let base_offset = i64_at(b, 0);
        if base_offset == i64::MAX {
            return Err(WireError::corrupt(format!("offset {base_offset} has no next")));
        }
        let timestamp = match entry.get(V0_HEADER..).and_then(|rest| rest.first_chunk()) {
            Some(bytes) if magic == 1 => i64::from_be_bytes(*bytes),
            _ => -1,
        };
        let attributes = u16::from(b[17]);
        Ok(Header {
            base_offset,
            length,
            partition_leader_epoch: -1,
            magic,
            crc: i32_at(b, 12) as u32,
            attributes,
            last_offset_delta: 0,
            base_timestamp: timestamp,
            max_timestamp: timestamp,
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            record_count: if attributes & 7 == 0 { 1 } else { -1 },
        })
    }
}

/// Reads a number at a place known to be inside: `at` is a constant at every call, so the checks vanish.
#[inline(always)]
fn i32_at<const N: usize>(bytes: &[u8; N], at: usize) -> i32 {
    i32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[inline(always)]
fn i64_at<const N: usize>(bytes: &[u8; N], at: usize) -> i64 {
    (i64::from(i32_at(bytes, at)) << 32) | i64::from(i32_at(bytes, at + 4) as u32)
}
