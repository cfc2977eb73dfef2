//! Which partition a record goes to: by its key as the Java client or as librdkafka does it, or, without a key, taking turns.
//!
//! Records without a key stay with one partition until a batch is full and then go to the next: full batches are what makes writing and
//! reading fast. The first partition is drawn by lot, so that many small writes do not all land on the same one.

use std::hash::{BuildHasher, RandomState};

/// How a key decides. Writers of one topic should agree, or a key is in two partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyHash {
    /// Murmur2, as Kafka's Java client.
    #[default]
    Murmur2,
    /// CRC-32, as librdkafka by default and so kcat, confluent-kafka in Python, Go and C#. Its `consistent_random`: an empty key decides nothing.
    Crc32,
}

/// Gives partitions to records.
#[derive(Debug)]
pub(super) struct Partitioner {
    partitions: i32,
    fixed: Option<i32>,
    hash: KeyHash,
    current: i32,
}

impl Partitioner {
    /// For a topic with so many partitions, at least one; with `fixed`, always that one.
    pub fn new(partitions: i32, fixed: Option<i32>, hash: KeyHash) -> Partitioner {
        let lot = RandomState::new().hash_one(partitions) % u64::from(partitions.max(1).unsigned_abs());
        Partitioner {
            partitions,
            fixed,
            hash,
            current: i32::try_from(lot).unwrap_or(0),
        }
    }

    /// The partition of a record; `of_key` is Java's choice for a key.
    pub fn partition(&self, key: Option<&[u8]>, of_key: impl FnOnce(&[u8]) -> i32) -> i32 {
        match (self.fixed, key, self.hash) {
            (Some(partition), ..) => partition,
            (None, Some(key), KeyHash::Murmur2) => of_key(key),
            (None, Some(key), KeyHash::Crc32) if !key.is_empty() => {
                let partition = crc32fast::hash(key) % self.partitions.max(1).unsigned_abs();
                i32::try_from(partition).unwrap_or(0)
            }
            (None, ..) => self.current,
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
        let mut partitioner = Partitioner::new(3, None, KeyHash::Murmur2);
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
        let partitioner = Partitioner::new(3, Some(1), KeyHash::Crc32);
        assert_eq!(partitioner.partition(Some(b"k"), |_| 2), 1);
        assert_eq!(partitioner.partition(None, |_| 2), 1);
    }

    /// What kcat 1.7.1 did with these keys and 12 partitions.
    #[test]
    fn keys_go_where_librdkafka_sends_them() {
        let partitioner = Partitioner::new(12, None, KeyHash::Crc32);
        for (key, partition) in [
            ("a", 3),
            ("b", 5),
            ("key", 1),
            ("key 1", 3),
            ("k0", 3),
            ("k1", 1),
            ("orders", 2),
            ("user-4711", 5),
            ("123456789", 2),
            ("Zürich", 6),
            ("日本語", 1),
        ] {
            assert_eq!(
                partitioner.partition(Some(key.as_bytes()), |_| unreachable!()),
                partition,
                "{key}"
            );
        }
        let empty = partitioner.partition(Some(b""), |_| unreachable!());
        assert_eq!(empty, partitioner.partition(None, |_| unreachable!()));
    }
}
