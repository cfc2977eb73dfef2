//! A Markdown table, as GitHub and others understand it.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::Renderer;
use super::cell::{Cells, Reader, is_number};
use crate::exit::Failure;
use crate::terminal;

/// Widest cell that the others of its column are padded to: one long text does not fill all rows with blanks.
const LINED_UP: usize = 200;

/// Prints a Markdown table.
pub struct Markdown<W> {
    out: W,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    right: bool,
    cells: Vec<String>,
}

impl<W: Write> Markdown<W> {
    /// To `out`.
    pub fn new(out: W) -> Self {
        Markdown {
            out,
            columns: Vec::new(),
        }
    }
}

/// What Markdown would take for more than text. A bar ends a cell, a backslash may hide that, angle brackets are HTML.
fn escape(text: &str) -> String {
    terminal::escape(text)
        .replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace('<', "&lt;")
        .replace('`', "\\`")
        .replace('*', "\\*")
}

impl<W: Write> Renderer for Markdown<W> {
    fn begin(&mut self, schema: &SchemaRef) -> Result<(), Failure> {
        let columns = schema.fields().iter();
        self.columns = columns
            .map(|f| Column {
                name: escape(f.name()),
                right: is_number(f.data_type()),
                cells: Vec::new(),
            })
            .collect();
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let schema = batch.schema();
        for (index, column) in self.columns.iter_mut().enumerate() {
            let cells = Cells::new(schema.field(index), batch.column(index), Reader::Person)?;
            for row in 0..batch.num_rows() {
                column
                    .cells
                    .push(cells.get(row)?.map_or_else(String::new, |text| escape(&text)));
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Failure> {
        let widths: Vec<usize> = self.columns.iter().map(Column::width).collect();
        let rows = self.columns.first().map_or(0, |column| column.cells.len());
        let mut lines = vec![self.line(&widths, |column| &column.name)];
        lines.push(self.rule(&widths));
        lines.extend((0..rows).map(|row| self.line(&widths, |column| &column.cells[row])));
        for line in lines {
            writeln!(self.out, "{line}").map_err(Failure::stdout)?;
        }
        self.out.flush().map_err(Failure::stdout)
    }
}

impl<W> Markdown<W> {
    fn line<'a>(&'a self, widths: &[usize], text: impl Fn(&'a Column) -> &'a str) -> String {
        let mut line = String::from("|");
        for (column, width) in self.columns.iter().zip(widths) {
            let text = text(column);
            let pad = " ".repeat(width.saturating_sub(terminal::text_width(text)));
            let (before, after) = if column.right {
                (pad.as_str(), "")
            } else {
                ("", pad.as_str())
            };
            line.extend([" ", before, text, after, " |"]);
        }
        line
    }

    fn rule(&self, widths: &[usize]) -> String {
        let mut line = String::from("|");
        for (column, width) in self.columns.iter().zip(widths) {
            let end = if column.right { ':' } else { '-' };
            line.push_str(&format!(" {}{end} |", "-".repeat(width - 1)));
        }
        line
    }
}

impl Column {
    /// Of the widest cell that can still be lined up; Markdown itself needs no padding.
    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| terminal::text_width(cell));
        let widths = cells.chain([terminal::text_width(&self.name)]);
        widths.filter(|width| *width <= LINED_UP).fold(3, usize::max)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, StringArray};

    use super::*;

    #[test]
    fn a_long_text_pads_no_other() {
        let long = "z".repeat(70_000);
        let text: ArrayRef = Arc::new(StringArray::from(vec![Some(long.as_str()), Some("short")]));
        let batch = RecordBatch::try_from_iter([("text", text)]).unwrap();
        let mut out = Vec::new();
        let mut markdown = Markdown::new(&mut out);
        markdown.begin(&batch.schema()).unwrap();
        markdown.batch(&batch).unwrap();
        markdown.end().unwrap();
        let expected = format!("| text  |\n| ----- |\n| {long} |\n| short |\n");
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn bars_and_markup_stay_text() {
        let text: ArrayRef = Arc::new(StringArray::from(vec![Some("a|b"), Some("<b>"), None]));
        let number: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 30_000]));
        let batch = RecordBatch::try_from_iter([("text", text), ("n", number)]).unwrap();
        let mut out = Vec::new();
        let mut markdown = Markdown::new(&mut out);
        markdown.begin(&batch.schema()).unwrap();
        markdown.batch(&batch).unwrap();
        markdown.end().unwrap();
        let expected = "\
| text   |     n |
| ------ | ----: |
| a\\|b   |     1 |
| &lt;b> |     2 |
|        | 30000 |
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
