//! Builds v2 batches.

use bytes::Bytes;

use super::Compression;
use super::checksum;
use super::header::{PREFIX, TRANSACTIONAL, V2_CRC_FROM, V2_HEADER};
use crate::WireError;
use crate::compress::compress;
use crate::varint::{width_i64, write_i32, write_i64};

/// Who wrote a batch: what lets a broker drop duplicates and tie batches into transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerStamp {
    /// From InitProducerId, -1 for a producer without.
    pub producer_id: i64,
    /// From InitProducerId, -1 for a producer without.
    pub producer_epoch: i16,
    /// The number of the first record in the producer's sequence for this partition, -1 for a producer without.
    pub base_sequence: i32,
    /// Whether the batch belongs to an open transaction.
    pub transactional: bool,
}

impl ProducerStamp {
    /// A producer that is neither idempotent nor transactional.
    pub const NONE: ProducerStamp = ProducerStamp {
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        transactional: false,
    };
}

/// Collects records and writes them as one batch: base offset 0 (the broker assigns offsets), CreateTime.
#[derive(Debug)]
pub struct BatchBuilder {
    compression: Compression,
    /// A header's worth of zeros, then the records: an uncompressed batch is finished in place.
    bytes: Vec<u8>,
    count: i32,
    base_timestamp: i64,
    max_timestamp: i64,
}

impl BatchBuilder {
    /// An empty batch, to be compressed as a whole when it is finished.
    pub fn new(compression: Compression) -> BatchBuilder {
        BatchBuilder {
            compression,
            bytes: start(),
            count: 0,
            base_timestamp: -1,
            max_timestamp: -1,
        }
    }

    /// An empty batch with room for so many bytes.
    pub fn with_capacity(compression: Compression, bytes: usize) -> BatchBuilder {
        let mut batch = BatchBuilder::new(compression);
        batch.bytes.reserve_exact(bytes.saturating_sub(V2_HEADER));
        batch
    }

    /// Appends a record. A timestamp of -1 is none.
    ///
    /// Does not fail: [`BatchBuilder::finish`] refuses a batch that has grown past what the format can hold (2 GiB), so
    /// look at [`BatchBuilder::size_bytes`] in time.
    pub fn push(
        &mut self,
        timestamp_ms: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[(&[u8], Option<&[u8]>)],
    ) {
        if self.count == 0 {
            self.base_timestamp = timestamp_ms;
            self.max_timestamp = timestamp_ms;
        }
        self.max_timestamp = self.max_timestamp.max(timestamp_ms);
        let delta = timestamp_ms.wrapping_sub(self.base_timestamp);
        write_record(&mut self.bytes, delta, self.count, key, value, headers);
        // A record takes 7 bytes, so memory ends long before the counter; if not, `finish` refuses by size.
        self.count = self.count.saturating_add(1);
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// What the batch takes uncompressed, header included, in bytes.
    pub fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Compresses, writes the header and the checksum.
    ///
    /// # Errors
    /// As [`BatchBuilder::seal`].
    pub fn finish(self, stamp: ProducerStamp) -> Result<Bytes, WireError> {
        Ok(self.seal()?.stamp(stamp))
    }

    /// Compresses: the costly part, which needs no sequence number yet and so can be done for several batches at once.
    ///
    /// # Errors
    /// [`WireError::Limit`] for a batch of 2 GiB and more, [`WireError::Protocol`] for one without records: brokers refuse it.
    pub fn seal(self) -> Result<SealedBatch, WireError> {
        if self.count == 0 {
            return Err(WireError::protocol("a batch to be sent holds no record"));
        }
        let mut batch = self.bytes;
        if self.compression != Compression::None {
            let mut compressed = start();
            compress(self.compression, &batch[V2_HEADER..], &mut compressed)?;
            batch = compressed;
        }
        let most = i32::MAX as usize;
        if batch.len() > most {
            return Err(WireError::Limit {
                what: "record batch",
                size: batch.len() as u64,
                limit: most as u64,
            });
        }
        Ok(SealedBatch {
            bytes: batch,
            compression: self.compression,
            count: self.count,
            base_timestamp: self.base_timestamp,
            max_timestamp: self.max_timestamp,
        })
    }
}

/// A batch whose records are final, and compressed. It lacks the producer's sequence number.
#[derive(Debug)]
pub struct SealedBatch {
    /// Room for the header, then the records.
    bytes: Vec<u8>,
    compression: Compression,
    count: i32,
    base_timestamp: i64,
    max_timestamp: i64,
}

impl SealedBatch {
    /// How many records it holds; at least one.
    pub fn records(&self) -> i32 {
        self.count
    }

