//! The formats before Kafka 0.11: magic 0 and 1. Brokers no longer write them but serve what lies on their disks.
//!
//! An entry is one record, or, compressed, a wrapper whose value is a sequence of entries. What a wrapper means:
//!
//! - v0: the offsets inside are absolute, there are no timestamps.
//! - v1: the offsets inside are relative, the wrapper carries the absolute offset of the last: `absolute = wrapper - last
//!   inside + inside`. A wrapper at offset 0 holds offsets as they are (some librdkafka wrote that).
//! - v1 on LogAppendTime: the time of the wrapper is that of every record in it.
//!
//! Java: `org.apache.kafka.common.record.AbstractLegacyRecordBatch.DeepRecordsIterator`.

use super::entry::Batch;
use super::header::{LEGACY_LENGTHS, PREFIX, TimestampType, V0_HEADER, V1_HEADER};
use super::record::{Headers, Record};
use super::{Compression, Scratch};
use crate::WireError;
use crate::compress::decompress;

/// The records of one entry: itself, or what it wraps.
#[derive(Debug)]
pub(super) struct LegacyRecords<'b> {
    /// A sequence of entries, all whole: they were counted.
    rest: &'b [u8],
    left: usize,
    magic: i8,
    /// What to add to the offset of an entry.
    shift: i64,
    /// The smallest offset that the next record may have.
    least: i64,
    append_time: Option<i64>,
}

pub(super) fn records<'a: 'b, 'b>(
    batch: &Batch<'a>,
    scratch: &'b mut Scratch,
    limit: usize,
) -> Result<LegacyRecords<'b>, WireError> {
    let header = &batch.header;
    let magic = header.magic;
    let append_time = (header.timestamp_type() == TimestampType::LogAppendTime).then_some(header.max_timestamp);
    let compression = header.compression()?;
    if compression == Compression::None {
        let plain = LegacyRecords {
            rest: batch.bytes,
            left: 1,
            magic,
            shift: 0,
            least: i64::MIN,
            append_time,
        };
        return Ok(plain);
    }
    let wrapped = Entry::parse(batch.bytes, magic)?.value.ok_or_else(|| {
        WireError::corrupt(format!(
            "a {compression} wrapper at offset {} is null",
            header.base_offset
        ))
    })?;
    let rest = decompress(compression, magic, wrapped, scratch, limit)?;
    let (left, last_inside) = survey(rest)?;
    let wrapper = header.base_offset;
    let shift = if magic == 0 || wrapper == 0 {
        0
    } else {
        wrapper.checked_sub(last_inside).unwrap_or(-1)
    };
    if shift < 0 {
        return Err(WireError::corrupt(format!(
            "a wrapper at offset {wrapper} whose last record is {last_inside}"
        )));
    }
    Ok(LegacyRecords {
        rest,
        left,
        magic,
        shift,
        least: 0,
        append_time,
    })
}

/// Counts the entries and finds the offset of the last one, looking at prefixes only.
fn survey(entries: &[u8]) -> Result<(usize, i64), WireError> {
    let mut rest = entries;
    let mut last = None;
    let mut count = 0;
    while !rest.is_empty() {
        let (offset, length) = prefix(rest)?;
        rest = &rest[length..];
        last = Some(offset);
        count += 1;
    }
    let last = last.ok_or_else(|| WireError::corrupt("a wrapper without records"))?;
    Ok((count, last))
}

/// Offset and whole length of the entry that `rest` begins with; all of it is there.
fn prefix(rest: &[u8]) -> Result<(i64, usize), WireError> {
    let left = rest.len();
    let Some((offset, after)) = rest.split_first_chunk::<8>() else {
        return Err(WireError::corrupt(format!(
            "{left} bytes are left behind the last entry of a wrapper"
        )));
    };
    let declared = after.first_chunk::<4>().map_or(-1, |bytes| i32::from_be_bytes(*bytes));
    match usize::try_from(declared).ok().and_then(|size| size.checked_add(PREFIX)) {
        Some(length) if length <= left => Ok((i64::from_be_bytes(*offset), length)),
        _ => Err(WireError::corrupt(format!(
            "an entry length of {declared} in a wrapper with {left} bytes left"
        ))),
    }
}

