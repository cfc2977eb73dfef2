//! `order="timestamp"` of a table: all rows by timestamp, exactly. Ties go by topic, partition and offset; rows without a timestamp come first.
//!
//! A table is in memory anyway, so timestamps that run backwards inside a partition do no harm. A stream is `merge.rs`, which is another matter.
//! The order says nothing about which rows come: `limit` and `tail` choose them as they do without it.

use std::fmt;
use std::str::FromStr;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{Array, RecordBatch, TimestampMillisecondArray};
use arrow_schema::ArrowError;
use arrow_select::interleave::interleave_record_batch;

use crate::chunk::Chunk;
use crate::columns::MetaColumn;
use crate::error::{Error, Result};
use crate::memory::Guard;

/// In which order rows come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By topic, partition and offset.
    #[default]
    Partition,
    /// By timestamp, over all partitions.
    Timestamp,
}

impl FromStr for Order {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "partition" => Ok(Order::Partition),
            "timestamp" => Ok(Order::Timestamp),
            _ => Err(Error::config(format!("order is partition or timestamp, not {text:?}"))),
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Order::Partition => "partition",
            Order::Timestamp => "timestamp",
        })
    }
}

/// Rows of a sorted batch, at most.
const BATCH_ROWS: usize = 1 << 18;
/// Memory that sorting takes a row, beside the rows.
const ROW_BYTES: u64 = 24;

/// Some rows and their timestamps, which need not be among the columns.
#[derive(Debug)]
pub(crate) struct Timed {
    pub(crate) batch: RecordBatch,
    pub(crate) times: TimestampMillisecondArray,
}

/// One row: its timestamp and where it stands.
#[derive(Debug, Clone, Copy)]
struct Row {
    time: i64,
    batch: u32,
    row: u32,
}

/// The timestamps of a chunk that was made with them.
pub(crate) fn times(chunk: &Chunk) -> Result<TimestampMillisecondArray> {
    match chunk.meta(MetaColumn::Timestamp) {
        Some(times) => Ok(times.as_primitive::<TimestampMillisecondType>().clone()),
        None => Err(Error::internal("rows to be ordered by time without timestamps")),
    }
}

/// A timestamp as a number to sort by: none is the least, as for `tail`.
pub(crate) fn sortable(times: &TimestampMillisecondArray, row: usize) -> i64 {
    match times.is_valid(row) {
        true => times.value(row).max(i64::MIN + 1),
        false => i64::MIN,
    }
}

/// The rows by timestamp. The batches must be in order of topic, partition and offset, which is that of ties.
///
/// Sixteen bytes and one comparison or a few a row (runs that are sorted already, as partitions mostly are, are merged), then each value is copied once. A batch is
/// given up as soon as all its rows are copied, so where times grow with offsets the rows never stand in memory twice.
pub(crate) fn sorted(mut parts: Vec<Timed>, guard: Option<&Guard>) -> Result<Vec<RecordBatch>> {
    let total: usize = parts.iter().map(|part| part.batch.num_rows()).sum();
    let mut rows: Vec<Row> = Vec::new();
    let mut held = Held {
        guard,
        bytes: 0,
        rows: total as u64 * ROW_BYTES,
    };
    held.is(0, 0)?;
    rows.reserve_exact(total);
    for (batch, part) in parts.iter().enumerate() {
        rows.extend((0..part.batch.num_rows()).map(|row| Row {
            time: sortable(&part.times, row),
            batch: batch as u32,
            row: row as u32,
        }));
    }
    if rows.is_sorted_by_key(|row| row.time) {
        held.rows = 0;
        held.is(0, 0)?;
        return Ok(parts.into_iter().map(|part| part.batch).collect());
    }
    rows.sort_by_key(|row| row.time);
    let mut left: Vec<usize> = parts.iter().map(|part| part.batch.num_rows()).collect();
    // The place of a batch among those that the next output needs.
    let mut place: Vec<Option<usize>> = vec![None; parts.len()];
    let mut sorted = Vec::new();
    let (mut made, mut given_up) = (0, 0);
    for chunk in rows.chunks(BATCH_ROWS) {
        let mut needed: Vec<usize> = Vec::new();
        let mut picked: Vec<(usize, usize)> = Vec::with_capacity(chunk.len());
        for row in chunk {
            let batch = row.batch as usize;
            let place = *place[batch].get_or_insert_with(|| {
                needed.push(batch);
                needed.len() - 1
            });
            picked.push((place, row.row as usize));
            left[batch] -= 1;
        }
        let sources: Vec<&RecordBatch> = needed.iter().map(|batch| &parts[*batch].batch).collect();
        let output = gather(&sources, &picked)?;
        made += output.get_array_memory_size() as u64;
        held.is(made, given_up)?;
        sorted.push(output);
        for batch in needed {
            place[batch] = None;
            if left[batch] == 0 {
                let empty = RecordBatch::new_empty(parts[batch].batch.schema());
                let used_up = std::mem::replace(&mut parts[batch].batch, empty);
                given_up += used_up.get_array_memory_size() as u64;
            }
        }
    }
    held.rows = 0;
    held.is(made, given_up)?;
    Ok(sorted)
}

