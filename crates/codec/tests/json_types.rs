//! Which Arrow types JSON gives, rule by rule.

mod common;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, Int64Type, UInt64Type};
use arrow_schema::DataType;
use common::{column, decode, json, rows_json};
use kaframe_codec::{Columns, Shape};

/// The type of the column `a`.
fn type_of(values: &[&str]) -> DataType {
    column(&decode(values), "a").data_type().clone()
}

/// Whether the column is text marked as JSON.
fn is_json_text(columns: &Columns, name: &str) -> bool {
    let field = columns.fields.iter().find(|field| field.name() == name).unwrap();
    field.data_type() == &DataType::LargeUtf8
        && field
            .metadata()
            .get("ARROW:extension:name")
            .is_some_and(|name| name == "arrow.json")
}

/// The text of the JSON column `a`, row by row.
fn texts(values: &[&str]) -> Vec<Option<String>> {
    let columns = decode(values);
    assert!(is_json_text(&columns, "a"), "{:?}", columns.fields);
    column(&columns, "a")
        .as_string::<i64>()
        .iter()
        .map(|text| text.map(str::to_string))
        .collect()
}

#[test]
fn flat_objects_give_one_column_per_key_in_order_of_appearance() {
    let columns = decode(&[
        r#"{"number": 1, "user": "u1", "amount": 1.5, "ok": true}"#,
        r#"{"user":"u2","late":null}"#,
    ]);
    let types: Vec<_> = columns
        .fields
        .iter()
        .map(|field| (field.name().as_str(), field.data_type().clone()))
        .collect();
    assert_eq!(
        types,
        [
            ("number", DataType::Int64),
            ("user", DataType::LargeUtf8),
            ("amount", DataType::Float64),
            ("ok", DataType::Boolean),
            ("late", DataType::Null)
        ]
    );
    assert_eq!(columns.rows, 2);
    assert_eq!(
        rows_json(&columns),
        [
            r#"{"number":1,"user":"u1","amount":1.5,"ok":true,"late":null}"#,
            r#"{"number":null,"user":"u2","amount":null,"ok":null,"late":null}"#
        ]
    );
}

