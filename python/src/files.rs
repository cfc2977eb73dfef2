//! Files: a scan written to them, and their batches on the way to a topic.

use std::path::PathBuf;
use std::sync::Mutex;

use kaframe::{Error, FileOptions, FileSource, Written};
use pyo3::prelude::*;

use crate::batch::RecordBatch;
use crate::error;

/// The dictionary `FileArguments`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct FileArguments {
    format: String,
    compression: Option<String>,
    row_group_size: usize,
    partition_by: Vec<String>,
    overwrite: bool,
    pub(crate) state: Option<PathBuf>,
}

impl FileArguments {
    pub(crate) fn options(self) -> kaframe::Result<FileOptions> {
        Ok(FileOptions {
            format: Some(self.format.parse()?),
            compression: self.compression.map(|text| text.parse()).transpose()?,
            row_group_size: self.row_group_size,
            partition_by: self.partition_by,
            overwrite: self.overwrite,
        })
    }
}

/// Path, rows and bytes of each file; the report as text and as JSON; the bookmark as JSON.
pub(crate) type WrittenTexts = (Vec<(PathBuf, u64, u64)>, (String, String), String);

/// What was written, for Python.
pub(crate) fn written_texts(written: Written) -> WrittenTexts {
    let files = written.files.iter();
    let files = files.map(|file| (file.path.clone(), file.rows, file.bytes)).collect();
    (
        files,
        crate::reader::report_texts(&written.report),
        written.next_start.to_string(),
    )
}

/// Batches of a Parquet or Arrow file, or of a folder of such files.
#[pyfunction]
pub(crate) fn file_batches(py: Python<'_>, path: PathBuf) -> PyResult<FileBatches> {
    let source = py.detach(|| FileSource::open(path));
    source
        .map(|source| FileBatches(Mutex::new(source)))
        .map_err(|failed: Error| error::to_python(py, &failed))
}

/// An iterator of the record batches of files.
#[pyclass(module = "kaframe._native", frozen)]
pub(crate) struct FileBatches(Mutex<FileSource>);

#[pymethods]
impl FileBatches {
    fn __iter__(this: Py<FileBatches>) -> Py<FileBatches> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<RecordBatch>> {
        let next = py.detach(|| self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).next());
        let batch = next.transpose().map_err(|failed| error::to_python(py, &failed))?;
        Ok(batch.map(RecordBatch))
    }
}
