//! The whole decoder on every instruction set that this machine has: the same answers, columns and shapes.

mod common;
#[path = "common/reference.rs"]
mod reference;

use common::rows_json;
use kaframe_codec::{Decoder, DecoderOptions, ValueFormat, json_decoders};
use proptest::prelude::*;

/// What may stand behind a value and would go on in it.
const BEHIND: [&[u8]; 4] = [
    b"0123456789,\"x\":[1]}]}",
    b"\"}]}\",\"id\":1}",
    b",\"zz\":{\"n\":null}}",
    b"}]",
];

/// A decoder for each instruction set.
fn every(options: &DecoderOptions) -> Vec<Box<dyn Decoder>> {
    json_decoders(options).into_iter().map(|(_, decoder)| decoder).collect()
}

/// Pushes `values` into two decoders for each kernel, once from memory of their own and once from the middle of a buffer,
/// and asserts that nothing tells them apart.
fn agree(options: &DecoderOptions, values: &[Vec<u8>]) {
    let mut decoders = every(options);
    let kernels = decoders.len();
    decoders.extend(every(options));
    for (i, value) in values.iter().enumerate() {
        let behind = BEHIND[i % BEHIND.len()].repeat(8);
        let buffer = [b"{\"a\":".as_slice(), value, &behind].concat();
        let mut answers = decoders.iter_mut().enumerate().map(|(which, decoder)| {
            let answer = if which < kernels {
                // A value in memory of its own: a read behind its end would be seen by a memory checker.
                let value: Box<[u8]> = value.as_slice().into();
                decoder.push(&value)
            } else {
                decoder.push_within(&buffer, 5..5 + value.len())
            };
            (
                answer,
                decoder.shape(),
                decoder.needs_replay(),
                decoder.special_floats(),
                decoder.len(),
            )
        });
        let first = answers.next().unwrap();
        for answer in answers {
            assert_eq!(answer, first, "{}", String::from_utf8_lossy(value));
        }
    }
    if decoders[0].needs_replay() {
        return;
    }
    let mut columns = decoders.iter_mut().map(|decoder| decoder.finish());
    let first = columns.next().unwrap();
    for other in columns {
        assert_eq!(other.shape, first.shape);
        assert_eq!(rows_json(&other), rows_json(&first));
        assert_eq!(other.arrays, first.arrays);
    }
}

fn record() -> impl Strategy<Value = Vec<u8>> {
    // Records of one producer, with strings and numbers of all lengths, so that every member comes to stand at every
    // distance from the end.
    let text = prop_oneof![4 => "[ -!#-\\[\\]-~]{0,70}", 1 => "[a-zé€😀\\\\/]{0,40}"];
    let number = prop_oneof![
        "-?[1-9][0-9]{0,20}",
        "-?(0|[1-9][0-9]{0,9})\\.[0-9]{1,12}",
        Just("null".to_string())
    ];
    ("[0-9]{1,3}", text, number, any::<bool>(), 0u8..3, "[a-z]{0,40}").prop_map(|(id, text, number, ok, space, last)| {
        let space = ["", " ", "\n  "][usize::from(space)];
        let text = serde_json::to_string(&text).unwrap();
        let id: u32 = id.parse().unwrap();
        format!(
            "{{\"id\":{space}{id},\"a rather long key, longer than a block\":{text},{space}\"n\":{number},\"o\":{{\"ok\":{ok},\"l\":[{number},{space}1]}},\"z\":\"{last}\"}}"
        )
        .into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn records_of_one_producer(records in prop::collection::vec(record(), 1..12), strict: bool) {
        agree(&DecoderOptions { strict, ..DecoderOptions::new(ValueFormat::Json) }, &records);
    }

    #[test]
    fn documents_that_drift(documents in prop::collection::vec((reference::object(), 0u8..16), 1..12), fixed: bool) {
        let values: Vec<Vec<u8>> = documents.iter().map(|(value, style)| reference::write(value, *style)).collect();
        agree(&DecoderOptions { fixed, ..DecoderOptions::new(ValueFormat::Json) }, &values);
        let select = Some(vec!["a".to_string(), "b.c".to_string()]);
        agree(&DecoderOptions { select, ..DecoderOptions::new(ValueFormat::Json) }, &values);
    }

    #[test]
    fn damaged_records(
        records in prop::collection::vec(record(), 2..6),
        damage in prop::collection::vec((0usize..6, 0usize..300, any::<u8>(), 0u8..3), 1..4),
    ) {
        let mut records = records;
        for (which, at, byte, how) in damage {
            let which = which % records.len();
            let record = &mut records[which];
            let at = at % (record.len() + 1);
            match how {
                0 => record.insert(at, byte),
                1 => record.truncate(at),
                _ => if at < record.len() { record[at] = byte },
            }
        }
        agree(&DecoderOptions::new(ValueFormat::Json), &records);
        let mut decoder = kaframe_codec::decoder(&DecoderOptions { strict: true, ..DecoderOptions::new(ValueFormat::Json) });
        for record in &records {
            if let Some(expected) = reference::parse(record) && !record.starts_with(b"\xef\xbb\xbf") {
                prop_assert_eq!(decoder.push(record).is_ok(), expected.is_ok(), "{}", String::from_utf8_lossy(record));
            }
        }
    }
}
