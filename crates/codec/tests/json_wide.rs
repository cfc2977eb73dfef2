//! More top-level keys than become columns, over several splits: the columns settle, and do not depend on the splits.

mod common;

use common::{checked, decode_bytes, rows_json};
use kaframe_codec::{Columns, DecoderOptions, Shape, ValueFormat, widen};

fn wide(from: usize, to: usize, value: &str) -> String {
    let members: Vec<String> = (from..to).map(|i| format!(r#""k{i}":{value}"#)).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn splits_of_wide_objects_settle_on_the_columns_of_the_whole() {
    let texts = [
        wide(0, 300, "1"),
        wide(250, 450, "1.5"),
        wide(400, 900, "2"),
        // In its own split the last keys overflow, though one of them is among the first columns of the whole.
        wide(100, 700, "\"x\"")
            .replace("\"k100\"", "\"k999\"")
            .replace("\"k699\"", "\"k100\""),
        "{}".to_string(),
    ];
    let values: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
    let whole = decode_bytes(&DecoderOptions::new(ValueFormat::Json), &values);
    assert_eq!(whole.fields.len(), 501);
    let whole_rows = rows_json(&whole);
    for cut in 0..=values.len() {
        let splits = [&values[..cut], &values[cut..]];
        let options = DecoderOptions::new(ValueFormat::Json);
        let mut parts: Vec<Columns> = splits.iter().map(|split| decode_bytes(&options, split)).collect();
        let joined = loop {
            let joined = parts.iter().fold(Shape::Null, |joined, part| joined.join(&part.shape));
            let stale: Vec<usize> = (0..parts.len())
                .filter(|&i| !parts[i].shape.widens_exactly_to(&joined))
                .collect();
            if stale.is_empty() {
                break joined;
            }
            for i in stale {
                let options = DecoderOptions {
                    start: Some(joined.clone()),
                    ..options.clone()
                };
                parts[i] = decode_bytes(&options, splits[i]);
            }
        };
        assert_eq!(joined, whole.shape, "cut at {cut}");
        let rows: Vec<String> = parts
            .into_iter()
            .flat_map(|part| rows_json(&checked(widen(part, &joined))))
            .collect();
        assert_eq!(rows, whole_rows, "cut at {cut}");
    }
}
