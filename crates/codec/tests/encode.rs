//! Arrow columns to value bytes: every type that pandas, Polars and pyarrow give.

mod common;
#[path = "common/reference.rs"]
mod reference;

use std::sync::Arc;

use arrow_array::builder::{LargeStringBuilder, MapBuilder, StringRunBuilder};
use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::{NullBuffer, OffsetBuffer, i256};
use arrow_schema::{DataType, Field, Fields, Schema, UnionFields};
use common::{decode_bytes, rows_json};
use kaframe_codec::{DecoderOptions, EncodeFormat, Rows, ValueFormat, encode_key, encode_rows};
use proptest::prelude::*;
use serde_json::Value;

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        columns.into_iter().map(|(_, array)| array).collect(),
    )
    .unwrap()
}

/// What the one column `a` becomes, without the key around it.
fn values(array: impl Array + 'static) -> Vec<String> {
    let rows = encode_rows(&batch(vec![("a", Arc::new(array))]), EncodeFormat::Json).unwrap();
    rows.iter()
        .map(|row| {
            let text = std::str::from_utf8(row.unwrap()).unwrap();
            text.strip_prefix("{\"a\":")
                .unwrap()
                .strip_suffix('}')
                .unwrap()
                .to_string()
        })
        .collect()
}

fn texts(rows: &Rows) -> Vec<Option<&[u8]>> {
    rows.iter().collect()
}

#[test]
fn columns_keep_their_order_and_nulls_are_written() {
    let rows = encode_rows(
        &batch(vec![
            ("b", Arc::new(Int64Array::from(vec![Some(1), None]))),
            (
                "a \"quoted\"",
                Arc::new(StringArray::from(vec![Some("x\n\u{1}\"\\é"), None])),
            ),
        ]),
        EncodeFormat::Json,
    )
    .unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        rows.get(0).unwrap(),
        "{\"b\":1,\"a \\\"quoted\\\"\":\"x\\n\\u0001\\\"\\\\é\"}".as_bytes()
    );
    assert_eq!(rows.get(1).unwrap(), b"{\"b\":null,\"a \\\"quoted\\\"\":null}");
    let empty = RecordBatch::try_new_with_options(
        Arc::new(Schema::empty()),
        vec![],
        &RecordBatchOptions::new().with_row_count(Some(2)),
    );
    assert_eq!(
        texts(&encode_rows(&empty.unwrap(), EncodeFormat::Json).unwrap()),
        [Some(&b"{}"[..]), Some(b"{}")]
    );
}

