//! The native half of the Python package: the core's verbs as classes of a private module, `kaframe._native`.
//!
//! It converts and waits, and has no logic of its own: what users see (signatures, documentation, display) is Python in `kaframe/`, what
//! is read and written is the crate `kaframe`. Every call releases the interpreter while Rust works and comes back to it some twenty
//! times a second, so Ctrl-C is heard (`wait`).

mod arguments;
mod batch;
mod broker;
mod cells;
mod cluster;
mod error;
mod files;
mod follow;
mod log;
mod query;
mod reader;
mod rows;
mod runtime;
mod scan;
mod schema;
mod stream;
mod table;
mod topics;
mod tuning;
mod views;
mod wait;
mod write;

use pyo3::prelude::*;

/// Private: use `kaframe`.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::batch::RecordBatch;
    #[pymodule_export]
    use super::broker::Broker;
    #[pymodule_export]
    use super::cluster::Cluster;
    #[pymodule_export]
    use super::files::{FileBatches, file_batches};
    #[pymodule_export]
    use super::follow::Follow;
    #[pymodule_export]
    use super::query::{Answer, Query, Rows, collect, query};
    #[pymodule_export]
    use super::rows::plain_rows;
    #[pymodule_export]
    use super::scan::Scan;
    #[pymodule_export]
    use super::schema::Schema;
    #[pymodule_export]
    use super::stream::Stream;
    #[pymodule_export]
    use super::table::Table;
    #[pymodule_export]
    use super::tuning::tune;
    #[pymodule_export]
    use super::write::{ArrowBatches, arrow_batches, record_rows};

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::reader::remember_main_thread(module.py())?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
