//! NDJSON: one JSON object a line, as records of format `json` are written. What it says can be written back with `kaframe write`.

use arrow_array::RecordBatch;
use kaframe_codec::{EncodeFormat, encode_values};

use super::sink::{Encoder, Metadata, Out, Problem, Recipe};
use super::text::Text;

/// Rows that are made into text at a time.
const STEP: usize = 4096;

pub(super) struct Ndjson {
    out: Text,
    line: Vec<u8>,
}

impl Ndjson {
    pub fn new(out: Out, recipe: &Recipe) -> Result<Ndjson, Problem> {
        Ok(Ndjson {
            out: Text::new(out, recipe.compression)?,
            line: Vec::new(),
        })
    }
}

impl Encoder for Ndjson {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Problem> {
        for start in (0..batch.num_rows()).step_by(STEP) {
            let rows = batch.slice(start, STEP.min(batch.num_rows() - start));
            let rows = encode_values(&rows, EncodeFormat::Json)
                .map_err(|error| Problem::Data(format!("column {:?}: {}", error.column, error.reason)))?;
            self.line.clear();
            for row in rows.iter().flatten() {
                self.line.extend_from_slice(row);
                self.line.push(b'\n');
            }
            self.out.write(&self.line)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>, _: &Metadata) -> Result<Out, Problem> {
        Ok(self.out.finish()?)
    }
}
