//! `RecordBatch`: rows as Arrow columns, for Python.

use std::sync::Arc;

use arrow_array::StructArray;
use arrow_schema::Field;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};
use pyo3_arrow::error::PyArrowResult;
use pyo3_arrow::ffi::to_array_pycapsules;

use crate::cells::cells;
use crate::schema::Schema;

/// Rows as Arrow columns.
#[pyclass(module = "kaframe._native", frozen)]
pub(crate) struct RecordBatch(pub(crate) arrow_array::RecordBatch);

#[pymethods]
impl RecordBatch {
    #[getter]
    fn num_rows(&self) -> usize {
        self.0.num_rows()
    }

    #[getter]
    fn schema(&self) -> Schema {
        Schema(self.0.schema())
    }

    /// The first rows as text.
    fn cells(&self, py: Python<'_>, rows: usize) -> PyArrowResult<Vec<Vec<Option<String>>>> {
        Ok(py.detach(|| cells(std::slice::from_ref(&self.0), rows))?)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyArrowResult<Bound<'py, PyTuple>> {
        let schema = self.0.schema();
        let field = Field::new_struct("", schema.fields().clone(), false).with_metadata(schema.metadata().clone());
        let array = StructArray::from(self.0.clone());
        to_array_pycapsules(py, Arc::new(field), &array, requested_schema)
    }
}
