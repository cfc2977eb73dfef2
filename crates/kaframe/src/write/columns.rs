//! Which columns of a batch are the value, and which are the record's own key, headers and timestamp, or say that it has no value.
//!
//! Decided by name alone, for each batch anew, so that batches of one write may differ in their columns.

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, TimestampMillisecondArray};
use arrow_cast::display::FormatOptions;
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, Field, TimeUnit};
use kaframe_codec::{EXTRA, is_json};

use crate::columns::{field_name, is_metadata};
use crate::error::{Error, ErrorKind, Result};

const KEY: &str = "_key";
const HEADERS: &str = "_headers";
const TIMESTAMP: &str = "_timestamp";
/// Rows that are tombstones, whatever their other columns say: as a read that is asked for it gives them.
const TOMBSTONE: &str = "_tombstone";
/// What does not fit is an error, not null.
const STRICT: CastOptions<'_> = CastOptions {
    safe: false,
    format_options: FormatOptions::new(),
};

/// Whether a column is what a stream adds for what does not fit, with nothing in it: it is no field of any value.
fn is_empty_extra(field: &Field, column: &ArrayRef) -> bool {
    field.name() == EXTRA && is_json(field) && column.null_count() == column.len()
}

/// The columns of a batch, told apart.
#[derive(Debug)]
pub(super) struct RecordColumns {
    /// The value's columns; `None` when there is none, which writes null values.
    pub value: Option<RecordBatch>,
    /// Keys.
    pub key: Option<ArrayRef>,
    /// Headers, as they came.
    pub headers: Option<ArrayRef>,
    /// Timestamps in milliseconds since 1970.
    pub timestamp: Option<TimestampMillisecondArray>,
    /// Rows without a value.
    pub tombstone: Option<BooleanArray>,
}

impl RecordColumns {
    /// Tells the columns of a batch apart; `key` names the column that gives the key.
    pub fn of(batch: &RecordBatch, key: Option<&str>) -> Result<RecordColumns> {
        let schema = batch.schema();
        let value: Vec<usize> = (0..batch.num_columns())
            .filter(|i| !is_metadata(schema.field(*i).name()))
            .collect();
        let nothing = value.iter().all(|i| is_empty_extra(schema.field(*i), batch.column(*i)));
        let value = if nothing {
            None
        } else {
            Some(restore_names(&batch.project(&value).map_err(schema_error)?)?)
        };
        let key = match key {
            Some(name) => Some(
                batch
                    .column_by_name(name)
                    .cloned()
                    .ok_or_else(|| no_key_column(name, batch))?,
            ),
            None => batch.column_by_name(KEY).cloned(),
        };
        Ok(RecordColumns {
            value,
            key,
            headers: batch.column_by_name(HEADERS).cloned(),
            timestamp: batch.column_by_name(TIMESTAMP).map(timestamps).transpose()?,
            tombstone: batch.column_by_name(TOMBSTONE).map(booleans).transpose()?,
        })
    }
}

/// Gives `value._key` its own name back.
fn restore_names(batch: &RecordBatch) -> Result<RecordBatch> {
    let renamed = |name: &str| {
        let field = field_name(name);
        (field != name).then(|| field.to_owned())
    };
    let schema = batch.schema();
    if schema.fields().iter().all(|field| renamed(field.name()).is_none()) {
        return Ok(batch.clone());
    }
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| match renamed(field.name()) {
            Some(name) => std::sync::Arc::new(field.as_ref().clone().with_name(name)),
            None => field.clone(),
        })
        .collect();
    let schema = arrow_schema::Schema::new_with_metadata(fields, schema.metadata().clone());
    RecordBatch::try_new(schema.into(), batch.columns().to_vec()).map_err(schema_error)
}

fn schema_error(error: arrow_schema::ArrowError) -> Error {
    Error::new(ErrorKind::Schema, format!("the columns cannot be written: {error}"))
}

fn no_key_column(name: &str, batch: &RecordBatch) -> Error {
    let schema = batch.schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    Error::new(
        ErrorKind::Schema,
        format!("there is no column {name:?} to take the key from"),
    )
    .with_hint(format!("the columns are {}", names.join(", ")))
}

/// Booleans, and what stands for them in files of text.
fn booleans(column: &ArrayRef) -> Result<BooleanArray> {
    let cast = cast_with_options(column, &DataType::Boolean, &STRICT);
    let cast = cast.map_err(|detail| {
        let kind = column.data_type();
        let message = format!("the column {TOMBSTONE} of type {kind} holds no booleans: {detail}");
        Error::new(ErrorKind::Schema, message)
            .with_hint("give true for a record without a value, or leave the column out")
    })?;
    Ok(cast.as_boolean().clone())
}

