//! Which leader epoch began at which offset (KIP-101, KIP-320), as `LeaderEpochFileCache` keeps it.

/// The epochs of one log, ascending in both epoch and offset. Never empty: the present epoch is the last entry.
#[derive(Clone, Debug)]
pub(crate) struct EpochHistory {
    entries: Vec<(i32, i64)>,
}

/// Answer for an epoch that the log knows nothing of.
pub(crate) const UNDEFINED: (i32, i64) = (-1, -1);

impl EpochHistory {
    pub(crate) fn new(epoch: i32) -> Self {
        Self {
            entries: vec![(epoch, 0)],
        }
    }

    /// The present epoch.
    pub(crate) fn latest(&self) -> i32 {
        self.entries.last().map_or(0, |(epoch, _)| *epoch)
    }

    /// Begins an epoch. One that began at the same offset without a record in it is forgotten.
    pub(crate) fn start(&mut self, epoch: i32, offset: i64) {
        self.entries.retain(|(known, start)| *known < epoch && *start < offset);
        self.entries.push((epoch, offset));
    }

    /// Takes note of the epoch in a stored batch: only of interest when tests append batches of a later epoch.
    pub(crate) fn observe(&mut self, epoch: i32, offset: i64) {
        if epoch > self.latest() {
            self.start(epoch, offset);
        }
    }

    /// The last epoch not after `requested`, and the offset at which it ended. `end_offset` is the end of the log.
    pub(crate) fn end_of(&self, requested: i32, end_offset: i64) -> (i32, i64) {
        if requested < 0 {
            return UNDEFINED;
        }
        if requested == self.latest() {
            return (requested, end_offset);
        }
        let higher = self.entries.partition_point(|(epoch, _)| *epoch <= requested);
        match (
            higher.checked_sub(1).map(|floor| self.entries[floor].0),
            self.entries.get(higher),
        ) {
            (_, None) => UNDEFINED,
            (None, Some((_, start))) => (requested, *start),
            (Some(floor), Some((_, start))) => (floor, *start),
        }
    }

    /// The epoch in which this offset was written.
    pub(crate) fn at(&self, offset: i64) -> i32 {
        let after = self.entries.partition_point(|(_, start)| *start <= offset);
        after.checked_sub(1).map_or(-1, |at| self.entries[at].0)
    }

    /// The log now starts at `offset`: epochs that ended before are forgotten.
    pub(crate) fn cut_below(&mut self, offset: i64) {
        let after = self.entries.partition_point(|(_, start)| *start <= offset);
        if after > 1 {
            self.entries.drain(..after - 1);
        }
        if let Some(first) = self.entries.first_mut() {
            first.1 = first.1.max(offset);
        }
    }

    /// The log now ends at `offset`: epochs that began there or later are forgotten, except that one always stays.
    pub(crate) fn cut_from(&mut self, offset: i64) {
        while self.entries.len() > 1 && self.entries.last().is_some_and(|(_, start)| *start >= offset) {
            self.entries.pop();
        }
    }
}
