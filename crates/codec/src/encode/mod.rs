//! Rows of Arrow columns to value bytes.

use arrow_array::{ArrayRef, RecordBatch};

use crate::{EncodeError, ValueFormat};

/// How rows become value bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeFormat {
    /// One JSON object per row.
    Json,
    /// The one text column, as UTF-8.
    String,
    /// The one binary or text column, as it is.
    Raw,
}

/// Encoded rows, one byte string or null each, in one buffer.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    offsets: Vec<usize>,
    data: Vec<u8>,
    nulls: Option<Vec<bool>>,
}

impl Rows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }
    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The bytes of row `i`; `None` for a null.
    pub fn get(&self, i: usize) -> Option<&[u8]> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls[i]) {
            None
        } else {
            Some(&self.data[self.offsets[i]..self.offsets[i + 1]])
        }
    }
}

/// Encodes each row of `batch`, which holds the value's columns only.
pub fn encode_rows(batch: &RecordBatch, format: EncodeFormat) -> Result<Rows, EncodeError> {
    let _ = (batch, format);
    todo!()
}

/// Encodes a key column; without a format, strings as UTF-8, binary as it is, integers as decimal text.
pub fn encode_key(array: &ArrayRef, format: Option<ValueFormat>) -> Result<Rows, EncodeError> {
    let _ = (array, format);
    todo!()
}