/// Timestamps of any unit, dates, text and integers (milliseconds) as milliseconds since 1970. Times without a zone are UTC.
fn timestamps(column: &ArrayRef) -> Result<TimestampMillisecondArray> {
    let wrong = |detail: String| {
        Error::new(
            ErrorKind::Schema,
            format!(
                "the column {TIMESTAMP} of type {} holds no timestamps: {detail}",
                column.data_type()
            ),
        )
        .with_hint("give timestamps, RFC 3339 text, or milliseconds since 1970 as integers")
    };
    let to =
        |column: &ArrayRef, kind: &DataType| cast_with_options(column, kind, &STRICT).map_err(|e| wrong(e.to_string()));
    let in_zone = |zone| DataType::Timestamp(TimeUnit::Millisecond, zone);
    let milliseconds = match column.data_type() {
        // The zone stays as it is: only the unit is cast, and an instant is the same in every zone.
        DataType::Timestamp(_, zone) => to(column, &in_zone(zone.clone()))?,
        DataType::Date32 | DataType::Date64 | DataType::Null => to(column, &in_zone(None))?,
        // Zones by name need tables that Arrow does not carry.
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => to(column, &in_zone(Some("+00:00".into())))?,
        kind if kind.is_integer() => to(&to(column, &DataType::Int64)?, &in_zone(None))?,
        _ => return Err(wrong("that type has no instant".to_owned())),
    };
    Ok(milliseconds.as_primitive::<TimestampMillisecondType>().clone())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Int64Array, StringArray, TimestampMicrosecondArray};

    use super::*;

    fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
    }

    fn ints() -> ArrayRef {
        Arc::new(Int64Array::from(vec![1, 2]))
    }

    fn names(columns: &RecordColumns) -> Vec<String> {
        let value = columns.value.as_ref().unwrap();
        value.schema().fields().iter().map(|f| f.name().clone()).collect()
    }

    #[test]
    fn metadata_is_no_part_of_the_value() {
        let columns = vec![
            ("a", ints()),
            ("_partition", ints()),
            ("_offset", ints()),
            ("_topic", ints()),
            ("b", ints()),
        ];
        let columns = RecordColumns::of(&batch(columns), None).unwrap();
        assert_eq!(names(&columns), ["a", "b"]);
        assert!(columns.key.is_none() && columns.headers.is_none() && columns.timestamp.is_none());
    }

    #[test]
    fn a_key_column_stays_in_the_value_and_wins_over_the_metadata() {
        let keys: ArrayRef = Arc::new(StringArray::from(vec!["x", "y"]));
        let columns = RecordColumns::of(&batch(vec![("id", ints()), ("_key", keys)]), Some("id")).unwrap();
        assert_eq!(names(&columns), ["id"]);
        assert_eq!(columns.key.unwrap().data_type(), &DataType::Int64);
    }

    #[test]
    fn a_key_column_that_is_not_there_is_named_with_those_that_are() {
        let error = RecordColumns::of(&batch(vec![("id", ints()), ("amount", ints())]), Some("uid")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Schema);
        assert!(error.message().contains("\"uid\""));
        assert_eq!(error.hint(), Some("the columns are id, amount"));
    }

    #[test]
    fn a_field_that_was_renamed_gets_its_name_back() {
        let columns = RecordColumns::of(&batch(vec![("value._key", ints()), ("value.other", ints())]), None).unwrap();
        assert_eq!(names(&columns), ["_key", "value.other"]);
    }

    #[test]
    fn an_empty_extra_column_of_a_stream_is_no_field() {
        let json = |name: &str| {
            let extension = [("ARROW:extension:name".to_owned(), "arrow.json".to_owned())];
            Field::new(name, DataType::LargeUtf8, true).with_metadata(extension.into())
        };
        let of = |text: Option<&str>| {
            let fields = vec![json("a"), json("_extra")];
            let column = |text: Option<&str>| Arc::new(arrow_array::LargeStringArray::from(vec![text])) as ArrayRef;
            let batch = RecordBatch::try_new(
                Arc::new(arrow_schema::Schema::new(fields)),
                vec![column(None), column(text)],
            );
            let value = RecordColumns::of(&batch.unwrap(), None).unwrap().value.unwrap();
            let rows = kaframe_codec::encode_values(&value, kaframe_codec::EncodeFormat::Json).unwrap();
            String::from_utf8(rows.get(0).unwrap().to_vec()).unwrap()
        };
        assert_eq!(of(None), r#"{"a":null}"#);
        assert_eq!(of(Some("{\"b\":1}")), r#"{"a":null,"b":1}"#);
    }

    #[test]
    fn without_value_columns_values_are_null() {
        assert!(
            RecordColumns::of(&batch(vec![("_key", ints())]), None)
                .unwrap()
                .value
                .is_none()
        );
    }

    #[test]
    fn times_become_milliseconds() {
        let of = |column: ArrayRef| timestamps(&column).map(|array| array.iter().collect::<Vec<_>>());
        let micros = TimestampMicrosecondArray::from(vec![Some(1_500_999), None]).with_timezone("Europe/Berlin");
        assert_eq!(of(Arc::new(micros)).unwrap(), [Some(1500), None]);
        assert_eq!(of(Arc::new(Int64Array::from(vec![7]))).unwrap(), [Some(7)]);
        let text = StringArray::from(vec![
            "1970-01-01T00:00:01Z",
            "1970-01-01T01:00:01+01:00",
            "1970-01-01 00:00:01",
        ]);
        assert_eq!(of(Arc::new(text)).unwrap(), [Some(1000), Some(1000), Some(1000)]);
        assert!(of(Arc::new(StringArray::from(vec!["yesterday"]))).is_err());
        assert!(of(Arc::new(arrow_array::BooleanArray::from(vec![true]))).is_err());
    }
}
