//! The transaction coordinator: producer ids and epochs, which partitions a transaction touches, its end or its timeout (KIP-98,
//! KIP-360, and the epoch bump of KIP-890 for EndTxn from version 5).
//!
//! Everything happens at once under the cluster's lock, so the states "prepare commit" and "prepare abort" of Kafka do not exist
//! and CONCURRENT_TRANSACTIONS is never answered.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use kaframe_wire::ErrorCode;

use crate::cluster::Cluster;
use crate::groups::Offsets;

/// Longest timeout a producer may ask for (`transaction.max.timeout.ms`).
const MAX_TIMEOUT_MS: i32 = 900_000;
/// Written into end markers; there is only ever one coordinator.
const COORDINATOR_EPOCH: i32 = 0;

#[derive(Debug, Default)]
pub(crate) struct Transactions {
    by_id: HashMap<String, Transactional>,
    next_producer_id: i64,
}

/// What is known of one transactional id.
#[derive(Debug)]
struct Transactional {
    producer_id: i64,
    epoch: i16,
    timeout: Duration,
    ongoing: Option<Ongoing>,
    /// Outcome of the last transaction of this epoch: true for commit. A repeated EndTxn gets the same answer.
    last_outcome: Option<bool>,
}

#[derive(Debug)]
struct Ongoing {
    since: Instant,
    partitions: BTreeSet<(String, i32)>,
    offsets: BTreeMap<String, Offsets>,
}

/// A producer as it names itself in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProducerName {
    pub(crate) id: i64,
    pub(crate) epoch: i16,
}

impl Transactions {
    /// A producer id that nobody has.
    pub(crate) fn new_producer_id(&mut self) -> i64 {
        let id = self.next_producer_id;
        self.next_producer_id += 1;
        id
    }

    fn current(&mut self, transactional_id: &str, producer: ProducerName) -> Result<&mut Transactional, ErrorCode> {
        let known = self
            .by_id
            .get_mut(transactional_id)
            .ok_or(ErrorCode::INVALID_PRODUCER_ID_MAPPING)?;
        if known.producer_id != producer.id {
            return Err(ErrorCode::INVALID_PRODUCER_ID_MAPPING);
        }
        if known.epoch != producer.epoch {
            return Err(ErrorCode::PRODUCER_FENCED);
        }
        Ok(known)
    }

    /// Whether offsets of this partition wait for the end of a transaction.
    pub(crate) fn has_pending_offset(&self, group: &str, topic: &str, partition: i32) -> bool {
        let key = (topic.to_owned(), partition);
        self.by_id
            .values()
            .filter_map(|known| known.ongoing.as_ref())
            .any(|ongoing| {
                ongoing
                    .offsets
                    .get(group)
                    .is_some_and(|offsets| offsets.contains_key(&key))
            })
    }

    /// Holds offsets back until the transaction ends.
    ///
    /// # Errors
    /// The producer is not the current one of this id, or has no transaction with this group.
    pub(crate) fn hold_offsets(
        &mut self,
        transactional_id: &str,
        producer: ProducerName,
        group: &str,
        offsets: Offsets,
        implicit: bool,
    ) -> Result<(), ErrorCode> {
        let known = self.current(transactional_id, producer)?;
        if implicit {
            known.begin().offsets.entry(group.to_owned()).or_default();
        }
        let held = known
            .ongoing
            .as_mut()
            .and_then(|ongoing| ongoing.offsets.get_mut(group));
        held.ok_or(ErrorCode::INVALID_TXN_STATE)?.extend(offsets);
        Ok(())
    }

    /// Adds partitions or a group to the transaction, which begins with the first of them.
    ///
    /// # Errors
    /// The producer is not the current one of this id.
    pub(crate) fn add(
        &mut self,
        transactional_id: &str,
        producer: ProducerName,
        partitions: impl IntoIterator<Item = (String, i32)>,
        group: Option<&str>,
    ) -> Result<(), ErrorCode> {
        let ongoing = self.current(transactional_id, producer)?.begin();
        ongoing.partitions.extend(partitions);
        if let Some(group) = group {
            ongoing.offsets.entry(group.to_owned()).or_default();
        }
        Ok(())
    }

    /// Whether this producer has a transaction open that covers the partition.
    ///
    /// # Errors
    /// INVALID_TXN_STATE when not, or the code for a producer that is not the current one.
    pub(crate) fn verify(
        &mut self,
        transactional_id: &str,
        producer: ProducerName,
        topic: &str,
        partition: i32,
    ) -> Result<(), ErrorCode> {
        let known = self.current(transactional_id, producer)?;
        let key = (topic.to_owned(), partition);
        match &known.ongoing {
            Some(ongoing) if ongoing.partitions.contains(&key) => Ok(()),
            _ => Err(ErrorCode::INVALID_TXN_STATE),
        }
    }

    fn expired(&self) -> Vec<String> {
        let over = |known: &Transactional| {
            known
                .ongoing
                .as_ref()
                .is_some_and(|ongoing| ongoing.since.elapsed() >= known.timeout)
        };
        self.by_id
            .iter()
            .filter(|(_, known)| over(known))
            .map(|(id, _)| id.clone())
            .collect()
    }
}

