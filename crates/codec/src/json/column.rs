//! The tree of growing column buffers that JSON is decoded into.
//!
//! A column knows its own number of rows. The children of an object are filled lazily: one whose key was missing has fewer
//! rows than the object and catches up, with nulls, when its key comes again or when the columns are finished. Every buffer
//! can be cut back to a row, which is how a malformed value leaves nothing behind.

use std::sync::Arc;

use arrow_array::types::{Float64Type, Int64Type, UInt64Type};
use arrow_array::{ArrayRef, BooleanArray, Decimal128Array, LargeListArray, NullArray, PrimitiveArray, StructArray};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::{DECIMAL128_MAX_PRECISION, DataType};

use super::fields::FieldColumns;
use super::strings::Strings;
use crate::bits::{Bits, Ready, Validity, expect, take_vec};
use crate::shape::{IntClass, int_class};
use crate::varlen::Varlen;
use crate::{Shape, StructShape};

/// Smallest and largest integer seen, zero included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct IntRange {
    pub(super) min: i128,
    pub(super) max: i128,
}

impl IntRange {
    fn with(self, values: impl Iterator<Item = i128>) -> Self {
        values.fold(self, |range, value| Self {
            min: range.min.min(value),
            max: range.max.max(value),
        })
    }

    pub(super) fn and(self, value: i128) -> Self {
        self.with(std::iter::once(value))
    }

    pub(super) fn shape(self) -> Shape {
        Shape::Int {
            min: self.min,
            max: self.max,
        }
    }
}

/// Integers, with the range of those that are no longer in the buffer.
#[derive(Debug, Default)]
pub(super) struct Ints<T> {
    pub(super) values: Vec<T>,
    pub(super) earlier: IntRange,
}

impl<T: Copy + Ord + Default + Into<i128>> Ints<T> {
    /// The range of all integers seen.
    pub(super) fn range(&self) -> IntRange {
        let zero = T::default();
        let (min, max) = self
            .values
            .iter()
            .fold((zero, zero), |(min, max), value| (min.min(*value), max.max(*value)));
        self.earlier.and(min.into()).and(max.into())
    }

    /// The same with another type of integer, which must hold them all.
    pub(super) fn map<U>(&self, convert: impl Fn(T) -> U) -> Ints<U> {
        Ints {
            values: self.values.iter().map(|value| convert(*value)).collect(),
            earlier: self.earlier,
        }
    }

    fn take(&mut self) -> Vec<T> {
        self.earlier = self.range();
        take_vec(&mut self.values, 0)
    }
}

/// What a column holds.
#[derive(Debug)]
pub(super) enum Data {
    /// Nothing but nulls so far.
    Null,
    Bool(Bits),
    Int64(Ints<i64>),
    UInt64(Ints<u64>),
    Decimal(Ints<i128>),
    Float(Vec<f64>),
    String(Strings),
    Struct(Box<FieldColumns>),
    List(Lists),
    /// The JSON text of each value.
    Text(Varlen),
}

/// Lists: where each starts in the column of their elements.
#[derive(Debug)]
pub(super) struct Lists {
    pub(super) offsets: Vec<i64>,
    pub(super) items: Box<Column>,
}

/// A growing column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) rows: usize,
    pub(super) valid: Validity,
    pub(super) data: Data,
}

impl Column {
    /// A column of nothing.
    pub(super) fn null() -> Self {
        Self {
            rows: 0,
            valid: Validity::default(),
            data: Data::Null,
        }
    }

    /// An empty column of `shape`, with room for `capacity` rows.
    pub(super) fn of_shape(shape: &Shape, capacity: usize) -> Self {
        let data = match shape {
            Shape::Null => Data::Null,
            Shape::Bool => Data::Bool(Bits::default()),
            Shape::Int { min, max } => {
                let earlier = IntRange { min: *min, max: *max };
                match int_class(*min, *max) {
                    IntClass::Int64 => Data::Int64(Ints {
                        values: Vec::with_capacity(capacity),
                        earlier,
                    }),
                    IntClass::UInt64 => Data::UInt64(Ints {
                        values: Vec::with_capacity(capacity),
                        earlier,
                    }),
                    IntClass::Decimal => Data::Decimal(Ints {
                        values: Vec::with_capacity(capacity),
                        earlier,
                    }),
                }
            }
            Shape::Float => Data::Float(Vec::with_capacity(capacity)),
            Shape::String => Data::String(Strings::new(0, capacity)),
            Shape::Struct(fields) => Data::Struct(Box::new(FieldColumns::of_shape(fields, capacity))),
            Shape::List(item) => Data::List(Lists {
                offsets: vec![0],
                items: Box::new(Self::of_shape(item, 0)),
            }),
            // JSON never gives bytes; a start shape that has them can only keep the text.
            Shape::JsonText | Shape::Binary => Data::Text(Varlen::new(capacity)),
        };
        Self {
            rows: 0,
            valid: Validity::default(),
            data,
        }
    }

