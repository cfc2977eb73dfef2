//! What a leader checks before it appends a batch, and what it changes in it. The rules and codes are those of `LogValidator` and
//! `UnifiedLog` in Apache Kafka; sequences and transactions are checked later, under the lock ([`crate::log`]).

use bytes::BytesMut;
use kaframe_wire::batch::{
    Batch, BatchBuilder, Compression, DEFAULT_MAX_DECOMPRESSED, Header, ProducerStamp, Scratch, TimestampType, Walk,
};
use kaframe_wire::{ErrorCode, WireError};

use crate::cluster::Refusal;
use crate::config::TopicRules;

/// First version of Produce in which zstd may come.
const ZSTD_SINCE: i16 = 7;
/// Where the format version stands in a batch.
const MAGIC: usize = 16;
/// Where the checksum stands; it covers everything behind it.
const CHECKSUM: std::ops::Range<usize> = 17..21;
/// Where the largest timestamp stands in a batch.
const MAX_TIMESTAMP: std::ops::Range<usize> = 35..43;

/// A batch that may be appended.
#[derive(Debug)]
pub(crate) struct Valid {
    pub(crate) bytes: BytesMut,
    pub(crate) header: Header,
    pub(crate) log_append_time: Option<i64>,
}

fn invalid(reason: impl Into<String>) -> Refusal {
    (ErrorCode::INVALID_RECORD, reason.into())
}

fn corrupt(reason: impl std::fmt::Display) -> Refusal {
    (ErrorCode::CORRUPT_MESSAGE, reason.to_string())
}

/// Checks the record section of one partition in a Produce request of this version.
///
/// # Errors
/// Kafka's code and the reason.
pub(crate) fn validate(
    records: &[u8],
    rules: &TopicRules,
    version: i16,
    now: i64,
    scratch: &mut Scratch,
) -> Result<Valid, Refusal> {
    if records.is_empty() {
        return Err(invalid(format!(
            "Produce requests with version {version} must have at least one record batch"
        )));
    }
    let mut walk = Walk::new(records);
    let batch = match walk.next() {
        Some(Ok(batch)) => batch,
        // A header that contradicts itself under a right checksum was written so on purpose.
        // No whole entry is there.
        Some(Err(WireError::Protocol { detail })) => return Err(invalid(detail)),
        Some(Err(error)) if has_right_checksum(records) => return Err(invalid(error.to_string())),
        Some(Err(error)) => return Err(corrupt(error)),
        None => return Err(invalid(format!("{} bytes hold no whole record batch", records.len()))),
    };
    let header = batch.header;
    if header.magic != 2 {
        return Err(invalid(format!(
            "Produce requests with version {version} are only allowed to contain record batches with magic version 2"
        )));
    }
    if batch.bytes.len() < records.len() {
        return Err(invalid(format!(
            "Produce requests with version {version} are only allowed to contain exactly one record batch per partition"
        )));
    }
    if header.length > rules.max_message_bytes {
        let reason = format!(
            "The record batch size is {} bytes in append to partition, which exceeds the maximum configured value of {}.",
            header.length, rules.max_message_bytes
        );
        return Err((ErrorCode::MESSAGE_TOO_LARGE, reason));
    }
    batch.verify_crc().map_err(corrupt)?;
    check_header(&header, version)?;
    let largest = check_records(&batch, rules, now, scratch)?;

    let compression = header.compression().map_err(corrupt)?;
    let mut bytes = match rules.compression {
        Some(wanted) if wanted != compression => recompress(&batch, wanted, scratch)?,
        _ => BytesMut::from(records),
    };
    let log_append_time = rules.log_append_time.then_some(now);
    if log_append_time.is_none() {
        let as_create_time = header.timestamp_type() == TimestampType::CreateTime;
        if !as_create_time || largest != header.max_timestamp {
            set_largest_timestamp(&mut bytes, largest);
        }
    }
    Ok(Valid {
        bytes,
        header,
        log_append_time,
    })
}

/// Whether this is one entry of magic 2 whose checksum fits.
fn has_right_checksum(records: &[u8]) -> bool {
    let stored = records.get(CHECKSUM).and_then(|bytes| bytes.first_chunk());
    let covered = records.get(CHECKSUM.end..);
    records.get(MAGIC) == Some(&2)
        && matches!((stored, covered), (Some(stored), Some(covered)) if u32::from_be_bytes(*stored) == crc32c::crc32c(covered))
}

