//! Numbers, booleans, text and bytes as JSON.

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, DecimalType, Float16Type, Float32Type, Float64Type};
use arrow_array::{ArrayAccessor, ArrayRef, BooleanArray, PrimitiveArray};
use arrow_schema::DataType;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::ser::Formatter;

use super::cell::{Cell, format_float, format_number};
use crate::json;

pub(super) struct Nulls;

impl Cell for Nulls {
    fn write(&self, _row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        out.extend_from_slice(b"null");
        Ok(())
    }
}

pub(super) struct Booleans<'a>(pub(super) &'a BooleanArray);

impl Cell for Booleans<'_> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        out.extend_from_slice(if self.0.value(row) { b"true" } else { b"false" });
        Ok(())
    }
}

pub(super) struct Integers<'a, T: ArrowPrimitiveType>(pub(super) &'a PrimitiveArray<T>);

impl<T: ArrowPrimitiveType<Native: Into<i128>>> Cell for Integers<'_, T> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let value: i128 = self.0.value(row).into();
        format_number(out, |format, out| match i64::try_from(value) {
            Ok(value) => format.write_i64(out, value),
            Err(_) => format.write_i128(out, value),
        });
        Ok(())
    }
}

pub(super) struct Floats<'a>(pub(super) &'a PrimitiveArray<Float64Type>);

impl Cell for Floats<'_> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        format_float(out, self.0.value(row));
        Ok(())
    }
}

/// 32-bit floats, with the digits that a 32-bit float needs: 0.1, not 0.10000000149011612.
pub(super) struct Singles<'a>(pub(super) &'a PrimitiveArray<Float32Type>);

impl Cell for Singles<'_> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let value = self.0.value(row);
        if value.is_finite() {
            format_number(out, |format, out| format.write_f32(out, value));
        } else {
            out.extend_from_slice(b"null");
        }
        Ok(())
    }
}

pub(super) struct Halves<'a>(pub(super) &'a PrimitiveArray<Float16Type>);

impl Cell for Halves<'_> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        format_float(out, self.0.value(row).to_f64());
        Ok(())
    }
}

pub(super) struct Decimals<'a, T: ArrowPrimitiveType>(pub(super) &'a PrimitiveArray<T>);

impl<T: DecimalType> Cell for Decimals<'_, T> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        out.extend_from_slice(self.0.value_as_string(row).as_bytes());
        Ok(())
    }
}

pub(super) struct Strings<A>(pub(super) A);

impl<'a, A: ArrayAccessor<Item = &'a str>> Cell for Strings<A> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        write_string(self.0.value(row), out);
        Ok(())
    }
}

/// Bytes as base64 with padding (RFC 4648, section 4).
pub(super) struct Binary<A>(pub(super) A);

impl<'a, A: ArrayAccessor<Item = &'a [u8]>> Cell for Binary<A> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let bytes = self.0.value(row);
        out.push(b'"');
        let start = out.len();
        out.resize(start + base64_length(bytes.len()), 0);
        let written = STANDARD
            .encode_slice(bytes, &mut out[start..])
            .map_err(|error| error.to_string())?;
        out.truncate(start + written);
        out.push(b'"');
        Ok(())
    }
}

fn base64_length(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}

/// A text column of whatever kind, row by row.
pub(super) type TextColumn<'a> = Box<dyn Fn(usize) -> &'a str + 'a>;

/// The text column in `array`, if it is one.
pub(super) fn strings(array: &ArrayRef) -> Option<TextColumn<'_>> {
    Some(match array.data_type() {
        DataType::Utf8 => {
            let array = array.as_string::<i32>();
            Box::new(|row| array.value(row))
        }
        DataType::LargeUtf8 => {
            let array = array.as_string::<i64>();
            Box::new(|row| array.value(row))
        }
        DataType::Utf8View => {
            let array = array.as_string_view();
            Box::new(|row| array.value(row))
        }
        _ => return None,
    })
}

/// A column of JSON text, written as it is.
pub(super) struct Json<'a>(pub(super) TextColumn<'a>);

impl Cell for Json<'_> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let text = (self.0)(row);
        json::check(text.as_bytes())
            .map_err(|error| format!("the column is marked as JSON but holds {text:?}: {error}"))?;
        out.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Writes a JSON string with its quotes; only what must be escaped is.
pub(super) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    loop {
        let stop = json::plain_run(bytes, start);
        out.extend_from_slice(&bytes[start..stop]);
        let Some(byte) = bytes.get(stop) else { break };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => out.extend_from_slice(format!("\\u{control:04x}").as_bytes()),
        }
        start = stop + 1;
    }
    out.push(b'"');
}
