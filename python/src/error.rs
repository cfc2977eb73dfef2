//! The core's errors as the classes of `kaframe.errors`. The table of kinds and names is the core's.

use kaframe::{Error, ErrorKind, WriteReport};
use pyo3::exceptions::{PyKeyboardInterrupt, PyOSError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// An error of the core as the exception that Python raises.
pub(crate) fn to_python(py: Python<'_>, error: &Error) -> PyErr {
    match error.kind() {
        ErrorKind::Cancelled => PyKeyboardInterrupt::new_err(error.message().to_owned()),
        ErrorKind::Io => PyOSError::new_err(with_hint(error)),
        kind => ours(py, kind.python_name(), error).unwrap_or_else(|failed| failed),
    }
}

/// Message and hint as one text, for where there is no attribute for the hint.
pub(crate) fn with_hint(error: &Error) -> String {
    match error.hint() {
        Some(hint) => format!("{}\nhint: {hint}", error.message()),
        None => error.message().to_owned(),
    }
}

fn ours(py: Python<'_>, class: &str, error: &Error) -> PyResult<PyErr> {
    let where_and_what_next = PyDict::new(py);
    where_and_what_next.set_item("hint", error.hint())?;
    where_and_what_next.set_item("topic", error.topic())?;
    where_and_what_next.set_item("partition", error.partition())?;
    where_and_what_next.set_item("offset", error.offset())?;
    where_and_what_next.set_item("broker", error.broker())?;
    let class = py.import("kaframe.errors")?.getattr(class)?;
    let value = class.call((error.message(),), Some(&where_and_what_next))?;
    if let Some(report) = error.write_report() {
        value.setattr("report", write_report(py, report)?)?;
    }
    Ok(PyErr::from_value(value))
}

fn write_report<'py>(py: Python<'py>, report: &WriteReport) -> PyResult<Bound<'py, PyAny>> {
    let (text, json) = crate::write::report(report);
    py.import("kaframe._write")?
        .getattr("write_report")?
        .call1((text, json))
}
