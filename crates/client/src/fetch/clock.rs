//! How long a reader has waited without getting anywhere.
//!
//! Only time spent waiting here counts: a caller who takes minutes between two calls (a full queue, a user who thinks) has not been kept waiting by a broker.
//! Time for which the broker asked to be left alone is forgiven, up to the limit once over, so that a broker cannot spin the reader along for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

#[derive(Debug)]
pub(super) struct Clock {
    limit: Duration,
    waited_micros: Arc<AtomicU64>,
    forgiven: Duration,
}

/// Counts until dropped, also when the future that holds it is dropped half-way.
#[derive(Debug)]
pub(super) struct Waiting {
    total: Arc<AtomicU64>,
    since: Instant,
}

impl Waiting {
    pub fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let micros = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.total.fetch_add(micros, Ordering::Relaxed);
    }
}

impl Clock {
    pub fn new(limit: Duration) -> Self {
        Self {
            limit,
            waited_micros: Arc::default(),
            forgiven: Duration::ZERO,
        }
    }

    /// Starts to count.
    pub fn waiting(&self) -> Waiting {
        Waiting {
            total: Arc::clone(&self.waited_micros),
            since: Instant::now(),
        }
    }

    /// Something moved.
    pub fn progressed(&mut self) {
        self.waited_micros.store(0, Ordering::Relaxed);
        self.forgiven = Duration::ZERO;
    }

    /// The broker asked for a pause.
    pub fn forgive(&mut self, pause: Duration) {
        self.forgiven = (self.forgiven + pause).min(self.limit);
    }

    /// Time waited since something moved, without what is being waited now.
    pub fn waited(&self) -> Duration {
        Duration::from_micros(self.waited_micros.load(Ordering::Relaxed))
    }

    /// When patience ends, seen from a wait that has begun.
    pub fn deadline(&self, waiting: &Waiting) -> Instant {
        waiting.since + (self.limit + self.forgiven).saturating_sub(self.waited())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn only_waiting_counts() {
        let mut clock = Clock::new(LIMIT);
        let waiting = clock.waiting();
        tokio::time::advance(Duration::from_secs(5)).await;
        drop(waiting);
        tokio::time::advance(Duration::from_secs(500)).await;
        assert_eq!(clock.waited(), Duration::from_secs(5));
        let waiting = clock.waiting();
        assert_eq!(clock.deadline(&waiting), Instant::now() + Duration::from_secs(55));
        drop(waiting);
        clock.progressed();
        assert_eq!(clock.waited(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_are_forgiven_up_to_the_limit() {
        let mut clock = Clock::new(LIMIT);
        for _ in 0..100 {
            clock.forgive(Duration::from_secs(30));
        }
        let waiting = clock.waiting();
        assert_eq!(clock.deadline(&waiting), Instant::now() + 2 * LIMIT);
    }
}
