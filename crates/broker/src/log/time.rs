//! Finding offsets by time, exactly: the header's largest timestamp picks the batch, its records decide.
//!
//! As in Kafka, end markers of transactions have timestamps too and may be the answer.

use kaframe_wire::WireError;
use kaframe_wire::batch::{Batch, DEFAULT_MAX_DECOMPRESSED, Scratch};

use super::{Log, StoredBatch};

/// A record found by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) offset: i64,
    pub(crate) timestamp: i64,
    pub(crate) leader_epoch: i32,
}

impl Log {
    /// The first record (in order of offsets) at or after the log start whose timestamp is at least `timestamp` ms.
    ///
    /// # Errors
    /// A batch on the way could not be read.
    pub(crate) fn first_at_or_after(&self, timestamp: i64) -> Result<Option<Found>, WireError> {
        for stored in self.batches.iter().filter(|stored| stored.max_timestamp >= timestamp) {
            if let Some(found) = first_in_batch(stored, self.start_offset, timestamp)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The first record that has the largest timestamp of the log.
    ///
    /// # Errors
    /// The batch could not be read.
    pub(crate) fn with_largest_timestamp(&self) -> Result<Option<Found>, WireError> {
        let Some(largest) = self
            .batches
            .iter()
            .map(|stored| stored.max_timestamp)
            .max()
            .filter(|largest| *largest >= 0)
        else {
            return Ok(None);
        };
        self.first_at_or_after(largest)
    }
}

fn first_in_batch(stored: &StoredBatch, start: i64, timestamp: i64) -> Result<Option<Found>, WireError> {
    let batch = Batch::parse(&stored.bytes)?;
    let mut scratch = Scratch::default();
    for record in batch.records(&mut scratch, DEFAULT_MAX_DECOMPRESSED)? {
        let record = record?;
        if let Some(at) = record.timestamp
            && at >= timestamp
            && record.offset >= start
        {
            let leader_epoch = batch.header.partition_leader_epoch;
            return Ok(Some(Found {
                offset: record.offset,
                timestamp: at,
                leader_epoch,
            }));
        }
    }
    Ok(None)
}
