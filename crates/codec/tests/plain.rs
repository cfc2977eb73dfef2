//! The formats of one column: raw, string, int, long.

mod common;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_schema::DataType;
use common::batch;
use kaframe_codec::{Columns, Decoder, DecoderOptions, ValueError, ValueFormat, decoder};

fn new(format: ValueFormat) -> Box<dyn Decoder> {
    decoder(&DecoderOptions::new(format))
}

fn finished(decoder: &mut Box<dyn Decoder>) -> Columns {
    let shape = decoder.shape();
    assert!(!decoder.needs_replay());
    assert_eq!(decoder.special_floats(), 0);
    let columns = decoder.finish();
    batch(&columns);
    assert_eq!((columns.fields.len(), columns.fields[0].name().as_str()), (1, "value"));
    assert_eq!(
        (&columns.shape, columns.fields[0].data_type()),
        (&shape, &shape.data_type())
    );
    assert!(decoder.is_empty());
    columns
}

#[test]
fn raw_keeps_every_byte_and_empty_is_not_null() {
    let mut decoder = new(ValueFormat::Raw);
    decoder.push(b"\xff\0").unwrap();
    decoder.push_null();
    decoder.push(b"").unwrap();
    assert_eq!(decoder.len(), 3);
    let columns = finished(&mut decoder);
    assert_eq!(columns.fields[0].data_type(), &DataType::LargeBinary);
    assert_eq!(
        columns.arrays[0].as_binary::<i64>().iter().collect::<Vec<_>>(),
        [Some(&b"\xff\0"[..]), None, Some(b"")]
    );
    decoder.push(b"x").unwrap();
    assert_eq!(finished(&mut decoder).arrays[0].null_count(), 0);
}

#[test]
fn strings_are_utf8_or_malformed() {
    let mut decoder = new(ValueFormat::String);
    decoder.push("é".as_bytes()).unwrap();
    let error = decoder.push(b"ab\xc3").unwrap_err();
    assert_eq!(
        error,
        ValueError {
            byte: 2,
            reason: "invalid UTF-8".to_string()
        }
    );
    assert_eq!(error.to_string(), "invalid UTF-8 at byte 2");
    decoder.push(b"").unwrap();
    decoder.push_null();
    let columns = finished(&mut decoder);
    assert_eq!(
        columns.arrays[0].as_string::<i64>().iter().collect::<Vec<_>>(),
        [Some("é"), Some(""), None]
    );
}

#[test]
fn integers_are_big_endian_and_of_one_length() {
    let mut int = new(ValueFormat::Int);
    int.push(&(-2i32).to_be_bytes()).unwrap();
    int.push_null();
    int.push(&i32::MAX.to_be_bytes()).unwrap();
    let error = int.push(b"12345").unwrap_err();
    assert_eq!(error.reason, "format int takes 4 bytes, the value has 5");
    let columns = finished(&mut int);
    let values: Vec<_> = columns.arrays[0].as_primitive::<Int64Type>().iter().collect();
    assert_eq!(values, [Some(-2), None, Some(i32::MAX.into())]);

    let mut long = new(ValueFormat::Long);
    long.push(&i64::MIN.to_be_bytes()).unwrap();
    assert_eq!(
        long.push(b"").unwrap_err().reason,
        "format long takes 8 bytes, the value has 0"
    );
    assert_eq!(
        finished(&mut long).arrays[0].as_primitive::<Int64Type>().value(0),
        i64::MIN
    );
}
