//! What a split makes ready before rows come: room in its columns, once it knows what its rows are like, and the pages of that room.
//!
//! Only splits of a table: a stream uses its buffers again.

use kaframe_codec::Ready;

use super::SplitRun;
use crate::walk::KeptBatch;

/// Rows that tell little about those to come.
const FEW_ROWS: usize = 1000;
/// Room is made for so many times the rows so far, at most.
const FAR_AHEAD: usize = 32;
/// Rows whose pages are asked for at once: many to a call, and few enough that what the system fills with zeros is still in the cache when it is written.
const PAGES_AHEAD: usize = 8192;

impl SplitRun<'_> {
    /// Makes ready for what a split of a table is to bring from this batch on, by what it has brought so far: room for the rest of it, pages for the next
    /// rows.
    pub(super) fn make_ready(&mut self, next: &KeptBatch) {
        let rows = self.chunk.rows();
        if self.context.stream.is_some() || self.job.max_rows.is_some() || rows < FEW_ROWS {
            return;
        }
        let (done, left) = (next.from - self.job.range.start, self.end() - next.from);
        let more = rows as u128 * left.max(0) as u128 / done.max(1) as u128;
        let more = usize::try_from(more).unwrap_or(usize::MAX);
        if rows >= self.roomy_to {
            // The first rows need not be like the others: not too far ahead. What has room for everything is looked at again when there are twice the
            // rows, which may have become longer; not before, since what is moved to have more room is copied with all the room it had.
            let far = rows.saturating_mul(FAR_AHEAD);
            self.chunk.expect(more.min(far), Ready::Room);
            self.roomy_to = rows.saturating_add(if more > far { far } else { rows });
        }
        let coming = usize::try_from(next.to - next.from).unwrap_or(usize::MAX);
        if rows.saturating_add(coming) > self.pages_to {
            let more = more.min(coming.max(PAGES_AHEAD));
            self.chunk.expect(more, Ready::Pages);
            self.pages_to = rows.saturating_add(more);
        }
    }
}
