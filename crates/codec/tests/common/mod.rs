//! What the tests of decoding share.
#![allow(dead_code)]

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::Schema;
use kaframe_codec::{Columns, Decoder, DecoderOptions, EncodeFormat, ValueFormat, decoder, encode_rows};
use std::sync::Arc;

/// A JSON decoder from nothing.
pub fn json() -> Box<dyn Decoder> {
    decoder(&DecoderOptions::new(ValueFormat::Json))
}

/// Decodes documents, with as many replays as it takes.
pub fn decode_bytes(options: &DecoderOptions, values: &[&[u8]]) -> Columns {
    let mut options = options.clone();
    for _ in 0..10 {
        let mut decoder = decoder(&options);
        for value in values {
            decoder
                .push(value)
                .unwrap_or_else(|error| panic!("{}: {error}", String::from_utf8_lossy(value)));
        }
        if !decoder.needs_replay() {
            return checked(decoder.finish());
        }
        options.start = Some(decoder.shape());
    }
    panic!("the shape does not settle");
}

/// Decodes documents from nothing.
pub fn decode(values: &[&str]) -> Columns {
    let values: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
    decode_bytes(&DecoderOptions::new(ValueFormat::Json), &values)
}

/// Asserts that the parts of `columns` agree with each other.
pub fn checked(columns: Columns) -> Columns {
    batch(&columns);
    columns
}

/// The columns as a record batch, which checks types and lengths.
pub fn batch(columns: &Columns) -> RecordBatch {
    let options = RecordBatchOptions::new().with_row_count(Some(columns.rows));
    let schema = Arc::new(Schema::new(columns.fields.clone()));
    let batch = RecordBatch::try_new_with_options(schema, columns.arrays.clone(), &options).unwrap();
    for column in batch.columns() {
        column.to_data().validate_full().unwrap();
    }
    batch
}

/// The column called `name`.
pub fn column(columns: &Columns, name: &str) -> ArrayRef {
    let at = columns.fields.iter().position(|field| field.name() == name).unwrap();
    columns.arrays[at].clone()
}

/// Each row as JSON, as the encoder writes it.
pub fn rows_json(columns: &Columns) -> Vec<String> {
    let rows = encode_rows(&batch(columns), EncodeFormat::Json).unwrap();
    (0..rows.len())
        .map(|row| String::from_utf8(rows.get(row).unwrap().to_vec()).unwrap())
        .collect()
}
