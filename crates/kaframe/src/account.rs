//! The conservation law: every offset of a range is counted in exactly one term, each where it happens, none as the remainder.
//!
//! `end - start = delivered + filtered + skipped + aborted + control + absent + lost + not_read`

use std::ops::AddAssign;

use crate::bound::OffsetRange;
use crate::error::{Error, Result};

/// The terms of a range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// Records that became rows.
    pub(crate) delivered: u64,
    /// Records outside the bounds by time, that a filter did not let pass, dropped by `tail`, or not the last of their key.
    pub(crate) filtered: u64,
    /// Malformed records left out.
    pub(crate) skipped: u64,
    /// Offsets in batches of aborted transactions.
    pub(crate) aborted: u64,
    /// Offsets in control batches.
    pub(crate) control: u64,
    /// Offsets at which there is nothing.
    pub(crate) absent: u64,
    /// Offsets that could not be read.
    pub(crate) lost: u64,
    /// Offsets that were not reached, or not asked for.
    pub(crate) not_read: u64,
}

impl Account {
    /// The sum of the terms.
    pub(crate) fn total(&self) -> u64 {
        let Account {
            delivered,
            filtered,
            skipped,
            aborted,
            control,
            absent,
            lost,
            not_read,
        } = *self;
        delivered + filtered + skipped + aborted + control + absent + lost + not_read
    }

    /// Whether every offset of the range is accounted for once. A violation is a bug, and never a short table.
    pub(crate) fn check(&self, topic: &str, partition: i32, range: OffsetRange) -> Result<()> {
        if self.total() == range.len() {
            return Ok(());
        }
        Err(Error::internal(format!(
            "{topic}-{partition}: {} offsets of {range} are not accounted for once: {self:?}",
            range.len().abs_diff(self.total())
        ))
        .with_topic(topic)
        .with_partition(partition))
    }
}

impl AddAssign for Account {
    fn add_assign(&mut self, other: Account) {
        let Account {
            delivered,
            filtered,
            skipped,
            aborted,
            control,
            absent,
            lost,
            not_read,
        } = other;
        self.delivered += delivered;
        self.filtered += filtered;
        self.skipped += skipped;
        self.aborted += aborted;
        self.control += control;
        self.absent += absent;
        self.lost += lost;
        self.not_read += not_read;
    }
}
