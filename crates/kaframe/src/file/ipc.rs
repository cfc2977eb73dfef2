//! Arrow IPC files: what is known at the start is metadata of the schema, the report metadata of the footer.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_schema::{ArrowError, Schema};

use super::format::FileCompression;
use super::sink::{Encoder, Metadata, Out, Problem, Recipe};

pub(super) struct Ipc {
    writer: FileWriter<Out>,
    most_rows: usize,
}

impl Ipc {
    pub fn new(out: Out, recipe: &Recipe) -> Result<Ipc, Problem> {
        let compression = match recipe.compression {
            FileCompression::Lz4 => Some(CompressionType::LZ4_FRAME),
            FileCompression::Zstd => Some(CompressionType::ZSTD),
            _ => None,
        };
        let options = IpcWriteOptions::default()
            .try_with_compression(compression)
            .map_err(problem)?;
        let metadata: HashMap<String, String> = recipe.metadata.iter().cloned().collect();
        let schema = Schema::new_with_metadata(recipe.schema.fields().clone(), metadata);
        Ok(Ipc {
            writer: FileWriter::try_new_with_options(out, &schema, options).map_err(problem)?,
            most_rows: recipe.row_group_size,
        })
    }
}

impl Encoder for Ipc {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Problem> {
        for start in (0..batch.num_rows()).step_by(self.most_rows) {
            let rows = self.most_rows.min(batch.num_rows() - start);
            self.writer.write(&batch.slice(start, rows)).map_err(problem)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, metadata: &Metadata) -> Result<Out, Problem> {
        for (key, value) in metadata {
            self.writer.write_metadata(key.clone(), value.clone());
        }
        self.writer.finish().map_err(problem)?;
        self.writer.into_inner().map_err(problem)
    }
}

fn problem(error: ArrowError) -> Problem {
    match error {
        ArrowError::IoError(_, error) => Problem::Io(error),
        other => Problem::Data(other.to_string()),
    }
}
