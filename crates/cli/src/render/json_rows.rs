//! Rows as JSON objects, one each, on one line.
//!
//! What a stream keeps beside its fixed columns (`_extra`, an object of the fields that did not fit) goes back to where it came from, so that a
//! row printed is the row that was written.

use std::borrow::Cow;
use std::fmt::Write;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use kaframe_codec::{EXTRA, EncodeFormat, Rows, encode_rows, merge_extra};

use super::not_printable;
use crate::exit::Failure;
use crate::terminal::is_control;

/// Rows of a batch as JSON.
pub struct JsonRows {
    rows: Rows,
    extra: Option<ArrayRef>,
}

impl JsonRows {
    /// Encodes a batch.
    pub fn new(batch: &RecordBatch) -> Result<JsonRows, Failure> {
        let schema = batch.schema();
        let extra = schema.index_of(EXTRA).ok();
        let kept: Vec<usize> = (0..batch.num_columns()).filter(|index| Some(*index) != extra).collect();
        let rest = batch.project(&kept).map_err(not_printable)?;
        Ok(JsonRows {
            rows: encode_rows(&rest, EncodeFormat::Json).map_err(not_printable)?,
            extra: extra.map(|index| batch.column(index).clone()),
        })
    }

    /// One row. `escape` writes characters that a terminal might act on as `\u…`, which means the same in JSON.
    pub fn get(&self, row: usize, escape: bool) -> Result<Cow<'_, str>, Failure> {
        let text = std::str::from_utf8(self.rows.get(row).unwrap_or(b"null")).map_err(not_printable)?;
        let text = match self.extra.as_ref().filter(|extra| extra.is_valid(row)) {
            Some(extra) => Cow::Owned(merge_extra(text, &extra_text(extra, row)).map_err(not_printable)?),
            None => Cow::Borrowed(text),
        };
        Ok(if text.chars().any(|c| is_line_break(c) || (escape && is_control(c))) {
            Cow::Owned(on_one_line(&text, escape))
        } else {
            text
        })
    }
}

fn extra_text(extra: &ArrayRef, row: usize) -> String {
    match extra.as_string_opt::<i64>() {
        Some(texts) => texts.value(row).to_owned(),
        None => String::new(),
    }
}

/// Line breaks outside of strings are white space in JSON; inside they are always escaped. JSON text that was kept as it came has them.
fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

fn on_one_line(text: &str, escape: bool) -> String {
    let mut line = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_line_break(c) || c == '\t' {
            line.push(' ');
        } else if escape && is_control(c) {
            let mut units = [0u16; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(line, "\\u{unit:04x}");
            }
        } else {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Int64Array, LargeStringArray};

    use super::*;

    #[test]
    fn lines_stay_lines_and_terminals_stay_calm() {
        assert_eq!(on_one_line("{\n\t\"a\": 1\r\n}", false), "{  \"a\": 1  }");
        assert_eq!(
            on_one_line("{\"a\":\"\u{9b}\u{202e}\u{e0001}é\"}", true),
            r#"{"a":"\u009b\u202e\udb40\udc01é"}"#
        );
    }

    #[test]
    fn a_batch_with_extra_has_no_such_field() {
        let a: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
        let extra: ArrayRef = Arc::new(LargeStringArray::from(vec![None, Some(r#"{"a":"x"}"#)]));
        let batch = RecordBatch::try_from_iter([("a", a), (EXTRA, extra)]).unwrap();
        let rows = JsonRows::new(&batch).unwrap();
        assert_eq!(rows.get(0, false).unwrap(), r#"{"a":1}"#);
        assert_eq!(rows.get(1, false).unwrap(), r#"{"a":"x"}"#);
    }
}
