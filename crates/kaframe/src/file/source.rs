//! Files as record batches, to be written to a topic.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_ipc::reader::FileReader;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::format::FileFormat;
use super::io_error;
use crate::error::{Error, ErrorKind, Result};

/// Rows of a batch.
const BATCH: usize = 65_536;

/// The record batches of a Parquet or Arrow file, or of all such files of a folder, in the order of their names.
pub struct FileSource {
    files: std::vec::IntoIter<PathBuf>,
    at: Option<(PathBuf, Reader)>,
}

enum Reader {
    Parquet(ParquetRecordBatchReader),
    Arrow(FileReader<BufReader<File>>),
}

impl FileSource {
    /// Opens a file or a folder.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where it cannot be opened, [`ErrorKind::Config`] where it is of another format, or the folder holds no such file.
    pub fn open(path: impl AsRef<Path>) -> Result<FileSource> {
        let path = path.as_ref();
        let there = fs::metadata(path).map_err(|error| not_opened(path, &error))?;
        let files = if there.is_dir() {
            in_folder(path)?
        } else {
            format_of(path)?;
            vec![path.to_owned()]
        };
        Ok(FileSource {
            files: files.into_iter(),
            at: None,
        })
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some((path, reader)) = &mut self.at {
                let next = match reader {
                    Reader::Parquet(reader) => reader.next(),
                    Reader::Arrow(reader) => reader.next(),
                };
                match next {
                    Some(batch) => return batch.map(Some).map_err(|error| damaged(path, &error)),
                    None => self.at = None,
                }
            }
            let Some(path) = self.files.next() else {
                return Ok(None);
            };
            let file = File::open(&path).map_err(|error| not_opened(&path, &error))?;
            let reader = match format_of(&path)? {
                FileFormat::Parquet => {
                    let builder =
                        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| damaged(&path, &error))?;
                    let reader = builder.with_batch_size(BATCH).build();
                    Reader::Parquet(reader.map_err(|error| damaged(&path, &error))?)
                }
                _ => Reader::Arrow(FileReader::try_new_buffered(file, None).map_err(|error| damaged(&path, &error))?),
            };
            self.at = Some((path, reader));
        }
    }
}

impl Iterator for FileSource {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Result<RecordBatch>> {
        self.next_batch().transpose()
    }
}

impl std::fmt::Debug for FileSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileSource")
            .field("left", &self.files)
            .finish_non_exhaustive()
    }
}

fn format_of(path: &Path) -> Result<FileFormat> {
    match FileFormat::of_path(path) {
        Some(format @ (FileFormat::Parquet | FileFormat::Arrow)) => Ok(format),
        Some(FileFormat::Ndjson | FileFormat::Csv) | None => Err(Error::config(format!(
            "{} is neither a Parquet nor an Arrow file by its name",
            path.display()
        ))
        .with_hint("lines of JSON are written with `kaframe write TOPIC < FILE`; load others into a DataFrame first")),
    }
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| io_error("look into", folder, &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            let message = format!("{} holds folders: what their names say would be lost", folder.display());
            return Err(Error::config(message).with_hint("load it into a DataFrame, or write the files one by one"));
        }
        if format_of(&path).is_ok() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Error::config(format!(
            "the folder {} holds no Parquet and no Arrow file",
            folder.display()
        )));
    }
    files.sort();
    Ok(files)
}

/// A file that is asked for and cannot be opened; the folder of one that is written is another matter.
fn not_opened(path: &Path, error: &io::Error) -> Error {
    let failed = Error::new(ErrorKind::Io, format!("cannot open {}: {error}", path.display()));
    match error.kind() {
        io::ErrorKind::NotFound => failed.with_hint("check the path; it counts from the folder that this runs in"),
        _ => failed,
    }
}

fn damaged(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::Schema, format!("cannot read {}: {error}", path.display()))
}
