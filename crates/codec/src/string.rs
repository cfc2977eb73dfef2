//! Format `string`: UTF-8 text, one LargeUtf8 column. Bytes that are no UTF-8 are malformed; nothing is replaced.

use std::ops::Range;

use crate::bits::{Ready, Validity};
use crate::columns::Columns;
use crate::json::strings::Strings;
use crate::json::{Input, Level};
use crate::{Decoder, DecoderOptions, Shape, VALUE, ValueError};

/// Copies valid UTF-8 into one text column.
pub(crate) struct StringDecoder {
    rows: usize,
    valid: Validity,
    text: Strings,
    /// The instructions to look at text with.
    level: Level,
}

impl StringDecoder {
    pub(crate) fn new(options: &DecoderOptions) -> Self {
        Self::on(Level::default(), options)
    }

    /// A decoder that uses the instructions of `level`.
    fn on(level: Level, options: &DecoderOptions) -> Self {
        Self {
            level,
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

    fn push_within(&mut self, buffer: &[u8], value: Range<usize>) -> Result<(), ValueError> {
        let Some(input) = Input::before_others(buffer, &value) else {
            return self.push(&buffer[value]);
        };
        self.text
            .push_text_of(self.level, input)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ValueFormat;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_value_among_others_is_decoded_as_it_is_alone(
            values in prop::collection::vec(prop_oneof![
                4 => "[a-z ]{0,80}".prop_map(String::into_bytes),
                4 => "[a-zà-ÿ一-龥😀-😎]{0,40}".prop_map(String::into_bytes),
                1 => ("[a-z一-龥]{0,40}", prop::collection::vec(any::<u8>(), 0..4), "[一-龥]{0,9}")
                    .prop_map(|(before, bytes, behind)| [before.as_bytes(), &bytes, behind.as_bytes()].concat()),
            ], 1..9),
        ) {
            let buffer = values.concat();
            let options = DecoderOptions::new(ValueFormat::String);
            for level in Level::all() {
                let (mut alone, mut among) = (StringDecoder::on(level, &options), StringDecoder::on(level, &options));
                let mut start = 0;
                for value in &values {
                    let range = start..start + value.len();
                    start = range.end;
                    prop_assert_eq!(alone.push(value), among.push_within(&buffer, range), "{:?}", level);
                }
                prop_assert_eq!(alone.finish().arrays, among.finish().arrays, "{:?}", level);
            }
        }
    }
}
