//! What is malformed JSON and what is not, with the byte at which it goes wrong; and that nothing of it stays.

mod common;

use common::{batch, json};
use kaframe_codec::{DecoderOptions, Shape, ValueError, ValueFormat, decoder};

fn refused(value: &[u8]) -> ValueError {
    let mut decoder = json();
    decoder.push(b"{\"z\":1}").unwrap();
    let before = decoder.shape();
    let error = decoder.push(value).expect_err(&String::from_utf8_lossy(value));
    assert_eq!(
        (decoder.len(), decoder.shape(), decoder.needs_replay()),
        (1, before, false)
    );
    decoder.push(b"{\"z\":2}").unwrap();
    assert_eq!(batch(&decoder.finish()).num_rows(), 2);
    error
}

#[test]
fn malformed_documents_name_the_byte_and_the_reason() {
    let cases: [(&[u8], usize, &str); 44] = [
        (b"", 0, "empty value"),
        (b" \n", 2, "no JSON in the value"),
        (b"\xef\xbb\xbf", 3, "no JSON in the value"),
        (b"{\"a\":1", 6, "expected a comma or }, found the end of the value"),
        (b"{\"a\":", 5, "expected a JSON value, found the end of the value"),
        (b"{\"a\"", 4, "expected a colon, found the end of the value"),
        (b"{", 1, "expected a key in double quotes, found the end of the value"),
        (b"[1,", 3, "expected a JSON value, found the end of the value"),
        (b"{\"a\":1,}", 6, "a comma before }"),
        (b"[1,]", 2, "a comma before ]"),
        (b"[,1]", 1, "expected a JSON value, found ','"),
        (b"{,\"a\":1}", 1, "expected a key in double quotes, found ','"),
        (b"{\"a\":1 \"b\":2}", 7, "expected a comma or }, found '\"'"),
        (b"[1 2]", 3, "expected a comma or ], found '2'"),
        (b"{\"a\" 1}", 5, "expected a colon, found '1'"),
        (b"[1}", 2, "expected a comma or ], found '}'"),
        (b"{\"a\":1]", 6, "expected a comma or }, found ']'"),
        (b"{\"a\":1}{\"a\":2}", 7, "'{' after the document"),
        (b"{\"a\":1}\n{\"a\":2}\n", 8, "'{' after the document"),
        (b"{\"a\":1} x", 8, "'x' after the document"),
        (b"{\"a\":1}\0", 7, "byte 0x00 after the document"),
        (b"{a:1}", 1, "expected a key in double quotes, found 'a'"),
        (b"{'a':1}", 1, "expected a key in double quotes, found '''"),
        (b"{\"a\":'x'}", 5, "expected a JSON value, found '''"),
        (b"/*c*/{}", 0, "expected a JSON value, found '/'"),
        (b"{\"a\":012}", 5, "a number has a leading zero"),
        (b"{\"a\":-012}", 6, "a number has a leading zero"),
        (b"{\"a\":1.}", 7, "expected a digit after the decimal point"),
        (b"{\"a\":.5}", 5, "expected a JSON value, found '.'"),
        (b"{\"a\":+1}", 5, "expected a JSON value, found '+'"),
        (b"{\"a\":1e}", 7, "expected a digit in the exponent"),
        (b"{\"a\":0x10}", 6, "expected a comma or }, found 'x'"),
        (b"{\"a\":-}", 6, "expected a digit"),
        (b"{\"a\":tru}", 5, "expected a JSON value, found 't'"),
        (b"{\"a\":nul", 5, "expected a JSON value, found 'n'"),
        (b"{\"a\":True}", 5, "expected a JSON value, found 'T'"),
        (b"{\"a\":Nan}", 5, "expected a JSON value, found 'N'"),
        (b"{\"a\":\"x\ny\"}", 7, "a control character in a string"),
        (b"{\"a\":\"x", 7, "the value ends inside a string"),
        (b"{\"a\":\"\xff\"}", 6, "invalid UTF-8 in a string"),
        (b"{\"\xc3\x28\":1}", 2, "invalid UTF-8 in a string"),
        (b"{\"a\":\"\\ud800\"}", 6, "a lone surrogate in a string"),
        (b"{\"a\":\"\\q\"}", 7, "an unknown escape in a string"),
        (b"\x00\x01", 0, "expected a JSON value, found byte 0x00"),
    ];
    for (value, byte, reason) in cases {
        let expected = ValueError {
            byte,
            reason: reason.to_string(),
        };
        assert_eq!(refused(value), expected, "{}", String::from_utf8_lossy(value));
    }
}

