//! The JSON decoder against serde_json, and against itself: however the records are split, the same columns.

mod common;
#[path = "common/reference.rs"]
mod reference;

use common::{batch, checked, json, rows_json};
use kaframe_codec::{Columns, DecoderOptions, Shape, ValueFormat, decoder, widen};
use proptest::prelude::*;
use serde_json::Value;

fn documents(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Vec<(Value, Vec<u8>)>> {
    prop::collection::vec((value, 0u8..16), 1..12).prop_map(|documents| {
        documents
            .into_iter()
            .map(|(value, style)| (value.clone(), reference::write(&value, style)))
            .collect()
    })
}

/// Decodes with replays from `start` until the shape settles.
fn settle(values: &[&[u8]], mut start: Option<Shape>) -> Columns {
    for _ in 0..20 {
        let mut decoder = decoder(&DecoderOptions {
            start,
            ..DecoderOptions::new(ValueFormat::Json)
        });
        for value in values {
            decoder.push(value).unwrap();
        }
        if !decoder.needs_replay() {
            assert_eq!(decoder.len(), values.len());
            let shape = decoder.shape();
            let columns = checked(decoder.finish());
            assert_eq!(columns.shape, shape);
            return columns;
        }
        start = Some(decoder.shape());
    }
    panic!("the shape does not settle");
}

/// What an engine does: decode each split on its own, join, then widen or decode again, until nothing changes.
fn by_splits(splits: &[Vec<&[u8]>]) -> (Shape, Vec<String>) {
    let mut parts: Vec<Columns> = splits.iter().map(|split| settle(split, None)).collect();
    loop {
        let joined = parts.iter().fold(Shape::Null, |joined, part| joined.join(&part.shape));
        if parts.iter().all(|part| part.shape.widens_exactly_to(&joined)) {
            let rows = parts.into_iter().flat_map(|part| {
                let columns = widen(part, &joined);
                assert_eq!(columns.shape, joined);
                rows_json(&checked(columns))
            });
            return (joined.clone(), rows.collect());
        }
        for (part, split) in parts.iter_mut().zip(splits) {
            if !part.shape.widens_exactly_to(&joined) {
                *part = settle(split, Some(joined.clone()));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn rows_say_what_the_documents_say(documents in documents(prop_oneof![4 => reference::object(), 1 => reference::value()])) {
        let values: Vec<&[u8]> = documents.iter().map(|(_, text)| text.as_slice()).collect();
        let columns = settle(&values, None);
        let single = !matches!(columns.shape, Shape::Struct(_));
        for ((document, _), row) in documents.iter().zip(rows_json(&columns)) {
            let row: Value = serde_json::from_str(&row).unwrap();
            let row = if single { row.get("value").unwrap_or(&Value::Null) } else { &row };
            let empty = Value::Object(Default::default());
            // A top-level null has no column of its own to be null in.
            let document = if !single && document.is_null() { &empty } else { document };
            prop_assert!(reference::same(document, row), "{document} became {row} in {:?}", columns.shape);
        }
    }

    #[test]
    fn any_split_gives_the_same(
        documents in documents(prop_oneof![4 => reference::object(), 1 => reference::value()]),
        cuts in prop::collection::vec(0usize..12, 0..4),
    ) {
        let values: Vec<&[u8]> = documents.iter().map(|(_, text)| text.as_slice()).collect();
        let whole = settle(&values, None);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(values.len())).collect();
        cuts.sort_unstable();
        let mut splits = Vec::new();
        let mut start = 0;
        for cut in cuts.into_iter().chain([values.len()]) {
            splits.push(values[start..cut].to_vec());
            start = cut;
        }
        let (shape, rows) = by_splits(&splits);
        prop_assert_eq!(&shape, &whole.shape);
        prop_assert_eq!(rows, rows_json(&whole));
    }

    #[test]
    fn joining_is_associative_and_commutative(a in documents(reference::object()), b in documents(reference::object()), c in documents(reference::object())) {
        let shape = |documents: &[(Value, Vec<u8>)]| {
            let values: Vec<&[u8]> = documents.iter().map(|(_, text)| text.as_slice()).collect();
            settle(&values, None).shape
        };
        let (a, b, c) = (shape(&a), shape(&b), shape(&c));
        prop_assert_eq!(a.join(&b).join(&c), a.join(&b.join(&c)));
        prop_assert_eq!(sorted(&a.join(&b)), sorted(&b.join(&a)));
        prop_assert_eq!(a.join(&a), a.clone());
        let joined = a.join(&b);
        prop_assert_eq!(joined.join(&a), joined);
    }

    #[test]
    fn mutated_documents_are_refused_when_serde_refuses_them(
        documents in documents(prop_oneof![reference::object(), reference::value()]),
        mutations in prop::collection::vec((0usize..400, prop_oneof![
            3 => prop::sample::select(b"{}[]\":,\\ \n0123456789eE+-.tfnua\xff\x01".to_vec()), 1 => any::<u8>()
        ], 0u8..3), 1..4),
    ) {
        let options = DecoderOptions { strict: true, ..DecoderOptions::new(ValueFormat::Json) };
        let mut decoder = decoder(&options);
        for (i, (_, text)) in documents.iter().enumerate() {
            let mut data = text.clone();
            if i > 0 {
                for (at, byte, how) in &mutations {
                    let at = at % (data.len() + 1);
                    match how {
                        0 => data.insert(at, *byte),
                        1 => data.truncate(at),
                        _ => if at < data.len() { data[at] = *byte },
                    }
                }
            }
            if data.starts_with(b"\xef\xbb\xbf") {
                continue;
            }
            let Some(expected) = reference::parse(&data) else { continue };
            let before = (decoder.len(), decoder.shape(), decoder.needs_replay());
            let result = decoder.push(&data);
            prop_assert_eq!(result.is_ok(), expected.is_ok(), "{:?}: {:?}, {:?}", String::from_utf8_lossy(&data), result, expected);
            if let Err(error) = result {
                prop_assert_eq!((decoder.len(), decoder.shape(), decoder.needs_replay()), before);
                prop_assert!(error.byte <= data.len());
            }
        }
        if !decoder.needs_replay() {
            batch(&decoder.finish());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..20), fixed: bool) {
        for format in ValueFormat::ALL {
            let mut decoder = decoder(&DecoderOptions { fixed, ..DecoderOptions::new(format) });
            let mut rows = 0;
            for value in &values {
                rows += usize::from(decoder.push(value).is_ok());
            }
            prop_assert_eq!(decoder.len(), rows);
            if !decoder.needs_replay() {
                batch(&decoder.finish());
            }
        }
    }

    #[test]
    fn json_like_bytes_never_panic(values in prop::collection::vec(prop::collection::vec(prop::sample::select(b"{}[]\":,\\ 019eE+-.truefalsenullNaNInfinityab".to_vec()), 0..40), 0..20)) {
        let mut decoder = json();
        for value in &values {
            let _ = decoder.push(value);
        }
        if !decoder.needs_replay() {
            batch(&decoder.finish());
        }
    }

    #[test]
    fn a_fixed_shape_keeps_everything(sample in documents(reference::object()), documents in documents(reference::object())) {
        let values: Vec<&[u8]> = sample.iter().map(|(_, text)| text.as_slice()).collect();
        let start = settle(&values, None).shape;
        let mut decoder = decoder(&DecoderOptions { start: Some(start), fixed: true, ..DecoderOptions::new(ValueFormat::Json) });
        let shape = decoder.shape();
        for (_, text) in sample.iter().chain(&documents) {
            decoder.push(text).unwrap();
        }
        prop_assert!(!decoder.needs_replay());
        prop_assert_eq!(decoder.shape(), shape);
        let columns = decoder.finish();
        prop_assert!(columns.has_extra);
        for (i, ((document, text), row)) in sample.iter().chain(&documents).zip(rows_json(&columns)).enumerate() {
            let mut row: Value = serde_json::from_str(&row).unwrap();
            let members = row.as_object_mut().unwrap();
            let extra = members.remove("_extra").unwrap();
            if i < sample.len() {
                prop_assert!(extra.is_null(), "{}: {extra}", String::from_utf8_lossy(text));
            }
            // A field of that name stands under another.
            if let Some(own) = members.remove("value._extra") {
                members.insert("_extra".to_string(), own);
            }
            merge(&mut row, extra);
            prop_assert!(reference::same(document, &row), "{document} became {row}");
        }
    }
}

/// Puts what `_extra` holds back where it came from.
fn merge(row: &mut Value, extra: Value) {
    match (row, extra) {
        (_, Value::Null) => {}
        (Value::Object(row), Value::Object(extra)) => {
            for (key, value) in extra {
                merge(row.entry(key).or_insert(Value::Null), value);
            }
        }
        (row, extra) => *row = extra,
    }
}

/// A shape with the fields of every object in alphabetical order.
fn sorted(shape: &Shape) -> Shape {
    match shape {
        Shape::Struct(fields) => {
            let mut names: Vec<&str> = fields.iter().map(|(name, _)| name).collect();
            names.sort_unstable();
            let mut result = kaframe_codec::StructShape::new();
            for name in names {
                result.set(name, sorted(fields.get(name).unwrap()));
            }
            Shape::Struct(result)
        }
        Shape::List(item) => Shape::List(Box::new(sorted(item))),
        other => other.clone(),
    }
}
