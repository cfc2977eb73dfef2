//! `Stream`: a running stream of record batches, for Python's iteration and for Arrow's C stream.

use std::sync::{Arc, Mutex, MutexGuard};

use arrow_schema::SchemaRef;
use kaframe::{RecordBatchStream, Report};
use pyo3::prelude::*;

use crate::batch::RecordBatch;
use crate::error::with_hint;
use crate::reader::{PullSource, on_main_thread, report_texts};
use crate::runtime::Home;
use crate::wait::{Slot, Watch, wait};

/// A stream that its iterator and its report share. What it accounts for stays readable when it has ended.
pub(crate) struct Shared {
    home: Home,
    schema: SchemaRef,
    runtime: &'static tokio::runtime::Runtime,
    state: Mutex<State>,
}

struct State {
    /// `None` while a batch is waited for, and when the stream has ended.
    running: Option<RecordBatchStream>,
    report: Report,
    errors: arrow_array::RecordBatch,
}

impl State {
    fn note(&mut self, stream: &RecordBatchStream) {
        self.report = stream.report();
        self.errors = stream.errors();
    }
}

impl Shared {
    pub(crate) fn new(py: Python<'_>, stream: RecordBatchStream) -> PyResult<Shared> {
        let state = State {
            report: stream.report(),
            errors: stream.errors(),
            running: None,
        };
        let runtime = crate::runtime::runtime(py)?;
        let schema = stream.schema();
        Ok(Shared {
            home: Home::here(),
            schema,
            runtime,
            state: Mutex::new(State {
                running: Some(stream),
                ..state
            }),
        })
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// The lock is held for moments only, never while a batch is waited for.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The next batch, waited for with the interpreter. An interrupt or an error ends the stream.
    fn next(&self, py: Python<'_>, watch: &Watch<'_>) -> PyResult<Option<arrow_array::RecordBatch>> {
        self.home.check(py, "stream")?;
        let Some(mut stream) = self.state().running.take() else {
            return Ok(None);
        };
        let (stream, batch) = wait(py, watch, async move {
            let batch = stream.next().await;
            Ok((stream, batch))
        })?;
        self.keep(stream, &batch);
        batch.transpose().map_err(|failed| crate::error::to_python(py, &failed))
    }

    /// Notes what is accounted for, and lets the stream go when it has ended.
    fn keep(&self, stream: RecordBatchStream, batch: &Option<kaframe::Result<arrow_array::RecordBatch>>) {
        let mut state = self.state();
        state.note(&stream);
        if matches!(batch, Some(Ok(_))) {
            state.running = Some(stream);
        }
    }

    fn report(&self) -> Report {
        self.state().report.clone()
    }

    fn errors(&self) -> arrow_array::RecordBatch {
        self.state().errors.clone()
    }
}

impl PullSource for Shared {
    fn pull(&self) -> Result<Option<arrow_array::RecordBatch>, String> {
        if !self.home.is_here() {
            return Err("this stream was made before the process forked".to_owned());
        }
        if on_main_thread() {
            return Python::attach(|py| {
                self.next(py, &Watch::default())
                    .map_err(|failed| crate::reader::for_consumer(py, &failed))
            });
        }
        let Some(mut stream) = self.state().running.take() else {
            return Ok(None);
        };
        let batch = self.runtime.block_on(stream.next());
        self.keep(stream, &batch);
        batch.transpose().map_err(|failed| with_hint(&failed))
    }

    fn close(&self) {
        let mut state = self.state();
        if let Some(stream) = state.running.take() {
            state.note(&stream);
            drop(state);
            // Dropping may have to reach the runtime, which in a forked child has no threads.
            if self.home.is_here() {
                let _inside = self.runtime.enter();
                drop(stream);
            } else {
                std::mem::forget(stream);
            }
        }
    }
}

/// A running stream: an iterator of record batches.
#[pyclass(module = "kaframe._native", frozen)]
pub(crate) struct Stream {
    pub(crate) shared: Arc<Shared>,
    pub(crate) slot: Slot,
    pub(crate) callback: Option<Py<PyAny>>,
}

#[pymethods]
impl Stream {
    fn __iter__(this: Py<Stream>) -> Py<Stream> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<RecordBatch>> {
        // Batches may be ready one after the other without any wait, so signals are heard here too.
        py.check_signals()?;
        let watch = Watch::new(&self.slot, self.callback.as_ref());
        Ok(self.shared.next(py, &watch)?.map(RecordBatch))
    }

    /// Stops fetching. What was accounted for stays readable.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.shared.close());
    }

    /// The report so far as text and as JSON.
    fn report(&self, py: Python<'_>) -> (String, String) {
        py.detach(|| report_texts(&self.shared.report()))
    }

    fn errors(&self, py: Python<'_>) -> RecordBatch {
        RecordBatch(py.detach(|| self.shared.errors()))
    }
}
