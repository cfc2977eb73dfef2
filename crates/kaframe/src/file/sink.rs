//! Where record batches become the bytes of one file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::csv::Csv;
use super::format::{FileCompression, FileFormat};
use super::ipc::Ipc;
use super::ndjson::Ndjson;
use super::parquet::Parquet;
use super::temporary::{Hidden, Temporary};
use super::write_error;
use crate::error::{Error, ErrorKind, Result};

/// Bytes gathered before the system is asked to write them.
const BUFFER: usize = 1 << 20;

/// Bytes of a file, counted.
pub(super) type Out = BufWriter<Counted>;

/// Key and value, for formats that have a place for them.
pub(super) type Metadata = Vec<(String, String)>;

/// One format: batches in, bytes out.
pub(super) trait Encoder: Send {
    /// Takes a batch of the file's schema.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Problem>;
    /// Ends the file.
    fn finish(self: Box<Self>, metadata: &Metadata) -> Result<Out, Problem>;
}

/// Why bytes could not be made or written.
#[derive(Debug)]
pub(super) enum Problem {
    /// The operating system said no.
    Io(io::Error),
    /// The data does not go into the format.
    Data(String),
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Problem {
        Problem::Io(error)
    }
}

/// A file that counts what is written to it.
#[derive(Debug)]
pub(super) struct Counted {
    file: File,
    bytes: Arc<AtomicU64>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// How the bytes of a file are made.
#[derive(Debug, Clone)]
pub(super) struct Recipe {
    pub format: FileFormat,
    pub compression: FileCompression,
    pub row_group_size: usize,
    pub row_group_bytes: usize,
    pub schema: SchemaRef,
    /// What is known before the first row.
    pub metadata: Metadata,
}

/// One file that is being written.
pub(super) struct Sink {
    encoder: Box<dyn Encoder>,
    temporary: Temporary,
    rows: u64,
    /// Bytes that the system has taken.
    bytes: Arc<AtomicU64>,
}

/// A file that is complete and on the disk, under its hidden name.
#[derive(Debug)]
pub(super) struct Complete {
    pub temporary: Temporary,
    pub rows: u64,
    pub bytes: u64,
}

impl Sink {
    /// Creates the file.
    pub fn create(path: PathBuf, recipe: &Recipe, to_be_kept: bool) -> Result<Sink> {
        let (temporary, file) = Temporary::create(&path, to_be_kept)?;
        let bytes = Arc::<AtomicU64>::default();
        let counted = Counted {
            file,
            bytes: bytes.clone(),
        };
        let out = BufWriter::with_capacity(BUFFER, counted);
        let encoder: Result<Box<dyn Encoder>, Problem> = match recipe.format {
            FileFormat::Parquet => Parquet::new(out, recipe).map(|one| Box::new(one) as _),
            FileFormat::Arrow => Ipc::new(out, recipe).map(|one| Box::new(one) as _),
            FileFormat::Csv => Csv::new(out, recipe).map(|one| Box::new(one) as _),
            FileFormat::Ndjson => Ndjson::new(out, recipe).map(|one| Box::new(one) as _),
        };
        Ok(Sink {
            encoder: encoder.map_err(|problem| told(problem, &path, &bytes))?,
            temporary,
            rows: 0,
            bytes,
        })
    }

    /// The name it is written under.
    pub fn hidden(&self) -> Arc<Hidden> {
        self.temporary.hidden()
    }

    /// Takes rows.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        let written = self.encoder.write(batch);
        written.map_err(|problem| told(problem, self.temporary.path(), &self.bytes))
    }

    /// Ends the file and brings it to the disk.
    pub fn finish(self, metadata: &Metadata) -> Result<Complete> {
        let path = self.temporary.path().to_owned();
        let bytes = self.bytes;
        let failed = |error: &io::Error| write_error(&path, bytes.load(Ordering::Relaxed), error);
        let out = self.encoder.finish(metadata);
        let out = out.map_err(|problem| told(problem, &path, &bytes))?;
        let counted = out.into_inner().map_err(|error| failed(error.error()))?;
        counted.file.sync_all().map_err(|error| failed(&error))?;
        Ok(Complete {
            temporary: self.temporary,
            rows: self.rows,
            bytes: bytes.load(Ordering::Relaxed),
        })
    }
}

fn told(problem: Problem, path: &Path, bytes: &AtomicU64) -> Error {
    match problem {
        Problem::Io(error) => write_error(path, bytes.load(Ordering::Relaxed), &error),
        Problem::Data(reason) => Error::new(
            ErrorKind::Schema,
            format!("the rows cannot be written to {}: {reason}", path.display()),
        ),
    }
}