    /// What was seen in this column, the shape it started from included.
    pub(super) fn shape(&self) -> Shape {
        match &self.data {
            Data::Null => Shape::Null,
            Data::Bool(_) => Shape::Bool,
            Data::Int64(ints) => ints.range().shape(),
            Data::UInt64(ints) => ints.range().shape(),
            Data::Decimal(ints) => ints.range().shape(),
            Data::Float(_) => Shape::Float,
            Data::String(_) => Shape::String,
            Data::Struct(fields) => Shape::Struct(fields.shape()),
            Data::List(lists) => Shape::List(Box::new(lists.items.shape())),
            Data::Text(_) => Shape::JsonText,
        }
    }

    /// Counts the value that was just appended to the data.
    #[inline(always)]
    pub(super) fn close(&mut self) {
        // Each row took a byte at least.
        self.rows = self.rows.wrapping_add(1);
    }

    /// Appends nulls until there are `rows`.
    #[inline(never)]
    pub(super) fn pad_to(&mut self, rows: usize) {
        let count = rows.saturating_sub(self.rows);
        if count == 0 {
            return;
        }
        match &mut self.data {
            Data::Null | Data::Struct(_) => {}
            Data::Bool(bits) => bits.extend(count, false),
            Data::Int64(ints) => ints.values.resize(rows, 0),
            Data::UInt64(ints) => ints.values.resize(rows, 0),
            Data::Decimal(ints) => ints.values.resize(rows, 0),
            Data::Float(values) => values.resize(rows, 0.0),
            Data::String(strings) => strings.push_empty(count),
            Data::Text(text) => text.push_empty(count),
            Data::List(lists) => {
                let end = lists.items.rows as i64;
                lists.offsets.resize(rows + 1, end);
            }
        }
        if !matches!(self.data, Data::Null) {
            self.valid.push_nulls(self.rows, count);
        }
        self.rows = rows;
    }

    /// Cuts back to at most `rows`, and whatever an unfinished value left behind them.
    pub(super) fn truncate(&mut self, rows: usize) {
        self.rows = self.rows.min(rows);
        let rows = self.rows;
        self.valid.truncate(rows);
        match &mut self.data {
            Data::Null => {}
            Data::Bool(bits) => bits.truncate(rows),
            Data::Int64(ints) => ints.values.truncate(rows),
            Data::UInt64(ints) => ints.values.truncate(rows),
            Data::Decimal(ints) => ints.values.truncate(rows),
            Data::Float(values) => values.truncate(rows),
            Data::String(strings) => strings.truncate(rows),
            Data::Text(text) => text.truncate(rows),
            Data::Struct(fields) => fields.truncate(rows),
            Data::List(lists) => {
                lists.offsets.truncate(rows + 1);
                let end = lists.offsets.last().map_or(0, |end| *end as usize);
                lists.items.truncate(end);
            }
        }
    }

    /// Whether any row holds a value.
    pub(super) fn any_valid(&self) -> bool {
        !matches!(self.data, Data::Null) && self.valid.any_valid(self.rows)
    }

    /// Makes ready for `more` rows like those so far.
    pub(super) fn expect(&mut self, more: usize, ready: Ready) {
        let rows = self.rows;
        match &mut self.data {
            Data::Null => {}
            Data::Bool(bits) => bits.expect(more, ready),
            Data::Int64(ints) => expect(&mut ints.values, rows, more, ready),
            Data::UInt64(ints) => expect(&mut ints.values, rows, more, ready),
            Data::Decimal(ints) => expect(&mut ints.values, rows, more, ready),
            Data::Float(values) => expect(values, rows, more, ready),
            Data::String(strings) => strings.expect(more, ready),
            Data::Text(text) => text.expect(more, ready),
            Data::Struct(fields) => fields
                .fields
                .iter_mut()
                .for_each(|field| field.column.expect(more, ready)),
            Data::List(lists) => {
                expect(&mut lists.offsets, rows + 1, more, ready);
                let items = lists.items.rows as u128 * more as u128 / rows.max(1) as u128;
                lists.items.expect(usize::try_from(items).unwrap_or(0), ready);
            }
        }
    }

