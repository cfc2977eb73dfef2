//! One line per field, one block per row: for rows with many columns or long values.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::Renderer;
use super::cell::{Cells, Reader};
use crate::exit::Failure;
use crate::terminal::{self, Style};

/// Prints blocks.
pub struct Vertical<W> {
    out: W,
    rows: u64,
}

impl<W: Write> Vertical<W> {
    /// To `out`.
    pub fn new(out: W) -> Self {
        Vertical { out, rows: 0 }
    }
}

impl<W: Write> Renderer for Vertical<W> {
    fn begin(&mut self, _schema: &SchemaRef) -> Result<(), Failure> {
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let schema = batch.schema();
        let names: Vec<String> = schema
            .fields()
            .iter()
            .map(|field| terminal::escape(field.name()).into_owned())
            .collect();
        let width = names.iter().map(|name| terminal::text_width(name)).max().unwrap_or(0);
        let columns = schema.fields().iter().zip(batch.columns());
        let columns = columns
            .map(|(field, array)| Cells::new(field, array, Reader::Person))
            .collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            self.rows += 1;
            let head = format!("-- row {} --", self.rows);
            writeln!(self.out, "{}", terminal::styled_stdout(&head, Style::Dim)).map_err(Failure::stdout)?;
            for (name, cells) in names.iter().zip(&columns) {
                let pad = " ".repeat(width.saturating_sub(terminal::text_width(name)));
                let text = cells.get(row)?;
                let text = match &text {
                    Some(text) => terminal::escape(text),
                    None => terminal::styled_stdout("null", Style::Dim),
                };
                let name = terminal::styled_stdout(name, Style::Bold);
                writeln!(self.out, "{name}{pad}  {text}").map_err(Failure::stdout)?;
            }
        }
        self.out.flush().map_err(Failure::stdout)
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::stdout)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, StringArray};

    use super::*;

    #[test]
    fn a_name_may_be_longer_than_a_format_can_pad() {
        let long = "n".repeat(70_000);
        let one: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        let batch = RecordBatch::try_from_iter([(long.as_str(), one.clone()), ("b", one)]).unwrap();
        let mut out = Vec::new();
        let mut vertical = Vertical::new(&mut out);
        vertical.batch(&batch).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap().lines().nth(2).map(str::len),
            Some(70_003)
        );
    }

    #[test]
    fn names_line_up_and_control_characters_are_written_out() {
        let text: ArrayRef = Arc::new(StringArray::from(vec![Some("a\x1b[1m\nb"), None]));
        let number: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let batch = RecordBatch::try_from_iter([("text", text), ("n", number)]).unwrap();
        let mut out = Vec::new();
        let mut vertical = Vertical::new(&mut out);
        vertical.batch(&batch).unwrap();
        vertical.end().unwrap();
        let expected = "-- row 1 --\ntext  a\\u{1b}[1m\\nb\nn     1\n-- row 2 --\ntext  null\nn     2\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
