//! Format `string`: UTF-8 text, one LargeUtf8 column. Bytes that are no UTF-8 are malformed; nothing is replaced.

use crate::bits::{Ready, Validity};
use crate::columns::Columns;
use crate::json::strings::Strings;
use crate::{Decoder, DecoderOptions, Shape, VALUE, ValueError};

/// Copies valid UTF-8 into one text column.
pub(crate) struct StringDecoder {
    rows: usize,
    valid: Validity,
    text: Strings,
}

impl StringDecoder {
    pub(crate) fn new(options: &DecoderOptions) -> Self {
        Self {
            rows: 0,
            valid: Validity::default(),
            text: Strings::new(0, options.capacity_rows),
        }
    }
}

impl Decoder for StringDecoder {
    fn push(&mut self, value: &[u8]) -> Result<(), ValueError> {
        self.text
            .push_text(value)
            .map_err(|valid| ValueError::new(valid, "invalid UTF-8"))?;
        self.rows += 1;
        Ok(())
    }

    fn push_null(&mut self) {
        self.push_nulls(1);
    }

    fn push_nulls(&mut self, count: usize) {
        self.text.push_empty(count);
        self.valid.push_nulls(self.rows, count);
        self.rows += count;
    }

    fn expect(&mut self, more: usize, ready: Ready) {
        self.text.expect(more, ready);
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
        let array = self.text.take(self.valid.take(rows));
        Columns::single(Shape::String, VALUE, array, rows)
    }
}
