//! The malformed values of a range: those that are listed, with their bytes, and the number of those that are not.
//!
//! A table lists all of them, and its `memory_limit` counts their bytes. A stream may run for months, so it lists the first ones of each partition and
//! counts the others. Which are listed does not depend on splits and workers: a list of neighbouring ranges is what one range of both would have listed.

use std::sync::Arc;

use super::Malformed;

/// How many a stream lists in all, shared by its partitions.
const VALUES: usize = 10_000;
/// Their bytes.
const BYTES: usize = 16 << 20;
/// However many partitions there are, so much each: enough to see what is wrong.
const LEAST_VALUES: usize = 10;
const LEAST_BYTES: usize = 16 << 10;

/// What is listed of one partition, at most. The first value is listed however large it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    values: usize,
    bytes: usize,
}

impl Room {
    /// Of a stream of so many partitions.
    pub(crate) fn shared_by(partitions: usize) -> Room {
        let partitions = partitions.max(1);
        Room {
            values: (VALUES / partitions).max(LEAST_VALUES),
            bytes: (BYTES / partitions).max(LEAST_BYTES),
        }
    }

    /// What following keeps of all rounds that are over.
    pub(crate) const OF_ROUNDS: Room = Room {
        values: VALUES,
        bytes: BYTES,
    };

    /// Whether so much is more than there is room for.
    pub(crate) fn overflows(&self, values: usize, bytes: usize) -> bool {
        values > self.values || bytes > self.bytes
    }
}

/// Malformed values by offset.
#[derive(Debug, Clone, Default)]
pub(crate) struct MalformedList {
    room: Option<Room>,
    listed: Vec<Arc<Malformed>>,
    /// Bytes of those that are listed.
    bytes: usize,
    /// Keys among the listed.
    keys: u64,
    unlisted_values: u64,
    unlisted_keys: u64,
}

impl MalformedList {
    /// Empty; without `room` it lists everything.
    pub(crate) fn new(room: Option<Room>) -> MalformedList {
        MalformedList {
            room,
            ..MalformedList::default()
        }
    }

    /// Those that are listed.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Malformed> {
        self.listed.iter().map(Arc::as_ref)
    }

    /// Memory of those that are listed.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Malformed values, listed or not.
    pub(crate) fn values(&self) -> u64 {
        self.listed.len() as u64 - self.keys + self.unlisted_values
    }

    /// Malformed keys, listed or not.
    pub(crate) fn keys(&self) -> u64 {
        self.keys + self.unlisted_keys
    }

    /// How many are only counted.
    pub(crate) fn unlisted(&self) -> u64 {
        self.unlisted_values + self.unlisted_keys
    }

    /// Adds what lies behind all that is in it.
    pub(crate) fn push(&mut self, malformed: Malformed) {
        self.add(Arc::new(malformed));
    }

    /// Adds what was met behind all that is in it.
    pub(crate) fn append(&mut self, next: MalformedList) {
        self.room = self.room.or(next.room);
        next.listed.into_iter().for_each(|malformed| self.add(malformed));
        self.unlisted_values += next.unlisted_values;
        self.unlisted_keys += next.unlisted_keys;
    }

    /// Adds what was met anywhere: splits end in any order.
    pub(crate) fn merge(&mut self, other: &MalformedList) {
        let behind = self.listed.last().zip(other.listed.first());
        if behind.is_none_or(|(last, first)| last.offset < first.offset) && self.unlisted() == 0 {
            return self.append(other.clone());
        }
        let mut all = std::mem::take(&mut self.listed);
        all.extend(other.listed.iter().cloned());
        all.sort_by_key(|malformed| malformed.offset);
        (self.bytes, self.keys) = (0, 0);
        let unlisted = (self.unlisted_values, self.unlisted_keys);
        (self.unlisted_values, self.unlisted_keys) = (0, 0);
        all.into_iter().for_each(|malformed| self.add(malformed));
        self.unlisted_values += unlisted.0 + other.unlisted_values;
        self.unlisted_keys += unlisted.1 + other.unlisted_keys;
    }

    /// Forgets some; only of a list of all.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Malformed) -> bool) {
        debug_assert!(self.room.is_none(), "what is only counted cannot be judged");
        let all = std::mem::take(self);
        all.listed
            .into_iter()
            .filter(|malformed| keep(malformed))
            .for_each(|malformed| self.add(malformed));
    }

    fn add(&mut self, malformed: Arc<Malformed>) {
        let size = malformed.size();
        // Once one was left out all behind it are, so that what is listed is the beginning.
        let full = self.room.is_some_and(|room| {
            self.unlisted() > 0
                || (!self.listed.is_empty() && room.overflows(self.listed.len() + 1, self.bytes.saturating_add(size)))
        });
        match (full, malformed.is_key()) {
            (true, true) => self.unlisted_keys += 1,
            (true, false) => self.unlisted_values += 1,
            (false, key) => {
                self.bytes += size;
                self.keys += u64::from(key);
                self.listed.push(malformed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::topic_partition::TopicPartition;

    fn malformed(offset: i64, key: bool, size: usize) -> Malformed {
        Malformed {
            partition: TopicPartition { topic: 0, partition: 0 },
            offset,
            reason: if key { "key: x" } else { "x" }.to_owned(),
            bytes: vec![0; size],
        }
    }

    proptest! {
        #[test]
        fn cut_anywhere_and_joined_it_is_the_same(
            rows in prop::collection::vec((any::<bool>(), 0usize..3000), 0..60),
            cuts in prop::collection::vec(0usize..60, 0..5),
            order in any::<prop::sample::Index>(),
        ) {
            let room = Some(Room { values: 12, bytes: 20_000 });
            let mut whole = MalformedList::new(room);
            let all: Vec<Malformed> = rows.iter().enumerate().map(|(at, (key, size))| malformed(at as i64, *key, *size)).collect();
            all.iter().for_each(|one| whole.push(one.clone()));
            prop_assert_eq!(whole.values() + whole.keys(), rows.len() as u64);
            prop_assert_eq!(whole.keys(), rows.iter().filter(|(key, _)| *key).count() as u64);
            let listed: Vec<i64> = whole.listed().map(|m| m.offset).collect();
            prop_assert_eq!(&listed, &(0..listed.len() as i64).collect::<Vec<_>>());
            prop_assert!(listed.len() <= 12);

            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(all.len())).collect();
            cuts.extend([0, all.len()]);
            cuts.sort_unstable();
            let mut parts: Vec<MalformedList> = cuts.windows(2).map(|cut| {
                let mut part = MalformedList::new(room);
                all[cut[0]..cut[1]].iter().for_each(|one| part.push(one.clone()));
                part
            }).collect();
            let mut joined = MalformedList::default();
            parts.iter().for_each(|part| joined.append(part.clone()));
            let terms = |list: &MalformedList| (list.values(), list.keys(), list.unlisted(), list.bytes());
            prop_assert_eq!(terms(&joined), terms(&whole));

            // In any order the counts are exact.
            if !parts.is_empty() {
                let at = order.index(parts.len());
                parts.rotate_left(at);
            }
            let mut merged = MalformedList::new(room);
            parts.iter().for_each(|part| merged.merge(part));
            prop_assert_eq!((merged.values(), merged.keys()), (whole.values(), whole.keys()));
            prop_assert!(merged.listed.len() <= 12);
        }
    }
}
