//! Reading a log for Fetch: slices of the stored bytes, cut at the byte limit as Kafka cuts a segment.
//!
//! A reply may therefore end with a piece of a batch. Readers must expect that from every broker, so this one does it too.

use bytes::Bytes;

use super::{Aborted, Log};

/// What a fetch of one partition takes out of the log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slice {
    /// Stored batches in order; the last may be cut.
    pub(crate) parts: Vec<Bytes>,
    /// Sum of the lengths of `parts`.
    pub(crate) bytes: usize,
    /// Aborted transactions that overlap what was taken; only filled for read_committed.
    pub(crate) aborted: Vec<Aborted>,
}

impl Log {
    /// Takes from the batch that holds `offset` (or the first behind it) up to `max_bytes`, nothing at or behind `upper`. With
    /// `at_least_one` the first batch is taken whole however large it is; without it, a first batch that does not fit gives an
    /// empty slice, never a piece.
    pub(crate) fn slice(
        &self,
        offset: i64,
        upper: i64,
        max_bytes: usize,
        at_least_one: bool,
        read_committed: bool,
    ) -> Slice {
        if let Some(repeated) = self.repeated.as_ref().filter(|repeated| offset >= repeated.start()) {
            return repeated.slice(offset, upper, max_bytes, at_least_one);
        }
        let mut slice = Slice::default();
        let mut upper_bound = offset;
        let from = self.batches.partition_point(|stored| stored.last_offset < offset);
        for stored in &self.batches[from..] {
            if stored.last_offset >= upper {
                break;
            }
            let room = max_bytes.saturating_sub(slice.bytes);
            let length = stored.bytes.len();
            if slice.parts.is_empty() {
                if length > room && !at_least_one {
                    break;
                }
            } else if length > room {
                if room > 0 {
                    slice.parts.push(stored.bytes.slice(..room));
                    slice.bytes += room;
                    upper_bound = stored.last_offset.saturating_add(1);
                }
                break;
            }
            slice.parts.push(stored.bytes.clone());
            slice.bytes += length;
            upper_bound = stored.last_offset.saturating_add(1);
        }
        if read_committed && !slice.parts.is_empty() {
            slice.aborted = self.aborted_between(offset, upper_bound);
        }
        slice
    }

    /// Aborted transactions with a record or their marker in `[start, end)`.
    pub(crate) fn aborted_between(&self, start: i64, end: i64) -> Vec<Aborted> {
        self.aborted
            .iter()
            .filter(|aborted| aborted.marker_offset >= start && aborted.first_offset < end)
            .copied()
            .collect()
    }
}
