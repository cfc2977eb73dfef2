//! Records gathered by partition until they make a batch.
//!
//! A batch is closed when the next record would take it over its size. A partition that gets few records would keep the bytes of long-gone
//! rows alive, since rows share their buffer, so a batch is also closed when much has passed since its first record.

use std::sync::Arc;

use kaframe_wire::batch::{BatchBuilder, Compression};

use super::encode::Encoded;
use super::report::RowRanges;

/// Bytes of all partitions together after which a batch is closed though it is not full.
const MAX_AGE: u64 = 32 << 20;
/// Header of a record batch, magic 2: everything before its records.
const BATCH_HEADER: usize = 61;

/// Records of one partition that make a batch.
#[derive(Debug)]
pub(super) struct Gathered {
    /// Partition.
    pub partition: i32,
    /// Bytes of keys, values and headers.
    pub payload: u64,
    /// Bytes of the batch before compression, at most.
    pub size: usize,
    parts: Vec<Part>,
    rows: usize,
}

/// Rows of one encoded batch, ascending.
#[derive(Debug)]
struct Part {
    encoded: Arc<Encoded>,
    rows: Vec<u32>,
}

impl Gathered {
    fn new(partition: i32) -> Gathered {
        Gathered {
            partition,
            payload: 0,
            size: BATCH_HEADER,
            parts: Vec::new(),
            rows: 0,
        }
    }

    fn push(&mut self, encoded: &Arc<Encoded>, row: u32, payload: usize, size: usize) {
        match self.parts.last_mut() {
            Some(part) if Arc::ptr_eq(&part.encoded, encoded) => part.rows.push(row),
            _ => self.parts.push(Part {
                encoded: encoded.clone(),
                rows: vec![row],
            }),
        }
        self.rows += 1;
        self.payload += payload as u64;
        self.size += size;
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// The records as a batch.
    pub fn build(&self, compression: Compression) -> BatchBuilder {
        let mut batch = BatchBuilder::with_capacity(compression, self.size);
        let mut headers = Vec::new();
        for Part { encoded, rows } in &self.parts {
            for row in rows.iter().map(|row| *row as usize) {
                encoded.headers(row, &mut headers);
                batch.push(encoded.timestamp(row), encoded.key(row), encoded.value(row), &headers);
            }
        }
        batch
    }

    /// Both halves, the first records first. There must be two records at least.
    pub fn split(&self) -> (Gathered, Gathered) {
        let (mut first, mut second) = (Gathered::new(self.partition), Gathered::new(self.partition));
        let half = self.rows.div_ceil(2);
        for Part { encoded, rows } in &self.parts {
            for row in rows {
                let target = if first.rows < half { &mut first } else { &mut second };
                let (payload, headers) = encoded.payload(*row as usize);
                target.push(encoded, *row, payload, record_size(payload, headers));
            }
        }
        (first, second)
    }

    /// The numbers of its rows.
    pub fn row_ranges(&self) -> RowRanges {
        let mut ranges = RowRanges::default();
        self.add_rows(&mut ranges);
        ranges
    }

    /// Adds the numbers of its rows.
    pub fn add_rows(&self, ranges: &mut RowRanges) {
        for Part { encoded, rows } in &self.parts {
            for run in rows.chunk_by(|a, b| a + 1 == *b) {
                if let (Some(first), Some(last)) = (run.first(), run.last()) {
                    ranges.insert(encoded.first_row + u64::from(*first)..encoded.first_row + u64::from(*last) + 1);
                }
            }
        }
    }
}

/// Bytes of a record in a batch, at most: length, attributes, deltas and counts are variable-length integers.
fn record_size(payload: usize, headers: usize) -> usize {
    const FIXED: usize = 5 + 1 + 10 + 5 + 5 + 5 + 5;
    const PER_HEADER: usize = 5 + 5;
    payload + FIXED + headers * PER_HEADER
}

/// Bytes of a batch that holds this row alone, before compression: exactly, since it decides whether the row can be written at all.
pub(super) fn lone_batch_size(encoded: &Encoded, row: usize) -> usize {
    let mut headers = Vec::new();
    encoded.headers(row, &mut headers);
    let bytes = |bytes: Option<&[u8]>| bytes.map_or(varint_len(-1), |b| varint_len(b.len() as i64) + b.len());
    let headers_size: usize = headers
        .iter()
        .map(|(key, value)| bytes(Some(key)) + bytes(*value))
        .sum();
    // Attributes, timestamp delta 0 and offset delta 0 take a byte each.
    let body =
        3 + bytes(encoded.key(row)) + bytes(encoded.value(row)) + varint_len(headers.len() as i64) + headers_size;
    BATCH_HEADER + varint_len(body as i64) + body
}

/// Bytes of a zigzag variable-length integer.
fn varint_len(value: i64) -> usize {
    let zigzag = ((value << 1) ^ (value >> 63)).unsigned_abs();
    (64 - (zigzag | 1).leading_zeros() as usize).div_ceil(7)
}

/// Batches that are not full yet.
#[derive(Debug)]
pub(super) struct Gather {
    target: usize,
    /// By partition: what had passed when it was begun, and the batch.
    open: Vec<Option<(u64, Gathered)>>,
    passed: u64,
}

impl Gather {
    /// Closes batches at `target` bytes before compression; a larger record makes a batch of its own.
    pub fn new(target: usize) -> Gather {
        Gather {
            target,
            open: Vec::new(),
            passed: 0,
        }
    }

