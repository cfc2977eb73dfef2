//! What a partition knows of the producers that wrote to it: sequences of idempotent ones, open transactions.
//!
//! The rules are those of `ProducerStateManager` and `ProducerAppendInfo` in Apache Kafka: the last five batches of a producer are
//! known again, any other sequence must follow on directly. State never expires here.

use std::collections::{BTreeMap, HashMap, VecDeque};

use kaframe_wire::ErrorCode;
use kaframe_wire::batch::Header;

/// How many batches of a producer are recognised when they come again.
const REMEMBERED: usize = 5;

/// Whether a batch is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    Fresh,
    /// It was appended before, at this offset.
    Duplicate {
        base_offset: i64,
    },
}

#[derive(Clone, Copy, Debug)]
struct Remembered {
    first_sequence: i32,
    last_sequence: i32,
    base_offset: i64,
}

#[derive(Debug)]
struct Producer {
    epoch: i16,
    recent: VecDeque<Remembered>,
    /// First offset of its open transaction.
    open: Option<i64>,
    last_offset: i64,
}

/// A producer as DescribeProducers shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ActiveProducer {
    pub(crate) producer_id: i64,
    pub(crate) epoch: i16,
    pub(crate) last_sequence: i32,
    pub(crate) open: Option<i64>,
}

/// All producers of one partition.
#[derive(Debug, Default)]
pub(crate) struct Producers {
    by_id: HashMap<i64, Producer>,
    /// First offset of each open transaction, with its producer.
    open: BTreeMap<i64, i64>,
}

impl Producers {
    /// First offset of the oldest open transaction.
    pub(crate) fn first_open_offset(&self) -> Option<i64> {
        self.open.keys().next().copied()
    }

    /// Whether a batch with this header may be appended.
    ///
    /// # Errors
    /// INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER or INVALID_TXN_STATE.
    pub(crate) fn check(&self, header: &Header) -> Result<Check, ErrorCode> {
        if header.producer_id < 0 {
            return Ok(Check::Fresh);
        }
        let Some(producer) = self.by_id.get(&header.producer_id) else {
            return Ok(Check::Fresh);
        };
        if header.producer_epoch < producer.epoch {
            return Err(ErrorCode::INVALID_PRODUCER_EPOCH);
        }
        if header.producer_epoch > producer.epoch {
            return if header.base_sequence == 0 {
                Ok(Check::Fresh)
            } else {
                Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER)
            };
        }
        let last = last_sequence(header);
        if let Some(known) = producer
            .recent
            .iter()
            .find(|known| known.first_sequence == header.base_sequence && known.last_sequence == last)
        {
            return Ok(Check::Duplicate {
                base_offset: known.base_offset,
            });
        }
        let expected = producer.recent.back().map_or(0, |known| after(known.last_sequence));
        if header.base_sequence != expected {
            return Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
        }
        if producer.open.is_some() && !header.is_transactional() {
            return Err(ErrorCode::INVALID_TXN_STATE);
        }
        Ok(Check::Fresh)
    }

    /// Takes note of an appended batch of data.
    pub(crate) fn record(&mut self, header: &Header) {
        let producer = self.by_id.entry(header.producer_id).or_insert_with(|| Producer {
            epoch: header.producer_epoch,
            recent: VecDeque::new(),
            open: None,
            last_offset: -1,
        });
        if header.producer_epoch != producer.epoch {
            producer.epoch = header.producer_epoch;
            producer.recent.clear();
        }
        if producer.recent.len() == REMEMBERED {
            producer.recent.pop_front();
        }
        producer.recent.push_back(Remembered {
            first_sequence: header.base_sequence,
            last_sequence: last_sequence(header),
            base_offset: header.base_offset,
        });
        producer.last_offset = header.last_offset();
        if header.is_transactional() && producer.open.is_none() {
            producer.open = Some(header.base_offset);
            self.open.insert(header.base_offset, header.producer_id);
        }
    }

    /// Takes note of an end marker. Returns the first offset of the transaction that it ends; a transaction without a record in
    /// this partition has none.
    pub(crate) fn end_transaction(&mut self, header: &Header) -> Option<i64> {
        let producer = self.by_id.entry(header.producer_id).or_insert_with(|| Producer {
            epoch: header.producer_epoch,
            recent: VecDeque::new(),
            open: None,
            last_offset: -1,
        });
        if header.producer_epoch > producer.epoch {
            producer.epoch = header.producer_epoch;
            producer.recent.clear();
        }
        producer.last_offset = header.last_offset();
        let first = producer.open.take()?;
        self.open.remove(&first);
        Some(first)
    }

    /// Every producer, by id.
    pub(crate) fn active(&self) -> Vec<ActiveProducer> {
        let mut active: Vec<ActiveProducer> = self
            .by_id
            .iter()
            .map(|(producer_id, producer)| ActiveProducer {
                producer_id: *producer_id,
                epoch: producer.epoch,
                last_sequence: producer.recent.back().map_or(-1, |known| known.last_sequence),
                open: producer.open,
            })
            .collect();
        active.sort_by_key(|producer| producer.producer_id);
        active
    }
}

/// Sequences count records and wrap from `i32::MAX` to 0.
fn last_sequence(header: &Header) -> i32 {
    let sum = i64::from(header.base_sequence) + i64::from(header.last_offset_delta);
    let wrapped = if sum > i64::from(i32::MAX) {
        sum - i64::from(i32::MAX) - 1
    } else {
        sum
    };
    i32::try_from(wrapped).unwrap_or(i32::MAX)
}

fn after(sequence: i32) -> i32 {
    sequence.checked_add(1).unwrap_or(0)
}
