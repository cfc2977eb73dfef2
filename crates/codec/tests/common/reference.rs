//! serde_json as the second opinion: strict acceptance, duplicate keys refused, and equality of documents with rows.

#![allow(dead_code)]

use std::fmt;

use proptest::prelude::*;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A document in which no object has a key twice.
pub struct Distinct(pub Value);

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Document;
        impl<'de> Visitor<'de> for Document {
            type Value = Distinct;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON document")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Distinct, E> {
                Ok(Distinct(Value::Bool(value)))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Distinct, E> {
                Ok(Distinct(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Distinct, E> {
                Ok(Distinct(value.into()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Distinct, E> {
                Ok(Distinct(Number::from_f64(value).map_or(Value::Null, Value::Number)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Distinct, E> {
                Ok(Distinct(value.into()))
            }
            fn visit_unit<E>(self) -> Result<Distinct, E> {
                Ok(Distinct(Value::Null))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Distinct, A::Error> {
                let mut list = Vec::new();
                while let Some(Distinct(item)) = items.next_element()? {
                    list.push(item);
                }
                Ok(Distinct(Value::Array(list)))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Distinct, A::Error> {
                let mut map = Map::new();
                while let Some((key, Distinct(value))) = members.next_entry::<String, Distinct>()? {
                    if map.insert(key, value).is_some() {
                        return Err(de::Error::custom("duplicate key"));
                    }
                }
                Ok(Distinct(Value::Object(map)))
            }
        }
        deserializer.deserialize_any(Document)
    }
}

/// What serde_json makes of `data`; `None` where it refuses a number for its size, which is no matter of grammar.
pub fn parse(data: &[u8]) -> Option<Result<Value, String>> {
    match serde_json::from_slice::<Distinct>(data) {
        Ok(Distinct(value)) => Some(Ok(value)),
        Err(error) if error.to_string().contains("number out of range") => None,
        Err(error) => Some(Err(error.to_string())),
    }
}

/// Whether a row says what the document says: a missing key is a null, a number the same number.
pub fn same(document: &Value, row: &Value) -> bool {
    match (document, row) {
        (Value::Object(a), Value::Object(b)) => {
            a.iter()
                .all(|(key, value)| same(value, b.get(key).unwrap_or(&Value::Null)))
                && b.iter()
                    .all(|(key, value)| same(a.get(key).unwrap_or(&Value::Null), value))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Number(a), Value::Number(b)) => a == b || (a.as_f64() == b.as_f64() && a.as_f64().is_some()),
        (a, b) => a == b,
    }
}

/// Documents that drift: few keys, all kinds of values under each.
pub fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        2 => Just(Value::Null),
        2 => any::<bool>().prop_map(Value::from),
        4 => (-20i64..20).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => (-9007199254740994i64..-9007199254740990).prop_map(Value::from),
        2 => any::<f64>().prop_map(Value::from),
        2 => (-1000i32..1000).prop_map(|v| Value::from(f64::from(v) / 8.0)),
        3 => "[a-z]{0,20}".prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Documents that are objects.
pub fn object() -> impl Strategy<Value = Value> {
    prop::collection::vec((key(), value()), 0..5).prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(str::to_string),
        2 => prop::sample::select(vec!["", "a.b", "é", "\"", "\\", "\n", "value", "_extra"]).prop_map(str::to_string),
    ]
}

/// Writes a document with more or less whitespace and escapes, as `style` has it.
pub fn write(value: &Value, style: u8) -> Vec<u8> {
    let mut out = Vec::new();
    write_value(value, style, &mut out);
    if style & 8 != 0 {
        out.push(b'\n');
    }
    out
}

fn write_value(value: &Value, style: u8, out: &mut Vec<u8>) {
    let space: &[u8] = if style & 1 != 0 { b" " } else { b"" };
    match value {
        Value::Object(members) => {
            out.push(b'{');
            for (i, (key, value)) in members.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                    out.extend_from_slice(space);
                }
                write_text(key, style, out);
                if style & 2 != 0 {
                    out.extend_from_slice(b" \t");
                }
                out.push(b':');
                out.extend_from_slice(space);
                write_value(value, style, out);
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            out.extend_from_slice(space);
            for (i, value) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_value(value, style, out);
            }
            out.extend_from_slice(space);
            out.push(b']');
        }
        Value::String(text) => write_text(text, style, out),
        other => out.extend_from_slice(other.to_string().as_bytes()),
    }
}

fn write_text(text: &str, style: u8, out: &mut Vec<u8>) {
    if style & 4 == 0 {
        out.extend_from_slice(Value::from(text).to_string().as_bytes());
        return;
    }
    out.push(b'"');
    for unit in text.encode_utf16() {
        out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
    }
    out.push(b'"');
}
