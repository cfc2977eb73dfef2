//! Selected columns: these, in this order, whatever else the values hold.

mod common;
#[path = "common/reference.rs"]
mod reference;

use common::{batch, decode_bytes, rows_json};
use kaframe_codec::{Columns, DecoderOptions, Shape, ValueFormat, decoder};
use proptest::prelude::*;
use serde_json::Value;

fn options(names: &[&str]) -> DecoderOptions {
    let select = Some(names.iter().map(|name| name.to_string()).collect());
    DecoderOptions {
        select,
        ..DecoderOptions::new(ValueFormat::Json)
    }
}

fn select(names: &[&str], values: &[&str]) -> Columns {
    let values: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
    let columns = decode_bytes(&options(names), &values);
    batch(&columns);
    columns
}

#[test]
fn keys_and_paths_in_the_order_asked_for() {
    let values = [
        r#"{"id":1,"user":{"id":"u1","address":{"city":"X","zip":"1"}},"rest":[1,2]}"#,
        r#"{"user":{"address":null,"id":"u2"},"id":2.5}"#,
        r#"{"user":7}"#,
        "null",
        "5",
    ];
    let columns = select(&["user.address.city", "id", "user.id", "missing"], &values);
    assert_eq!(
        rows_json(&columns),
        [
            r#"{"user.address.city":"X","id":1.0,"user.id":"u1","missing":null}"#,
            r#"{"user.address.city":null,"id":2.5,"user.id":"u2","missing":null}"#,
            r#"{"user.address.city":null,"id":null,"user.id":null,"missing":null}"#,
            r#"{"user.address.city":null,"id":null,"user.id":null,"missing":null}"#,
            r#"{"user.address.city":null,"id":null,"user.id":null,"missing":null}"#
        ]
    );
}

