//! Which batches of a response belong to aborted transactions. Pure.
//!
//! The broker sends the bytes of aborted transactions and a list of them; dropping them is the reader's task (KIP-98). State is per
//! response: the list covers the range that was fetched, transactions that began before it included.

use std::collections::HashSet;

use kaframe_client::AbortedTransaction;
use kaframe_wire::batch::{Batch, ControlType};

/// Walks along the batches of one response.
pub(crate) struct AbortFilter<'a> {
    /// Those not active yet, by first offset.
    waiting: std::iter::Peekable<std::slice::Iter<'a, AbortedTransaction>>,
    /// Producers whose transaction at this place of the log will be aborted.
    active: HashSet<i64>,
}

impl<'a> AbortFilter<'a> {
    /// For the list of a response, which must be sorted by first offset; empty when reading uncommitted.
    pub(crate) fn new(aborted: &'a [AbortedTransaction]) -> Self {
        AbortFilter {
            waiting: aborted.iter().peekable(),
            active: HashSet::new(),
        }
    }

    /// Whether the next batch of the response, in offset order, is to be dropped. Control batches are passed in too: an abort marker
    /// ends what its producer began.
    pub(crate) fn drops(&mut self, batch: &Batch<'_>) -> bool {
        let header = &batch.header;
        if self.active.is_empty() && self.waiting.peek().is_none() {
            return false;
        }
        while let Some(transaction) = self.waiting.next_if(|t| t.first_offset <= header.last_offset()) {
            self.active.insert(transaction.producer_id);
        }
        if header.is_control() {
            // A commit marker says nothing here: its transaction is not in the list.
            if batch.control_type() == Some(ControlType::Abort) {
                self.active.remove(&header.producer_id);
            }
            return false;
        }
        header.is_transactional() && self.active.contains(&header.producer_id)
    }
}
