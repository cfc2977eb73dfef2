//! Rows of Arrow columns to the bytes of values and keys.
//!
//! JSON: one object per row, columns in order, nulls written. Datetimes are RFC 3339 in UTC, NaN and the infinities null (see [`refuse_infinite`]),
//! decimals numbers, bytes base64, durations ISO 8601; a column marked `arrow.json` is written as the JSON it holds.
//! Text and bytes: the one column there is. An Arrow type without a form in the format is an error that names the column.

mod cell;
mod extra;
mod infinite;
mod nested;
mod plain;
mod rows;
mod scalar;
mod time;

use std::fmt;
use std::str::FromStr;

use arrow_array::{Array, ArrayRef, RecordBatch};

pub use self::extra::{encode_values, merge_extra};
pub use self::infinite::refuse_infinite;
pub use self::rows::Rows;
use crate::{EncodeError, UnknownFormat, ValueFormat};

/// Rows after which the length of the rest is estimated.
const SAMPLED_ROWS: usize = 63;

/// How rows become value bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeFormat {
    /// One JSON object per row.
    Json,
    /// The one column, as UTF-8 text; a null is a null value.
    String,
    /// The one column, binary or text, as it is; a null is a null value.
    Raw,
}

impl EncodeFormat {
    /// The word that users write.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::String => "string",
            Self::Raw => "raw",
        }
    }
}

impl fmt::Display for EncodeFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for EncodeFormat {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, UnknownFormat> {
        let format = [Self::Json, Self::String, Self::Raw]
            .into_iter()
            .find(|format| format.name() == word);
        format.ok_or_else(|| UnknownFormat {
            word: word.to_string(),
            choices: "json, string, raw",
        })
    }
}

/// Encodes each row of `batch`, which holds the value's columns only.
pub fn encode_rows(batch: &RecordBatch, format: EncodeFormat) -> Result<Rows, EncodeError> {
    let schema = batch.schema();
    if format == EncodeFormat::Json {
        return json_rows(batch);
    }
    let [array] = batch.columns() else {
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        return Err(EncodeError {
            row: None,
            column: names.join(", "),
            reason: format!(
                "text and raw values come from exactly one column, there are {}",
                names.len()
            ),
        });
    };
    let format = if format == EncodeFormat::String {
        ValueFormat::String
    } else {
        ValueFormat::Raw
    };
    plain::encode(schema.field(0).name(), array, format)
}

fn json_rows(batch: &RecordBatch) -> Result<Rows, EncodeError> {
    let schema = batch.schema();
    let members = nested::members("", schema.fields(), batch.columns())?;
    let mut rows = Rows::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        nested::write_object(&members, row, rows.buffer()).map_err(|(member, reason)| EncodeError {
            row: Some(row),
            column: schema.field(member).name().clone(),
            reason,
        })?;
        rows.close();
        if row == SAMPLED_ROWS {
            rows.reserve(batch.num_rows());
        }
    }
    Ok(rows)
}

/// Encodes a key column; a null is a null key. Errors call the column `key`, since an array has no name.
///
/// Without a format: text as UTF-8, binary as it is, integers as decimal text. `Int` and `Long` write integers as four or
/// eight bytes, big-endian; `Json` writes each key as a JSON document.
pub fn encode_key(array: &ArrayRef, format: Option<ValueFormat>) -> Result<Rows, EncodeError> {
    let column = "key";
    match format {
        Some(ValueFormat::Json) => {
            let field = arrow_schema::Field::new(column, array.data_type().clone(), true);
            let cell = cell::cell(column, &field, array)?;
            let nulls = array.logical_nulls();
            let mut rows = Rows::with_capacity(array.len());
            for row in 0..array.len() {
                if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                    rows.close_null();
                    continue;
                }
                cell.write(row, rows.buffer()).map_err(|reason| EncodeError {
                    row: Some(row),
                    column: column.to_string(),
                    reason,
                })?;
                rows.close();
            }
            Ok(rows)
        }
        Some(ValueFormat::Int) => plain::big_endian::<4>(column, array),
        Some(ValueFormat::Long) => plain::big_endian::<8>(column, array),
        Some(format) => plain::encode(column, array, format),
        None => plain::encode(column, array, ValueFormat::Raw),
    }
}
