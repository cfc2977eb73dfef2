//! Decodes one batch that the walk kept: decompresses it, cuts its records, tests each against the bounds, appends the rest as rows.

use kaframe_wire::WireError;
use kaframe_wire::batch::{Batch, DEFAULT_MAX_DECOMPRESSED, Scratch};

use crate::account::Account;
use crate::chunk::{ChunkBuilder, Pushed};
use crate::error::{Error, Result};
use crate::walk::KeptBatch;
use crate::window::{LateRows, Window};

/// Why a batch was not decoded.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The bytes of the batch.
    Batch(WireError),
    /// The read ends: a malformed value that is to be raised, a bug.
    Read(Error),
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Failure {
        Failure::Batch(error)
    }
}

/// What decoding counts and where its rows go.
pub(crate) struct Decoding<'a, 'p> {
    pub(crate) chunk: &'a mut ChunkBuilder<'p>,
    pub(crate) window: Window,
    pub(crate) account: &'a mut Account,
    pub(crate) late: &'a mut LateRows,
    /// Stop when so many rows are delivered.
    pub(crate) max_rows: u64,
    /// Give rows away when there are so many.
    pub(crate) flush_rows: usize,
}

impl Decoding<'_, '_> {
    /// Decodes a batch. `flush` takes rows away when there are enough. Returns the offset behind the last row, if the read is to stop there.
    pub(crate) fn batch(
        &mut self,
        batch: &Batch<'_>,
        kept: &KeptBatch,
        scratch: &mut Scratch,
        flush: &mut dyn FnMut(&mut ChunkBuilder<'_>) -> Result<()>,
    ) -> Result<Option<i64>, Failure> {
        let timestamp_type = batch.header.timestamp_type();
        let mut order = Order::new(batch, kept.from);
        let mut records = batch.records(scratch, DEFAULT_MAX_DECOMPRESSED)?;
        // By reference: a record is not moved from where it was cut to.
        while let Some(record) = &records.cut() {
            order.check(record.offset)?;
            if record.offset < kept.from || record.offset >= kept.to {
                continue;
            }
            self.account.absent += order.gap(record.offset);
            if !self.window.holds(record.timestamp) {
                self.account.filtered += 1;
                continue;
            }
            match self.chunk.push(record, timestamp_type).map_err(Failure::Read)? {
                Pushed::Skipped => self.account.skipped += 1,
                Pushed::Row => {
                    self.account.delivered += 1;
                    self.late.note(&self.window, record.offset, record.timestamp);
                    if self.chunk.rows() >= self.flush_rows {
                        flush(self.chunk).map_err(Failure::Read)?;
                    }
                    if self.account.delivered >= self.max_rows {
                        return Ok(Some(record.offset + 1));
                    }
                }
            }
        }
        records.finish()?;
        self.account.absent += order.gap(kept.to);
        Ok(None)
    }
}

/// Reads every record of a batch and keeps nothing: whether it can be read, before any row of it is.
pub(crate) fn verify(batch: &Batch<'_>, scratch: &mut Scratch) -> Result<(), WireError> {
    let mut order = Order::new(batch, i64::MIN);
    for record in batch.records(scratch, DEFAULT_MAX_DECOMPRESSED)? {
        order.check(record?.offset)?;
    }
    Ok(())
}

/// Offsets of records grow, and stay inside what the header says.
pub(crate) struct Order {
    /// The last offset of a batch of the old formats: of the newest, cutting records looks at their order itself.
    legacy: Option<i64>,
    before: Option<i64>,
    /// The next offset that is not accounted for.
    next: i64,
}

impl Order {
    pub(crate) fn new(batch: &Batch<'_>, from: i64) -> Order {
        let header = &batch.header;
        Order {
            legacy: header.is_legacy().then(|| header.last_offset()),
            before: None,
            next: from,
        }
    }

    #[inline]
    pub(crate) fn check(&mut self, offset: i64) -> Result<(), WireError> {
        let Some(last) = self.legacy else { return Ok(()) };
        let grows = self.before.is_none_or(|before| offset > before);
        if !grows || offset < 0 || offset > last {
            return Err(WireError::Corrupt {
                detail: format!(
                    "a record at offset {offset}{} in a batch that ends at offset {last}",
                    self.before
                        .map(|before| format!(" behind one at {before}"))
                        .unwrap_or_default(),
                ),
            });
        }
        self.before = Some(offset);
        Ok(())
    }

    /// How many offsets before this one hold nothing.
    pub(crate) fn gap(&mut self, offset: i64) -> u64 {
        let gap = offset.saturating_sub(self.next).max(0) as u64;
        self.next = offset.saturating_add(1);
        gap
    }
}
