//! A table: the result of a read, as the record batches that the splits made.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::bookmark::Bookmark;
use crate::report::Report;

/// The result of a read: record batches in (partition, offset) order, with a report and the place where the next read starts.
#[derive(Debug, Clone)]
pub struct Table {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) errors: RecordBatch,
    pub(crate) report: Report,
    pub(crate) next_start: Bookmark,
}

impl Table {
    /// The batches. They are as large as the splits were; concatenating them is rarely needed.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// Schema of every batch.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// Rows.
    pub fn num_rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// What the read accounts for.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Malformed values: `partition` int32, `offset` int64, `reason` large_utf8, `value` large_binary.
    pub fn errors(&self) -> &RecordBatch {
        &self.errors
    }

    /// Every offset of the plan was read.
    pub fn complete(&self) -> bool {
        self.report.complete
    }

    /// Where the next read starts.
    pub fn next_start(&self) -> &Bookmark {
        &self.next_start
    }

    /// The first rows, with the same report.
    pub fn head(&self, rows: usize) -> Table {
        let mut left = rows;
        let mut batches = Vec::new();
        for batch in &self.batches {
            if left == 0 {
                break;
            }
            let taken = batch.num_rows().min(left);
            batches.push(batch.slice(0, taken));
            left -= taken;
        }
        Table {
            batches,
            ..self.clone()
        }
    }
}
