//! One JSON object a line, as they come.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::Renderer;
use super::json_rows::JsonRows;
use crate::exit::Failure;

/// Prints lines of JSON.
pub struct Ndjson<W> {
    out: W,
    escape: bool,
}

impl<W: Write> Ndjson<W> {
    /// To `out`, which is a terminal if `escape`.
    pub fn new(out: W, escape: bool) -> Self {
        Ndjson { out, escape }
    }
}

impl<W: Write> Renderer for Ndjson<W> {
    fn begin(&mut self, _schema: &SchemaRef) -> Result<(), Failure> {
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let rows = JsonRows::new(batch)?;
        for row in 0..batch.num_rows() {
            self.out
                .write_all(rows.get(row, self.escape)?.as_bytes())
                .map_err(Failure::stdout)?;
            self.out.write_all(b"\n").map_err(Failure::stdout)?;
        }
        self.out.flush().map_err(Failure::stdout)
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::stdout)
    }
}
