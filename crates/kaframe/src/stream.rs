//! A stream of record batches in bounded memory.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::error::Result;
use crate::report::Report;

/// Record batches of one schema; order is kept inside a partition. Dropping it stops the read.
pub struct RecordBatchStream {}

impl RecordBatchStream {
    /// Schema of every batch, fixed after the sample.
    pub fn schema(&self) -> SchemaRef {
        todo!()
    }

    /// The next batch; `None` at the end. After an error there is nothing more.
    pub async fn next(&mut self) -> Option<Result<RecordBatch>> {
        todo!()
    }

    /// What is accounted for so far; final after the end.
    pub fn report(&self) -> Report {
        todo!()
    }

    /// Malformed values so far, as [`crate::Table::errors`].
    pub fn errors(&self) -> RecordBatch {
        todo!()
    }
}
