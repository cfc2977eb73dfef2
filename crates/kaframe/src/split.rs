//! A split: one range of one partition, the unit of parallel work.

use serde::{Deserialize, Serialize};

use crate::bound::OffsetRange;

/// One range of one partition. Splits of a plan do not overlap and are in (partition, offset) order; they may be sent to another
/// process as JSON and read there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Topic.
    pub topic: String,
    /// Its id, where the broker has ids.
    pub topic_id: Option<String>,
    /// Partition.
    pub partition: i32,
    /// Offsets, half-open.
    #[serde(flatten)]
    pub range: OffsetRange,
}

/// Offsets of a split where nothing is known about the size of records.
pub(crate) const DEFAULT_OFFSETS: u64 = 250_000;

/// Cuts a range into parts of nearly equal length, none longer than `offsets`. An empty range gives none.
pub(crate) fn cut(range: OffsetRange, offsets: u64) -> Vec<OffsetRange> {
    let total = range.len();
    if total == 0 {
        return Vec::new();
    }
    let parts = total.div_ceil(offsets.max(1));
    let (length, longer) = (total / parts, total % parts);
    let mut start = range.start;
    (0..parts)
        .map(|index| {
            let end = start + (length + u64::from(index < longer)) as i64;
            let part = OffsetRange { start, end };
            start = end;
            part
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_cover_the_range_and_are_not_too_long(start in 0i64..1000, length in 0i64..10_000, offsets in 1u64..700) {
            let range = OffsetRange { start, end: start + length };
            let parts = cut(range, offsets);
            let mut next = start;
            for part in &parts {
                prop_assert_eq!(part.start, next);
                prop_assert!(!part.is_empty() && part.len() <= offsets);
                next = part.end;
            }
            prop_assert_eq!(next, range.end);
        }
    }

    #[test]
    fn a_split_travels_as_json() {
        let split = Split {
            topic: "t".into(),
            topic_id: None,
            partition: 3,
            range: OffsetRange { start: 5, end: 9 },
        };
        let text = serde_json::to_string(&split).unwrap();
        assert_eq!(text, r#"{"topic":"t","topic_id":null,"partition":3,"start":5,"end":9}"#);
        assert_eq!(serde_json::from_str::<Split>(&text).unwrap(), split);
    }
}
