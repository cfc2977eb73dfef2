//! One JSON array of objects.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::Renderer;
use super::json_rows::JsonRows;
use crate::exit::Failure;

/// Prints an array, one object a line.
pub struct Json<W> {
    out: W,
    escape: bool,
    rows: u64,
}

impl<W: Write> Json<W> {
    /// To `out`, which is a terminal if `escape`.
    pub fn new(out: W, escape: bool) -> Self {
        Json { out, escape, rows: 0 }
    }
}

impl<W: Write> Renderer for Json<W> {
    fn begin(&mut self, _schema: &SchemaRef) -> Result<(), Failure> {
        self.out.write_all(b"[").map_err(Failure::stdout)
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let rows = JsonRows::new(batch)?;
        for row in 0..batch.num_rows() {
            let before: &[u8] = if self.rows == 0 { b"\n" } else { b",\n" };
            self.out.write_all(before).map_err(Failure::stdout)?;
            self.out
                .write_all(rows.get(row, self.escape)?.as_bytes())
                .map_err(Failure::stdout)?;
            self.rows += 1;
        }
        self.out.flush().map_err(Failure::stdout)
    }

    fn end(&mut self) -> Result<(), Failure> {
        let end: &[u8] = if self.rows == 0 { b"]\n" } else { b"\n]\n" };
        self.out.write_all(end).map_err(Failure::stdout)?;
        self.out.flush().map_err(Failure::stdout)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array};

    use super::*;

    #[test]
    fn an_array_is_closed_whatever_is_in_it() {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let batch = RecordBatch::try_from_iter([("n", column)]).unwrap();
        let print = |batches: &[RecordBatch]| {
            let mut out = Vec::new();
            let mut json = Json::new(&mut out, false);
            json.begin(&batch.schema()).unwrap();
            batches.iter().for_each(|b| json.batch(b).unwrap());
            json.end().unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(print(&[]), "[]\n");
        assert_eq!(
            print(&[batch.clone(), batch.slice(0, 1)]),
            "[\n{\"n\":1},\n{\"n\":2},\n{\"n\":1}\n]\n"
        );
    }
}
