//! What writes one value of an Arrow column as JSON, chosen once per column and not once per row.

use std::io;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, TimeUnit};
use serde_json::ser::{CompactFormatter, Formatter};

use super::scalar::{Binary, Booleans, Decimals, Floats, Halves, Integers, Json, Nulls, Singles, Strings};
use super::time::{Dates, DayMillis, Durations, Times, Timestamps};
use super::{nested, scalar};
use crate::{EncodeError, is_json};

/// Writes values of one column.
pub(super) trait Cell {
    /// Appends the value of `row` as JSON, or says why it has no such form.
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String>;
}

/// A column of which some rows are null.
struct Nullable<'a> {
    nulls: NullBuffer,
    inner: Box<dyn Cell + 'a>,
}

impl Cell for Nullable<'_> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        if self.nulls.is_null(row) {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        self.inner.write(row, out)
    }
}

/// The writer for `array`; `column` names it in errors.
pub(super) fn cell<'a>(column: &str, field: &Field, array: &'a ArrayRef) -> Result<Box<dyn Cell + 'a>, EncodeError> {
    let inner = match json_text(field, array) {
        Some(text) => text,
        None => typed(column, array)?,
    };
    Ok(match array.nulls().filter(|nulls| nulls.null_count() > 0) {
        Some(nulls) => Box::new(Nullable {
            nulls: nulls.clone(),
            inner,
        }),
        None => inner,
    })
}

/// The writer of a text column that is marked as JSON.
fn json_text<'a>(field: &Field, array: &'a ArrayRef) -> Option<Box<dyn Cell + 'a>> {
    is_json(field).then_some(())?;
    Some(Box::new(Json(scalar::strings(array)?)))
}

fn typed<'a>(column: &str, array: &'a ArrayRef) -> Result<Box<dyn Cell + 'a>, EncodeError> {
    Ok(match array.data_type() {
        DataType::Null => Box::new(Nulls),
        DataType::Boolean => Box::new(Booleans(array.as_boolean())),
        DataType::Int8 => Box::new(Integers(array.as_primitive::<Int8Type>())),
        DataType::Int16 => Box::new(Integers(array.as_primitive::<Int16Type>())),
        DataType::Int32 => Box::new(Integers(array.as_primitive::<Int32Type>())),
        DataType::Int64 => Box::new(Integers(array.as_primitive::<Int64Type>())),
        DataType::UInt8 => Box::new(Integers(array.as_primitive::<UInt8Type>())),
        DataType::UInt16 => Box::new(Integers(array.as_primitive::<UInt16Type>())),
        DataType::UInt32 => Box::new(Integers(array.as_primitive::<UInt32Type>())),
        DataType::UInt64 => Box::new(Integers(array.as_primitive::<UInt64Type>())),
        DataType::Float16 => Box::new(Halves(array.as_primitive::<Float16Type>())),
        DataType::Float32 => Box::new(Singles(array.as_primitive::<Float32Type>())),
        DataType::Float64 => Box::new(Floats(array.as_primitive::<Float64Type>())),
        DataType::Decimal32(..) => Box::new(Decimals(array.as_primitive::<Decimal32Type>())),
        DataType::Decimal64(..) => Box::new(Decimals(array.as_primitive::<Decimal64Type>())),
        DataType::Decimal128(..) => Box::new(Decimals(array.as_primitive::<Decimal128Type>())),
        DataType::Decimal256(..) => Box::new(Decimals(array.as_primitive::<Decimal256Type>())),
        DataType::Utf8 => Box::new(Strings(array.as_string::<i32>())),
        DataType::LargeUtf8 => Box::new(Strings(array.as_string::<i64>())),
        DataType::Utf8View => Box::new(Strings(array.as_string_view())),
        DataType::Binary => Box::new(Binary(array.as_binary::<i32>())),
        DataType::LargeBinary => Box::new(Binary(array.as_binary::<i64>())),
        DataType::BinaryView => Box::new(Binary(array.as_binary_view())),
        DataType::FixedSizeBinary(_) => Box::new(Binary(array.as_fixed_size_binary())),
        DataType::Date32 => Box::new(Dates(array.as_primitive::<Date32Type>())),
        DataType::Date64 => Box::new(DayMillis(array.as_primitive::<Date64Type>())),
        DataType::Timestamp(unit, _) => match unit {
            TimeUnit::Second => Box::new(Timestamps::new(array.as_primitive::<TimestampSecondType>(), *unit)),
            TimeUnit::Millisecond => Box::new(Timestamps::new(array.as_primitive::<TimestampMillisecondType>(), *unit)),
            TimeUnit::Microsecond => Box::new(Timestamps::new(array.as_primitive::<TimestampMicrosecondType>(), *unit)),
            TimeUnit::Nanosecond => Box::new(Timestamps::new(array.as_primitive::<TimestampNanosecondType>(), *unit)),
        },
        DataType::Time32(TimeUnit::Second) => {
            Box::new(Times::new(array.as_primitive::<Time32SecondType>(), TimeUnit::Second))
        }
        DataType::Time32(unit) => Box::new(Times::new(array.as_primitive::<Time32MillisecondType>(), *unit)),
        DataType::Time64(TimeUnit::Microsecond) => Box::new(Times::new(
            array.as_primitive::<Time64MicrosecondType>(),
            TimeUnit::Microsecond,
        )),
        DataType::Time64(unit) => Box::new(Times::new(array.as_primitive::<Time64NanosecondType>(), *unit)),
        DataType::Duration(unit) => match unit {
            TimeUnit::Second => Box::new(Durations::new(array.as_primitive::<DurationSecondType>(), *unit)),
            TimeUnit::Millisecond => Box::new(Durations::new(array.as_primitive::<DurationMillisecondType>(), *unit)),
            TimeUnit::Microsecond => Box::new(Durations::new(array.as_primitive::<DurationMicrosecondType>(), *unit)),
            TimeUnit::Nanosecond => Box::new(Durations::new(array.as_primitive::<DurationNanosecondType>(), *unit)),
        },
        _ => return nested::typed(column, array),
    })
}

/// The error for a type that has no JSON form.
pub(super) fn unsupported(column: &str, data_type: &DataType) -> EncodeError {
    EncodeError {
        row: None,
        column: column.to_string(),
        reason: format!("Arrow type {data_type} has no JSON form"),
    }
}

/// Writes a number with serde_json's formatting: integers exact, floats with the fewest digits that read back the same.
pub(super) fn format_number(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut CompactFormatter, &mut Vec<u8>) -> io::Result<()>,
) {
    // Writing to memory does not fail.
    let _ = write(&mut CompactFormatter, out);
}

/// Writes a float, or null where JSON has no word for it.
pub(super) fn format_float(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        format_number(out, |format, out| format.write_f64(out, value));
    } else {
        out.extend_from_slice(b"null");
    }
}
