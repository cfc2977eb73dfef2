//! Topics whose records are objects: a value that is none is an error and changes no column.

mod common;

use common::{checked, rows_json};
use kaframe_codec::{DecoderOptions, Shape, TopLevel, ValueError, ValueFormat, decoder};

fn options() -> DecoderOptions {
    DecoderOptions {
        top: TopLevel::Objects,
        ..DecoderOptions::new(ValueFormat::Json)
    }
}

#[test]
fn a_stray_value_is_an_error_and_pollutes_nothing() {
    let strays: [(&[u8], usize, &str); 6] = [
        (b"17", 0, "number"),
        (b" -1.5e3", 1, "number"),
        (b"NaN", 0, "number"),
        (b"\"x\"", 0, "string"),
        (b"\xef\xbb\xbf[{\"b\":1}]", 3, "array"),
        (b"true", 0, "boolean"),
    ];
    for before in [&b""[..], b"{\"a\":1}"] {
        for (stray, byte, kind) in strays {
            let mut decoder = decoder(&options());
            if !before.is_empty() {
                decoder.push(before).unwrap();
            }
            let shape = decoder.shape();
            let error = ValueError {
                byte,
                reason: format!("a JSON {kind} where this topic's records are objects"),
            };
            assert_eq!(decoder.push(stray), Err(error));
            assert_eq!(decoder.shape(), shape);
            assert_eq!(decoder.special_floats(), 0);
            assert!(!decoder.needs_replay());
            decoder.push(b"{\"a\":2}").unwrap();
            let rows = rows_json(&checked(decoder.finish()));
            assert_eq!(rows.last().unwrap(), "{\"a\":2}");
        }
    }
}

#[test]
fn without_it_a_stray_value_turns_the_rest_into_text() {
    let mut decoder = decoder(&DecoderOptions::new(ValueFormat::Json));
    decoder.push(b"{\"a\":1}").unwrap();
    decoder.push(b"17").unwrap();
    assert!(decoder.needs_replay());
    assert_eq!(decoder.shape(), Shape::JsonText);
}

#[test]
fn malformed_values_keep_their_reason_and_null_is_a_row() {
    let mut decoder = decoder(&options());
    assert_eq!(decoder.push(b"").unwrap_err().reason, "empty value");
    assert_eq!(
        decoder.push(b"nul").unwrap_err().reason,
        "expected a JSON value, found 'n'"
    );
    assert_eq!(decoder.push(b"01").unwrap_err().reason, "a number has a leading zero");
    decoder.push(b"null").unwrap();
    decoder.push(b"{\"a\":1}").unwrap();
    assert_eq!(rows_json(&checked(decoder.finish())), ["{\"a\":null}", "{\"a\":1}"]);
}

#[test]
fn selected_columns_refuse_them_too() {
    let mut decoder = decoder(&DecoderOptions {
        select: Some(vec!["value".to_string()]),
        ..options()
    });
    assert!(decoder.push(b"17").is_err());
    decoder.push(b"{\"value\":17}").unwrap();
    assert_eq!(decoder.len(), 1);
}
