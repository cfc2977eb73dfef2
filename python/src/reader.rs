//! Arrow's C stream: tables and running streams as readers that other libraries pull from.
//!
//! A consumer calls from whatever thread it likes, with or without the interpreter. On the main thread the reader takes the interpreter to hear
//! Ctrl-C; on any other it must not, since the consumer may hold the interpreter elsewhere while it waits for us (and signals are not heard
//! there anyway). A panic must not reach the C side, where it would end the process.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::OnceLock;
use std::thread::{self, ThreadId};

use arrow_array::{ArrayRef, RecordBatch, StructArray};
use arrow_schema::{ArrowError, Field, Schema};
use kaframe::{Report, panic_text};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyo3_arrow::error::PyArrowResult;
use pyo3_arrow::ffi::{ArrayIterator, to_stream_pycapsule};

static MAIN_THREAD: OnceLock<ThreadId> = OnceLock::new();

/// Notes which thread hears signals, if this is it.
pub(crate) fn remember_main_thread(py: Python<'_>) -> PyResult<()> {
    let threading = py.import("threading")?;
    if threading
        .call_method0("current_thread")?
        .is(&threading.call_method0("main_thread")?)
    {
        MAIN_THREAD.get_or_init(|| thread::current().id());
    }
    Ok(())
}

pub(crate) fn on_main_thread() -> bool {
    MAIN_THREAD.get() == Some(&thread::current().id())
}

/// Batches as a capsule `arrow_array_stream`.
pub(crate) fn capsule<'py>(
    py: Python<'py>,
    schema: &Schema,
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>> + Send + 'static,
    requested_schema: Option<Bound<'py, PyCapsule>>,
) -> PyArrowResult<Bound<'py, PyCapsule>> {
    let field = Field::new_struct("", schema.fields().clone(), false).with_metadata(schema.metadata().clone());
    let arrays = batches.map(|batch| batch.map(|batch| Arc::new(StructArray::from(batch)) as ArrayRef));
    to_stream_pycapsule(
        py,
        Box::new(ArrayIterator::new(arrays, Arc::new(field))),
        requested_schema,
    )
}

/// What runs while a consumer of the C stream pulls from it.
pub(crate) trait PullSource {
    /// The next rows; errors as text.
    fn pull(&self) -> Result<Option<RecordBatch>, String>;

    /// Stops everything that runs for it. What was accounted for stays readable.
    fn close(&self);
}

/// A source as batches for [`capsule`]. It is closed when the consumer lets go.
pub(crate) struct Pulled<S: PullSource> {
    source: Arc<S>,
    ended: bool,
}

impl<S: PullSource> Pulled<S> {
    pub(crate) fn new(source: Arc<S>) -> Self {
        Pulled { source, ended: false }
    }
}

impl<S: PullSource> Iterator for Pulled<S> {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let pulled = catch_unwind(AssertUnwindSafe(|| self.source.pull()))
            .unwrap_or_else(|panic| Err(format!("internal error: {}", panic_text(panic.as_ref()))));
        self.ended = !matches!(pulled, Ok(Some(_)));
        // The text crosses as a C string: a NUL inside would be a panic on the way out.
        pulled
            .transpose()
            .map(|batch| batch.map_err(|text| ArrowError::ExternalError(text.replace('\0', "\\x00").into())))
    }
}

impl<S: PullSource> Drop for Pulled<S> {
    fn drop(&mut self) {
        self.source.close();
    }
}

/// An exception as the text that a consumer of the C stream gets.
pub(crate) fn for_consumer(py: Python<'_>, failed: &PyErr) -> String {
    let text = failed.value(py).to_string();
    if !failed.is_instance_of::<pyo3::exceptions::PyKeyboardInterrupt>(py) {
        return text;
    }
    // The consumer will make an error of its own of this; the interrupt itself is raised once it returns.
    let again = py
        .import("_thread")
        .and_then(|module| module.call_method0("interrupt_main"));
    again.map_or_else(|failed| failed.to_string(), |_| "interrupted".to_owned())
}

/// A report as text and as JSON.
pub(crate) fn report_texts(report: &Report) -> (String, String) {
    (report.to_string(), report.to_json())
}
