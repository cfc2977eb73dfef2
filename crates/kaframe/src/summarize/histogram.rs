//! Histograms in one pass over values nobody has seen before: bins have the width of a step of a ladder, and when there are too many of them the next
//! step joins neighbours. Counts stay exact, and the result depends on the values alone, not on their order.

use std::collections::BTreeMap;

use serde::Serialize;

/// Bins before they are joined.
const MOST: usize = 64;

/// Widths of bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ladder {
    /// Powers of two, also below one.
    Numbers,
    /// Powers of two from one up.
    Whole,
    /// Milliseconds: steps that people know.
    Time,
}

/// Milliseconds; each divides the next.
const TIMES: [f64; 14] = [
    1.0,
    10.0,
    100.0,
    1000.0,
    10_000.0,
    60_000.0,
    600_000.0,
    3_600_000.0,
    21_600_000.0,
    86_400_000.0,
    604_800_000.0,
    2_419_200_000.0,
    29_030_400_000.0,
    290_304_000_000.0,
];
/// The finest step of numbers, 2⁻³⁰: below that a spread is one bin.
const FINEST: i32 = -30;

impl Ladder {
    fn width(self, step: usize) -> f64 {
        match self {
            Ladder::Numbers => 2f64.powi(FINEST + i32::try_from(step).unwrap_or(i32::MAX)),
            Ladder::Whole => 2f64.powi(i32::try_from(step).unwrap_or(i32::MAX)),
            Ladder::Time => TIMES[step.min(TIMES.len() - 1)],
        }
    }

    /// Whether there is a wider step. Numbers end where every double fits into a bin.
    fn ends(self, step: usize) -> bool {
        match self {
            Ladder::Numbers => step >= 1053,
            Ladder::Whole => step >= 1023,
            Ladder::Time => step + 1 >= TIMES.len(),
        }
    }

    /// How many bins of this step make one of the next.
    fn factor(self, step: usize) -> i64 {
        (self.width(step + 1) / self.width(step)).round() as i64
    }
}

/// A histogram that grows.
#[derive(Debug, Clone)]
pub(super) struct Bins {
    ladder: Ladder,
    step: usize,
    width: f64,
    /// Count by number of bin: floor(value / width).
    bins: BTreeMap<i64, u64>,
}

/// A histogram.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Histogram {
    /// Where the first bin begins.
    pub start: f64,
    /// Width of a bin.
    pub width: f64,
    /// Counts, one per bin, the empty ones in between too.
    pub counts: Vec<u64>,
}

impl Bins {
    pub fn new(ladder: Ladder) -> Bins {
        Bins {
            ladder,
            step: 0,
            width: ladder.width(0),
            bins: BTreeMap::new(),
        }
    }

    /// Takes a value; what is no finite number is passed over.
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        loop {
            let bin = (value / self.width).floor();
            // Numbers of bins stay where doubles are whole numbers.
            if bin.abs() < 4e15 || self.ladder.ends(self.step) {
                *self.bins.entry(bin as i64).or_default() += 1;
                break;
            }
            self.coarsen();
        }
        self.fit();
    }

    /// Takes what another has counted.
    pub fn merge(&mut self, other: &Bins) {
        let mut other = other.clone();
        while self.step < other.step {
            self.coarsen();
        }
        while other.step < self.step {
            other.coarsen();
        }
        for (bin, count) in other.bins {
            *self.bins.entry(bin).or_default() += count;
        }
        self.fit();
    }

    fn fit(&mut self) {
        while self.span() > MOST as i128 && !self.ladder.ends(self.step) {
            self.coarsen();
        }
    }

    /// Bins from the first to the last.
    fn span(&self) -> i128 {
        match (self.bins.first_key_value(), self.bins.last_key_value()) {
            (Some((first, _)), Some((last, _))) => i128::from(*last) - i128::from(*first) + 1,
            _ => 0,
        }
    }

    fn coarsen(&mut self) {
        let factor = self.ladder.factor(self.step);
        self.step += 1;
        self.width = self.ladder.width(self.step);
        let mut joined = BTreeMap::new();
        for (bin, count) in std::mem::take(&mut self.bins) {
            *joined.entry(bin.div_euclid(factor)).or_default() += count;
        }
        self.bins = joined;
    }

    /// The histogram; `None` where nothing was counted.
    pub fn finish(&self) -> Option<Histogram> {
        let (first, last) = (*self.bins.first_key_value()?.0, *self.bins.last_key_value()?.0);
        let width = self.width;
        // Only a ladder that has ended can span more than that.
        let last = last.min(first.saturating_add(100 * MOST as i64));
        Some(Histogram {
            start: first as f64 * width,
            width,
            counts: (first..=last)
                .map(|bin| self.bins.get(&bin).copied().unwrap_or(0))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(ladder: Ladder, values: &[f64]) -> Option<Histogram> {
        let mut bins = Bins::new(ladder);
        values.iter().for_each(|value| bins.add(*value));
        bins.finish()
    }

    #[test]
    fn bins_fit_the_values() {
        let numbers: Vec<f64> = (0..1000).map(f64::from).collect();
        let histogram = of(Ladder::Numbers, &numbers).unwrap();
        assert_eq!((histogram.start, histogram.width), (0.0, 16.0));
        assert_eq!(histogram.counts.len(), 63);
        assert_eq!(histogram.counts.iter().sum::<u64>(), 1000);
        let histogram = of(Ladder::Numbers, &[-1.5, -1.5, 2.25]).unwrap();
        assert_eq!(histogram.counts.iter().sum::<u64>(), 3);
        assert_eq!(of(Ladder::Numbers, &[f64::NAN, f64::INFINITY]), None);
    }

    #[test]
    fn whole_numbers_have_whole_bins() {
        let histogram = of(Ladder::Whole, &[1.0, 2.0, 2.0, 5.0]).unwrap();
        assert_eq!(
            (histogram.start, histogram.width, histogram.counts),
            (1.0, 1.0, vec![1, 2, 0, 0, 1])
        );
    }

    #[test]
    fn times_have_steps_that_people_know() {
        let day = 86_400_000.0;
        let times: Vec<f64> = (0..30).map(|n| 1.7e12 + f64::from(n) * day).collect();
        assert_eq!(of(Ladder::Time, &times).unwrap().width, day);
        assert_eq!(of(Ladder::Time, &times[..2]).unwrap().width, 3_600_000.0);
        assert!(of(Ladder::Time, &[-9e18, 9e18]).is_some());
    }

    #[test]
    fn the_largest_and_smallest_numbers_end() {
        let histogram = of(Ladder::Numbers, &[f64::MAX, f64::MIN, f64::MIN_POSITIVE, 0.0]).unwrap();
        assert_eq!(histogram.counts.iter().sum::<u64>(), 4);
    }

    proptest! {
        #[test]
        fn order_and_parts_make_no_difference(values in prop::collection::vec(-1e6f64..1e6, 1..200), cut in 0usize..200) {
            let forward = of(Ladder::Numbers, &values);
            let mut backward = values.clone();
            backward.reverse();
            prop_assert_eq!(&forward, &of(Ladder::Numbers, &backward));
            let cut = cut.min(values.len());
            let (mut left, mut right) = (Bins::new(Ladder::Numbers), Bins::new(Ladder::Numbers));
            values[..cut].iter().for_each(|v| left.add(*v));
            values[cut..].iter().for_each(|v| right.add(*v));
            left.merge(&right);
            prop_assert_eq!(&forward, &left.finish());
        }
    }
}