#[test]
fn numbers() {
    assert_eq!(values(Int8Array::from(vec![Some(-128), None])), ["-128", "null"]);
    assert_eq!(values(UInt64Array::from(vec![u64::MAX])), ["18446744073709551615"]);
    assert_eq!(
        values(Int64Array::from(vec![i64::MIN, 9007199254740993])),
        ["-9223372036854775808", "9007199254740993"]
    );
    let floats = vec![0.1, -0.0, 1e300, 5.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    assert_eq!(
        values(Float64Array::from(floats)),
        ["0.1", "-0.0", "1e+300", "5.0", "null", "null", "null"]
    );
    assert_eq!(values(Float32Array::from(vec![0.1, f32::NAN])), ["0.1", "null"]);
    assert_eq!(values(Float16Array::from(vec![half_value(1.5)])), ["1.5"]);
    let decimal = Decimal128Array::from(vec![Some(-5), Some(12345), None])
        .with_precision_and_scale(38, 2)
        .unwrap();
    assert_eq!(values(decimal), ["-0.05", "123.45", "null"]);
    let large = Decimal256Array::from(vec![i256::from_i128(i128::MAX)])
        .with_precision_and_scale(76, 0)
        .unwrap();
    assert_eq!(values(large), ["170141183460469231731687303715884105727"]);
    assert_eq!(
        values(Decimal32Array::from(vec![1]).with_precision_and_scale(9, 0).unwrap()),
        ["1"]
    );
    assert_eq!(
        values(Decimal64Array::from(vec![7]).with_precision_and_scale(9, 3).unwrap()),
        ["0.007"]
    );
    assert_eq!(
        values(BooleanArray::from(vec![Some(true), Some(false), None])),
        ["true", "false", "null"]
    );
    assert_eq!(values(NullArray::new(2)), ["null", "null"]);
}

fn half_value(value: f32) -> <Float16Type as ArrowPrimitiveType>::Native {
    <Float16Type as ArrowPrimitiveType>::Native::from_f32(value)
}

#[test]
fn text_and_bytes() {
    assert_eq!(values(LargeStringArray::from(vec!["x"])), ["\"x\""]);
    assert_eq!(
        values(StringViewArray::from(vec![
            Some("a longer text than a view holds"),
            None
        ])),
        ["\"a longer text than a view holds\"", "null"]
    );
    assert_eq!(
        values(BinaryArray::from(vec![&b"\xff\xfe\xfd\xfc"[..], b""])),
        ["\"//79/A==\"", "\"\""]
    );
    assert_eq!(values(LargeBinaryArray::from(vec![&b"ab"[..]])), ["\"YWI=\""]);
    assert_eq!(values(BinaryViewArray::from(vec![&b"abc"[..]])), ["\"YWJj\""]);
    assert_eq!(
        values(FixedSizeBinaryArray::try_from_iter([[1u8, 2]].into_iter()).unwrap()),
        ["\"AQI=\""]
    );
}

#[test]
fn times() {
    assert_eq!(
        values(TimestampSecondArray::from(vec![Some(0), None])),
        ["\"1970-01-01T00:00:00Z\"", "null"]
    );
    // The zone is how the instant is shown, not what it is.
    let zoned = TimestampMicrosecondArray::from(vec![1_500_000]).with_timezone("Europe/Berlin");
    assert_eq!(values(zoned), ["\"1970-01-01T00:00:01.500Z\""]);
    assert_eq!(
        values(TimestampMillisecondArray::from(vec![-1])),
        ["\"1969-12-31T23:59:59.999Z\""]
    );
    assert_eq!(
        values(TimestampNanosecondArray::from(vec![i64::MAX])),
        ["\"2262-04-11T23:47:16.854775807Z\""]
    );
    assert_eq!(
        values(Date32Array::from(vec![20_779, -1])),
        ["\"2026-11-22\"", "\"1969-12-31\""]
    );
    assert_eq!(
        values(Date64Array::from(vec![86_400_000, 86_400_001])),
        ["\"1970-01-02\"", "\"1970-01-02T00:00:00.001Z\""]
    );
    assert_eq!(values(Time32SecondArray::from(vec![86_399])), ["\"23:59:59\""]);
    assert_eq!(values(Time32MillisecondArray::from(vec![1])), ["\"00:00:00.001\""]);
    assert_eq!(values(Time64MicrosecondArray::from(vec![1])), ["\"00:00:00.000001\""]);
    assert_eq!(values(Time64NanosecondArray::from(vec![1])), ["\"00:00:00.000000001\""]);
    assert_eq!(
        values(DurationMillisecondArray::from(vec![90_500, -1, 0])),
        ["\"PT90.5S\"", "\"-PT0.001S\"", "\"PT0S\""]
    );
    assert_eq!(
        values(DurationSecondArray::from(vec![i64::MIN])),
        ["\"-PT9223372036854775808S\""]
    );
    assert_eq!(
        values(DurationNanosecondArray::from(vec![1_000_000_001])),
        ["\"PT1.000000001S\""]
    );
}

#[test]
fn lists_structs_and_maps() {
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None, Some(vec![])]);
    assert_eq!(values(list.clone()), ["[1,null]", "null", "[]"]);
    assert_eq!(values(list.slice(2, 1)), ["[]"]);
    assert_eq!(
        values(LargeListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![
            Some(1)
        ])])),
        ["[1]"]
    );
    let fixed = FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1), Some(2)]), None], 2);
    assert_eq!(values(fixed.slice(1, 1)), ["null"]);
    assert_eq!(values(fixed), ["[1,2]", "null"]);
    let views = ListViewArray::new(
        Arc::new(Field::new("item", DataType::Int32, true)),
        vec![2, 0].into(),
        vec![1, 2].into(),
        Arc::new(Int32Array::from(vec![1, 2, 3])),
        None,
    );
    assert_eq!(values(views), ["[3]", "[1,2]"]);
    let fields = Fields::from(vec![
        Field::new("x", DataType::Int32, true),
        Field::new("y", DataType::Utf8, true),
    ]);
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(vec![1, 2])),
        Arc::new(StringArray::from(vec![None, Some("t")])),
    ];
    let objects = StructArray::new(fields, arrays, Some(NullBuffer::from(vec![true, false])));
    assert_eq!(values(objects), ["{\"x\":1,\"y\":null}", "null"]);
    let mut map = MapBuilder::new(None, LargeStringBuilder::new(), builder::Int64Builder::new());
    map.keys().append_value("a\"");
    map.values().append_value(1);
    map.keys().append_value("b");
    map.values().append_null();
    map.append(true).unwrap();
    map.append(false).unwrap();
    assert_eq!(values(map.finish()), ["{\"a\\\"\":1,\"b\":null}", "null"]);
    let mut numbered = MapBuilder::new(None, builder::Int32Builder::new(), builder::Int64Builder::new());
    numbered.keys().append_value(7);
    numbered.values().append_value(1);
    numbered.append(true).unwrap();
    assert_eq!(values(numbered.finish()), ["{\"7\":1}"]);
}

