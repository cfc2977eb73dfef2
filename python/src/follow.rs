//! `Follow`: a scan that goes on with new records, for Python's iteration.

use std::sync::{Arc, Mutex, MutexGuard};

use kaframe::{Bookmark, Report};
use pyo3::prelude::*;
use tokio::sync::Notify;

use crate::batch::RecordBatch;
use crate::reader::report_texts;
use crate::runtime::Home;
use crate::wait::{Watch, wait};

/// A scan that goes on with new records: an iterator of record batches without an end of its own.
#[pyclass(module = "kaframe._native", frozen)]
pub(crate) struct Follow {
    home: Home,
    runtime: &'static tokio::runtime::Runtime,
    state: Mutex<State>,
    /// Another thread has closed it.
    closed: Arc<Notify>,
}

struct State {
    /// `None` while a batch is waited for, and when it has ended.
    running: Option<kaframe::Follow>,
    report: Option<Report>,
    errors: arrow_array::RecordBatch,
    next_start: Bookmark,
}

impl Follow {
    pub(crate) fn new(py: Python<'_>, follow: kaframe::Follow) -> PyResult<Follow> {
        Ok(Follow {
            home: Home::here(),
            closed: Arc::default(),
            runtime: crate::runtime::runtime(py)?,
            state: Mutex::new(State {
                report: follow.report(),
                errors: follow.errors(),
                next_start: follow.next_start(),
                running: Some(follow),
            }),
        })
    }

    /// The lock is held for moments only, never while a batch is waited for.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[pymethods]
impl Follow {
    fn __iter__(this: Py<Follow>) -> Py<Follow> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<RecordBatch>> {
        py.check_signals()?;
        self.home.check(py, "scan that is followed")?;
        let Some(mut follow) = self.state().running.take() else {
            return Ok(None);
        };
        let closed = self.closed.clone();
        let (follow, batch) = wait(py, &Watch::default(), async move {
            let batch = tokio::select! {
                biased;
                () = closed.notified() => None,
                batch = follow.next() => batch,
            };
            Ok((follow, batch))
        })?;
        let mut state = self.state();
        state.report = follow.report();
        state.errors = follow.errors();
        state.next_start = follow.next_start();
        if matches!(batch, Some(Ok(_))) {
            state.running = Some(follow);
        }
        drop(state);
        let batch = batch
            .transpose()
            .map_err(|failed| crate::error::to_python(py, &failed))?;
        Ok(batch.map(RecordBatch))
    }

    /// Stops, also another thread's waiting. What was given stays readable.
    fn close(&self, py: Python<'_>) {
        self.closed.notify_one();
        py.detach(|| {
            let Some(follow) = self.state().running.take() else {
                return;
            };
            // Dropping may have to reach the runtime, which in a forked child has no threads.
            if self.home.is_here() {
                let _inside = self.runtime.enter();
                drop(follow);
            } else {
                std::mem::forget(follow);
            }
        });
    }

    /// The report so far as text and as JSON; None before the first records.
    fn report(&self) -> Option<(String, String)> {
        self.state().report.as_ref().map(report_texts)
    }

    fn errors(&self) -> RecordBatch {
        RecordBatch(self.state().errors.clone())
    }

    /// The bookmark as JSON.
    fn next_start(&self) -> String {
        self.state().next_start.to_string()
    }
}