impl Transactional {
    fn begin(&mut self) -> &mut Ongoing {
        self.last_outcome = None;
        self.ongoing.get_or_insert_with(|| Ongoing {
            since: Instant::now(),
            partitions: BTreeSet::new(),
            offsets: BTreeMap::new(),
        })
    }
}

impl Cluster {
    /// Gives a transactional producer its id and a new epoch; whoever had the id before is fenced, and its open transaction aborted.
    ///
    /// # Errors
    /// INVALID_TRANSACTION_TIMEOUT, or PRODUCER_FENCED for a producer that asks to go on but was fenced.
    pub(crate) fn init_transactional(
        &mut self,
        transactional_id: &str,
        timeout_ms: i32,
        continues: Option<ProducerName>,
        now: i64,
    ) -> Result<ProducerName, ErrorCode> {
        if !(1..=MAX_TIMEOUT_MS).contains(&timeout_ms) {
            return Err(ErrorCode::INVALID_TRANSACTION_TIMEOUT);
        }
        let timeout = Duration::from_millis(timeout_ms.unsigned_abs().into());
        if let Some(producer) = continues
            && let Some(known) = self.transactions.by_id.get(transactional_id)
            && (known.producer_id != producer.id || known.epoch != producer.epoch)
        {
            return Err(ErrorCode::PRODUCER_FENCED);
        }
        self.fence(transactional_id, now);
        if let Some(known) = self.transactions.by_id.get_mut(transactional_id) {
            known.timeout = timeout;
            return Ok(ProducerName {
                id: known.producer_id,
                epoch: known.epoch,
            });
        }
        let producer = ProducerName {
            id: self.transactions.new_producer_id(),
            epoch: 0,
        };
        let known = Transactional {
            producer_id: producer.id,
            epoch: producer.epoch,
            timeout,
            ongoing: None,
            last_outcome: None,
        };
        self.transactions.by_id.insert(transactional_id.to_owned(), known);
        Ok(producer)
    }

    /// Raises the epoch of a transactional id and aborts what it has open.
    fn fence(&mut self, transactional_id: &str, now: i64) {
        let fresh = self.transactions.next_producer_id;
        let Some(known) = self.transactions.by_id.get_mut(transactional_id) else {
            return;
        };
        let ongoing = known.ongoing.take();
        let marker = ProducerName {
            id: known.producer_id,
            epoch: known.epoch.saturating_add(1),
        };
        known.epoch = marker.epoch;
        known.last_outcome = None;
        if known.epoch == i16::MAX {
            known.producer_id = fresh;
            known.epoch = 0;
            self.transactions.next_producer_id += 1;
        }
        if let Some(ongoing) = ongoing {
            self.finish(marker, ongoing, false, now);
        }
    }

    /// Ends the open transaction of a producer. From EndTxn version 5 on (`bump`) the producer goes on with the next epoch.
    ///
    /// # Errors
    /// The producer is not the current one, or has no transaction to end.
    pub(crate) fn end_transaction(
        &mut self,
        transactional_id: &str,
        producer: ProducerName,
        commit: bool,
        bump: bool,
        now: i64,
    ) -> Result<ProducerName, ErrorCode> {
        let known = match self.transactions.current(transactional_id, producer) {
            Ok(known) => known,
            Err(code) => return self.repeated_end(transactional_id, producer, commit, bump).ok_or(code),
        };
        let Some(ongoing) = known.ongoing.take() else {
            return match known.last_outcome {
                Some(outcome) if outcome == commit => Ok(producer),
                _ => Err(ErrorCode::INVALID_TXN_STATE),
            };
        };
        known.last_outcome = Some(commit);
        let mut next = producer;
        if bump {
            next.epoch = producer.epoch.saturating_add(1);
            known.epoch = next.epoch;
        }
        self.finish(next, ongoing, commit, now);
        Ok(next)
    }

    /// The answer to an EndTxn that comes again after its epoch was raised by the first.
    fn repeated_end(&self, id: &str, producer: ProducerName, commit: bool, bump: bool) -> Option<ProducerName> {
        let known = self.transactions.by_id.get(id)?;
        let again = bump
            && known.producer_id == producer.id
            && known.epoch == producer.epoch.saturating_add(1)
            && known.ongoing.is_none()
            && known.last_outcome == Some(commit);
        again.then_some(ProducerName {
            id: known.producer_id,
            epoch: known.epoch,
        })
    }

    /// Writes the end markers and settles the offsets held back.
    fn finish(&mut self, producer: ProducerName, ongoing: Ongoing, commit: bool, now: i64) {
        for (topic, partition) in ongoing.partitions {
            if let Some(partition) = self.partition_mut(&topic, partition) {
                partition
                    .log
                    .append_marker(producer.id, producer.epoch, commit, COORDINATOR_EPOCH, now);
            }
        }
        if commit {
            for (group, offsets) in ongoing.offsets {
                self.groups.commit_all(&group, offsets);
            }
        }
    }

    /// Aborts transactions that ran into their timeout; their producers are fenced. Returns whether there was one.
    pub(crate) fn abort_expired(&mut self, now: i64) -> bool {
        let expired = self.transactions.expired();
        for transactional_id in &expired {
            self.fence(transactional_id, now);
        }
        !expired.is_empty()
    }
}
