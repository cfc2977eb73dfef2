//! The log of one partition: batches as they came, their offsets, and the three bounds of the partition.
//!
//! A batch is stored as the bytes a producer sent, with base offset, leader epoch and (for LogAppendTime) timestamp stamped in; a
//! fetch hands out slices of exactly these bytes. Nothing here validates what a producer sent: that is [`crate::produce`]. Not here:
//! leadership, topics, segments on disk, retention, compaction (tests make holes by hand: [`edit`]).
//!
//! Rules followed are those of `UnifiedLog` and `ProducerStateManager` in Apache Kafka.

pub(crate) mod edit;
mod epochs;
mod producers;
mod read;
mod repeat;
mod time;

#[cfg(test)]
mod tests;

use bytes::{Bytes, BytesMut};
use kaframe_wire::batch::{self, Batch, ControlType};
use kaframe_wire::{ErrorCode, WireError};

pub(crate) use epochs::EpochHistory;
pub(crate) use producers::{ActiveProducer, Check, Producers};
pub(crate) use read::Slice;
use repeat::Repeated;

/// One entry of the log.
#[derive(Clone, Debug)]
pub(crate) struct StoredBatch {
    pub(crate) bytes: Bytes,
    /// Offset in the header. For the old formats this is the offset of the last record in it.
    pub(crate) base_offset: i64,
    pub(crate) last_offset: i64,
    /// Largest timestamp the header claims, -1 where it has none.
    pub(crate) max_timestamp: i64,
}

/// An aborted transaction, as read_committed readers need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Aborted {
    pub(crate) producer_id: i64,
    pub(crate) first_offset: i64,
    /// Offset of the abort marker.
    pub(crate) marker_offset: i64,
}

/// What an append did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    pub(crate) base_offset: i64,
    pub(crate) log_append_time: Option<i64>,
}

/// The log of one partition.
#[derive(Debug)]
pub(crate) struct Log {
    batches: Vec<StoredBatch>,
    start_offset: i64,
    end_offset: i64,
    /// Tests may hold the high watermark below the end of the log.
    pinned_high_watermark: Option<i64>,
    epochs: EpochHistory,
    producers: Producers,
    aborted: Vec<Aborted>,
    /// Tests may have one batch stand for very many.
    repeated: Option<Repeated>,
}

impl Log {
    /// An empty log led at `leader_epoch`.
    pub(crate) fn new(leader_epoch: i32) -> Self {
        Self {
            batches: Vec::new(),
            start_offset: 0,
            end_offset: 0,
            pinned_high_watermark: None,
            epochs: EpochHistory::new(leader_epoch),
            producers: Producers::default(),
            aborted: Vec::new(),
            repeated: None,
        }
    }

    pub(crate) fn start_offset(&self) -> i64 {
        self.start_offset
    }

    /// The offset the next record gets.
    pub(crate) fn end_offset(&self) -> i64 {
        self.end_offset
    }

    pub(crate) fn high_watermark(&self) -> i64 {
        self.pinned_high_watermark
            .map_or(self.end_offset, |pinned| pinned.min(self.end_offset))
    }

    /// First offset of the oldest open transaction, else the high watermark.
    pub(crate) fn last_stable_offset(&self) -> i64 {
        let high_watermark = self.high_watermark();
        self.producers
            .first_open_offset()
            .map_or(high_watermark, |first| first.min(high_watermark))
    }

    pub(crate) fn epochs(&self) -> &EpochHistory {
        &self.epochs
    }

    pub(crate) fn producers(&self) -> &Producers {
        &self.producers
    }

    /// Starts a new leader epoch at the end of the log.
    pub(crate) fn start_epoch(&mut self, epoch: i32) {
        self.epochs.start(epoch, self.end_offset);
    }

    /// Appends one batch (magic 2) whose bytes were validated. A batch that an idempotent producer sends again is not appended
    /// a second time: the answer is that of the first.
    ///
    /// # Errors
    /// Kafka's code for a producer epoch or a sequence that does not fit.
    pub(crate) fn append(&mut self, mut bytes: BytesMut, log_append_time: Option<i64>) -> Result<Appended, ErrorCode> {
        let header = Batch::parse(&bytes).map_err(|_| ErrorCode::CORRUPT_MESSAGE)?.header;
        if let Check::Duplicate { base_offset } = self.producers.check(&header)? {
            return Ok(Appended {
                base_offset,
                log_append_time,
            });
        }
        let base_offset = self
            .stamp(&mut bytes, log_append_time)
            .map_err(|_| ErrorCode::CORRUPT_MESSAGE)?;
        self.store(bytes.freeze());
        Ok(Appended {
            base_offset,
            log_append_time,
        })
    }

    /// Appends a batch as a leader does, but without asking whether its sequence fits.
    ///
    /// # Errors
    /// The bytes have no header of a batch.
    pub(crate) fn append_unchecked(&mut self, mut bytes: BytesMut) -> Result<i64, WireError> {
        let base_offset = self.stamp(&mut bytes, None)?;
        self.store(bytes.freeze());
        Ok(base_offset)
    }

