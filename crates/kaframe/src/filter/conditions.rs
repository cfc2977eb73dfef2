//! The filters of a read, parted by what can answer them: the bounds of the plan, metadata and keys, or decoded values. Pure.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::{Filter, Implied};
use crate::columns::MetaColumn;

/// One condition of a `where`, as a plan shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The condition as people read it.
    pub text: String,
    /// What answers it.
    pub answered: Answered,
    /// The plan's bounds are narrower for it: what they exclude is never fetched, but for what lies behind a latest time.
    pub narrows: bool,
}

/// What answers a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answered {
    /// Partitions, offsets and times: all that it excludes is left out of the plan, or outside the time bounds.
    Bounds,
    /// Metadata and key, before the value is decoded.
    Metadata,
    /// Columns of the value, decoded before all others.
    Value,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.answered {
            Answered::Bounds => "by partitions, offsets and times, before anything is decoded",
            Answered::Metadata => "by metadata and key, before the value is decoded",
            Answered::Value => "after decoding its columns; the others only of rows that pass",
        };
        write!(f, "{}  ({by}", self.text)?;
        if self.narrows && self.answered != Answered::Bounds {
            f.write_str("; it narrows the bounds too")?;
        }
        f.write_str(")")
    }
}

/// All filters of a read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions {
    /// What all of them together say about where records lie.
    pub(crate) implied: Implied,
    /// Those that metadata and keys answer.
    pub(crate) early: Vec<Arc<dyn Filter>>,
    /// Those that need values.
    pub(crate) late: Vec<Arc<dyn Filter>>,
    /// As plans show them, in the order given.
    pub(crate) shown: Vec<Condition>,
}

impl Conditions {
    /// Of the filters of a read.
    pub(crate) fn of(filters: &[Arc<dyn Filter>]) -> Conditions {
        let mut conditions = Conditions::default();
        for filter in filters {
            let implied = filter.implies();
            let answered = match (implied.exact, needs_values(filter.as_ref())) {
                (true, _) => Answered::Bounds,
                (false, false) => Answered::Metadata,
                (false, true) => Answered::Value,
            };
            conditions.shown.push(Condition {
                text: filter.text().to_owned(),
                answered,
                narrows: implied.narrows(),
            });
            conditions.implied.and(implied);
            match answered {
                Answered::Bounds => {}
                Answered::Metadata => conditions.early.push(filter.clone()),
                Answered::Value => conditions.late.push(filter.clone()),
            }
        }
        conditions
    }

    /// The bounds of the plan answer all of it.
    pub(crate) fn is_bounds_only(&self) -> bool {
        self.early.is_empty() && self.late.is_empty()
    }

    /// Whether values are decoded to answer it.
    pub(crate) fn needs_values(&self) -> bool {
        !self.late.is_empty()
    }

    /// Whether keys are decoded to answer it.
    pub(crate) fn needs_keys(&self) -> bool {
        let key = MetaColumn::Key.name();
        let mut filters = self.early.iter().chain(&self.late);
        filters.any(|filter| filter.columns().iter().any(|name| name == key))
    }
}

fn needs_values(filter: &dyn Filter) -> bool {
    // Whether a value is malformed is known when it is decoded.
    let of_metadata = |name: &String| MetaColumn::named(name).is_some_and(|column| column != MetaColumn::Error);
    !filter.columns().iter().all(of_metadata)
}

impl Implied {
    /// Whether it excludes anything.
    fn narrows(&self) -> bool {
        let Implied {
            topics,
            partitions,
            offset_from,
            offset_to,
            timestamp_from,
            timestamp_to,
            exact: _,
        } = self;
        let bounds = [offset_from, offset_to, timestamp_from, timestamp_to];
        topics.is_some() || partitions.is_some() || bounds.into_iter().any(Option::is_some)
    }

    /// What holds where both hold. `exact` is no more meant.
    fn and(&mut self, other: Implied) {
        fn both<T: Ord + Clone>(a: &mut Option<BTreeSet<T>>, b: Option<BTreeSet<T>>) {
            *a = match (a.take(), b) {
                (Some(a), Some(b)) => Some(a.intersection(&b).cloned().collect()),
                (a, b) => a.or(b),
            };
        }
        let later = |a: Option<i64>, b: Option<i64>| a.max(b);
        let earlier = |a: Option<i64>, b: Option<i64>| [a, b].into_iter().flatten().min();
        both(&mut self.topics, other.topics);
        both(&mut self.partitions, other.partitions);
        self.offset_from = later(self.offset_from, other.offset_from);
        self.offset_to = earlier(self.offset_to, other.offset_to);
        self.timestamp_from = later(self.timestamp_from, other.timestamp_from);
        self.timestamp_to = earlier(self.timestamp_to, other.timestamp_to);
        self.exact = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_several_conditions_are_those_of_all() {
        let mut implied = Implied {
            partitions: Some([1, 2, 3].into()),
            offset_from: Some(5),
            ..Implied::default()
        };
        assert!(implied.narrows() && !Implied::default().narrows());
        implied.and(Implied {
            partitions: Some([2, 3, 4].into()),
            offset_from: Some(3),
            offset_to: Some(90),
            timestamp_to: Some(7),
            exact: true,
            ..Implied::default()
        });
        implied.and(Implied {
            offset_to: Some(80),
            ..Implied::default()
        });
        let expected = Implied {
            partitions: Some([2, 3].into()),
            offset_from: Some(5),
            offset_to: Some(80),
            timestamp_to: Some(7),
            ..Implied::default()
        };
        assert_eq!(implied, expected);
    }
}
