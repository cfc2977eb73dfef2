//! The threads that do the work: one tokio runtime per process, made when it is first needed.
//!
//! A forked child has the parent's memory but none of its threads. A runtime therefore belongs to a process id: a child makes its own, and
//! what was connected in the parent says so there instead of waiting for threads that do not exist.

use std::process;
use std::sync::Mutex;

use kaframe::{Error, ErrorKind};
use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};

use crate::error;

static RUNTIME: Mutex<Option<(u32, &'static Runtime)>> = Mutex::new(None);

/// The runtime of this process.
pub(crate) fn runtime(py: Python<'_>) -> PyResult<&'static Runtime> {
    // The interpreter is held here, so the lock is never waited for by a thread that the holder waits for.
    let mut found = RUNTIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    match *found {
        Some((pid, runtime)) if pid == process::id() => Ok(runtime),
        _ => {
            let runtime = Builder::new_multi_thread()
                .thread_name("kaframe")
                .enable_all()
                .build()
                .map_err(|cause| {
                    error::to_python(
                        py,
                        &Error::new(ErrorKind::Io, format!("cannot start the threads of kaframe: {cause}")),
                    )
                })?;
            // It lives as long as the process; a parent's runtime is only forgotten in the child, where dropping it would wait for its threads.
            let runtime = &*Box::leak(Box::new(runtime));
            *found = Some((process::id(), runtime));
            Ok(runtime)
        }
    }
}

/// The process that something was made in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Home(u32);

impl Home {
    /// This process.
    pub(crate) fn here() -> Home {
        Home(process::id())
    }

    /// Whether this is that process.
    pub(crate) fn is_here(self) -> bool {
        self.0 == process::id()
    }

    /// An error where it is another process.
    pub(crate) fn check(self, py: Python<'_>, what: &str) -> PyResult<()> {
        if self.is_here() {
            return Ok(());
        }
        let error = Error::config(format!(
            "this {what} was made before the process forked, and its connections do not come along"
        ))
        .with_hint("connect again in the child, or start processes with multiprocessing.get_context(\"spawn\")");
        Err(error::to_python(py, &error))
    }
}