struct Entry<'b> {
    attributes: u8,
    timestamp: i64,
    key: Option<&'b [u8]>,
    value: Option<&'b [u8]>,
}

impl<'b> Entry<'b> {
    /// Reads the entry that fills `bytes`.
    fn parse(bytes: &'b [u8], magic: i8) -> Result<Entry<'b>, WireError> {
        let fixed = if magic == 0 { V0_HEADER } else { V1_HEADER };
        let short = || WireError::corrupt(format!("a v{magic} entry of {} bytes", bytes.len()));
        let (head, fields) = bytes
            .split_at_checked(fixed)
            .filter(|_| bytes.len() >= fixed + LEGACY_LENGTHS)
            .ok_or_else(short)?;
        let [.., found, attributes] = *head.first_chunk::<V0_HEADER>().ok_or_else(short)?;
        if found as i8 != magic {
            return Err(WireError::corrupt(format!(
                "magic {} inside a wrapper of magic {magic}",
                found as i8
            )));
        }
        let timestamp = match head.get(V0_HEADER..).and_then(|time| time.first_chunk()) {
            Some(time) => i64::from_be_bytes(*time),
            None => -1,
        };
        let (key, fields) = cut(fields)?;
        let (value, fields) = cut(fields)?;
        if !fields.is_empty() {
            return Err(WireError::corrupt(format!(
                "{} bytes are left over in a v{magic} entry",
                fields.len()
            )));
        }
        Ok(Entry {
            attributes,
            timestamp,
            key,
            value,
        })
    }
}

/// An int32 length, -1 for null, and that many bytes; and what follows.
fn cut(fields: &[u8]) -> Result<(Option<&[u8]>, &[u8]), WireError> {
    let (length, rest) = fields
        .split_first_chunk::<4>()
        .ok_or_else(|| WireError::corrupt("a cut field"))?;
    let length = i32::from_be_bytes(*length);
    if length == -1 {
        return Ok((None, rest));
    }
    match usize::try_from(length)
        .ok()
        .and_then(|length| rest.split_at_checked(length))
    {
        Some((field, rest)) => Ok((Some(field), rest)),
        None => Err(WireError::corrupt(format!(
            "a field of {length} bytes where {} are left",
            rest.len()
        ))),
    }
}

impl<'b> LegacyRecords<'b> {
    pub(super) fn left(&self) -> usize {
        self.left
    }

    pub(super) fn next(&mut self) -> Option<Result<Record<'b>, WireError>> {
        self.left = self.left.checked_sub(1)?;
        Some(self.cut())
    }

    fn cut(&mut self) -> Result<Record<'b>, WireError> {
        let (offset, length) = prefix(self.rest)?;
        let (bytes, rest) = self.rest.split_at(length);
        let entry = Entry::parse(bytes, self.magic)?;
        if entry.attributes & 7 != 0 {
            return Err(WireError::corrupt("a compressed entry inside a wrapper"));
        }
        let offset = offset
            .checked_add(self.shift)
            .filter(|&offset| offset >= self.least && offset < i64::MAX)
            .ok_or_else(|| WireError::corrupt(format!("offset {offset} + {} inside a wrapper", self.shift)))?;
        self.rest = rest;
        self.least = offset + 1;
        let timestamp = if self.magic == 0 {
            -1
        } else {
            self.append_time.unwrap_or(entry.timestamp)
        };
        Ok(Record {
            offset,
            timestamp: Some(timestamp).filter(|&time| time != -1),
            key: entry.key,
            value: entry.value,
            headers: Headers::default(),
            onwards: entry.value.unwrap_or_default(),
        })
    }
}
