//! Comma-separated values by RFC 4180, with a header line; lines end as Unix lines do. A null is an empty field, an empty text a quoted one.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::Renderer;
use super::cell::{Cells, Reader};
use crate::exit::Failure;
use crate::terminal;

/// Prints CSV.
pub struct Csv<W> {
    out: W,
    escape: bool,
}

impl<W: Write> Csv<W> {
    /// To `out`, which is a terminal if `escape`.
    pub fn new(out: W, escape: bool) -> Self {
        Csv { out, escape }
    }

    fn field(&self, line: &mut String, text: &str) {
        let text = if self.escape {
            terminal::escape(text)
        } else {
            text.into()
        };
        if text.is_empty() || text.contains(['"', ',', '\n', '\r']) {
            line.push('"');
            line.push_str(&text.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(&text);
        }
    }

    fn line(&mut self, mut line: String) -> Result<(), Failure> {
        line.push('\n');
        self.out.write_all(line.as_bytes()).map_err(Failure::stdout)
    }
}

impl<W: Write> Renderer for Csv<W> {
    fn begin(&mut self, schema: &SchemaRef) -> Result<(), Failure> {
        let mut line = String::new();
        for (index, field) in schema.fields().iter().enumerate() {
            if index > 0 {
                line.push(',');
            }
            self.field(&mut line, field.name());
        }
        self.line(line)
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns());
        let columns = columns
            .map(|(field, array)| Cells::new(field, array, Reader::Program))
            .collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let mut line = String::new();
            for (index, cells) in columns.iter().enumerate() {
                if index > 0 {
                    line.push(',');
                }
                if let Some(text) = cells.get(row)? {
                    self.field(&mut line, &text);
                }
            }
            self.line(line)?;
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
    fn fields_are_quoted_where_they_must_be() {
        let text: ArrayRef = Arc::new(StringArray::from(vec![
            Some("a,b"),
            Some("say \"hi\""),
            Some("two\nlines"),
            Some(""),
            None,
            Some("plain"),
        ]));
        let number: ArrayRef = Arc::new(Int64Array::from(vec![
            Some(1),
            None,
            Some(3),
            Some(4),
            Some(5),
            Some(6),
        ]));
        let batch = RecordBatch::try_from_iter([("te,xt", text), ("n", number)]).unwrap();
        let mut out = Vec::new();
        let mut csv = Csv::new(&mut out, false);
        csv.begin(&batch.schema()).unwrap();
        csv.batch(&batch).unwrap();
        csv.end().unwrap();
        let expected = "\"te,xt\",n\n\"a,b\",1\n\"say \"\"hi\"\"\",\n\"two\nlines\",3\n\"\",4\n,5\nplain,6\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
