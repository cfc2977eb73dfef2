//! Work that keeps a core busy, spread over as many cores as there are.
//!
//! Encoding, compressing and writing files run here, on threads that may be busy for milliseconds, so that the tasks that talk to brokers are never late. Work begins in the
//! order in which it was given.

use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, spawn_blocking};

/// Runs as much at once as there are cores.
#[derive(Debug, Clone)]
pub(crate) struct Workers {
    cores: usize,
    permits: Arc<Semaphore>,
}

impl Workers {
    /// One for each core.
    pub fn new() -> Workers {
        let cores = available_parallelism().map_or(2, std::num::NonZero::get);
        Workers {
            cores,
            permits: Arc::new(Semaphore::new(cores)),
        }
    }

    /// How many cores there are.
    pub fn cores(&self) -> usize {
        self.cores
    }

    /// How many pieces of work keep all of them busy: one at hand and one next for each.
    pub fn enough(&self) -> usize {
        self.cores * 2
    }

    /// Starts this as soon as a core is free. `None`: it panicked.
    pub fn start<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<Option<T>> {
        let permits = self.permits.clone();
        tokio::spawn(async move {
            let _permit = permits.acquire_owned().await.ok()?;
            spawn_blocking(work).await.ok()
        })
    }
}
