//! How far a read has come, for a bar or a line.

use std::sync::Arc;
use std::time::Duration;

/// How far a read has come. Offsets are a fraction of the plan's; records and bytes only grow.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// Records delivered so far.
    pub records: u64,
    /// Bytes of records fetched so far, as they were on the wire.
    pub bytes: u64,
    /// Offsets passed so far.
    pub offsets_done: u64,
    /// Offsets of the whole plan.
    pub offsets_total: u64,
    /// Malformed values so far.
    pub malformed: u64,
    /// Time since the read began.
    pub elapsed: Duration,
    /// Time that brokers asked us to wait (quota).
    pub throttled: Duration,
}

/// Called about ten times a second while a read runs, and once at its end; from a task of the read, so it must return quickly.
pub type ProgressFn = Arc<dyn Fn(&Progress) + Send + Sync>;
