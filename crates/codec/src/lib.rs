//! Value bytes to Arrow columns and back: raw, string, JSON, big-endian integers.
//!
//! What it is: one [`Decoder`] per split takes the value (or key) of each record and grows Arrow columns; a [`Shape`] says what
//! was seen, joins across splits and tells whether a cast can widen finished columns or the records must be decoded again.
//! [`encode_rows`] goes the other way.
//!
//! What it is not: it knows no Kafka, opens no socket, reads no file. Malformed values come back as [`ValueError`] with a byte
//! position; what happens to them (null row, error, skip) is the caller's policy.
//!
//! Where the truth is written: RFC 8259 for JSON, the Arrow columnar format for the arrays, `arrow.json` (Arrow canonical
//! extension types) for JSON text.

mod bits;
mod columns;
mod decoder;
mod detect;
mod encode;
mod error;
mod format;
mod integer;
mod json;
mod json_object;
mod pages;
mod raw;
mod shape;
mod string;
mod varlen;
mod widen;

pub use bits::Ready;
pub use columns::{Columns, EXTRA, VALUE};
pub use decoder::{Decoder, DecoderOptions, TopLevel, decoder, json_decoders};
pub use detect::{Detection, detect_key, detect_value};
pub use encode::{EncodeFormat, Rows, encode_key, encode_rows, encode_values, merge_extra, refuse_infinite};
pub use error::{EncodeError, ValueError};
pub use format::{UnknownFormat, ValueFormat};
pub use json_object::JsonObject;
pub use shape::{Shape, StructShape, is_json};
pub use widen::widen;
