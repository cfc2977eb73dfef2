//! Tables as they are printed, character by character.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array, StringArray, TimestampMillisecondArray};

use super::*;

fn print(batch: &RecordBatch, width: Option<usize>, frame: Frame) -> String {
    let mut out = Vec::new();
    let mut table = Table {
        out: &mut out,
        width,
        frame,
        columns: Vec::new(),
        rows: 0,
    };
    table.begin(&batch.schema()).unwrap();
    table.batch(batch).unwrap();
    table.end().unwrap();
    String::from_utf8(out).unwrap()
}

fn batch() -> RecordBatch {
    let number: ArrayRef = Arc::new(Int64Array::from(vec![Some(0), Some(-1000), None]));
    let key: ArrayRef = Arc::new(StringArray::from(vec![
        Some("日本"),
        None,
        Some("a\x1b]0;title\x07\nb"),
    ]));
    let time: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![1_763_845_292_123; 3]).with_timezone("UTC"));
    RecordBatch::try_from_iter([("number", number), ("_key", key), ("_timestamp", time)]).unwrap()
}

#[test]
fn names_types_rows_and_shape() {
    let expected = "\
┌────────┬─────────────────────────┬─────────────────────────┐
│ number │ _key                    │ _timestamp              │
│  int64 │ string                  │ timestamp[ms, UTC]      │
├────────┼─────────────────────────┼─────────────────────────┤
│      0 │ 日本                    │ 2025-11-22 21:01:32.123 │
│  -1000 │ null                    │ 2025-11-22 21:01:32.123 │
│   null │ a\\u{1b}]0;title\\u{7}\\nb │ 2025-11-22 21:01:32.123 │
└────────┴─────────────────────────┴─────────────────────────┘
3 rows × 3 columns
";
    let printed = print(&batch(), None, UNICODE);
    let widths: BTreeSet<usize> = printed.lines().take(8).map(terminal::text_width).collect();
    assert_eq!(widths.len(), 1, "{printed}");
    assert_eq!(printed, expected);
}

#[test]
fn a_frame_of_plain_characters() {
    let one: ArrayRef = Arc::new(Int32Array::from(vec![7]));
    let batch = RecordBatch::try_from_iter([("n", one)]).unwrap();
    let expected = "\
+-------+
|     n |
| int32 |
+-------+
|     7 |
+-------+
1 row × 1 column
";
    assert_eq!(print(&batch, None, PLAIN), expected);
}

#[test]
fn it_fits_the_terminal_whatever_its_width() {
    let long: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(500)]));
    let columns: Vec<(String, ArrayRef)> = (0..12).map(|i| (format!("column_{i}"), long.clone())).collect();
    for columns in [columns.clone(), columns[..3].to_vec(), columns[..1].to_vec()] {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        for width in [40, 60, 80, 120, 200] {
            let printed = print(&batch, Some(width), UNICODE);
            let widest = printed
                .lines()
                .filter(|line| !line.contains('×'))
                .map(terminal::text_width)
                .max()
                .unwrap();
            assert!(widest <= width, "{widest} columns on a terminal of {width}:\n{printed}");
        }
    }
}

#[test]
fn columns_in_the_middle_are_left_out_and_it_is_said() {
    let number: ArrayRef = Arc::new(Int64Array::from(vec![1_000_000]));
    let batch = RecordBatch::try_from_iter((0..9).map(|i| (format!("n{i}"), number.clone()))).unwrap();
    let expected = "\
┌─────────┬─────────┬───┬─────────┐
│      n0 │      n1 │ … │      n8 │
│   int64 │   int64 │ … │   int64 │
├─────────┼─────────┼───┼─────────┤
│ 1000000 │ 1000000 │ … │ 1000000 │
└─────────┴─────────┴───┴─────────┘
1 row × 9 columns (3 shown; -f vertical shows all)
";
    assert_eq!(print(&batch, Some(40), UNICODE), expected);
}

#[test]
fn no_rows_and_no_columns() {
    let empty = batch().slice(0, 0);
    let printed = print(&empty, None, UNICODE);
    assert!(printed.ends_with("0 rows × 3 columns\n"), "{printed}");
    let nothing = RecordBatch::new_empty(Arc::new(arrow_schema::Schema::empty()));
    assert_eq!(print(&nothing, None, UNICODE), "0 rows × 0 columns\n");
}
