//! Schema: names and Arrow types, for Python.

use arrow_schema::SchemaRef;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyo3_arrow::ffi::to_schema_pycapsule;

/// Names and Arrow types of columns. ``pyarrow.schema(schema)`` and other libraries take it through Arrow's C interface.
#[pyclass(module = "kaframe", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct Schema(pub(crate) SchemaRef);

#[pymethods]
impl Schema {
    /// Names of the columns.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.fields().iter().map(|field| field.name().clone()).collect()
    }

    /// Types of the columns, as text.
    #[getter]
    fn types(&self) -> Vec<String> {
        self.0.fields().iter().map(|field| type_text(field)).collect()
    }

    fn __len__(&self) -> usize {
        self.0.fields().len()
    }

    fn __getitem__(&self, name: &str) -> PyResult<String> {
        let field = self.0.field_with_name(name);
        field
            .map(type_text)
            .map_err(|_| pyo3::exceptions::PyKeyError::new_err(name.to_owned()))
    }

    fn __contains__(&self, name: &str) -> bool {
        self.0.field_with_name(name).is_ok()
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, self.0.as_ref())?)
    }

    fn __repr__(&self) -> String {
        let lines = self
            .0
            .fields()
            .iter()
            .map(|field| format!("{}: {}", field.name().escape_debug(), type_text(field)));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// A type as Arrow's own documentation writes it: `int64`, `timestamp[ms, UTC]`, `list<struct<key: large_string>>`.
fn type_text(field: &arrow_schema::Field) -> String {
    use arrow_schema::DataType::*;
    use arrow_schema::TimeUnit;
    if field
        .metadata()
        .get("ARROW:extension:name")
        .is_some_and(|name| name == "arrow.json")
    {
        return "json".to_owned();
    }
    match field.data_type() {
        Utf8 => "string".to_owned(),
        LargeUtf8 => "large_string".to_owned(),
        Utf8View => "string_view".to_owned(),
        Binary => "binary".to_owned(),
        LargeBinary => "large_binary".to_owned(),
        BinaryView => "binary_view".to_owned(),
        Boolean => "bool".to_owned(),
        Timestamp(unit, zone) => {
            let unit = match unit {
                TimeUnit::Second => "s",
                TimeUnit::Millisecond => "ms",
                TimeUnit::Microsecond => "us",
                TimeUnit::Nanosecond => "ns",
            };
            zone.as_ref().map_or_else(
                || format!("timestamp[{unit}]"),
                |zone| format!("timestamp[{unit}, {zone}]"),
            )
        }
        List(inner) => format!("list<{}>", type_text(inner)),
        LargeList(inner) => format!("large_list<{}>", type_text(inner)),
        Struct(fields) => {
            let inner = fields
                .iter()
                .map(|field| format!("{}: {}", field.name().escape_debug(), type_text(field)));
            format!("struct<{}>", inner.collect::<Vec<_>>().join(", "))
        }
        Decimal128(precision, scale) => format!("decimal128({precision}, {scale})"),
        other => other.to_string().to_ascii_lowercase(),
    }
}
