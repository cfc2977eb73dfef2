//! The JSON decoder: lines of the input are records of one topic. Every instruction set must give the same answers, shapes
//! and columns, whether a record stands alone or among the others, and records must be refused exactly when serde_json
//! refuses them. The first byte chooses the options.
#![no_main]

use std::collections::HashSet;

use kaframe_codec::{Decoder, DecoderOptions, TopLevel, ValueFormat, json_decoders};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else {
        return;
    };
    let bit = |at: u8| choice >> at & 1 == 1;
    let options = DecoderOptions {
        strict: bit(0),
        fixed: bit(1),
        select: bit(2).then(|| vec!["a".to_string(), "b.c".to_string()]),
        top: if bit(3) { TopLevel::Objects } else { TopLevel::Any },
        ..DecoderOptions::new(ValueFormat::Json)
    };
    let mut decoders = every(&options);
    let kernels = decoders.len();
    decoders.extend(every(&options));
    let mut start = 0;
    for line in data.split(|byte| *byte == b'\n') {
        let mut first = None;
        for (which, decoder) in decoders.iter_mut().enumerate() {
            let answer = if which < kernels {
                // In memory of its own, so that a read behind the end is seen.
                let record: Box<[u8]> = line.into();
                decoder.push(&record)
            } else {
                // Among the others, whose bytes must change nothing.
                decoder.push_within(data, start..start + line.len())
            };
            let seen = (
                answer,
                decoder.shape(),
                decoder.needs_replay(),
                decoder.special_floats(),
                decoder.len(),
            );
            match &first {
                None => first = Some(seen),
                Some(first) => assert_eq!(&seen, first),
            }
        }
        start += line.len() + 1;
        let Some((answer, ..)) = first else { return };
        if options.strict && options.select.is_none() && options.top == TopLevel::Any {
            compare(line, answer.is_ok());
        }
    }
    if decoders[0].needs_replay() {
        return;
    }
    let mut finished = decoders.iter_mut().map(|decoder| decoder.finish());
    let first = finished.next().expect("the portable one");
    for array in &first.arrays {
        array.to_data().validate_full().expect("a valid array");
    }
    for other in finished {
        assert_eq!(
            (&other.shape, &other.fields, other.rows),
            (&first.shape, &first.fields, first.rows)
        );
        for (other, first) in other.arrays.iter().zip(&first.arrays) {
            assert_eq!(other.to_data(), first.to_data());
        }
    }
});

/// A decoder for each instruction set.
fn every(options: &DecoderOptions) -> Vec<Box<dyn Decoder>> {
    json_decoders(options).into_iter().map(|(_, decoder)| decoder).collect()
}

/// Asks serde_json, where it follows the same rules: it has another limit of depth, looks at the size of numbers, knows no
/// byte order mark, and takes a key twice.
fn compare(record: &[u8], accepted: bool) {
    let deep = record.iter().filter(|byte| matches!(byte, b'{' | b'[')).count() > 100;
    if deep || record.starts_with(b"\xef\xbb\xbf") {
        return;
    }
    let grammar = serde_json::from_slice::<&RawValue>(record).is_ok();
    match serde_json::from_slice::<Distinct>(record) {
        Ok(_) => assert!(accepted, "{}", String::from_utf8_lossy(record)),
        // A number out of range is no matter of grammar.
        Err(error) if grammar && error.to_string().contains("number out of range") => {}
        Err(error) => assert!(!accepted, "{}: {error}", String::from_utf8_lossy(record)),
    }
}

/// A document in which no object has a key twice.
struct Distinct;

impl<'de> serde::Deserialize<'de> for Distinct {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Document)
    }
}

struct Document;

impl<'de> serde::de::Visitor<'de> for Document {
    type Value = Distinct;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON document")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_str<E>(self, _: &str) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_unit<E>(self) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Distinct, A::Error> {
        while items.next_element::<Distinct>()?.is_some() {}
        Ok(Distinct)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut members: A) -> Result<Distinct, A::Error> {
        let mut keys = HashSet::new();
        while let Some((key, Distinct)) = members.next_entry::<String, Distinct>()? {
            if !keys.insert(key) {
                return Err(serde::de::Error::custom("a key twice"));
            }
        }
        Ok(Distinct)
    }
}
