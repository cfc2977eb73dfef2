//! Edits that no protocol request can make: holes, damage, truncation. Tests ask for them through [`crate::Control`].

use bytes::{BufMut, Bytes, BytesMut};
use kaframe_wire::WireError;
use kaframe_wire::batch::{self, Batch, DEFAULT_MAX_DECOMPRESSED, Record, Scratch};

use super::{Log, Producers, StoredBatch};
use crate::control::Hole;

/// Bytes of a batch header, up to and including the record count.
const HEADER: usize = 61;
/// Where the checksum starts to count.
const ATTRIBUTES: usize = 21;

impl Log {
    /// Removes the records in `[start, end)` as compaction does. A batch that keeps some of its records is written anew,
    /// uncompressed, with the same base offset. [`Hole::EmptyBatch`] keeps the last offset of every batch it touches, and an empty
    /// batch where no record is left; [`Hole::Nothing`] keeps neither. The end of the log stays where it is. Entries of the old
    /// formats go when they lie in the range as a whole and are left alone otherwise.
    ///
    /// # Errors
    /// A batch that has to be written anew could not be read.
    pub(crate) fn make_hole(&mut self, start: i64, end: i64, hole: Hole) -> Result<(), WireError> {
        let mut kept = Vec::with_capacity(self.batches.len());
        for stored in &self.batches {
            if stored.last_offset < start || stored.base_offset >= end {
                kept.push(stored.clone());
                continue;
            }
            let parsed = Batch::parse(&stored.bytes)?;
            if parsed.header.is_legacy() {
                continue;
            }
            let left = records_outside(&parsed, start, end)?;
            let bytes = match (left, hole) {
                (None, Hole::Nothing) => continue,
                (None, Hole::EmptyBatch) => batch::empty_batch_like(&parsed.header),
                (Some(left), Hole::EmptyBatch) => rewritten(&parsed, &left, parsed.header.last_offset_delta),
                (Some(left), Hole::Nothing) => rewritten(&parsed, &left, left.last_delta),
            };
            kept.push(StoredBatch::new(bytes, stored.base_offset));
        }
        self.batches = kept;
        Ok(())
    }

    /// Flips one bit in the last byte of the batch that holds `offset`. Returns whether there is such a batch.
    pub(crate) fn corrupt(&mut self, offset: i64) -> bool {
        let at = self.batches.partition_point(|stored| stored.last_offset < offset);
        let Some(stored) = self.batches.get_mut(at) else {
            return false;
        };
        let mut bytes = BytesMut::from(&stored.bytes[..]);
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
        stored.bytes = bytes.freeze();
        true
    }

    /// Cuts the log off at `offset`: what lies there or behind is gone, and so is what is known of it. A batch across the cut goes
    /// as a whole, but the log ends at `offset`.
    pub(crate) fn truncate(&mut self, offset: i64) {
        if offset >= self.end_offset {
            return;
        }
        let offset = offset.max(self.start_offset);
        let keep = self.batches.partition_point(|stored| stored.last_offset < offset);
        self.batches.truncate(keep);
        self.end_offset = offset;
        self.epochs.cut_from(offset);
        self.producers = Producers::default();
        self.aborted.clear();
        for stored in self.batches.clone() {
            self.observe(&stored);
        }
    }

    /// Holds the high watermark at `offset`, or lets it follow the end of the log again.
    pub(crate) fn pin_high_watermark(&mut self, offset: Option<i64>) {
        self.pinned_high_watermark = offset;
    }
}

/// What is left of a batch, in the encoding of the record section.
struct Left {
    records: BytesMut,
    count: i32,
    last_delta: i32,
}

fn records_outside(parsed: &Batch<'_>, start: i64, end: i64) -> Result<Option<Left>, WireError> {
    let mut left = Left {
        records: BytesMut::new(),
        count: 0,
        last_delta: 0,
    };
    let mut scratch = Scratch::default();
    for record in parsed.records(&mut scratch, DEFAULT_MAX_DECOMPRESSED)? {
        let record = record?;
        if (start..end).contains(&record.offset) {
            continue;
        }
        let delta = record.offset - parsed.header.base_offset;
        put_record(&mut left.records, &record, delta, parsed.header.base_timestamp);
        left.count += 1;
        left.last_delta = i32::try_from(delta).unwrap_or(i32::MAX);
    }
    Ok((left.count > 0).then_some(left))
}

/// The header of `parsed` over other records, without compression.
fn rewritten(parsed: &Batch<'_>, left: &Left, last_offset_delta: i32) -> Bytes {
    let mut bytes = BytesMut::with_capacity(HEADER + left.records.len());
    bytes.put_slice(&parsed.bytes[..HEADER]);
    bytes.put_slice(&left.records);
    let length = i32::try_from(bytes.len() - 12).unwrap_or(i32::MAX);
    bytes[8..12].copy_from_slice(&length.to_be_bytes());
    bytes[ATTRIBUTES..ATTRIBUTES + 2].copy_from_slice(&(parsed.header.attributes & !0b111).to_be_bytes());
    bytes[23..27].copy_from_slice(&last_offset_delta.to_be_bytes());
    bytes[57..61].copy_from_slice(&left.count.to_be_bytes());
    let crc = crc32c::crc32c(&bytes[ATTRIBUTES..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    bytes.freeze()
}

fn put_record(to: &mut BytesMut, record: &Record<'_>, offset_delta: i64, base_timestamp: i64) {
    let mut body = BytesMut::new();
    body.put_i8(0);
    put_varlong(&mut body, record.timestamp.unwrap_or(-1).wrapping_sub(base_timestamp));
    put_varlong(&mut body, offset_delta);
    put_nullable(&mut body, record.key);
    put_nullable(&mut body, record.value);
    put_varlong(&mut body, record.headers.len() as i64);
    for (key, value) in record.headers.iter() {
        put_nullable(&mut body, Some(key));
        put_nullable(&mut body, value);
    }
    put_varlong(to, body.len() as i64);
    to.put_slice(&body);
}

fn put_nullable(to: &mut BytesMut, bytes: Option<&[u8]>) {
    match bytes {
        None => put_varlong(to, -1),
        Some(bytes) => {
            put_varlong(to, bytes.len() as i64);
            to.put_slice(bytes);
        }
    }
}

/// Zigzag varint; for values of 32 bits the bytes are the same as those of a varint.
fn put_varlong(to: &mut BytesMut, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        to.put_u8((rest as u8) | 0x80);
        rest >>= 7;
    }
    to.put_u8(rest as u8);
}
