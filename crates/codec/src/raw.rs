//! Format `raw`: the bytes as they are, one LargeBinary column. Nothing is malformed.

use crate::bits::Validity;
use crate::columns::Columns;
use crate::varlen::Varlen;
use crate::{Decoder, DecoderOptions, Shape, VALUE, ValueError};

/// Copies values into one binary column.
pub(crate) struct RawDecoder {
    rows: usize,
    valid: Validity,
    bytes: Varlen,
}

impl RawDecoder {
    pub(crate) fn new(options: &DecoderOptions) -> Self {
        Self {
            rows: 0,
            valid: Validity::default(),
            bytes: Varlen::new(options.capacity_rows),
        }
    }
}

impl Decoder for RawDecoder {
    fn push(&mut self, value: &[u8]) -> Result<(), ValueError> {
        self.bytes.push(value);
        self.rows += 1;
        Ok(())
    }

    fn push_null(&mut self) {
        self.bytes.push_empty(1);
        self.valid.push_nulls(self.rows, 1);
        self.rows += 1;
    }

    fn len(&self) -> usize {
        self.rows
    }

    fn allocated_bytes(&self) -> usize {
        self.bytes.allocated_bytes() + self.valid.allocated_bytes()
    }

    fn shape(&self) -> Shape {
        Shape::Binary
    }

    fn needs_replay(&self) -> bool {
        false
    }

    fn special_floats(&self) -> u64 {
        0
    }

    fn finish(&mut self) -> Columns {
        let rows = std::mem::take(&mut self.rows);
        let array = self.bytes.take_binary(self.valid.take(rows));
        Columns::single(Shape::Binary, VALUE, array, rows)
    }
}
