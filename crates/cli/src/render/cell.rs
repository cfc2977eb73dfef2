//! One value as text, for people or for CSV. Nested values are JSON.

use std::borrow::Cow;
use std::fmt::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kaframe_codec::{EncodeFormat, Rows, encode_rows};

use super::not_printable;
use crate::exit::Failure;

/// Who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Times as people write them, bytes as text where they are text.
    Person,
    /// Times by RFC 3339, bytes as base64: what a program can read back.
    Program,
}

/// The values of a column as text.
pub enum Cells {
    /// Text, and what has one spelling: numbers, booleans, dates.
    Text(ArrayRef),
    /// Instants, in milliseconds.
    Time(ArrayRef, Reader),
    /// Bytes, as `LargeBinary`.
    Binary(ArrayRef, Reader),
    /// Structs, lists, maps.
    Nested(ArrayRef, Rows),
    /// Headers of records, for people.
    Headers(ArrayRef),
}

const NESTED: &str = "v";

impl Cells {
    /// The cells of a column.
    pub fn new(field: &Field, array: &ArrayRef, reader: Reader) -> Result<Cells, Failure> {
        let to = |kind: &DataType| cast(array, kind).map_err(not_printable);
        Ok(match array.data_type() {
            DataType::Timestamp(_, zone) => {
                Cells::Time(to(&DataType::Timestamp(TimeUnit::Millisecond, zone.clone()))?, reader)
            }
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
                Cells::Binary(to(&DataType::LargeBinary)?, reader)
            }
            DataType::Dictionary(_, values) => Cells::new(field, &to(values)?, reader)?,
            kind if kind.is_nested() => {
                if reader == Reader::Person && is_headers(field) {
                    return Ok(Cells::Headers(array.clone()));
                }
                let schema = Schema::new(vec![field.clone().with_name(NESTED)]);
                let batch = RecordBatch::try_new(schema.into(), vec![array.clone()]).map_err(not_printable)?;
                Cells::Nested(
                    array.clone(),
                    encode_rows(&batch, EncodeFormat::Json).map_err(not_printable)?,
                )
            }
            _ => Cells::Text(to(&DataType::LargeUtf8)?),
        })
    }

    /// The text of a row; `None` for a null.
    pub fn get(&self, row: usize) -> Result<Option<Cow<'_, str>>, Failure> {
        let array = match self {
            Cells::Text(array) | Cells::Headers(array) => array,
            Cells::Time(array, _) | Cells::Binary(array, _) => array,
            Cells::Nested(array, _) => array,
        };
        if array.is_null(row) {
            return Ok(None);
        }
        Ok(Some(match self {
            Cells::Text(texts) => Cow::Borrowed(texts.as_string::<i64>().value(row)),
            Cells::Time(times, reader) => Cow::Owned(time(
                times.as_primitive::<TimestampMillisecondType>().value(row),
                *reader,
            )),
            Cells::Binary(bytes, reader) => Cow::Owned(binary(bytes.as_binary::<i64>().value(row), *reader)),
            Cells::Nested(_, rows) => Cow::Borrowed(nested(rows.get(row))?),
            Cells::Headers(array) => Cow::Owned(headers(array, row)?),
        }))
    }
}

/// A list of structs of key and bytes, as the column `_headers` is.
fn is_headers(field: &Field) -> bool {
    let (DataType::List(item) | DataType::LargeList(item)) = field.data_type() else {
        return false;
    };
    let DataType::Struct(fields) = item.data_type() else {
        return false;
    };
    let names: Vec<&str> = fields.iter().map(|f| f.name().as_str()).collect();
    field.name() == "_headers" && names == ["key", "value"]
}