    /// Bytes held, and those that catching up to `rows` will take.
    pub(super) fn allocated_bytes(&self, rows: usize) -> usize {
        let behind = rows.saturating_sub(self.rows);
        let (held, width) = match &self.data {
            Data::Null => (0, 0),
            Data::Bool(bits) => (bits.allocated_bytes(), 1),
            Data::Int64(ints) => (ints.values.capacity() * 8, 8),
            Data::UInt64(ints) => (ints.values.capacity() * 8, 8),
            Data::Decimal(ints) => (ints.values.capacity() * 16, 16),
            Data::Float(values) => (values.capacity() * 8, 8),
            Data::String(strings) => (strings.allocated_bytes(), 8),
            Data::Text(text) => (text.allocated_bytes(), 8),
            Data::Struct(fields) => (fields.allocated_bytes(rows), 1),
            Data::List(lists) => (
                lists.offsets.capacity() * 8 + lists.items.allocated_bytes(lists.items.rows),
                8,
            ),
        };
        held + behind * width + self.valid.allocated_bytes()
    }

    /// Gives `rows` rows as an array of the type of `shape`, which is this column's own, and starts anew.
    pub(super) fn finish(&mut self, rows: usize, shape: &Shape) -> ArrayRef {
        self.pad_to(rows);
        self.rows = 0;
        let nulls = self.valid.take(rows);
        match &mut self.data {
            Data::Null => Arc::new(NullArray::new(rows)),
            Data::Bool(bits) => Arc::new(BooleanArray::new(bits.take(), nulls)),
            Data::Int64(ints) => Arc::new(PrimitiveArray::<Int64Type>::new(ScalarBuffer::from(ints.take()), nulls)),
            Data::UInt64(ints) => Arc::new(PrimitiveArray::<UInt64Type>::new(
                ScalarBuffer::from(ints.take()),
                nulls,
            )),
            Data::Decimal(ints) => Arc::new(
                Decimal128Array::new(ScalarBuffer::from(ints.take()), nulls)
                    .with_data_type(DataType::Decimal128(DECIMAL128_MAX_PRECISION, 0)),
            ),
            Data::Float(values) => {
                let values = take_vec(values, 0);
                Arc::new(PrimitiveArray::<Float64Type>::new(ScalarBuffer::from(values), nulls))
            }
            Data::String(strings) => strings.take(nulls),
            Data::Text(text) => text.take_text(nulls),
            Data::Struct(fields) => match (shape, shape.data_type()) {
                (Shape::Struct(inner), DataType::Struct(types)) => {
                    let arrays = fields.finish(rows, inner);
                    Arc::new(StructArray::new(types, arrays, nulls))
                }
                _ => {
                    // Objects without a key: JSON text.
                    let mut text = Varlen::new(rows);
                    for row in 0..rows {
                        let null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
                        text.push(if null { b"" } else { b"{}" });
                    }
                    text.take_text(nulls)
                }
            },
            Data::List(lists) => {
                let offsets = OffsetBuffer::new(ScalarBuffer::from(take_vec(&mut lists.offsets, 0)));
                lists.offsets.push(0);
                let item = match shape {
                    Shape::List(item) => item.as_ref().clone(),
                    _ => lists.items.shape(),
                };
                let items = lists.items.finish(lists.items.rows, &item);
                Arc::new(LargeListArray::new(
                    Arc::new(item.field(crate::shape::ITEM)),
                    offsets,
                    items,
                    nulls,
                ))
            }
        }
    }
}

/// The shape of objects whose fields have these columns.
pub(super) fn struct_shape<'a>(fields: impl Iterator<Item = (&'a str, &'a Column)>) -> StructShape {
    let mut shape = StructShape::new();
    for (name, column) in fields {
        shape.set(name, column.shape());
    }
    shape
}
