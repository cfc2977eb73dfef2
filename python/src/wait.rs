//! Waiting: the one loop in which the interpreter waits for Rust.
//!
//! The future runs on the runtime's threads, which never touch the interpreter. The caller's thread lets the interpreter go, waits for a moment,
//! takes it back, hears signals (Ctrl-C) and passes progress on. Whatever ends the wait early drops the future, which closes its sockets.

use std::future::Future;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kaframe::{Error, ErrorKind, Progress, ProgressFn, WriteProgress, WriteProgressFn, panic_text};
use pyo3::prelude::*;
use tokio::task::JoinHandle;

use crate::error;
use crate::log;
use crate::runtime::runtime;

/// How long the interpreter is let go at a time.
const POLL: Duration = Duration::from_millis(50);

/// Runs a future to its end.
pub(crate) fn wait<T: Send + 'static>(
    py: Python<'_>,
    watch: &Watch<'_>,
    future: impl Future<Output = kaframe::Result<T>> + Send + 'static,
) -> PyResult<T> {
    log::listen(py);
    let (sender, receiver) = sync_channel(1);
    let mut task = Task(Some(runtime(py)?.spawn(async move {
        // Nobody waits for the answer any more after an interrupt.
        let _ = sender.send(future.await);
    })));
    let mut waiting = receiver;
    loop {
        // A receiver may move to another thread but not be shared, so it goes in and comes out again.
        let (answer, receiver) = py.detach(move || receive(waiting));
        waiting = receiver;
        match answer {
            Ok(result) => {
                watch.tell(py)?;
                log::pass_on(py)?;
                return result.map_err(|failed| error::to_python(py, &failed));
            }
            Err(RecvTimeoutError::Timeout) => {
                if let Err(interrupt) = py.check_signals().and_then(|()| watch.tell(py)) {
                    task.stop(py);
                    return Err(interrupt);
                }
                log::pass_on(py)?;
            }
            Err(RecvTimeoutError::Disconnected) => return Err(task.panicked(py)),
        }
    }
}

fn receive<T>(receiver: Receiver<T>) -> (Result<T, RecvTimeoutError>, Receiver<T>) {
    (receiver.recv_timeout(POLL), receiver)
}

/// How long an interrupted wait sees to it that sockets are closed and unfinished files gone; they are in any case, a little later.
const LAST: Duration = Duration::from_millis(100);

/// A spawned task that ends with the wait for it.
pub(crate) struct Task(pub(crate) Option<JoinHandle<()>>);

impl Task {
    /// Ends it, and waits for a moment until it has ended. By the clock of this thread: the runtime's own stands still while all of its threads compute.
    fn stop(&mut self, py: Python<'_>) {
        let Some(task) = self.0.take() else { return };
        task.abort();
        py.detach(|| {
            let began = Instant::now();
            while !task.is_finished() && began.elapsed() < LAST {
                std::thread::sleep(LAST / 20);
            }
        });
    }

    /// Why the task ended without an answer.
    fn panicked(&mut self, py: Python<'_>) -> PyErr {
        let reason = self
            .0
            .take()
            .map(|task| runtime(py).map(|runtime| py.detach(|| runtime.block_on(task))));
        let reason = match reason {
            Some(Ok(Err(join))) if join.is_panic() => panic_text(join.into_panic().as_ref()).to_owned(),
            _ => "a task ended without an answer".to_owned(),
        };
        let error = Error::new(ErrorKind::Internal, format!("internal error: {reason}"))
            .with_hint("this is a bug of kaframe; please report it with the call that led to it");
        error::to_python(py, &error)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(task) = self.0.take() {
            task.abort();
        }
    }
}

/// Where the core leaves its progress, for the caller's thread to pick up.
#[derive(Clone, Default)]
pub(crate) struct Slot(Arc<Mutex<Option<Values>>>);

/// Records, bytes, offsets done, offsets of the plan, malformed values, seconds, seconds throttled.
type Values = (u64, u64, u64, u64, u64, f64, f64);

impl Slot {
    /// The function that the core calls while it reads.
    pub(crate) fn of_read(&self) -> ProgressFn {
        let slot = self.clone();
        Arc::new(move |p: &Progress| {
            let seconds = (p.elapsed.as_secs_f64(), p.throttled.as_secs_f64());
            slot.put((
                p.records,
                p.bytes,
                p.offsets_done,
                p.offsets_total,
                p.malformed,
                seconds.0,
                seconds.1,
            ));
        })
    }

    /// The function that the core calls while it writes.
    pub(crate) fn of_write(&self) -> WriteProgressFn {
        let slot = self.clone();
        Arc::new(move |p: &WriteProgress| slot.put((p.rows, p.bytes, 0, 0, 0, p.elapsed.as_secs_f64(), 0.0)))
    }

    fn put(&self, values: Values) {
        *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(values);
    }

    fn take(&self) -> Option<Values> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take()
    }
}

/// Who is told about progress while the interpreter waits; nobody by default.
#[derive(Default)]
pub(crate) struct Watch<'a> {
    slot: Option<&'a Slot>,
    callback: Option<&'a Py<PyAny>>,
}

impl<'a> Watch<'a> {
    /// Passes what lies in the slot to a function of Python.
    pub(crate) fn new(slot: &'a Slot, callback: Option<&'a Py<PyAny>>) -> Watch<'a> {
        Watch {
            slot: Some(slot),
            callback,
        }
    }

    /// Calls the function if there is something new.
    pub(crate) fn tell(&self, py: Python<'_>) -> PyResult<()> {
        if let (Some(slot), Some(callback)) = (self.slot, self.callback)
            && let Some(values) = slot.take()
        {
            callback.call1(py, values)?;
        }
        Ok(())
    }
}