fn time(ms: i64, reader: Reader) -> String {
    match chrono::DateTime::from_timestamp_millis(ms) {
        Some(time) if reader == Reader::Program => time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        Some(time) => time.format("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        // Outside the calendar: as it was on the wire.
        None => format!("@{ms}"),
    }
}

fn binary(bytes: &[u8], reader: Reader) -> String {
    match (reader, std::str::from_utf8(bytes)) {
        (Reader::Program, _) => STANDARD.encode(bytes),
        (Reader::Person, Ok(text)) if !text.contains(char::is_control) => text.to_owned(),
        (Reader::Person, _) => bytes.iter().fold(String::new(), |mut text, byte| {
            match byte {
                b'\\' => text.push_str("\\\\"),
                0x20..=0x7e => text.push(char::from(*byte)),
                _ => {
                    let _ = write!(text, "\\x{byte:02x}");
                }
            }
            text
        }),
    }
}

/// The value out of `{"v":VALUE}`.
fn nested(row: Option<&[u8]>) -> Result<&str, Failure> {
    let text = std::str::from_utf8(row.unwrap_or_default()).map_err(not_printable)?;
    let value = text.strip_prefix("{\"v\":").and_then(|rest| rest.strip_suffix('}'));
    value.ok_or_else(|| not_printable("a nested value is not where it should be"))
}

/// `name=value, name=value`.
fn headers(array: &ArrayRef, row: usize) -> Result<String, Failure> {
    let entries = match array.as_list_opt::<i32>() {
        Some(list) => list.value(row),
        None => array.as_list::<i64>().value(row),
    };
    let entries = entries.as_struct();
    let keys = cast(entries.column(0), &DataType::LargeUtf8).map_err(not_printable)?;
    let values = cast(entries.column(1), &DataType::LargeBinary).map_err(not_printable)?;
    let (keys, values) = (keys.as_string::<i64>(), values.as_binary::<i64>());
    let text = (0..entries.len()).map(|i| {
        let value = if values.is_valid(i) {
            binary(values.value(i), Reader::Person)
        } else {
            "null".to_owned()
        };
        format!("{}={value}", if keys.is_valid(i) { keys.value(i) } else { "" })
    });
    Ok(text.collect::<Vec<_>>().join(", "))
}

/// The type of a column in a word or two.
pub fn type_name(field: &Field) -> String {
    if kaframe_codec::is_json(field) {
        return "json".to_owned();
    }
    match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "string".to_owned(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            "binary".to_owned()
        }
        DataType::Boolean => "bool".to_owned(),
        DataType::Timestamp(unit, zone) => {
            let unit = match unit {
                TimeUnit::Second => "s",
                TimeUnit::Millisecond => "ms",
                TimeUnit::Microsecond => "us",
                TimeUnit::Nanosecond => "ns",
            };
            zone.as_ref().map_or_else(
                || format!("timestamp[{unit}]"),
                |zone| format!("timestamp[{unit}, {zone}]"),
            )
        }
        DataType::Decimal32(p, s)
        | DataType::Decimal64(p, s)
        | DataType::Decimal128(p, s)
        | DataType::Decimal256(p, s) => format!("decimal({p},{s})"),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => {
            format!("list<{}>", type_name(item))
        }
        DataType::Struct(_) => "struct".to_owned(),
        DataType::Map(..) => "map".to_owned(),
        DataType::Dictionary(_, values) => type_name(&Field::new("", values.as_ref().clone(), true)),
        other => other.to_string().to_lowercase(),
    }
}