#[test]
fn integers_widen_by_their_range() {
    let max = i64::MAX;
    assert_eq!(type_of(&[&format!(r#"{{"a":{max}}}"#), r#"{"a":-1}"#]), DataType::Int64);
    let columns = decode(&[r#"{"a":1}"#, r#"{"a":null}"#, r#"{"a":9223372036854775808}"#]);
    let column_a = column(&columns, "a");
    assert_eq!(
        column_a.as_primitive::<UInt64Type>().iter().collect::<Vec<_>>(),
        [Some(1), None, Some(1 << 63)]
    );
    let columns = decode(&[r#"{"a":-1}"#, r#"{"a":18446744073709551615}"#]);
    assert_eq!(
        column(&columns, "a").as_primitive::<Decimal128Type>().values().as_ref(),
        [-1, i128::from(u64::MAX)]
    );
    assert_eq!(
        type_of(&[r#"{"a":1}"#, r#"{"a":100000000000000000000}"#]),
        DataType::Decimal128(38, 0)
    );
    let forty = "1".repeat(40);
    assert_eq!(texts(&[&format!(r#"{{"a":{forty}}}"#)]), [Some(forty)]);
}

#[test]
fn integers_become_floats_only_when_all_are_exact() {
    assert_eq!(type_of(&[r#"{"a":1}"#, r#"{"a":2.5}"#]), DataType::Float64);
    assert_eq!(
        type_of(&[r#"{"a":2.5}"#, r#"{"a":9007199254740992}"#]),
        DataType::Float64
    );
    for values in [
        [r#"{"a":9007199254740993}"#, r#"{"a":2.5}"#],
        [r#"{"a":2.5}"#, r#"{"a":9007199254740993}"#],
        [r#"{"a":NaN}"#, r#"{"a":-9007199254740993}"#],
    ] {
        assert!(is_json_text(&decode(&values), "a"), "{values:?}");
    }
    let exact = texts(&[r#"{"a":9007199254740993}"#, r#"{"a": 2.50 }"#]);
    assert_eq!(exact, [Some("9007199254740993".to_string()), Some("2.50".to_string())]);
}

#[test]
fn minus_zero_is_the_integer_zero_and_minus_zero_point_zero_a_float() {
    let columns = decode(&[r#"{"a":-0}"#]);
    assert_eq!(column(&columns, "a").as_primitive::<Int64Type>().value(0), 0);
    for values in [[r#"{"a":-0}"#, r#"{"a":0.5}"#], [r#"{"a":0.5}"#, r#"{"a":-0}"#]] {
        let columns = decode(&values);
        assert!(
            column(&columns, "a")
                .as_primitive::<Float64Type>()
                .iter()
                .flatten()
                .all(f64::is_sign_positive)
        );
    }
    let columns = decode(&[r#"{"a":-0.0}"#]);
    assert!(
        column(&columns, "a")
            .as_primitive::<Float64Type>()
            .value(0)
            .is_sign_negative()
    );
}

#[test]
fn other_mixes_are_json_text_in_which_numbers_and_strings_stay_apart() {
    let text = |text: &str| Some(text.to_string());
    assert_eq!(texts(&[r#"{"a":1}"#, r#"{"a":"1"}"#]), [text("1"), text("\"1\"")]);
    assert_eq!(
        texts(&[r#"{"a":1}"#, r#"{"a":true}"#, r#"{"b":1}"#]),
        [text("1"), text("true"), None]
    );
    assert_eq!(
        texts(&[r#"{"a":1}"#, r#"{"a":{"b": [1, 2]}}"#]),
        [text("1"), text("{\"b\": [1, 2]}")]
    );
    assert_eq!(
        texts(&[r#"{"a":[1]}"#, r#"{"a":null}"#, r#"{"a":"\u0041"}"#]),
        [text("[1]"), None, text("\"\\u0041\"")]
    );
    // A float that no float can hold is never infinity.
    assert_eq!(texts(&[r#"{"a":1e400}"#, r#"{"a":1.5}"#]), [text("1e400"), text("1.5")]);
}

#[test]
fn strings_are_never_read_as_anything_else() {
    for value in [
        "2026-01-01",
        "2016-12-31T23:59:60Z",
        "2026-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59.999999999Z",
        "0000-00-00",
        "12",
        "true",
        "c0ffee00-0000-4000-8000-000000000000",
    ] {
        let columns = decode(&[&format!(r#"{{"a":"{value}"}}"#)]);
        assert!(!is_json_text(&columns, "a"));
        assert_eq!(column(&columns, "a").as_string::<i64>().value(0), value);
    }
}

#[test]
fn objects_are_structs_and_arrays_lists() {
    let columns = decode(&[
        r#"{"a":{"x":1,"y":[1.5]}}"#,
        r#"{"a":null}"#,
        r#"{"a":{"z":"t","y":[]}}"#,
        r#"{"a":{}}"#,
    ]);
    assert_eq!(
        rows_json(&columns),
        [
            r#"{"a":{"x":1,"y":[1.5],"z":null}}"#,
            r#"{"a":null}"#,
            r#"{"a":{"x":null,"y":[],"z":"t"}}"#,
            r#"{"a":{"x":null,"y":null,"z":null}}"#
        ]
    );
    assert!(matches!(type_of(&[r#"{"a":[]}"#]), DataType::LargeList(item) if item.data_type() == &DataType::Null));
    let DataType::LargeList(item) = type_of(&[r#"{"a":[1,"x",null,2.5]}"#]) else {
        panic!()
    };
    assert_eq!(item.metadata()["ARROW:extension:name"], "arrow.json");
    let columns = decode(&[r#"{"a":[1,"x",null,2.5]}"#, r#"{"a":[{"b":2}]}"#]);
    assert_eq!(rows_json(&columns), [r#"{"a":[1,"x",null,2.5]}"#, r#"{"a":[{"b":2}]}"#]);
}

#[test]
fn null_only_is_null_and_empty_objects_only_are_json_text() {
    assert_eq!(type_of(&[r#"{"a":null}"#]), DataType::Null);
    let text = |text: &str| Some(text.to_string());
    assert_eq!(
        texts(&[r#"{"a":{}}"#, r#"{}"#, r#"{"a":{ }}"#]),
        [text("{}"), None, text("{}")]
    );
}

#[test]
fn values_that_are_no_objects_give_one_column() {
    for (values, expected) in [
        (&["1", "2"][..], DataType::Int64),
        (&["\"x\"", "null"], DataType::LargeUtf8),
        (&["true"], DataType::Boolean),
    ] {
        let columns = decode(values);
        assert_eq!(columns.fields.len(), 1);
        assert_eq!(
            (columns.fields[0].name().as_str(), columns.fields[0].data_type()),
            ("value", &expected)
        );
    }
    assert_eq!(
        rows_json(&decode(&["[1,2]", " [3] "])),
        [r#"{"value":[1,2]}"#, r#"{"value":[3]}"#]
    );
    assert_eq!(
        rows_json(&decode(&["{\"a\": 1}", "5"])),
        [r#"{"value":{"a": 1}}"#, r#"{"value":5}"#]
    );
    assert!(decode(&["null", "null"]).fields.is_empty());
    assert_eq!(decode(&["{}", "{}"]).rows, 2);
}

#[test]
fn key_names_of_any_kind() {
    let long = "k".repeat(1 << 20);
    let columns = decode(&[&format!(r#"{{"":1,"a.b":2,"é\n\"":3,"_offset":4,"{long}":5}}"#)]);
    let names: Vec<&str> = columns.fields.iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["", "a.b", "é\n\"", "_offset", &long]);
    // The same key with and without escapes is one key.
    let columns = decode(&[r#"{"a":1}"#, r#"{"\u0061":2}"#, r#"{"\u0062":3}"#, r#"{"b":4}"#]);
    assert_eq!(columns.fields.len(), 2);
    assert_eq!(
        columns
            .arrays
            .iter()
            .map(|array| array.null_count())
            .collect::<Vec<_>>(),
        [2, 2]
    );
}

#[test]
fn nested_objects_of_too_many_keys_are_json_text() {
    let wide = |from: usize, to: usize| {
        let members: Vec<String> = (from..to).map(|i| format!(r#""k{i}":{i}"#)).collect();
        format!(r#"{{"a":{{{}}}}}"#, members.join(","))
    };
    assert!(matches!(type_of(&[&wide(0, 500)]), DataType::Struct(fields) if fields.len() == 500));
    assert!(is_json_text(&decode(&[&wide(0, 501)]), "a"));
    // The keys of several values together.
    assert!(is_json_text(&decode(&[&wide(0, 300), &wide(300, 501)]), "a"));
    let huge = wide(0, 100_000);
    assert_eq!(
        texts(&[&huge])[0].as_ref().unwrap().len(),
        huge.len() - r#"{"a":}"#.len()
    );
}

#[test]
fn top_level_keys_beyond_the_limit_go_to_extra() {
    let wide = |from: usize, to: usize| {
        let members: Vec<String> = (from..to).map(|i| format!(r#""k{i}":{i}"#)).collect();
        format!("{{{}}}", members.join(","))
    };
    let columns = decode(&[&wide(0, 400), &wide(300, 503), "{}"]);
    assert_eq!(columns.fields.len(), 501);
    assert!(columns.has_extra && is_json_text(&columns, "_extra"));
    let extra = column(&columns, "_extra");
    assert_eq!(
        extra.as_string::<i64>().iter().collect::<Vec<_>>(),
        [None, Some(r#"{"k500": 500, "k501": 501, "k502": 502}"#), None]
    );
    assert!(matches!(&columns.shape, Shape::Struct(fields) if fields.overflow() && fields.len() == 500));
}

#[test]
fn a_widening_that_no_cast_makes_asks_for_a_replay() {
    let mut decoder = json();
    decoder.push(br#"{"a":1,"b":null}"#).unwrap();
    decoder.push(br#"{"a":2.5,"b":"x"}"#).unwrap();
    assert!(!decoder.needs_replay());
    decoder.push(br#"{"a":"x"}"#).unwrap();
    assert!(decoder.needs_replay());
    decoder.push(br#"{"c":1}"#).unwrap();
    let Shape::Struct(shape) = decoder.shape() else {
        panic!()
    };
    let shapes: Vec<_> = shape.iter().collect();
    assert_eq!(
        shapes,
        [
            ("a", &Shape::JsonText),
            ("b", &Shape::String),
            ("c", &Shape::Int { min: 0, max: 1 })
        ]
    );
}

#[test]
fn finishing_starts_anew_with_the_same_shape() {
    let mut decoder = json();
    decoder.push(br#"{"a":1,"b":[1]}"#).unwrap();
    decoder.push_null();
    let first = common::checked(decoder.finish());
    assert_eq!(rows_json(&first), [r#"{"a":1,"b":[1]}"#, r#"{"a":null,"b":null}"#]);
    assert_eq!(decoder.len(), 0);
    decoder.push(br#"{"b":[2,3]}"#).unwrap();
    let second = common::checked(decoder.finish());
    assert_eq!(second.fields, first.fields);
    assert_eq!(rows_json(&second), [r#"{"a":null,"b":[2,3]}"#]);
}
