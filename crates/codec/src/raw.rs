//! Format `raw`: the bytes as they are, one LargeBinary column. Nothing is malformed.

use crate::bits::{Ready, Validity};
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
        self.push_nulls(1);
    }

    fn push_nulls(&mut self, count: usize) {
        self.bytes.push_empty(count);
        self.valid.push_nulls(self.rows, count);
        self.rows += count;
    }

    fn expect(&mut self, more: usize, ready: Ready) {
        self.bytes.expect(more, ready);
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