/// What sorting holds beside the table, as the guard knows it.
struct Held<'g> {
    guard: Option<&'g Guard>,
    bytes: u64,
    /// Of the rows that are sorted.
    rows: u64,
}

impl Held<'_> {
    /// So many bytes of sorted rows were made, so many of unsorted ones given up.
    fn is(&mut self, made: u64, given_up: u64) -> Result<()> {
        let before = self.bytes;
        self.bytes = self.rows + made.saturating_sub(given_up);
        self.guard.map_or(Ok(()), |guard| guard.grow(before, self.bytes, 0))
    }
}

/// Rows picked from batches of one schema, as a batch.
pub(crate) fn gather(sources: &[&RecordBatch], picked: &[(usize, usize)]) -> Result<RecordBatch> {
    let failed = |failed: ArrowError| Error::internal(format!("rows could not be put in order: {failed}"));
    match sources {
        [first, ..] if first.num_columns() == 0 => {
            let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(picked.len()));
            RecordBatch::try_new_with_options(first.schema(), Vec::new(), &options).map_err(failed)
        }
        _ => interleave_record_batch(sources, picked).map_err(failed),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::Int32Type;
    use arrow_array::{ArrayRef, Int32Array};
    use proptest::prelude::*;

    use super::*;

    fn timed(times: &[Option<i64>], first: i32) -> Timed {
        let rows = Int32Array::from_iter_values(first..first + times.len() as i32);
        Timed {
            batch: RecordBatch::try_from_iter([("n", Arc::new(rows) as ArrayRef)]).expect("a batch"),
            times: times.iter().copied().collect(),
        }
    }

    proptest! {
        #[test]
        fn rows_are_sorted_as_a_stable_sort_does(parts in prop::collection::vec(prop::collection::vec(prop::option::of(0i64..20), 0..30), 0..6)) {
            let (mut first, mut expected, mut timed_parts) = (0, Vec::new(), Vec::new());
            for times in &parts {
                timed_parts.push(timed(times, first));
                expected.extend(times.iter().zip(first..).map(|(time, n)| (*time, n)));
                first += times.len() as i32;
            }
            expected.sort_by_key(|(time, _)| *time);
            let guard = Guard::new(1 << 30, String::new());
            let sorted = sorted(timed_parts, Some(&guard)).expect("it sorts");
            let numbers: Vec<i32> = sorted
                .iter()
                .flat_map(|batch| batch.column(0).as_primitive::<Int32Type>().values().to_vec())
                .collect();
            prop_assert_eq!(numbers, expected.into_iter().map(|(_, n)| n).collect::<Vec<_>>());
        }
    }
}
