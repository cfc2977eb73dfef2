//! What a broker does to batches that it keeps: it stamps offsets, epoch and time on append, and leaves an empty header
//! where compaction took every record.

use bytes::Bytes;

use super::builder::{Flags, seal, stamp_crc, start};
use super::header::{Header, LOG_APPEND_TIME};
use super::{Batch, Compression};
use crate::WireError;

/// Stamps a v2 batch as a leader does on append: base offset, leader epoch and, on a topic with LogAppendTime, the time of
/// append for the whole batch. The checksum does not cover the first two; for the third it is computed anew.
///
/// # Errors
/// [`WireError::Corrupt`] if `batch` is not one whole batch or its offsets would overflow, [`WireError::Protocol`] if it is
/// of an old format: brokers have converted those before they stamp.
pub fn restamp(
    batch: &mut [u8],
    base_offset: i64,
    leader_epoch: i32,
    log_append_time: Option<i64>,
) -> Result<(), WireError> {
    let header = Batch::parse(batch)?.header;
    if header.is_legacy() {
        return Err(WireError::protocol(format!(
            "a batch of magic {} cannot be appended",
            header.magic
        )));
    }
    if base_offset < 0 || base_offset > i64::MAX - 1 - i64::from(header.last_offset_delta) {
        return Err(WireError::corrupt(format!(
            "base offset {base_offset} + {} overflows",
            header.last_offset_delta
        )));
    }
    batch[0..8].copy_from_slice(&base_offset.to_be_bytes());
    batch[12..16].copy_from_slice(&leader_epoch.to_be_bytes());
    if let Some(time) = log_append_time {
        let attributes = header.attributes | LOG_APPEND_TIME;
        batch[21..23].copy_from_slice(&attributes.to_be_bytes());
        batch[35..43].copy_from_slice(&time.to_be_bytes());
        stamp_crc(batch);
    }
    Ok(())
}

/// What compaction keeps of a batch whose records are all gone, when its producer is still known: the header, with the
/// same offsets and no records.
pub fn empty_batch_like(header: &Header) -> Bytes {
    let flags = Flags {
        base_offset: header.base_offset,
        attributes: header.attributes & !Compression::MASK,
        last_offset_delta: header.last_offset_delta,
        base_timestamp: -1,
        max_timestamp: header.max_timestamp,
        producer_id: header.producer_id,
        producer_epoch: header.producer_epoch,
        base_sequence: header.base_sequence,
        record_count: 0,
    };
    let mut batch = start();
    seal(&mut batch, &flags);
    batch[12..16].copy_from_slice(&header.partition_leader_epoch.to_be_bytes());
    Bytes::from(batch)
}