#[test]
fn an_object_and_a_part_of_it() {
    let columns = select(&["user.id", "user"], &[r#"{"user":{"id":1,"name":"x"}}"#]);
    assert_eq!(rows_json(&columns), [r#"{"user.id":1,"user":{"id":1,"name":"x"}}"#]);
}

#[test]
fn a_key_with_a_dot_is_a_key_too() {
    let values = [
        r#"{"a.b":1}"#,
        r#"{"a":{"b":2}}"#,
        r#"{"a.b":3,"a":{"b":"unseen"}}"#,
        r#"{"a":{"b":4},"a\u002eb":5}"#,
    ];
    assert_eq!(
        rows_json(&select(&["a.b"], &values)),
        [1, 2, 3, 4].map(|b| format!(r#"{{"a.b":{b}}}"#))
    );
}

#[test]
fn values_that_are_no_objects_have_the_key_value() {
    assert_eq!(
        rows_json(&select(&["value"], &["1", r#"{"value":2}"#, r#"{"x":3}"#])),
        [r#"{"value":1}"#, r#"{"value":2}"#, r#"{"value":null}"#]
    );
}

#[test]
fn nothing_selected_still_counts_rows() {
    let columns = select(&[], &["{}", r#"{"a":1}"#]);
    assert_eq!((columns.rows, columns.fields.len()), (2, 0));
}

#[test]
fn the_rest_is_checked_for_structure_only() {
    let mut decoder = decoder(&options(&["a"]));
    for value in [
        &b"{\"b\":\"\xff\\q\n\",\"a\":1}"[..],
        b"{\"b\":[01,tru,1.e],\"a\":2}",
        b"{\"c\":1,\"c\":2,\"a\":3}",
    ] {
        decoder.push(value).unwrap();
    }
    // A widening looks no closer at what nobody selected.
    decoder.push(b"{\"b\":\"\xff\",\"a\":\"x\",\"c\":01}").unwrap();
    assert!(decoder.needs_replay());
    let rows = decoder.len();
    for value in [
        &b"{\"b\":[1}"[..],
        b"{\"b\":{\"c\":1,}}",
        b"{\"b\":\"x}",
        b"{\"b\" 1}",
        b"{\"b\":1",
        b"{\"b\":1}}",
        b"{\"b\":}",
        b"{\"a\":1,\"a\":2}",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":01}",
    ] {
        decoder.push(value).unwrap_err();
        assert_eq!(decoder.len(), rows);
    }
}

#[test]
fn a_fixed_selection_notes_what_does_not_fit() {
    let mut sample = decoder(&options(&["id", "user.id"]));
    sample.push(br#"{"id":1,"user":{"id":2}}"#).unwrap();
    let mut decoder = decoder(&DecoderOptions {
        start: Some(sample.shape()),
        fixed: true,
        ..options(&["id", "user.id"])
    });
    decoder
        .push(br#"{"id":"x","new":1,"user":{"id":"y","new":2}}"#)
        .unwrap();
    decoder.push(br#"{"id":1,"new":1}"#).unwrap();
    let columns = decoder.finish();
    assert_eq!(
        rows_json(&columns),
        [
            r#"{"id":null,"user.id":null,"_extra":{"id": "x", "user": {"id": "y"}}}"#,
            r#"{"id":1,"user.id":null,"_extra":null}"#
        ]
    );
}

#[test]
fn the_start_may_be_the_shape_of_whole_values() {
    let mut sample = common::json();
    sample.push(br#"{"id":1.5,"user":{"id":2.5}}"#).unwrap();
    let mut decoder = decoder(&DecoderOptions {
        start: Some(sample.shape()),
        ..options(&["user.id"])
    });
    decoder.push(br#"{"user":{"id":3}}"#).unwrap();
    let Shape::Struct(shape) = decoder.shape() else {
        panic!()
    };
    assert_eq!(shape.iter().collect::<Vec<_>>(), [("user.id", &Shape::Float)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn selected_columns_equal_those_of_a_whole_read(
        documents in prop::collection::vec((reference::object(), 0u8..16), 1..12),
        names in prop::sample::subsequence(vec!["a", "b", "c", "é", "value"], 0..4).prop_shuffle(),
    ) {
        let texts: Vec<Vec<u8>> = documents.iter().map(|(value, style)| reference::write(value, *style)).collect();
        let values: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        let whole = decode_bytes(&DecoderOptions::new(ValueFormat::Json), &values);
        let selected = decode_bytes(&options(&names), &values);
        prop_assert_eq!(selected.fields.iter().map(|field| field.name().as_str()).collect::<Vec<_>>(), names);
        for (field, array) in selected.fields.iter().zip(&selected.arrays) {
            match whole.fields.iter().position(|other| other.name() == field.name()) {
                Some(at) => {
                    prop_assert_eq!(&whole.fields[at], field);
                    prop_assert_eq!(&whole.arrays[at], array);
                }
                None => prop_assert_eq!(array.len(), array.logical_null_count()),
            }
        }
    }

    #[test]
    fn what_a_whole_read_accepts_a_selection_accepts(text in "[{}\\[\\]\":,ab 01.e\\\\u-]{0,24}") {
        let accepted = common::json().push(text.as_bytes()).is_ok();
        let selected = decoder(&options(&["a"])).push(text.as_bytes()).is_ok();
        prop_assert!(selected || !accepted, "{text}");
        prop_assert!(!accepted || serde_json::from_str::<Value>(&text).is_ok(), "{text}");
    }
}

#[test]
fn spelling_and_order_change_nothing() {
    let values = [
        r#"{"x":[1,{"y":"]"}],"a":1,"o":{"b":"u","z":-1.5e3},"long long long long long long key":true}"#,
        r#"{"x":[1,{"y":"]"}],"a":2,"o":{"b":"u","z":-1.5e3},"long long long long long long key":true}"#,
        r#"{"x":  "é\"","a": 3 , "o":{ "b" : null, "z":""} }"#,
        r#"{ "a":4,"x":{},"o":{"z":[],"b":"w"}}"#,
        r#"{"o":{"b":"\u0062"},"\u0061":5,"x":null}"#,
        r#"{"x":"0123456789012345678901234567890123456789","a":6}"#,
        r#"{"a":7,"x":7}"#,
        r#"{}"#,
        r#"{"x":[1,{"y":"]"}],"a":8,"o":{"b":"u","z":-1.5e3},"long long long long long long key":true}"#,
    ];
    let columns = select(&["a", "o.b"], &values);
    assert_eq!(
        rows_json(&columns),
        [
            r#"{"a":1,"o.b":"u"}"#,
            r#"{"a":2,"o.b":"u"}"#,
            r#"{"a":3,"o.b":null}"#,
            r#"{"a":4,"o.b":"w"}"#,
            r#"{"a":5,"o.b":"b"}"#,
            r#"{"a":6,"o.b":null}"#,
            r#"{"a":7,"o.b":null}"#,
            r#"{"a":null,"o.b":null}"#,
            r#"{"a":8,"o.b":"u"}"#,
        ]
    );
    let mut decoder = decoder(&options(&["a", "o.b"]));
    for value in &values[..2] {
        decoder.push(value.as_bytes()).unwrap();
    }
    for malformed in [
        r#"{"x":[1,{"y":"]"}],"a":1,"o":{"b":"u","z":-1.5e3},"long long long long long long key":true,}"#,
        r#"{"x":[1,{"y":"]"}],"a":1,"a":2}"#,
        r#"{"x":[1,{"y":"]"}],"x":1,"a":1,"a":1}"#,
        r#"{"x":[1,{"y":"]"}] "a":1}"#,
        r#"{,"x":[1],"a":1}"#,
        r#"{"x":[1,{"y":"]"}],"a":1,"o":{"b":"u","z":-1.5e3"#,
        r#"{"x":[1,{"y":"]"}],"a":1,"o":{"b":"u","z":"#,
        r#"{"x":,"a":1}"#,
    ] {
        assert!(decoder.push(malformed.as_bytes()).is_err(), "{malformed}");
        let buffer = [malformed, values[0]].concat();
        assert!(
            decoder.push_within(buffer.as_bytes(), 0..malformed.len()).is_err(),
            "{malformed}"
        );
    }
    assert_eq!(decoder.len(), 2);
}

#[test]
fn no_further_than_the_last_key_that_is_wanted() {
    let no_further = DecoderOptions {
        no_further: true,
        ..options(&["n", "user.id"])
    };
    let values: [&[u8]; 5] = [
        br#"{"x":[1,{"n":2}],"n":1,"user":{"a":[],"id":"u"},"rest":{"n":[tru"#,
        br#"{"user":{"id":"v"},"n":2}"#,
        br#"{"user.id":"w","n":3,"n":4}"#,
        br#"{"n":4,"user":{"name":"x"},"last":true}"#,
        br#"{"user":{"id":"y"}}"#,
    ];
    let columns = decode_bytes(&no_further, &values);
    assert_eq!(
        rows_json(&columns),
        [
            r#"{"n":1,"user.id":"u"}"#,
            r#"{"n":2,"user.id":"v"}"#,
            r#"{"n":3,"user.id":"w"}"#,
            r#"{"n":4,"user.id":null}"#,
            r#"{"n":null,"user.id":"y"}"#
        ]
    );
    // What stands before them is read as ever, and a value that ends too soon has not all of them.
    for malformed in [
        r#"{"x":[1,"n":1,"user":{"id":2}}"#,
        r#"{"n":1,"user":{"id":2"#,
        r#"{"n":1"#,
    ] {
        let mut decoder = decoder(&no_further);
        assert!(decoder.push(malformed.as_bytes()).is_err(), "{malformed}");
    }
}