    /// Takes a row. Gives back the batch of that partition that had no room for it.
    pub fn push(&mut self, partition: i32, encoded: &Arc<Encoded>, row: u32) -> Option<Gathered> {
        let (payload, headers) = encoded.payload(row as usize);
        let size = record_size(payload, headers);
        self.passed += size as u64;
        let passed = self.passed;
        let index = usize::try_from(partition).unwrap_or(0);
        if index >= self.open.len() {
            self.open.resize_with(index + 1, || None);
        }
        let (since, open) = self.open[index].get_or_insert_with(|| (passed, Gathered::new(partition)));
        let full = (open.rows > 0 && open.size + size > self.target).then(|| {
            *since = passed;
            std::mem::replace(open, Gathered::new(partition))
        });
        open.push(encoded, row, payload, size);
        full
    }

    /// Takes out the batches that have been open for too long.
    pub fn take_aged(&mut self) -> Vec<Gathered> {
        let before = self.passed.saturating_sub(MAX_AGE);
        self.open
            .iter_mut()
            .filter_map(|open| open.take_if(|(since, _)| *since < before))
            .map(|(_, gathered)| gathered)
            .collect()
    }

    /// Takes out all of them.
    pub fn take_all(&mut self) -> Vec<Gathered> {
        std::mem::take(&mut self.open)
            .into_iter()
            .flatten()
            .map(|(_, gathered)| gathered)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{ArrayRef, LargeBinaryArray, RecordBatch};
    use kaframe_wire::batch::ProducerStamp;
    use proptest::prelude::*;

    use super::*;
    use crate::write::{EncodeFormat, WriteOptions};

    fn encoded(values: &[Vec<u8>], first_row: u64) -> Arc<Encoded> {
        let column: ArrayRef = Arc::new(LargeBinaryArray::from_iter_values(values));
        let batch = RecordBatch::try_from_iter([("value", column)]).unwrap();
        let options = WriteOptions::default().value_format(EncodeFormat::Raw);
        Arc::new(Encoded::new(&batch, first_row, 1_700_000_000_000, &options).unwrap())
    }

    proptest! {
        #[test]
        fn every_row_goes_into_one_batch_and_no_batch_is_larger_than_announced(
            lengths in prop::collection::vec(0usize..400, 1..80), target in 100usize..2000, partitions in 1i32..4,
        ) {
            let values: Vec<Vec<u8>> = lengths.iter().map(|len| vec![b'x'; *len]).collect();
            let rows = encoded(&values, 100);
            let mut gather = Gather::new(target);
            let mut batches = Vec::new();
            for row in 0..values.len() as u32 {
                batches.extend(gather.push(row as i32 % partitions, &rows, row));
            }
            batches.extend(gather.take_all());
            let mut seen = RowRanges::default();
            let mut count = 0;
            for batch in &batches {
                prop_assert!(batch.len() == 1 || batch.size <= target);
                let built = batch.build(Compression::None).finish(ProducerStamp::NONE).unwrap();
                prop_assert!(built.len() <= batch.size, "{} is more than the {} announced", built.len(), batch.size);
                batch.add_rows(&mut seen);
                count += batch.len();
                if batch.len() > 1 {
                    let (first, second) = batch.split();
                    prop_assert_eq!(first.len() + second.len(), batch.len());
                    prop_assert!(first.len() >= second.len() && second.len() > 0);
                    prop_assert_eq!(first.payload + second.payload, batch.payload);
                }
            }
            prop_assert_eq!(count, values.len());
            prop_assert_eq!(seen.iter().collect::<Vec<_>>(), vec![100..100 + values.len() as u64]);
        }

        #[test]
        fn the_size_of_a_lone_record_is_exact(len in 0usize..70_000) {
            let rows = encoded(&[vec![b'x'; len]], 0);
            let mut gather = Gather::new(1 << 20);
            assert!(gather.push(0, &rows, 0).is_none());
            let built = gather.take_all()[0].build(Compression::None).finish(ProducerStamp::NONE).unwrap();
            prop_assert_eq!(lone_batch_size(&rows, 0), built.len());
        }
    }

    #[test]
    fn a_batch_that_stays_open_for_long_is_closed() {
        let few = encoded(&[vec![b'x'; 10]], 0);
        let many = encoded(&[vec![b'x'; 1 << 20]], 1);
        let mut gather = Gather::new(1 << 20);
        assert!(gather.push(7, &few, 0).is_none());
        for _ in 0..31 {
            gather.push(0, &many, 0);
        }
        assert!(gather.take_aged().is_empty());
        for _ in 0..2 {
            gather.push(0, &many, 0);
        }
        let aged = gather.take_aged();
        assert_eq!(aged.iter().map(|b| b.partition).collect::<Vec<_>>(), [7]);
    }
}
