//! The bounds by time of one partition, tested per record: timestamps that producers set need not grow with the offsets.

use kaframe_wire::batch::{Header, TimestampType};

use crate::plan::PartitionPlan;

/// Which records of a partition are wanted by time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Window {
    /// At or after, ms.
    pub(crate) start: Option<i64>,
    /// Before, ms.
    pub(crate) end: Option<i64>,
    /// Rows from this offset on came later than the log order says.
    pub(crate) late_from: Option<i64>,
}

impl Window {
    /// Of a partition of a plan.
    pub(crate) fn of(plan: &PartitionPlan) -> Window {
        Window {
            start: plan.start_time,
            end: plan.end_time,
            late_from: plan.late_from,
        }
    }

    /// Whether every record is wanted.
    pub(crate) fn is_open(&self) -> bool {
        self.start.is_none() && self.end.is_none()
    }

    /// Whether a record is wanted. One without a timestamp is in no window.
    pub(crate) fn holds(&self, timestamp: Option<i64>) -> bool {
        match timestamp {
            Some(timestamp) => {
                self.start.is_none_or(|start| timestamp >= start) && self.end.is_none_or(|end| timestamp < end)
            }
            None => self.is_open(),
        }
    }

    /// Whether the header alone tells that every record of the batch is wanted.
    pub(crate) fn holds_all(&self, header: &Header) -> bool {
        // Every record of such a batch carries its largest timestamp. Of others the header knows no smallest one.
        header.timestamp_type() == TimestampType::LogAppendTime && self.holds(Some(header.max_timestamp))
    }

    /// Whether the header alone tells that no record of the batch is wanted.
    pub(crate) fn misses(&self, header: &Header) -> bool {
        if self.is_open() || header.is_legacy() {
            return false;
        }
        let before = self.start.is_some_and(|start| header.max_timestamp < start);
        // Every record of such a batch carries its largest timestamp.
        let behind = header.timestamp_type() == TimestampType::LogAppendTime
            && self.end.is_some_and(|end| header.max_timestamp >= end);
        before || behind
    }
}

/// Rows that were found behind the place where, by the order of the log, the end by time lies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LateRows {
    /// How many.
    pub(crate) rows: u64,
    /// The furthest that one of them lies before the end by time, in ms.
    pub(crate) largest_ms: i64,
}

impl LateRows {
    /// Counts a row, if it is late.
    pub(crate) fn note(&mut self, window: &Window, offset: i64, timestamp: Option<i64>) {
        if let (Some(from), Some(end), Some(timestamp)) = (window.late_from, window.end, timestamp)
            && offset >= from
        {
            self.add(LateRows {
                rows: 1,
                largest_ms: end.saturating_sub(timestamp),
            });
        }
    }

    /// Adds others.
    pub(crate) fn add(&mut self, other: LateRows) {
        self.rows += other.rows;
        self.largest_ms = self.largest_ms.max(other.largest_ms);
    }
}
