//! How a read is run, instead of what is measured: for tests, which show that the rows never depend on it. Nobody else has a reason.

use std::sync::{PoisonError, RwLock};

/// What a test may fix; `None` leaves it to what is measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[doc(hidden)]
pub struct Tuning {
    /// Offsets of a split, at most.
    pub offsets_per_split: Option<u64>,
    /// Splits that are read at once, each over a connection of its own.
    pub connections: Option<usize>,
    /// Splits that are decoded at once.
    pub decoders: Option<usize>,
    /// Bytes asked for in one Fetch.
    pub fetch_bytes: Option<i32>,
    /// Instead of the caller's limit of what a stream holds.
    pub memory_limit: Option<u64>,
}

static TUNING: RwLock<Tuning> = RwLock::new(Tuning {
    offsets_per_split: None,
    connections: None,
    decoders: None,
    fetch_bytes: None,
    memory_limit: None,
});

/// For every scan of this process from now on.
#[doc(hidden)]
pub fn tune(tuning: Tuning) {
    *TUNING.write().unwrap_or_else(PoisonError::into_inner) = tuning;
}

/// In force now.
pub(crate) fn current() -> Tuning {
    *TUNING.read().unwrap_or_else(PoisonError::into_inner)
}