    /// Bytes of the finished batch, header included.
    pub fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Writes the header and the checksum.
    pub fn stamp(mut self, stamp: ProducerStamp) -> Bytes {
        let transactional = if stamp.transactional { TRANSACTIONAL } else { 0 };
        let flags = Flags {
            base_offset: 0,
            attributes: self.compression.to_attributes() | transactional,
            last_offset_delta: self.count - 1,
            base_timestamp: self.base_timestamp,
            max_timestamp: self.max_timestamp,
            producer_id: stamp.producer_id,
            producer_epoch: stamp.producer_epoch,
            base_sequence: stamp.base_sequence,
            record_count: self.count,
        };
        seal(&mut self.bytes, &flags);
        Bytes::from(self.bytes)
    }
}

/// What goes into a header that does not follow from the bytes.
pub(super) struct Flags {
    pub base_offset: i64,
    pub attributes: u16,
    pub last_offset_delta: i32,
    pub base_timestamp: i64,
    pub max_timestamp: i64,
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub base_sequence: i32,
    pub record_count: i32,
}

/// Room for a header.
pub(super) fn start() -> Vec<u8> {
    vec![0; V2_HEADER]
}

/// Writes the header over the first bytes of `batch`, with leader epoch -1 and the right checksum. The caller has seen to
/// it that the length fits 31 bits.
pub(super) fn seal(batch: &mut [u8], flags: &Flags) {
    let mut header = Vec::with_capacity(V2_HEADER);
    header.extend_from_slice(&flags.base_offset.to_be_bytes());
    header.extend_from_slice(&((batch.len() - PREFIX) as i32).to_be_bytes());
    header.extend_from_slice(&(-1i32).to_be_bytes());
    header.push(2);
    header.extend_from_slice(&[0; 4]);
    header.extend_from_slice(&flags.attributes.to_be_bytes());
    header.extend_from_slice(&flags.last_offset_delta.to_be_bytes());
    header.extend_from_slice(&flags.base_timestamp.to_be_bytes());
    header.extend_from_slice(&flags.max_timestamp.to_be_bytes());
    header.extend_from_slice(&flags.producer_id.to_be_bytes());
    header.extend_from_slice(&flags.producer_epoch.to_be_bytes());
    header.extend_from_slice(&flags.base_sequence.to_be_bytes());
    header.extend_from_slice(&flags.record_count.to_be_bytes());
    batch[..V2_HEADER].copy_from_slice(&header);
    stamp_crc(batch);
}

/// Computes the checksum of a v2 batch anew and writes it.
pub(super) fn stamp_crc(batch: &mut [u8]) {
    let crc = checksum::v2(batch);
    batch[V2_CRC_FROM - 4..V2_CRC_FROM].copy_from_slice(&crc.to_be_bytes());
}

/// Appends one record.
pub(super) fn write_record(
    out: &mut Vec<u8>,
    timestamp_delta: i64,
    offset_delta: i32,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: &[(&[u8], Option<&[u8]>)],
) {
    let fields = |key: Option<&[u8]>| key.map_or(1, |key| width_i64(key.len() as i64) + key.len());
    let headers_size: usize = headers
        .iter()
        .map(|(key, value)| fields(Some(key)) + fields(*value))
        .sum();
    let size = 1
        + width_i64(timestamp_delta)
        + width_i64(i64::from(offset_delta))
        + fields(key)
        + fields(value)
        + width_i64(headers.len() as i64)
        + headers_size;
    out.reserve(size + 5);
    write_i64(out, size as i64);
    out.push(0);
    write_i64(out, timestamp_delta);
    write_i32(out, offset_delta);
    write_bytes(out, key);
    write_bytes(out, value);
    write_i64(out, headers.len() as i64);
    for (key, value) in headers {
        write_bytes(out, Some(key));
        write_bytes(out, *value);
    }
}

fn write_bytes(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => {
            write_i64(out, bytes.len() as i64);
            out.extend_from_slice(bytes);
        }
        None => write_i32(out, -1),
    }
}