/// Whether a column is set flush right.
pub fn is_number(kind: &DataType) -> bool {
    kind.is_numeric()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::{BinaryBuilder, ListBuilder, StringBuilder, StructBuilder};
    use arrow_array::{
        BinaryArray, BooleanArray, Float64Array, Int64Array, NullArray, StringArray, StructArray,
        TimestampMillisecondArray,
    };
    use arrow_schema::Fields;

    use super::*;

    fn cell(name: &str, array: ArrayRef, reader: Reader) -> Option<String> {
        let field = Field::new(name, array.data_type().clone(), true);
        Cells::new(&field, &array, reader)
            .unwrap()
            .get(0)
            .unwrap()
            .map(Cow::into_owned)
    }

    fn person(array: ArrayRef) -> Option<String> {
        cell("a", array, Reader::Person)
    }

    #[test]
    fn numbers_texts_and_nulls() {
        assert_eq!(
            person(Arc::new(Int64Array::from(vec![i64::MIN]))).unwrap(),
            "-9223372036854775808"
        );
        assert_eq!(person(Arc::new(Float64Array::from(vec![1.5]))).unwrap(), "1.5");
        assert_eq!(person(Arc::new(BooleanArray::from(vec![true]))).unwrap(), "true");
        assert_eq!(person(Arc::new(StringArray::from(vec!["x"]))).unwrap(), "x");
        assert_eq!(person(Arc::new(StringArray::from(vec![None::<&str>]))), None);
        assert_eq!(person(Arc::new(NullArray::new(1))), None);
    }

    #[test]
    fn times_for_people_and_for_programs() {
        let times: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![1_763_845_292_123]).with_timezone("UTC"));
        assert_eq!(person(times.clone()).unwrap(), "2025-11-22 21:01:32.123");
        assert_eq!(cell("a", times, Reader::Program).unwrap(), "2025-11-22T21:01:32.123Z");
        let never: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![i64::MAX]));
        assert_eq!(person(never).unwrap(), format!("@{}", i64::MAX));
    }

    #[test]
    fn bytes_are_text_where_they_are_text() {
        let bytes = |bytes: &'static [u8]| -> ArrayRef { Arc::new(BinaryArray::from(vec![bytes])) };
        assert_eq!(person(bytes("Zürich".as_bytes())).unwrap(), "Zürich");
        assert_eq!(person(bytes(b"\x00a\xff\\")).unwrap(), "\\x00a\\xff\\\\");
        assert_eq!(cell("a", bytes(b"\x00\xff"), Reader::Program).unwrap(), "AP8=");
    }

    #[test]
    fn headers_for_people_have_no_base64() {
        let fields = Fields::from(vec![
            Field::new("key", DataType::Utf8, false),
            Field::new("value", DataType::Binary, true),
        ]);
        let entry = StructBuilder::new(
            fields,
            vec![Box::new(StringBuilder::new()), Box::new(BinaryBuilder::new())],
        );
        let mut list = ListBuilder::new(entry);
        for (key, value) in [("trace", Some(&b"abc"[..])), ("empty", None)] {
            list.values()
                .field_builder::<StringBuilder>(0)
                .unwrap()
                .append_value(key);
            list.values()
                .field_builder::<BinaryBuilder>(1)
                .unwrap()
                .append_option(value);
            list.values().append(true);
        }
        list.append(true);
        let list: ArrayRef = Arc::new(list.finish());
        assert_eq!(
            cell("_headers", list.clone(), Reader::Person).unwrap(),
            "trace=abc, empty=null"
        );
        assert_eq!(
            cell("_headers", list, Reader::Program).unwrap(),
            r#"[{"key":"trace","value":"YWJj"},{"key":"empty","value":null}]"#
        );
    }

    #[test]
    fn nested_values_are_json() {
        let inner: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        let nested: ArrayRef = Arc::new(StructArray::from(vec![(
            Arc::new(Field::new("x", DataType::Int64, true)),
            inner,
        )]));
        assert_eq!(person(nested).unwrap(), r#"{"x":1}"#);
    }

    #[test]
    fn type_names_are_short() {
        let name = |kind: DataType| type_name(&Field::new("a", kind, true));
        assert_eq!(name(DataType::LargeUtf8), "string");
        assert_eq!(name(DataType::Int64), "int64");
        assert_eq!(
            name(DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))),
            "timestamp[ms, UTC]"
        );
        assert_eq!(name(DataType::new_list(DataType::Float64, true)), "list<float64>");
        assert_eq!(name(DataType::Decimal128(38, 0)), "decimal(38,0)");
    }
}