    /// Gives the batch its offset and leader epoch.
    fn stamp(&self, bytes: &mut BytesMut, log_append_time: Option<i64>) -> Result<i64, WireError> {
        batch::restamp(bytes, self.end_offset, self.epochs.latest(), log_append_time)?;
        Ok(self.end_offset)
    }

    /// Appends the end marker of a transaction. Returns the offset of the marker.
    pub(crate) fn append_marker(
        &mut self,
        producer_id: i64,
        producer_epoch: i16,
        commit: bool,
        coordinator_epoch: i32,
        now: i64,
    ) -> i64 {
        let kind = if commit {
            ControlType::Commit
        } else {
            ControlType::Abort
        };
        let offset = self.end_offset;
        let marker = batch::control_batch(offset, now, producer_id, producer_epoch, kind, coordinator_epoch);
        let mut marker = BytesMut::from(&marker[..]);
        if batch::restamp(&mut marker, offset, self.epochs.latest(), None).is_ok() {
            self.store(marker.freeze());
        }
        offset
    }

    /// Appends bytes without touching them. They may hold several batches, old formats, holes before them or damage; what cannot
    /// be cut into entries is kept as one entry at the end of the log.
    pub(crate) fn append_exact(&mut self, bytes: Bytes) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let length = entry_length(&rest).unwrap_or(rest.len());
            let entry = rest.split_to(length);
            self.store(entry);
        }
    }

    /// Puts an entry at the end and learns from its header: offsets, open transactions, markers, sequences.
    fn store(&mut self, bytes: Bytes) {
        let stored = StoredBatch::new(bytes, self.end_offset);
        self.observe(&stored);
        self.end_offset = self.end_offset.max(stored.last_offset.saturating_add(1));
        self.batches.push(stored);
    }

    /// Producer state and aborted transactions as far as this batch changes them.
    fn observe(&mut self, stored: &StoredBatch) {
        let Ok(batch) = Batch::parse(&stored.bytes) else { return };
        if batch.header.is_legacy() {
            return;
        }
        self.epochs
            .observe(batch.header.partition_leader_epoch, stored.base_offset);
        if batch.header.producer_id < 0 {
            return;
        }
        if batch.header.is_control() {
            let aborts = batch.control_type() == Some(ControlType::Abort);
            if let Some(first_offset) = self.producers.end_transaction(&batch.header)
                && aborts
            {
                self.aborted.push(Aborted {
                    producer_id: batch.header.producer_id,
                    first_offset,
                    marker_offset: stored.base_offset,
                });
            }
        } else {
            self.producers.record(&batch.header);
        }
    }

    /// Moves the log start offset up to `offset` (never down) and forgets what lies wholly below it.
    pub(crate) fn move_start(&mut self, offset: i64) {
        let offset = offset.min(self.end_offset);
        if offset <= self.start_offset {
            return;
        }
        self.start_offset = offset;
        let keep = self.batches.partition_point(|stored| stored.last_offset < offset);
        self.batches.drain(..keep);
        self.aborted.retain(|aborted| aborted.marker_offset >= offset);
        self.epochs.cut_below(offset);
    }
}

impl StoredBatch {
    /// Reads what the header says. Of a damaged header the offsets still count if they are there; anything else is taken for one
    /// record at `end_offset`.
    fn new(bytes: Bytes, end_offset: i64) -> Self {
        let (base_offset, last_offset, max_timestamp) = match Batch::parse(&bytes).map(|batch| batch.header) {
            Ok(header) if header.is_legacy() => (header.base_offset, header.base_offset, header.max_timestamp),
            Ok(header) => (header.base_offset, header.last_offset(), header.max_timestamp),
            Err(_) => match damaged_offsets(&bytes) {
                Some((base_offset, last_offset)) => (base_offset, last_offset, -1),
                None => (end_offset, end_offset, -1),
            },
        };
        Self {
            bytes,
            base_offset,
            last_offset: last_offset.max(base_offset),
            max_timestamp,
        }
    }
}

/// First and last offset as they stand in a header of magic 2.
fn damaged_offsets(bytes: &[u8]) -> Option<(i64, i64)> {
    let base_offset = i64::from_be_bytes(*bytes.first_chunk()?);
    let delta = i32::from_be_bytes(*bytes.get(23..)?.first_chunk()?);
    (bytes[16] == 2 && base_offset >= 0).then(|| (base_offset, base_offset.saturating_add(i64::from(delta))))
}

/// Length of the first entry by its own prefix, if that many bytes are there.
fn entry_length(bytes: &[u8]) -> Option<usize> {
    let prefix: [u8; 4] = bytes.get(8..12)?.try_into().ok()?;
    let length = usize::try_from(i32::from_be_bytes(prefix)).ok()?.checked_add(12)?;
    (length <= bytes.len()).then_some(length)
}