#[test]
fn dictionaries_and_runs() {
    let dictionary: DictionaryArray<Int8Type> = vec![Some("x"), None, Some("y"), Some("x")].into_iter().collect();
    assert_eq!(values(dictionary.clone()), ["\"x\"", "null", "\"y\"", "\"x\""]);
    assert_eq!(values(dictionary.slice(2, 2)), ["\"y\"", "\"x\""]);
    let nothing: DictionaryArray<Int8Type> = vec![None::<&str>, None].into_iter().collect();
    assert_eq!(values(nothing), ["null", "null"]);
    let mut runs = StringRunBuilder::<Int32Type>::new();
    for value in [Some("x"), Some("x"), None, Some("y")] {
        runs.append_option(value);
    }
    let runs = runs.finish();
    assert_eq!(values(runs.slice(1, 3)), ["\"x\"", "null", "\"y\""]);
    assert_eq!(values(runs), ["\"x\"", "\"x\"", "null", "\"y\""]);
}

#[test]
fn json_text_is_written_as_the_json_it_is() {
    let field = Field::new("a", DataType::Utf8, true)
        .with_metadata([("ARROW:extension:name".to_string(), "arrow.json".to_string())].into());
    let array: ArrayRef = Arc::new(StringArray::from(vec![Some("{\"b\": [1]}"), None, Some("\"x\"")]));
    let schema = Arc::new(Schema::new(vec![field.clone()]));
    let rows = encode_rows(
        &RecordBatch::try_new(schema.clone(), vec![array]).unwrap(),
        EncodeFormat::Json,
    )
    .unwrap();
    assert_eq!(
        texts(&rows),
        [
            Some(&b"{\"a\":{\"b\": [1]}}"[..]),
            Some(b"{\"a\":null}"),
            Some(b"{\"a\":\"x\"}")
        ]
    );
    let broken: ArrayRef = Arc::new(StringArray::from(vec!["1", "{"]));
    let error = encode_rows(&RecordBatch::try_new(schema, vec![broken]).unwrap(), EncodeFormat::Json).unwrap_err();
    assert_eq!((error.row, error.column.as_str()), (Some(1), "a"));
    assert!(error.reason.contains("marked as JSON"), "{error}");
}

#[test]
fn what_has_no_json_form_is_named() {
    let intervals: ArrayRef = Arc::new(IntervalYearMonthArray::from(vec![1]));
    let inner = Fields::from(vec![Field::new("y", intervals.data_type().clone(), true)]);
    let nested: ArrayRef = Arc::new(StructArray::new(inner, vec![intervals], None));
    let error = encode_rows(&batch(vec![("x", nested)]), EncodeFormat::Json).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column \"x.y\": Arrow type Interval(YearMonth) has no JSON form"
    );
    let union = UnionArray::try_new(UnionFields::empty(), vec![].into(), None, vec![]).unwrap();
    assert!(encode_rows(&batch(vec![("u", Arc::new(union))]), EncodeFormat::Json).is_err());
    let twice = batch(vec![
        ("a", Arc::new(NullArray::new(1))),
        ("a", Arc::new(NullArray::new(1))),
    ]);
    assert!(
        encode_rows(&twice, EncodeFormat::Json)
            .unwrap_err()
            .reason
            .contains("second column")
    );
    let late: ArrayRef = Arc::new(TimestampSecondArray::from(vec![0, i64::MAX]));
    let error = encode_rows(&batch(vec![("t", late)]), EncodeFormat::Json).unwrap_err();
    assert_eq!((error.row, error.column.as_str()), (Some(1), "t"));
}

