//! Rows for programs that read columns: an Arrow IPC stream, or a Parquet file. Neither is for a terminal.
//!
//! Both are whole only once they have their end: a read that fails leaves a stream or file that readers refuse, never a short one that looks whole.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::Renderer;
use crate::exit::Failure;

/// Prints an Arrow IPC stream.
pub struct ArrowStream<W: Write> {
    out: Option<W>,
    writer: Option<StreamWriter<W>>,
}

impl<W: Write> ArrowStream<W> {
    /// To `out`.
    pub fn new(out: W) -> Self {
        ArrowStream {
            out: Some(out),
            writer: None,
        }
    }
}

impl<W: Write> Renderer for ArrowStream<W> {
    fn begin(&mut self, schema: &SchemaRef) -> Result<(), Failure> {
        if let Some(out) = self.out.take() {
            self.writer = Some(StreamWriter::try_new(out, schema).map_err(arrow_failure)?);
        }
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        writer.write(batch).map_err(arrow_failure)?;
        writer.get_mut().flush().map_err(Failure::stdout)
    }

    fn end(&mut self) -> Result<(), Failure> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        writer.finish().map_err(arrow_failure)?;
        writer.get_mut().flush().map_err(Failure::stdout)
    }
}

/// Prints a Parquet file.
pub struct Parquet<W: Write + Send> {
    out: Option<W>,
    writer: Option<ArrowWriter<W>>,
}

impl<W: Write + Send> Parquet<W> {
    /// To `out`.
    pub fn new(out: W) -> Self {
        Parquet {
            out: Some(out),
            writer: None,
        }
    }
}

impl<W: Write + Send> Renderer for Parquet<W> {
    fn begin(&mut self, schema: &SchemaRef) -> Result<(), Failure> {
        if let Some(out) = self.out.take() {
            let properties = WriterProperties::builder()
                .set_compression(Compression::ZSTD(ZstdLevel::default()))
                .build();
            self.writer = Some(ArrowWriter::try_new(out, schema.clone(), Some(properties)).map_err(parquet_failure)?);
        }
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        match &mut self.writer {
            Some(writer) => writer.write(batch).map_err(parquet_failure),
            None => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), Failure> {
        match self.writer.take() {
            Some(writer) => writer
                .into_inner()
                .map_err(parquet_failure)?
                .flush()
                .map_err(Failure::stdout),
            None => Ok(()),
        }
    }
}

fn arrow_failure(error: ArrowError) -> Failure {
    match error {
        ArrowError::IoError(_, error) => Failure::stdout(error),
        other => super::not_printable(other),
    }
}

fn parquet_failure(error: ParquetError) -> Failure {
    match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(error) => Failure::stdout(*error),
            Err(other) => super::not_printable(other),
        },
        other => super::not_printable(other),
    }
}
