//! The most frequent values, in bounded memory: counts are exact while there are few different values, else short by at most a known number.
//!
//! Misra and Gries, "Finding repeated elements" (1982): when there are too many counters, the same is taken from all of them and those at zero go. Here half of
//! them go at once, so that a value costs a look-up on average. Any value more frequent than the number taken is certain to be found.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Counters kept.
const MOST: usize = 2048;
/// Bytes of a text that are kept to show it.
pub(super) const SHOWN: usize = 128;

/// A value to count.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Int(i128),
    Float(f64),
    /// Bytes, at most one more than [`SHOWN`] of them: a text that is longer shows that it is.
    Bytes(Box<[u8]>),
}

/// Keys are hashes already.
#[derive(Debug, Default, Clone)]
pub(super) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes
            .iter()
            .for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// Counters of values by their hash.
#[derive(Debug, Clone, Default)]
pub(super) struct Frequent {
    counters: HashMap<u64, (u64, Value), BuildHasherDefault<AsItIs>>,
    /// What was taken from every counter so far: how much a count may be short.
    taken: u64,
}

impl Frequent {
    /// Counts a value by its hash; `value` makes it where it is new.
    pub fn add(&mut self, hash: u64, value: impl FnOnce() -> Value) {
        match self.counters.get_mut(&hash) {
            Some((count, _)) => *count += 1,
            None => {
                self.counters.insert(hash, (1, value()));
                if self.counters.len() > MOST {
                    self.prune();
                }
            }
        }
    }

    /// Takes what another has counted.
    pub fn merge(&mut self, other: Frequent) {
        self.taken += other.taken;
        for (hash, (count, value)) in other.counters {
            self.counters.entry(hash).or_insert((0, value)).0 += count;
        }
        if self.counters.len() > MOST {
            self.prune();
        }
    }

    fn prune(&mut self) {
        let mut counts: Vec<u64> = self.counters.values().map(|(count, _)| *count).collect();
        let middle = counts.len() / 2;
        let (_, median, _) = counts.select_nth_unstable(middle);
        let take = *median;
        self.taken += take;
        self.counters.retain(|_, (count, _)| {
            *count = count.saturating_sub(take);
            *count > 0
        });
    }

    /// How many different values there are, where that is known exactly.
    pub fn distinct(&self) -> Option<u64> {
        (self.taken == 0).then_some(self.counters.len() as u64)
    }

    /// How much a count may be short.
    pub fn short_by(&self) -> u64 {
        self.taken
    }

    /// The most frequent values with their counts, most frequent first. Those that may be no more frequent than others are left out.
    pub fn top(&self, most: usize) -> Vec<(u64, &Value)> {
        let mut top: Vec<(u64, u64, &Value)> = self
            .counters
            .iter()
            .map(|(hash, (count, value))| (*count, *hash, value))
            .filter(|(count, _, _)| self.taken == 0 || *count > self.taken)
            .collect();
        // Equal ones in the order of their hashes: the same every time.
        top.sort_unstable_by_key(|(count, hash, _)| (std::cmp::Reverse(*count), *hash));
        top.truncate(most);
        top.into_iter().map(|(count, _, value)| (count, value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::distinct::hash_u64;
    use super::*;

    fn add(frequent: &mut Frequent, number: u64) {
        frequent.add(hash_u64(number), || Value::Int(number.into()));
    }

    #[test]
    fn few_values_are_counted_exactly() {
        let mut frequent = Frequent::default();
        (0..10_000).for_each(|number| add(&mut frequent, number % 7 * (number % 3)));
        assert_eq!(frequent.short_by(), 0);
        let top = frequent.top(3);
        // 0 comes where either factor is 0: 3,334 + 1,429 - 477 times.
        assert_eq!(top[0], (4286, &Value::Int(0)));
        assert_eq!(frequent.distinct(), Some(10));
    }

    #[test]
    fn a_frequent_value_among_many_is_found_and_its_count_bounded() {
        let mut parts = [Frequent::default(), Frequent::default()];
        for number in 0..200_000u64 {
            let part = &mut parts[(number % 2) as usize];
            add(part, number + 10);
            if number % 20 < 2 {
                add(part, 1);
            }
        }
        let [mut all, other] = parts;
        all.merge(other);
        assert!(all.counters.len() <= MOST && all.distinct().is_none());
        let top = all.top(5);
        let (count, value) = top[0];
        assert_eq!(value, &Value::Int(1));
        assert!(
            count <= 20_000 && 20_000 <= count + all.short_by(),
            "{count} {}",
            all.short_by()
        );
    }
}
