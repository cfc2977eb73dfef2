//! Files: what a scan gives, saved as Parquet, Arrow, CSV or NDJSON.
//!
//! A file is there whole or not at all: it is written under a hidden name beside its own, brought to the disk, and renamed. A folder of several files is
//! written at once on several cores, and `partition_by` parts it into folders `name=value`. With a state file ([`crate::Cluster::export`]) each run adds only
//! what is new. Reading files back, to write them to a topic, is in `source`.
//!
//! `format` (which), `options` (how), `target` (where), `temporary` (whole or not at all), `sink` with one file per format (bytes), `partition` (which rows go
//! where), `output` (several files at once), `export` and `state` (run after run).

mod csv;
mod export;
mod format;
mod ipc;
mod ndjson;
mod options;
mod output;
mod parquet;
mod partition;
mod sink;
mod source;
mod state;
mod target;
mod temporary;
mod text;

use std::io;
use std::path::{Path, PathBuf};

pub use self::export::Exported;
pub use self::format::{FileCompression, FileFormat};
pub use self::options::FileOptions;
use self::output::Output;
pub use self::source::FileSource;
use self::target::Target;
use crate::blocking;
use crate::bookmark::Bookmark;
use crate::error::{Error, ErrorKind, Result};
use crate::report::Report;
use crate::scan::{Scan, cancellable};

/// Bytes of batches that wait to be written: making files is slower than reading, so what waits is as much as may.
const ON_THE_WAY: u64 = 128 << 20;

/// What was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// The files, in the order of their names.
    pub files: Vec<WrittenFile>,
    /// What the read accounts for. It is in the metadata of Parquet and Arrow files too.
    pub report: Report,
    /// Where the next read starts.
    pub next_start: Bookmark,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WrittenFile {
    /// Where it is.
    pub path: PathBuf,
    /// Rows in it.
    pub rows: u64,
    /// Bytes of it.
    pub bytes: u64,
}

impl Written {
    /// Rows of all files.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

impl Scan {
    /// Writes it all to a file, or to a folder of files where `path` is a folder or ends with a slash, or where `partition_by` is asked for.
    ///
    /// The format is that of the options or else of the name's ending. Its schema is that of a stream: fixed after a sample.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a target that is there already (and `overwrite` is not set), or options that do not fit; [`ErrorKind::Io`] where the operating
    /// system says no; and what reading fails with. No file is left behind under its name, and what was there before stays.
    pub async fn write_file(&self, path: impl AsRef<Path>, options: FileOptions) -> Result<Written> {
        let target = Target::of(path.as_ref(), &options)?;
        let (written, staged) = self.stage(&target, &options).await?;
        staged.commit(options.overwrite)?;
        Ok(written)
    }

    /// [`Scan::write_file`] as Parquet.
    pub async fn write_parquet(&self, path: impl AsRef<Path>, options: FileOptions) -> Result<Written> {
        self.write_file(path, options.format(FileFormat::Parquet)).await
    }

    /// [`Scan::write_file`] as an Arrow IPC file.
    pub async fn write_ipc(&self, path: impl AsRef<Path>, options: FileOptions) -> Result<Written> {
        self.write_file(path, options.format(FileFormat::Arrow)).await
    }

    /// [`Scan::write_file`] as CSV.
    pub async fn write_csv(&self, path: impl AsRef<Path>, options: FileOptions) -> Result<Written> {
        self.write_file(path, options.format(FileFormat::Csv)).await
    }

    /// [`Scan::write_file`] as one JSON object a line.
    pub async fn write_ndjson(&self, path: impl AsRef<Path>, options: FileOptions) -> Result<Written> {
        self.write_file(path, options.format(FileFormat::Ndjson)).await
    }

    /// Reads it all into files that do not have their names yet.
    async fn stage(&self, target: &Target, options: &FileOptions) -> Result<(Written, output::Staged)> {
        let cancel = &self.options().cancel;
        // What names folders is read along, and left out of the files where it was not asked for.
        let along = partition::not_asked_for(&options.partition_by, self.options());
        let scan = if along.is_empty() {
            self.clone()
        } else {
            self.with_columns_along(&along)
        };
        let mut stream = scan.stream_within(ON_THE_WAY).await?;
        let names: Vec<&str> = self.plan().topics.iter().map(|topic| topic.name.as_str()).collect();
        let mut output = Output::new(target, options, &stream.schema(), &along, &names.join(","))?;
        while let Some(batch) = stream.next().await {
            // Where either fails or is cancelled, what was begun goes with `output`, without waiting for who still writes.
            cancellable(cancel, output.write(batch?)).await?;
        }
        let (report, next_start) = (stream.report(), stream.next_start());
        let metadata = vec![
            ("kaframe.report".to_owned(), report.to_json()),
            ("kaframe.next_start".to_owned(), next_start.to_string()),
        ];
        let staged = cancellable(cancel, output.finish(metadata)).await?;
        let written = Written {
            files: staged.files(),
            report,
            next_start,
        };
        Ok((written, staged))
    }
}

impl blocking::Scan {
    /// See [`Scan::write_file`].
    pub fn write_file(&self, path: impl AsRef<Path>, options: FileOptions) -> Result<Written> {
        self.block_on(self.as_async().write_file(path, options))
    }

    /// See [`Scan::write_parquet`].
    pub fn write_parquet(&self, path: impl AsRef<Path>, options: FileOptions) -> Result<Written> {
        self.block_on(self.as_async().write_parquet(path, options))
    }

    /// See [`Scan::write_ipc`].
    pub fn write_ipc(&self, path: impl AsRef<Path>, options: FileOptions) -> Result<Written> {
        self.block_on(self.as_async().write_ipc(path, options))
    }

    /// See [`Scan::write_csv`].
    pub fn write_csv(&self, path: impl AsRef<Path>, options: FileOptions) -> Result<Written> {
        self.block_on(self.as_async().write_csv(path, options))
    }

    /// See [`Scan::write_ndjson`].
    pub fn write_ndjson(&self, path: impl AsRef<Path>, options: FileOptions) -> Result<Written> {
        self.block_on(self.as_async().write_ndjson(path, options))
    }
}

/// An error of the operating system about a path.
fn io_error(what: &str, path: &Path, error: &io::Error) -> Error {
    let message = format!("cannot {what} {}: {error}", path.display());
    let failed = Error::new(ErrorKind::Io, message);
    match error.kind() {
        io::ErrorKind::NotFound => failed.with_hint("its folder must exist"),
        kind => with_way_out(failed, kind),
    }
}

/// The same for a file of which so many bytes were written.
fn write_error(path: &Path, bytes: u64, error: &io::Error) -> Error {
    let bytes = crate::number::counted(bytes, "byte", "bytes");
    let message = format!("cannot write {}: {error} (after {bytes})", path.display());
    with_way_out(Error::new(ErrorKind::Io, message), error.kind())
}

fn with_way_out(error: Error, kind: io::ErrorKind) -> Error {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => error
            .with_hint("nothing of it is left, and what was there before is as it was; free some space, or write elsewhere"),
        io::ErrorKind::FileTooLarge => {
            error.with_hint("nothing of it is left; the system limits the size of a file here (`ulimit -f`): write to a folder of files, or elsewhere")
        }
        _ => error,
    }
}
