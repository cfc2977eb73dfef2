//! Hands the batches of a stream to its taker: in the order of the splits, and no more ahead of the taker than the memory allows.
//!
//! Workers decode several splits at once; the taker gets the batches of the first unfinished split as they come, those of later ones
//! wait. What waits and what is being decoded stays under the limit, but for one thing: the worker of the first split may always go
//! on while nothing of it waits, else nobody would.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use arrow_array::RecordBatch;
use tokio::sync::Notify;

use crate::error::Error;
use crate::topic_partition::TopicPartition;

/// What a taker has when it has a batch: by partition its rows, and the offset behind the last of them.
pub(crate) type Taken = Vec<(TopicPartition, u64, i64)>;

#[derive(Default)]
struct State {
    /// The split whose batches are given now.
    first: usize,
    waiting: HashMap<usize, VecDeque<(Taken, RecordBatch)>>,
    /// Rows that the taker has, by partition, and the offset behind them.
    taken: BTreeMap<TopicPartition, (u64, i64)>,
    finished: HashSet<usize>,
    /// The split in which the read of a partition gave up: nothing behind it is given, so that the next read can go on there and repeats nothing.
    gaps: BTreeMap<TopicPartition, usize>,
    /// Bytes of waiting batches and of responses being decoded.
    used: u64,
    /// No batch comes any more, or this error does.
    ended: Option<Option<Error>>,
}

/// Between the workers of a stream and its taker.
pub(crate) struct Outlet {
    state: Mutex<State>,
    limit: u64,
    /// The taker may find something new.
    given: Notify,
    /// Workers may find room.
    room: Notify,
}

impl Outlet {
    /// With a limit in bytes.
    pub(crate) fn new(limit: u64) -> Outlet {
        Outlet {
            state: Mutex::default(),
            limit,
            given: Notify::new(),
            room: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a worker may decode `bytes` more of a split, and takes them.
    pub(crate) async fn admit(&self, split: usize, bytes: u64) {
        loop {
            let notified = self.room.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            {
                let mut state = self.state();
                let nothing_waits = state.waiting.get(&split).is_none_or(VecDeque::is_empty);
                if state.used.saturating_add(bytes) <= self.limit || (state.first == split && nothing_waits) {
                    state.used = state.used.saturating_add(bytes);
                    return;
                }
            }
            notified.await;
        }
    }

    /// Gives back what [`Outlet::admit`] took.
    pub(crate) fn release(&self, bytes: u64) {
        let mut state = self.state();
        state.used = state.used.saturating_sub(bytes);
        drop(state);
        self.room.notify_waiters();
    }

    /// A batch of a split.
    pub(crate) fn give(&self, split: usize, taken: Taken, batch: RecordBatch) {
        let mut state = self.state();
        state.used = state.used.saturating_add(batch.get_array_memory_size() as u64);
        state.waiting.entry(split).or_default().push_back((taken, batch));
        drop(state);
        self.given.notify_one();
    }

    /// A split was given up: what splits behind it have of its partition is not given. To be said before it is finished.
    pub(crate) fn gap(&self, split: usize, partition: TopicPartition) {
        let mut state = self.state();
        let first = state.gaps.entry(partition).or_insert(split);
        *first = split.min(*first);
    }

    /// A split has no more batches.
    pub(crate) fn finish(&self, split: usize) {
        self.state().finished.insert(split);
        self.given.notify_one();
    }

    /// The stream is at its end, or failed.
    pub(crate) fn end(&self, error: Option<Error>) {
        self.state().ended.get_or_insert(error);
        self.given.notify_one();
    }

    /// The next batch in order; `None` at the end.
    pub(crate) async fn next(&self) -> Option<Result<RecordBatch, Error>> {
        loop {
            let notified = self.given.notified();
            if let Some(next) = self.try_next() {
                return next;
            }
            notified.await;
        }
    }

    /// Rows that the taker has of a partition.
    pub(crate) fn taken(&self, partition: TopicPartition) -> u64 {
        self.state().taken.get(&partition).map_or(0, |taken| taken.0)
    }

    /// The offset behind the rows that the taker has of a partition, if it has any.
    pub(crate) fn taken_to(&self, partition: TopicPartition) -> Option<i64> {
        self.state().taken.get(&partition).map(|taken| taken.1)
    }

    fn try_next(&self) -> Option<Option<Result<RecordBatch, Error>>> {
        let mut state = self.state();
        // An error is told at once: what was decoded before it is not a result.
        if let Some(Some(error)) = &state.ended {
            return Some(Some(Err(error.clone())));
        }
        loop {
            let first = state.first;
            if let Some((given, batch)) = state.waiting.get_mut(&first).and_then(VecDeque::pop_front) {
                let behind_gap = |(partition, ..): &(TopicPartition, u64, i64)| {
                    state.gaps.get(partition).is_some_and(|gap| *gap < first)
                };
                if given.iter().any(behind_gap) {
                    state.used = state.used.saturating_sub(batch.get_array_memory_size() as u64);
                    self.room.notify_waiters();
                    continue;
                }
                for (partition, rows, next) in given {
                    let taken = state.taken.entry(partition).or_default();
                    *taken = (taken.0 + rows, next);
                }
                state.used = state.used.saturating_sub(batch.get_array_memory_size() as u64);
                drop(state);
                self.room.notify_waiters();
                return Some(Some(Ok(batch)));
            }
            if !state.finished.remove(&first) {
                return state.ended.is_some().then_some(None);
            }
            state.waiting.remove(&first);
            state.first += 1;
            self.room.notify_waiters();
        }
    }
}
