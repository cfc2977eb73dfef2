//! Which partition a record goes to: by its key as the Java client does it, or, without a key, taking turns.
//!
//! Records without a key stay with one partition until a batch is full and then go to the next: full batches are what makes writing and
//! reading fast. The first partition is drawn by lot, so that many small writes do not all land on the same one.

use std::hash::{BuildHasher, RandomState};

/// Gives partitions to records.
#[derive(Debug)]
pub(super) struct Partitioner {
    partitions: i32,
    fixed: Option<i32>,
    current: i32,
}

impl Partitioner {
    /// For a topic with so many partitions, at least one; with `fixed`, always that one.
    pub fn new(partitions: i32, fixed: Option<i32>) -> Partitioner {
        let lot = RandomState::new().hash_one(partitions) % u64::from(partitions.max(1).unsigned_abs());
        Partitioner {
            partitions,
            fixed,
            current: i32::try_from(lot).unwrap_or(0),
        }
    }

    /// The partition of a record; `of_key` is Java's choice for a key.
    pub fn partition(&self, key: Option<&[u8]>, of_key: impl FnOnce(&[u8]) -> i32) -> i32 {
        match (self.fixed, key) {
            (Some(partition), _) => partition,
            (None, Some(key)) => of_key(key),
            (None, None) => self.current,
        }
    }

    /// A batch of this partition is full.
    pub fn full(&mut self, partition: i32) {
        if partition == self.current {
            self.current = (partition + 1) % self.partitions.max(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_decide_and_records_without_one_take_turns_by_batch() {
        let mut partitioner = Partitioner::new(3, None);
        assert_eq!(partitioner.partition(Some(b"k"), |_| 2), 2);
        let first = partitioner.partition(None, |_| unreachable!());
        assert!((0..3).contains(&first));
        assert_eq!(partitioner.partition(None, |_| unreachable!()), first);
        partitioner.full(first);
        let second = partitioner.partition(None, |_| unreachable!());
        assert_eq!(second, (first + 1) % 3);
        partitioner.full(first);
        assert_eq!(
            partitioner.partition(None, |_| unreachable!()),
            second,
            "a keyed batch elsewhere changes nothing"
        );
    }

    #[test]
    fn a_fixed_partition_is_for_all() {
        let partitioner = Partitioner::new(3, Some(1));
        assert_eq!(partitioner.partition(Some(b"k"), |_| 2), 1);
        assert_eq!(partitioner.partition(None, |_| 2), 1);
    }
}
