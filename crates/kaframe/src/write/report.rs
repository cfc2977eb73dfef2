//! What became of the rows of a write.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use kaframe_client::Produced;

use crate::number;

/// What became of the rows of a write. Rows count from 0 over all batches that were given to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteReport {
    /// Topic.
    pub topic: String,
    /// Rows that are written: the brokers have acknowledged them.
    pub rows: u64,
    /// Bytes of their keys, values and headers.
    pub bytes: u64,
    /// Partitions that got any, by number.
    pub partitions: Vec<PartitionWrite>,
    /// Rows of which it is not known whether they are written: they were sent and no answer came. Empty unless the write failed.
    pub unknown: RowRanges,
    /// Rows that are not written. Empty unless the write failed.
    pub not_written: RowRanges,
    /// How long it took.
    pub elapsed: Duration,
}

/// What a partition got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionWrite {
    /// Partition.
    pub partition: i32,
    /// Rows.
    pub rows: u64,
    /// Offset of the first; `None` where the broker only said that they are written, not where (a batch that was sent again).
    pub first_offset: Option<i64>,
    /// Offset of the last. Records of other writers may lie between the two.
    pub last_offset: Option<i64>,
}

impl WriteReport {
    /// Counts a batch that the broker has acknowledged.
    pub(super) fn add(&mut self, produced: &Produced, bytes: u64) {
        let rows = u64::try_from(produced.records).unwrap_or(0);
        self.rows += rows;
        self.bytes += bytes;
        let first = (produced.base_offset >= 0).then_some(produced.base_offset);
        let last = first.map(|first| first.saturating_add(i64::from(produced.records) - 1));
        let index = match self
            .partitions
            .binary_search_by_key(&produced.partition, |p| p.partition)
        {
            Ok(index) => index,
            Err(index) => {
                let new = PartitionWrite {
                    partition: produced.partition,
                    rows: 0,
                    first_offset: None,
                    last_offset: None,
                };
                self.partitions.insert(index, new);
                index
            }
        };
        let partition = &mut self.partitions[index];
        partition.rows += rows;
        partition.first_offset = partition.first_offset.into_iter().chain(first).min();
        partition.last_offset = partition.last_offset.max(last);
    }

    /// What a failed write says about its rows.
    pub(super) fn outcome(&self) -> String {
        let mut text = format!("{} written", number::counted(self.rows, "row is", "rows are"));
        if !self.unknown.is_empty() {
            let rows = number::counted(self.unknown.len(), "row", "rows");
            text.push_str(&format!(", {rows} may be written or not ({})", self.unknown));
        }
        if !self.not_written.is_empty() {
            let rows = number::counted(self.not_written.len(), "row is", "rows are");
            text.push_str(&format!(", {rows} not written ({})", self.not_written));
        }
        text
    }
}

impl fmt::Display for WriteReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = number::counted(self.rows, "row", "rows");
        let partitions = number::counted(self.partitions.len() as u64, "partition", "partitions");
        write!(
            f,
            "{}: {rows} written, {partitions}, {}",
            self.topic,
            number::duration(self.elapsed)
        )?;
        if !self.unknown.is_empty() || !self.not_written.is_empty() {
            write!(f, "; {}", self.outcome())?;
        }
        Ok(())
    }
}

impl fmt::Display for PartitionWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "partition {}: {} rows", self.partition, self.rows)?;
        match (self.first_offset, self.last_offset) {
            (Some(first), Some(last)) => write!(f, ", offsets {first} to {last}"),
            _ => Ok(()),
        }
    }
}

/// Rows, as ranges that do not overlap or touch, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowRanges(BTreeMap<u64, u64>);

impl RowRanges {
    /// Adds rows `start..end`.
    pub fn insert(&mut self, rows: Range<u64>) {
        let Range { mut start, mut end } = rows;
        if start >= end {
            return;
        }
        // Swallow every range that touches this one; those that do lie next to each other, from the last that starts at or before `end`.
        while let Some((&other_start, &other_end)) = self.0.range(..=end).next_back() {
            if other_end < start {
                break;
            }
            self.0.remove(&other_start);
            start = start.min(other_start);
            end = end.max(other_end);
        }
        self.0.insert(start, end);
    }

    /// How many rows.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|(start, end)| end - start).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a row is among them.
    pub fn contains(&self, row: u64) -> bool {
        self.0.range(..=row).next_back().is_some_and(|(_, end)| row < *end)
    }

    /// The ranges, half-open, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.0.iter().map(|(start, end)| *start..*end)
    }
}

/// The first few ranges, with ends included as people say it: `rows 0-99, 250, 300-310 and more`.
impl fmt::Display for RowRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 5;
        f.write_str(if self.len() == 1 { "row " } else { "rows " })?;
        for (index, range) in self.iter().take(SHOWN).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            match range.end - range.start {
                1 => write!(f, "{comma}{}", range.start)?,
                _ => write!(f, "{comma}{}-{}", range.start, range.end - 1)?,
            }
        }
        if self.0.len() > SHOWN {
            f.write_str(" and more")
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ranges(of: &[Range<u64>]) -> RowRanges {
        let mut ranges = RowRanges::default();
        of.iter().for_each(|range| ranges.insert(range.clone()));
        ranges
    }

    #[test]
    fn ranges_that_touch_become_one() {
        assert_eq!(ranges(&[0..2, 4..6, 2..4]).iter().collect::<Vec<_>>(), vec![0..6]);
        assert_eq!(ranges(&[5..6, 0..1]).to_string(), "rows 0, 5");
        assert_eq!(ranges(&[0..100, 250..251]).to_string(), "rows 0-99, 250");
        assert_eq!(ranges(&[7..8, 8..8]).to_string(), "row 7");
    }

    proptest! {
        #[test]
        fn holds_exactly_the_rows_given(given in prop::collection::vec((0u64..60, 0u64..12), 0..20)) {
            let mut expected = std::collections::BTreeSet::new();
            let mut ranges = RowRanges::default();
            for (start, len) in given {
                ranges.insert(start..start + len);
                expected.extend(start..start + len);
            }
            prop_assert_eq!(ranges.len(), expected.len() as u64);
            for row in 0..80 {
                prop_assert_eq!(ranges.contains(row), expected.contains(&row));
            }
            let all: Vec<_> = ranges.iter().collect();
            prop_assert!(all.windows(2).all(|pair| pair[0].end < pair[1].start));
        }
    }

    #[test]
    fn acknowledged_batches_add_up_by_partition() {
        let mut report = WriteReport::default();
        let produced = |partition, base_offset, records| Produced {
            partition,
            base_offset,
            records,
            log_append_time: None,
        };
        report.add(&produced(1, 10, 5), 50);
        report.add(&produced(0, 0, 3), 30);
        report.add(&produced(1, 20, 2), 20);
        report.add(&produced(1, -1, 4), 40);
        assert_eq!((report.rows, report.bytes), (14, 140));
        let expected = [(0, 3, Some(0), Some(2)), (1, 11, Some(10), Some(21))];
        let partitions: Vec<_> = report
            .partitions
            .iter()
            .map(|p| (p.partition, p.rows, p.first_offset, p.last_offset))
            .collect();
        assert_eq!(partitions, expected);
    }
}
