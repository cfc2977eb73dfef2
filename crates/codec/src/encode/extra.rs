//! What a stream keeps beside its fixed columns (`_extra`, an object of the fields that did not fit) goes back to where it came from, so that a row that
//! is written is the row that was read.

use std::borrow::Cow;

use arrow_array::{Array, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema};
use serde_json::value::RawValue;

use super::rows::Rows;
use super::{EncodeFormat, encode_rows, scalar};
use crate::json_object::JsonObject;
use crate::{EXTRA, EncodeError, VALUE, is_json};

/// As [`encode_rows`], with what a column `_extra` that is marked as JSON holds in its place in the objects. One that holds anything but objects is a
/// field like any other.
///
/// # Errors
/// As [`encode_rows`].
pub fn encode_values(batch: &RecordBatch, format: EncodeFormat) -> Result<Rows, EncodeError> {
    let schema = batch.schema();
    let extra = schema
        .fields()
        .iter()
        .position(|field| field.name() == EXTRA && is_json(field));
    let Some((extra, texts)) = extra.and_then(|at| Some((at, scalar::strings(batch.column(at))?))) else {
        return encode_rows(batch, format);
    };
    let array = batch.column(extra);
    let filled = |row: &usize| array.is_valid(*row);
    let objects = (0..array.len())
        .filter(filled)
        .all(|row| texts(row).trim_start().starts_with('{'));
    let empty = array.null_count() == array.len();
    if !objects || (format != EncodeFormat::Json && !empty) {
        return encode_rows(batch, format);
    }
    let rows = encode_rows(&without(batch, extra)?, format)?;
    if empty {
        return Ok(rows);
    }
    let mut merged = Rows::with_capacity(rows.len());
    for (row, bytes) in rows.iter().enumerate() {
        let failed = |reason: String| EncodeError {
            row: Some(row),
            column: EXTRA.to_owned(),
            reason,
        };
        match bytes {
            None => merged.close_null(),
            Some(bytes) if array.is_null(row) => {
                merged.buffer().extend_from_slice(bytes);
                merged.close();
            }
            Some(bytes) => {
                let object = std::str::from_utf8(bytes).map_err(|error| failed(error.to_string()))?;
                let text = merge_extra(object, texts(row)).map_err(failed)?;
                merged.buffer().extend_from_slice(text.as_bytes());
                merged.close();
            }
        }
    }
    Ok(merged)
}

/// The other columns; the field that gave way to `_extra` has its name again.
fn without(batch: &RecordBatch, extra: usize) -> Result<RecordBatch, EncodeError> {
    let schema = batch.schema();
    let gave_way = format!("{VALUE}.{EXTRA}");
    let kept: Vec<usize> = (0..batch.num_columns()).filter(|at| *at != extra).collect();
    let name = |field: &Field| match field.name() == &gave_way {
        true => field.clone().with_name(EXTRA),
        false => field.clone(),
    };
    let fields: Vec<Field> = kept.iter().map(|at| name(schema.field(*at))).collect();
    let columns = kept.iter().map(|at| batch.column(*at).clone()).collect();
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let others = RecordBatch::try_new_with_options(Schema::new(fields).into(), columns, &rows);
    others.map_err(|error| EncodeError {
        row: None,
        column: EXTRA.to_owned(),
        reason: error.to_string(),
    })
}

/// An object with the extra fields in the place of their nulls, inside objects too, and the others behind its own.
///
/// # Errors
/// One of them is no object; in words.
pub fn merge_extra(row: &str, extra: &str) -> Result<String, String> {
    let object: JsonObject = serde_json::from_str(row).map_err(|error| format!("{row} is no object: {error}"))?;
    let Ok(extra) = serde_json::from_str::<JsonObject>(extra) else {
        return Err(format!("the column {EXTRA} holds no object: {extra}"));
    };
    let mut merged: Vec<(Cow<'_, str>, Cow<'_, RawValue>)> = Vec::new();
    let is_object = |value: &RawValue| value.get().starts_with('{');
    for (name, value) in &object.0 {
        let of_extra = extra.0.iter().find(|(other, _)| other == name).map(|(_, value)| *value);
        let value = match of_extra {
            Some(misfit) if value.get() == "null" => Cow::Borrowed(misfit),
            Some(inner) if is_object(value) && is_object(inner) => {
                let text = merge_extra(value.get(), inner.get())?;
                Cow::Owned(RawValue::from_string(text).map_err(|error| error.to_string())?)
            }
            _ => Cow::Borrowed(*value),
        };
        merged.push((name.clone(), value));
    }
    for (name, value) in &extra.0 {
        if !object.0.iter().any(|(other, _)| other == name) {
            merged.push((name.clone(), Cow::Borrowed(*value)));
        }
    }
    let borrowed = merged
        .iter()
        .map(|(name, value)| (name.clone(), value.as_ref()))
        .collect();
    serde_json::to_string(&JsonObject(borrowed)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, LargeStringArray};
    use arrow_schema::DataType;

    use super::*;

    #[test]
    fn fields_that_did_not_fit_go_back_to_their_place() {
        for (row, extra, whole) in [
            (
                r#"{"a":1,"b":null,"_offset":7}"#,
                r#"{"b":"text","c":[1]}"#,
                r#"{"a":1,"b":"text","_offset":7,"c":[1]}"#,
            ),
            (
                r#"{"user":{"id":null,"name":"x"}}"#,
                r#"{"user":{"id":"u1","more":{"a":1.10}}}"#,
                r#"{"user":{"id":"u1","name":"x","more":{"a":1.10}}}"#,
            ),
            ("{}", r#"{"a":{}}"#, r#"{"a":{}}"#),
        ] {
            assert_eq!(merge_extra(row, extra).unwrap(), whole);
        }
        assert!(merge_extra("{}", "[1]").is_err());
    }

    #[test]
    fn rows_are_those_that_were_read() {
        let json = |name: &str| {
            let extension = [("ARROW:extension:name".to_owned(), "arrow.json".to_owned())];
            Field::new(name, DataType::LargeUtf8, true).with_metadata(extension.into())
        };
        let of = |extra: [Option<&str>; 3], own: &str| {
            let fields = vec![
                Field::new("a", DataType::Int64, true),
                Field::new(own, DataType::Int64, true),
                json(EXTRA),
            ];
            let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
            let extra: ArrayRef = Arc::new(LargeStringArray::from(extra.to_vec()));
            let batch =
                RecordBatch::try_new(Schema::new(fields).into(), vec![numbers.clone(), numbers, extra]).unwrap();
            let rows = encode_values(&batch, EncodeFormat::Json).unwrap();
            rows.iter()
                .map(|row| String::from_utf8(row.unwrap().to_vec()).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            of([None, Some(r#"{"a":"x","n":2}"#), None], "b"),
            [r#"{"a":1,"b":1}"#, r#"{"a":"x","b":null,"n":2}"#, r#"{"a":3,"b":3}"#]
        );
        assert_eq!(of([None; 3], "value._extra")[0], r#"{"a":1,"_extra":1}"#);
        // A field of that name with other things in it is a field.
        assert_eq!(
            of([Some("{}"), Some("[1]"), None], "b")[1],
            r#"{"a":null,"b":null,"_extra":[1]}"#
        );
    }
}
