//! Formats `int` and `long`: big-endian two's complement of four and eight bytes, as Kafka's IntegerSerializer and
//! LongSerializer write them. One Int64 column; another length is malformed.

use std::sync::Arc;

use arrow_array::Int64Array;
use arrow_buffer::ScalarBuffer;

use crate::bits::{Ready, Validity, expect};
use crate::columns::Columns;
use crate::{Decoder, DecoderOptions, Shape, VALUE, ValueError, ValueFormat};

/// Every number such a column can hold: what was seen does not narrow or widen it.
const SHAPE: Shape = Shape::Int {
    min: i64::MIN as i128,
    max: i64::MAX as i128,
};

/// Reads integers of one length.
pub(crate) struct IntegerDecoder {
    format: ValueFormat,
    valid: Validity,
    values: Vec<i64>,
}

impl IntegerDecoder {
    pub(crate) fn new(options: &DecoderOptions) -> Self {
        Self {
            format: options.format,
            valid: Validity::default(),
            values: Vec::with_capacity(options.capacity_rows),
        }
    }

    fn read(&self, value: &[u8]) -> Option<i64> {
        match self.format {
            ValueFormat::Int => value.try_into().ok().map(|bytes| i64::from(i32::from_be_bytes(bytes))),
            _ => value.try_into().ok().map(i64::from_be_bytes),
        }
    }
}

impl Decoder for IntegerDecoder {
    fn push(&mut self, value: &[u8]) -> Result<(), ValueError> {
        let Some(number) = self.read(value) else {
            let length = if self.format == ValueFormat::Int { 4 } else { 8 };
            let reason = format!(
                "format {} takes {length} bytes, the value has {}",
                self.format,
                value.len()
            );
            return Err(ValueError::new(value.len().min(length), reason));
        };
        self.values.push(number);
        Ok(())
    }

    fn push_null(&mut self) {
        self.valid.push_nulls(self.values.len(), 1);
        self.values.push(0);
    }

    fn expect(&mut self, more: usize, ready: Ready) {
        let rows = self.values.len();
        expect(&mut self.values, rows, more, ready);
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    fn allocated_bytes(&self) -> usize {
        self.values.capacity() * 8 + self.valid.allocated_bytes()
    }

    fn shape(&self) -> Shape {
        SHAPE
    }

    fn needs_replay(&self) -> bool {
        false
    }

    fn special_floats(&self) -> u64 {
        0
    }

    fn finish(&mut self) -> Columns {
        let values = std::mem::take(&mut self.values);
        let rows = values.len();
        let array = Int64Array::new(ScalarBuffer::from(values), self.valid.take(rows));
        Columns::single(SHAPE, VALUE, Arc::new(array), rows)
    }
}