#[test]
fn text_and_raw_take_one_column() {
    let text: ArrayRef = Arc::new(StringArray::from(vec![Some("x"), None, Some("")]));
    for format in [EncodeFormat::String, EncodeFormat::Raw] {
        let rows = encode_rows(&batch(vec![("a", text.clone())]), format).unwrap();
        assert_eq!(texts(&rows), [Some(&b"x"[..]), None, Some(b"")]);
    }
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![&b"\xff"[..]]));
    assert_eq!(
        texts(&encode_rows(&batch(vec![("a", bytes.clone())]), EncodeFormat::Raw).unwrap()),
        [Some(&b"\xff"[..])]
    );
    let error = encode_rows(&batch(vec![("a", bytes.clone())]), EncodeFormat::String).unwrap_err();
    assert_eq!(error.to_string(), "column \"a\", row 0: these bytes are no UTF-8 text");
    let error = encode_rows(&batch(vec![("a", text.clone()), ("b", text)]), EncodeFormat::Raw).unwrap_err();
    assert!(error.reason.contains("exactly one column"), "{error}");
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
    assert!(encode_rows(&batch(vec![("a", floats)]), EncodeFormat::Raw).is_err());
}

#[test]
fn keys() {
    let key = |array: ArrayRef, format| encode_key(&array, format).map(|rows| texts_owned(&rows));
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(-7), None]));
    assert_eq!(key(numbers.clone(), None).unwrap(), [Some(b"-7".to_vec()), None]);
    assert_eq!(
        key(numbers.clone(), Some(ValueFormat::String)).unwrap(),
        [Some(b"-7".to_vec()), None]
    );
    assert_eq!(
        key(numbers.clone(), Some(ValueFormat::Int)).unwrap(),
        [Some(vec![0xff, 0xff, 0xff, 0xf9]), None]
    );
    assert_eq!(
        key(numbers, Some(ValueFormat::Long)).unwrap()[0],
        Some((-7i64).to_be_bytes().to_vec())
    );
    let wide: ArrayRef = Arc::new(UInt64Array::from(vec![1, u64::MAX]));
    let error = key(wide.clone(), Some(ValueFormat::Long)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column \"key\", row 1: 18446744073709551615 does not fit into 8 bytes"
    );
    let words: DictionaryArray<Int32Type> = vec![Some("x"), None].into_iter().collect();
    let words: ArrayRef = Arc::new(words);
    assert_eq!(key(words.clone(), None).unwrap(), [Some(b"x".to_vec()), None]);
    assert_eq!(
        key(words.clone(), Some(ValueFormat::Json)).unwrap(),
        [Some(b"\"x\"".to_vec()), None]
    );
    assert!(key(words, Some(ValueFormat::Int)).is_err());
    assert_eq!(
        key(Arc::new(BinaryArray::from(vec![&b"\xff"[..]])), None).unwrap(),
        [Some(vec![0xff])]
    );
    assert_eq!(key(Arc::new(NullArray::new(1)), None).unwrap(), [None]);
    assert!(key(Arc::new(BooleanArray::from(vec![true])), None).is_err());
}

fn texts_owned(rows: &Rows) -> Vec<Option<Vec<u8>>> {
    rows.iter().map(|row| row.map(<[u8]>::to_vec)).collect()
}

#[test]
fn formats_have_words() {
    for format in [EncodeFormat::Json, EncodeFormat::String, EncodeFormat::Raw] {
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    let error = "csv".parse::<EncodeFormat>().unwrap_err();
    assert_eq!(error.to_string(), "unknown format \"csv\": one of json, string, raw");
}

#[test]
fn sliced_columns_write_their_own_rows() {
    let items: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3]));
    let list = LargeListArray::new(
        Arc::new(Field::new("item", DataType::Int32, true)),
        OffsetBuffer::from_lengths([1, 2]),
        items,
        None,
    );
    let batch = batch(vec![
        ("a", Arc::new(list)),
        ("b", Arc::new(StringArray::from(vec!["x", "y"]))),
    ])
    .slice(1, 1);
    assert_eq!(
        texts(&encode_rows(&batch, EncodeFormat::Json).unwrap()),
        [Some(&b"{\"a\":[2,3],\"b\":\"y\"}"[..])]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn written_rows_read_back_the_same(documents in prop::collection::vec((reference::object(), 0u8..16), 1..10)) {
        let texts: Vec<Vec<u8>> = documents.iter().map(|(value, style)| reference::write(value, *style)).collect();
        let values: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        let options = DecoderOptions::new(ValueFormat::Json);
        let written = rows_json(&decode_bytes(&options, &values));
        for row in &written {
            prop_assert!(serde_json::from_str::<Value>(row).is_ok(), "{}", row);
        }
        let written_bytes: Vec<&[u8]> = written.iter().map(String::as_bytes).collect();
        let again = rows_json(&decode_bytes(&options, &written_bytes));
        for ((document, _), row) in documents.iter().zip(&again) {
            prop_assert!(reference::same(document, &serde_json::from_str(row).unwrap()), "{} became {}", document, row);
        }
    }
}
