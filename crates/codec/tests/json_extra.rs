//! A fixed shape: what does not fit is in `_extra`, the rest in its columns.

mod common;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use common::{batch, column, rows_json};
use kaframe_codec::{Columns, DecoderOptions, Shape, ValueFormat, decoder};

/// Decodes `values` in the shape of `sample`, which does not change.
fn fixed(sample: &str, values: &[&str]) -> Columns {
    let mut first = common::json();
    first.push(sample.as_bytes()).unwrap();
    let start = Some(first.shape());
    let options = DecoderOptions {
        start: start.clone(),
        fixed: true,
        ..DecoderOptions::new(ValueFormat::Json)
    };
    let mut decoder = decoder(&options);
    for value in values {
        decoder.push(value.as_bytes()).unwrap();
    }
    assert!(!decoder.needs_replay());
    let columns = decoder.finish();
    batch(&columns);
    assert!(columns.has_extra);
    columns
}

/// What went to `_extra`.
fn extra(sample: &str, value: &str) -> Option<String> {
    let columns = fixed(sample, &[value]);
    let extra = column(&columns, "_extra");
    let extra = extra.as_string::<i64>();
    (!extra.is_null(0)).then(|| extra.value(0).to_string())
}

#[test]
fn what_fits_leaves_extra_null() {
    assert_eq!(extra(r#"{"a":1}"#, r#"{"a":2}"#), None);
    assert_eq!(extra(r#"{"a":1}"#, r#"{"a":null}"#), None);
    assert_eq!(extra(r#"{"a":1}"#, "{}"), None);
    assert_eq!(extra(r#"{"a":1.5}"#, r#"{"a":2}"#), None);
    assert_eq!(extra(r#"{"a":1}"#, &format!(r#"{{"a":{}}}"#, i64::MIN)), None);
    // Objects that never had a key are JSON text, which takes anything.
    assert_eq!(extra(r#"{"a":{}}"#, r#"{"a":[1]}"#), None);
}

#[test]
fn values_and_keys_that_do_not_fit() {
    assert_eq!(extra(r#"{"a":1}"#, r#"{"a":"x"}"#).unwrap(), r#"{"a": "x"}"#);
    assert_eq!(extra(r#"{"a":1}"#, r#"{"a":2.5}"#).unwrap(), r#"{"a": 2.5}"#);
    assert_eq!(
        extra(r#"{"a":1}"#, r#"{"a":9223372036854775808}"#).unwrap(),
        r#"{"a": 9223372036854775808}"#
    );
    assert_eq!(
        extra(r#"{"a":1.5}"#, r#"{"a":9007199254740993}"#).unwrap(),
        r#"{"a": 9007199254740993}"#
    );
    assert_eq!(extra(r#"{"a":1.5}"#, r#"{"a":1e400}"#).unwrap(), r#"{"a": 1e400}"#);
    assert_eq!(
        extra(r#"{"a":null}"#, r#"{"a":{"b": 1}}"#).unwrap(),
        r#"{"a": {"b": 1}}"#
    );
    assert_eq!(
        extra(r#"{"a":1}"#, r#"{"n\u0065w":[1, 2],"a":1,"b":null}"#).unwrap(),
        r#"{"n\u0065w": [1, 2], "b": null}"#
    );
    assert_eq!(extra("null", r#"{"a":1}"#).unwrap(), r#"{"a": 1}"#);
    assert_eq!(extra(r#"{"a":1}"#, "[1]").unwrap(), r#"{"value": [1]}"#);
    assert_eq!(extra("1", "\"x\"").unwrap(), r#"{"value": "x"}"#);
}

#[test]
fn nested_objects_keep_what_fits() {
    let sample = r#"{"a":{"b":1,"c":{"d":"x"}},"e":2}"#;
    let value = r#"{"a":{"b":"no","c":{"d":"yes","new":[]},"f":3},"e":4}"#;
    let columns = fixed(sample, &[value, sample]);
    assert_eq!(
        rows_json(&columns)[0],
        r#"{"a":{"b":null,"c":{"d":"yes"}},"e":4,"_extra":{"a": {"b": "no", "c": {"new": []}, "f": 3}}}"#
    );
    assert!(rows_json(&columns)[1].ends_with(r#""_extra":null}"#));
}

#[test]
fn an_array_that_does_not_fit_goes_as_a_whole() {
    let sample = r#"{"a":[{"b":1,"c":[1]}],"d":1}"#;
    for array in [
        r#"[{"b":2},{"b":"x"}]"#,
        r#"[{"b":2},{"new":1}]"#,
        r#"[{"c":[1,[]]}]"#,
        r#"[1]"#,
    ] {
        let columns = fixed(
            sample,
            &[
                r#"{"a":[{"b":7}]}"#,
                &format!(r#"{{"a":{array},"d":5}}"#),
                r#"{"a":[]}"#,
            ],
        );
        assert_eq!(
            rows_json(&columns),
            [
                r#"{"a":[{"b":7,"c":null}],"d":null,"_extra":null}"#.to_string(),
                format!(r#"{{"a":null,"d":5,"_extra":{{"a": {array}}}}}"#),
                r#"{"a":[],"d":null,"_extra":null}"#.to_string()
            ]
        );
    }
}

#[test]
fn a_field_of_that_name_steps_aside() {
    let columns = fixed(r#"{"_extra":1}"#, &[r#"{"_extra":2,"x":3}"#]);
    assert_eq!(rows_json(&columns), [r#"{"value._extra":2,"_extra":{"x": 3}}"#]);
}

#[test]
fn malformed_values_are_still_refused_and_the_shape_stays() {
    let start = Shape::Struct(Default::default());
    let options = DecoderOptions {
        start: Some(start.clone()),
        fixed: true,
        ..DecoderOptions::new(ValueFormat::Json)
    };
    let mut decoder = decoder(&options);
    for value in [
        r#"{"a":1,"a":2}"#,
        r#"{"a":[1}"#,
        r#"{"a":NaN"#,
        "",
        r#"{"a":"\ud800"}"#,
    ] {
        decoder.push(value.as_bytes()).unwrap_err();
    }
    decoder.push_null();
    decoder.push(br#"{"a":NaN}"#).unwrap();
    assert_eq!(
        (decoder.len(), decoder.special_floats(), decoder.shape()),
        (2, 1, start)
    );
    let columns = decoder.finish();
    assert_eq!(columns.fields.len(), 1);
    assert_eq!(
        column(&columns, "_extra").as_string::<i64>().iter().collect::<Vec<_>>(),
        [None, Some("{\"a\": NaN}")]
    );
}
