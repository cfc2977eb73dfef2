//! `Table`: the result of a read, for Python.

use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyo3_arrow::error::PyArrowResult;

use crate::batch::RecordBatch;
use crate::cells::cells;
use crate::reader::{self, report_texts};
use crate::schema::Schema;
use crate::views::{view_schema, views};

/// The result of a read.
#[pyclass(module = "kaframe._native", frozen)]
pub(crate) struct Table(pub(crate) kaframe::Table);

#[pymethods]
impl Table {
    #[getter]
    fn num_rows(&self) -> usize {
        self.0.num_rows()
    }

    #[getter]
    fn schema(&self) -> Schema {
        Schema(self.0.schema())
    }

    /// The report as text and as JSON.
    fn report(&self) -> (String, String) {
        report_texts(self.0.report())
    }

    fn errors(&self) -> RecordBatch {
        RecordBatch(self.0.errors().clone())
    }

    /// The bookmark as JSON.
    fn next_start(&self) -> String {
        self.0.next_start().to_string()
    }

    fn head(&self, rows: usize) -> Table {
        Table(self.0.head(rows))
    }

    /// The first rows as text.
    fn cells(&self, py: Python<'_>, rows: usize) -> PyArrowResult<Vec<Vec<Option<String>>>> {
        Ok(py.detach(|| cells(self.0.batches(), rows))?)
    }

    /// As `__arrow_c_stream__`, with texts as views.
    fn views<'py>(&self, py: Python<'py>) -> PyArrowResult<Bound<'py, PyCapsule>> {
        let schema = view_schema(&self.0.schema());
        let batches = py.detach(|| views(self.0.batches(), &schema))?;
        reader::capsule(py, &schema, batches.into_iter().map(Ok), None)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyArrowResult<Bound<'py, PyCapsule>> {
        let batches: Vec<_> = self.0.batches().iter().cloned().map(Ok).collect();
        reader::capsule(py, &self.0.schema(), batches.into_iter(), requested_schema)
    }
}
