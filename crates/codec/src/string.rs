//! Format `string`: UTF-8 text, one LargeUtf8 column. Bytes that are no UTF-8 are malformed; nothing is replaced.

use crate::bits::Validity;
use crate::columns::Columns;
use crate::varlen::Varlen;
use crate::{Decoder, DecoderOptions, Shape, VALUE, ValueError};

/// Copies valid UTF-8 into one text column.
pub(crate) struct StringDecoder {
    rows: usize,
    valid: Validity,
    text: Varlen,
}

impl StringDecoder {
    pub(crate) fn new(options: &DecoderOptions) -> Self {
        Self {
            rows: 0,
            valid: Validity::default(),
            text: Varlen::new(options.capacity_rows),
        }
    }
}

impl Decoder for StringDecoder {
    fn push(&mut self, value: &[u8]) -> Result<(), ValueError> {
        if let Err(error) = std::str::from_utf8(value) {
            return Err(ValueError::new(error.valid_up_to(), "invalid UTF-8"));
        }
        self.text.push(value);
        self.rows += 1;
        Ok(())
    }

    fn push_null(&mut self) {
        self.text.push_empty(1);
        self.valid.push_nulls(self.rows, 1);
        self.rows += 1;
    }

    fn len(&self) -> usize {
        self.rows
    }

    fn allocated_bytes(&self) -> usize {
        self.text.allocated_bytes() + self.valid.allocated_bytes()
    }

    fn shape(&self) -> Shape {
        Shape::String
    }

    fn needs_replay(&self) -> bool {
        false
    }

    fn special_floats(&self) -> u64 {
        0
    }

    fn finish(&mut self) -> Columns {
        let rows = std::mem::take(&mut self.rows);
        let array = self.text.take_text(self.valid.take(rows));
        Columns::single(Shape::String, VALUE, array, rows)
    }
}
