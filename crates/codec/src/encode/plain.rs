//! One column as text or bytes: values in format `string` or `raw`, and keys.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::rows::Rows;
use super::scalar::strings;
use crate::{EncodeError, ValueFormat};

/// Encodes text as UTF-8, integers as decimal text and, unless text is asked for, binary as it is.
pub(super) fn encode(column: &str, array: &ArrayRef, format: ValueFormat) -> Result<Rows, EncodeError> {
    if let DataType::Dictionary(_, values) = array.data_type() {
        let plain = arrow_cast::cast(array, values).map_err(|error| failed(column, None, error.to_string()))?;
        return encode(column, &plain, format);
    }
    if array.data_type() == &DataType::Null {
        return rows(column, array, |_, _| Ok(()));
    }
    if let Some(text) = strings(array) {
        return rows(column, array, |row, out| {
            out.extend_from_slice(text(row).as_bytes());
            Ok(())
        });
    }
    if let Some(number) = integers(array) {
        return rows(column, array, |row, out| {
            out.extend_from_slice(number(row).to_string().as_bytes());
            Ok(())
        });
    }
    let Some(bytes) = binary(array) else {
        let wanted = if format == ValueFormat::String {
            "text"
        } else {
            "text, bytes"
        };
        let reason = format!("Arrow type {} is neither {wanted} nor an integer", array.data_type());
        return Err(failed(column, None, reason));
    };
    rows(column, array, |row, out| {
        if format == ValueFormat::String && std::str::from_utf8(bytes(row)).is_err() {
            return Err("these bytes are no UTF-8 text".to_string());
        }
        out.extend_from_slice(bytes(row));
        Ok(())
    })
}

/// Encodes integers as `N` bytes, big-endian.
pub(super) fn big_endian<const N: usize>(column: &str, array: &ArrayRef) -> Result<Rows, EncodeError> {
    let Some(number) = integers(array) else {
        return Err(failed(
            column,
            None,
            format!("Arrow type {} is no integer", array.data_type()),
        ));
    };
    rows(column, array, |row, out| {
        let value = number(row);
        let limit = 1i128 << (8 * N - 1);
        if !(-limit..limit).contains(&value) {
            return Err(format!("{value} does not fit into {N} bytes"));
        }
        out.extend_from_slice(&value.to_be_bytes()[16 - N..]);
        Ok(())
    })
}

fn rows(
    column: &str,
    array: &ArrayRef,
    mut write: impl FnMut(usize, &mut Vec<u8>) -> Result<(), String>,
) -> Result<Rows, EncodeError> {
    let nulls = array.logical_nulls();
    let mut rows = Rows::with_capacity(array.len());
    for row in 0..array.len() {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            rows.close_null();
        } else {
            write(row, rows.buffer()).map_err(|reason| failed(column, Some(row), reason))?;
            rows.close();
        }
    }
    Ok(rows)
}

fn failed(column: &str, row: Option<usize>, reason: String) -> EncodeError {
    EncodeError {
        row,
        column: column.to_string(),
        reason,
    }
}

type Integers<'a> = Box<dyn Fn(usize) -> i128 + 'a>;

fn integers(array: &ArrayRef) -> Option<Integers<'_>> {
    macro_rules! read {
        ($type:ty) => {{
            let array = array.as_primitive::<$type>();
            Box::new(|row| array.value(row).into())
        }};
    }
    Some(match array.data_type() {
        DataType::Int8 => read!(Int8Type),
        DataType::Int16 => read!(Int16Type),
        DataType::Int32 => read!(Int32Type),
        DataType::Int64 => read!(Int64Type),
        DataType::UInt8 => read!(UInt8Type),
        DataType::UInt16 => read!(UInt16Type),
        DataType::UInt32 => read!(UInt32Type),
        DataType::UInt64 => read!(UInt64Type),
        DataType::Decimal128(_, 0) => read!(Decimal128Type),
        _ => return None,
    })
}

type Bytes<'a> = Box<dyn Fn(usize) -> &'a [u8] + 'a>;

fn binary(array: &ArrayRef) -> Option<Bytes<'_>> {
    Some(match array.data_type() {
        DataType::Binary => {
            let array = array.as_binary::<i32>();
            Box::new(|row| array.value(row))
        }
        DataType::LargeBinary => {
            let array = array.as_binary::<i64>();
            Box::new(|row| array.value(row))
        }
        DataType::BinaryView => {
            let array = array.as_binary_view();
            Box::new(|row| array.value(row))
        }
        DataType::FixedSizeBinary(_) => {
            let array = array.as_fixed_size_binary();
            Box::new(|row| array.value(row))
        }
        _ => return None,
    })
}