#[test]
fn duplicate_keys_are_named() {
    for (value, byte, reason) in [
        (&br#"{"a":1,"a":1}"#[..], 7, "duplicate key \"a\""),
        (br#"{"a":1,"b":2,"\u0061":3}"#, 13, "duplicate key \"a\""),
        (br#"{"z":{"b":[{"c":1,"c":2}]}}"#, 18, "duplicate key \"c\""),
        (br#"{"z":1,"z":2}"#, 7, "duplicate key \"z\""),
        (br#"{"":1,"":2}"#, 6, "duplicate key \"\""),
    ] {
        assert_eq!(
            refused(value),
            ValueError {
                byte,
                reason: reason.to_string()
            }
        );
    }
    let members: Vec<String> = (0..100_000).map(|i| format!(r#""key{}":1"#, i % 99_999)).collect();
    assert_eq!(
        refused(format!("{{{}}}", members.join(",")).as_bytes()).reason,
        "duplicate key \"key0\""
    );
    // The same key in different objects is no duplicate.
    json().push(br#"{"a":{"a":[{"a":1},{"a":2}]}}"#).unwrap();
}

#[test]
fn nesting_ends_at_128_levels_without_recursion() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = |levels: usize| format!("{}1{}", open.repeat(levels), close.repeat(levels));
        let mut decoder = json();
        decoder.push(deep(128).as_bytes()).unwrap();
        batch(&decoder.finish());
        for levels in [129, 100_000, 1_000_000] {
            let error = refused(deep(levels).as_bytes());
            assert_eq!(
                error,
                ValueError {
                    byte: 128 * open.len(),
                    reason: "nesting deeper than 128 levels".into()
                }
            );
            // Never closed, in a text column, and under a key that nobody selected.
            assert_eq!(refused(open.repeat(levels).as_bytes()), error);
            let options = DecoderOptions {
                select: Some(vec!["b".into()]),
                start: Some(Shape::JsonText),
                ..DecoderOptions::new(ValueFormat::Json)
            };
            assert!(decoder_for(&options, &deep(levels)).is_err());
            assert!(
                decoder_for(
                    &DecoderOptions {
                        select: None,
                        ..options
                    },
                    &deep(levels)
                )
                .is_err()
            );
        }
    }
}

fn decoder_for(options: &DecoderOptions, value: &str) -> Result<(), ValueError> {
    decoder(options).push(value.as_bytes())
}

#[test]
fn what_is_allowed() {
    for value in [
        &b"\xef\xbb\xbf{\"a\":1}"[..],
        b" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n",
        b"{\"a\":\"\\u0000\\/\\b\"}",
        b"{\"a\":1E+2,\"b\":-0,\"c\":0.0e-0}",
        b"\"\"",
        b"null",
        "{\"é\":\"\u{10ffff}\u{7f}\"}".as_bytes(),
    ] {
        let mut decoder = json();
        decoder.push(value).unwrap();
        batch(&decoder.finish());
    }
}

#[test]
fn special_floats_are_counted_unless_strict() {
    let mut lenient = json();
    lenient.push(br#"{"a":NaN,"b":[Infinity,-Infinity],"c":1}"#).unwrap();
    lenient.push(br#"{"a":1,"c":"x"}"#).unwrap();
    assert_eq!(lenient.special_floats(), 3);
    // In a column of JSON text too, but not when the value is malformed in the end.
    lenient.push(br#"{"c":{"d":NaN}}"#).unwrap();
    assert_eq!(lenient.special_floats(), 4);
    lenient.push(br#"{"a":NaN,"c":NaN,}"#).unwrap_err();
    assert_eq!(lenient.special_floats(), 4);
    let mut strict = decoder(&DecoderOptions {
        strict: true,
        ..DecoderOptions::new(ValueFormat::Json)
    });
    strict.push(br#"{"a":1.5}"#).unwrap();
    for value in [
        &br#"{"a":NaN}"#[..],
        br#"{"a":-Infinity}"#,
        br#"{"b":[Infinity]}"#,
        b"NaN",
    ] {
        assert!(strict.push(value).unwrap_err().reason.ends_with("is no JSON number"));
    }
    assert_eq!((strict.len(), strict.special_floats()), (1, 0));
}

#[test]
fn a_malformed_value_leaves_no_key_and_no_type_behind() {
    let mut decoder = json();
    decoder.push(br#"{"a":1,"b":{"c":[1,2]},"d":"x"}"#).unwrap();
    let before = decoder.shape();
    for value in [
        &br#"{"a":"x","#[..],
        br#"{"new":1"#,
        br#"{"b":{"new":1}"#,
        br#"{"b":{"c":[1,"x"]}"#,
        br#"{"a":2,"b":{"c":[3,4,5,{"x":1}]},"d":"y""#,
        br#"{"a":1e400,"b":{"c":[3,4,5"#,
        br#"[1"#,
    ] {
        decoder.push(value).unwrap_err();
        assert_eq!(decoder.shape(), before);
        assert!(!decoder.needs_replay());
    }
    decoder.push(br#"{"b":{"c":[9]},"d":"z"}"#).unwrap();
    assert_eq!(
        common::rows_json(&decoder.finish()),
        [
            r#"{"a":1,"b":{"c":[1,2]},"d":"x"}"#,
            r#"{"a":null,"b":{"c":[9]},"d":"z"}"#
        ]
    );
}

#[test]
fn a_large_value_is_no_trouble() {
    let text = "x".repeat(20 << 20);
    let mut decoder = json();
    decoder.push(format!(r#"{{"a":"{text}"}}"#).as_bytes()).unwrap();
    assert!(decoder.allocated_bytes() >= text.len());
    let columns = decoder.finish();
    assert_eq!(columns.arrays[0].get_array_memory_size() / text.len(), 1);
}
