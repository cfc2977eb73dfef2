//! Record batches.

use bytes::Bytes;

use crate::WireError;

/// How the records of a batch are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs)]
pub enum Compression {
    #[default]
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

impl std::str::FromStr for Compression {
    type Err = String;
    fn from_str(_: &str) -> Result<Self, String> {
        todo!()
    }
}

impl std::fmt::Display for Compression {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}

/// What the timestamps of a batch mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimestampType {
    /// Magic 0: no timestamps.
    NoTimestampType,
    /// Set by the producer.
    CreateTime,
    /// Set by the broker.
    LogAppendTime,
}

/// A batch header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Header {
    pub base_offset: i64,
    pub length: usize,
    pub partition_leader_epoch: i32,
    pub magic: i8,
    pub crc: u32,
    pub attributes: u16,
    pub last_offset_delta: i32,
    pub base_timestamp: i64,
    pub max_timestamp: i64,
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub base_sequence: i32,
    pub record_count: i32,
}

#[allow(missing_docs)]
impl Header {
    pub fn last_offset(&self) -> i64 {
        todo!()
    }
    pub fn next_offset(&self) -> i64 {
        todo!()
    }
    pub fn compression(&self) -> Result<Compression, WireError> {
        todo!()
    }
    pub fn timestamp_type(&self) -> TimestampType {
        todo!()
    }
    pub fn is_transactional(&self) -> bool {
        todo!()
    }
    pub fn is_control(&self) -> bool {
        todo!()
    }
    pub fn has_delete_horizon(&self) -> bool {
        todo!()
    }
    pub fn is_legacy(&self) -> bool {
        todo!()
    }
}

/// Walks batch headers.
#[derive(Debug, Clone)]
pub struct Walk<'a>(&'a [u8]);

#[allow(missing_docs)]
impl<'a> Walk<'a> {
    pub fn new(records: &'a [u8]) -> Self {
        Walk(records)
    }
    pub fn cut_tail(&self) -> usize {
        self.0.len()
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<Batch<'a>, WireError>;
    fn next(&mut self) -> Option<Self::Item> {
        todo!()
    }
}

/// One batch.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Batch<'a> {
    pub header: Header,
    pub bytes: &'a [u8],
    pub position: usize,
}

#[allow(missing_docs)]
impl<'a> Batch<'a> {
    pub fn parse(_entry: &'a [u8]) -> Result<Batch<'a>, WireError> {
        todo!()
    }
    pub fn verify_crc(&self) -> Result<(), WireError> {
        todo!()
    }
    pub fn records<'b>(&self, _scratch: &'b mut Scratch, _limit: usize) -> Result<Records<'b>, WireError>
    where
        'a: 'b,
    {
        todo!()
    }
    pub fn control_type(&self) -> Option<ControlType> {
        todo!()
    }
}

/// What a control record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ControlType {
    Abort,
    Commit,
    Other(i16),
}

/// Reused decompression buffers.
#[derive(Debug, Default)]
pub struct Scratch {}

#[allow(missing_docs)]
impl Scratch {
    pub fn capacity_bytes(&self) -> usize {
        0
    }
}

/// Records of a batch.
#[derive(Debug)]
pub struct Records<'b>(&'b [u8]);

impl<'b> Iterator for Records<'b> {
    type Item = Result<Record<'b>, WireError>;
    fn next(&mut self) -> Option<Self::Item> {
        todo!()
    }
}

/// One record.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Record<'b> {
    pub offset: i64,
    pub timestamp: Option<i64>,
    pub key: Option<&'b [u8]>,
    pub value: Option<&'b [u8]>,
    pub headers: Headers<'b>,
}

/// The headers of a record.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'b>(&'b [u8]);

#[allow(missing_docs)]
impl<'b> Headers<'b> {
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        todo!()
    }
    pub fn iter(&self) -> impl Iterator<Item = (&'b [u8], Option<&'b [u8]>)> + use<'b> {
        let _ = self.0;
        std::iter::empty()
    }
}

/// The most bytes that one batch may decompress to, unless the caller says otherwise: 256 MiB.
pub const DEFAULT_MAX_DECOMPRESSED: usize = 256 << 20;

/// Who wrote a batch, for idempotence and transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ProducerStamp {
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub base_sequence: i32,
    pub transactional: bool,
}

#[allow(missing_docs)]
impl ProducerStamp {
    pub const NONE: ProducerStamp = ProducerStamp {
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        transactional: false,
    };
}

/// Builds a v2 batch.
#[derive(Debug)]
pub struct BatchBuilder {
    compression: Compression,
}

#[allow(missing_docs)]
impl BatchBuilder {
    pub fn new(compression: Compression) -> Self {
        Self { compression }
    }
    pub fn push(
        &mut self,
        _timestamp_ms: i64,
        _key: Option<&[u8]>,
        _value: Option<&[u8]>,
        _headers: &[(&[u8], Option<&[u8]>)],
    ) {
        let _ = self.compression;
        todo!()
    }
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        todo!()
    }
    pub fn size_bytes(&self) -> usize {
        todo!()
    }
    pub fn finish(self, _stamp: ProducerStamp) -> Result<Bytes, WireError> {
        todo!()
    }
}

#[allow(missing_docs)]
pub fn control_batch(
    _base_offset: i64,
    _timestamp_ms: i64,
    _producer_id: i64,
    _producer_epoch: i16,
    _control: ControlType,
    _coordinator_epoch: i32,
) -> Bytes {
    todo!()
}

#[allow(missing_docs)]
pub fn restamp(
    _batch: &mut [u8],
    _base_offset: i64,
    _leader_epoch: i32,
    _log_append_time: Option<i64>,
) -> Result<(), WireError> {
    todo!()
}

#[allow(missing_docs)]
pub fn empty_batch_like(_header: &Header) -> Bytes {
    todo!()
}
