//! What all connections share: the cluster behind its lock, the rules of tests, and the signal that something was appended.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use crate::cluster::Cluster;
use crate::intercept::Interceptor;

#[derive(Debug)]
pub(crate) struct Shared {
    cluster: Mutex<Cluster>,
    pub(crate) interceptor: Interceptor,
    /// Counts changes that a waiting fetch may want to see.
    changes: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(cluster: Cluster) -> Self {
        Self {
            cluster: Mutex::new(cluster),
            interceptor: Interceptor::default(),
            changes: watch::Sender::new(0),
        }
    }

    /// Locks the cluster. Held only for moments, never across an await.
    pub(crate) fn cluster(&self) -> MutexGuard<'_, Cluster> {
        self.cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes every fetch that waits.
    pub(crate) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Resolves at every [`Shared::changed`] from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

/// Milliseconds since 1970, as records carry them.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