fn check_header(header: &Header, version: i16) -> Result<(), Refusal> {
    if header.is_control() {
        return Err(invalid("Clients are not allowed to write control records"));
    }
    if header.producer_id >= 0 && header.base_sequence < 0 {
        return Err(invalid(format!(
            "Invalid sequence number {} in record batch with producerId",
            header.base_sequence
        )));
    }
    if header.producer_id < 0 && header.is_transactional() {
        return Err(invalid("Transactional record batch without a producer id"));
    }
    let expected = i64::from(header.last_offset_delta) + 1;
    if expected <= 0 || i64::from(header.record_count) != expected {
        return Err(invalid(format!(
            "Record batch has {} records but its last offset delta is {}",
            header.record_count, header.last_offset_delta
        )));
    }
    match header.compression() {
        Ok(Compression::Zstd) if version < ZSTD_SINCE => Err((
            ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
            format!("Produce requests with version {version} are not allowed to use ZStandard compression"),
        )),
        Ok(_) => Ok(()),
        Err(error) => Err((ErrorCode::UNSUPPORTED_COMPRESSION_TYPE, error.to_string())),
    }
}

/// Reads every record. Returns the largest timestamp, -1 when no record has one.
fn check_records(batch: &Batch<'_>, rules: &TopicRules, now: i64, scratch: &mut Scratch) -> Result<i64, Refusal> {
    let earliest = now.saturating_sub(rules.timestamp_before_max_ms);
    let latest = now.saturating_add(rules.timestamp_after_max_ms);
    let mut largest = -1;
    let mut expected = batch.header.base_offset;
    let records = batch
        .records(scratch, DEFAULT_MAX_DECOMPRESSED)
        .map_err(|error| invalid(error.to_string()))?;
    for record in records {
        let record = record.map_err(|error| invalid(error.to_string()))?;
        if record.offset != expected {
            return Err(invalid(format!(
                "Inner record has offset {}, expected {expected}",
                record.offset
            )));
        }
        expected = expected.saturating_add(1);
        if rules.compacted && record.key.is_none() {
            return Err(invalid("Compacted topic cannot accept message without key."));
        }
        let Some(timestamp) = record.timestamp else { continue };
        largest = largest.max(timestamp);
        if !rules.log_append_time && (timestamp < earliest || timestamp > latest) {
            let reason = format!(
                "Timestamp {timestamp} of message with offset {} is out of range. The timestamp should be within [{earliest}, {latest}]",
                record.offset
            );
            return Err((ErrorCode::INVALID_TIMESTAMP, reason));
        }
    }
    Ok(largest)
}

/// The same records with another compression. The timestamps stay those of the producer.
fn recompress(batch: &Batch<'_>, wanted: Compression, scratch: &mut Scratch) -> Result<BytesMut, Refusal> {
    let mut builder = BatchBuilder::new(wanted);
    let mut headers = Vec::new();
    for record in batch.records(scratch, DEFAULT_MAX_DECOMPRESSED).map_err(corrupt)? {
        let record = record.map_err(corrupt)?;
        headers.clear();
        headers.extend(record.headers.iter());
        builder.push(record.timestamp.unwrap_or(-1), record.key, record.value, &headers);
    }
    let stamp = ProducerStamp {
        producer_id: batch.header.producer_id,
        producer_epoch: batch.header.producer_epoch,
        base_sequence: batch.header.base_sequence,
        transactional: batch.header.is_transactional(),
    };
    Ok(BytesMut::from(&builder.finish(stamp).map_err(corrupt)?[..]))
}

/// Sets the largest timestamp and clears the bit for LogAppendTime, which is not the producer's to set.
fn set_largest_timestamp(bytes: &mut BytesMut, largest: i64) {
    bytes[MAX_TIMESTAMP].copy_from_slice(&largest.to_be_bytes());
    bytes[22] &= !0b1000;
    let crc = crc32c::crc32c(&bytes[CHECKSUM.end..]);
    bytes[CHECKSUM].copy_from_slice(&crc.to_be_bytes());
}
