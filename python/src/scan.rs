//! `Scan`: a frozen plan, for Python.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyo3_arrow::error::PyArrowResult;
use serde_json::json;

use crate::error;
use crate::files::{FileArguments, WrittenTexts, written_texts};
use crate::follow::Follow;
use crate::reader::{self, Pulled, report_texts};
use crate::runtime::Home;
use crate::schema::Schema;
use crate::stream::{Shared, Stream};
use crate::table::Table;
use crate::wait::{Slot, Watch, wait};

/// A frozen plan.
#[pyclass(module = "kaframe._native", frozen)]
pub(crate) struct Scan {
    pub(crate) home: Home,
    pub(crate) scan: kaframe::Scan,
    pub(crate) slot: Slot,
}

#[pymethods]
impl Scan {
    #[getter]
    fn topics(&self) -> String {
        self.scan.plan().topic_names()
    }

    fn schema(&self, py: Python<'_>) -> PyResult<Schema> {
        self.home.check(py, "scan")?;
        let scan = self.scan.clone();
        wait(py, &Watch::default(), async move { scan.schema().await }).map(Schema)
    }

    /// The plan as JSON, with an estimate from one batch of each partition where it is sampled.
    #[pyo3(signature = (sample=false))]
    fn plan(&self, py: Python<'_>, sample: bool) -> PyResult<String> {
        if !sample {
            return Ok(plan_json(self.scan.plan()));
        }
        self.home.check(py, "scan")?;
        let scan = self.scan.clone();
        let plan = wait(py, &Watch::default(), async move { scan.sampled_plan().await })?;
        Ok(plan_json(&plan))
    }

    /// The splits as JSON.
    fn splits(&self) -> Vec<String> {
        self.scan
            .splits()
            .iter()
            .map(|split| json!(split).to_string())
            .collect()
    }

    /// A scan of the same records and types with fewer columns, more conditions, a limit.
    #[pyo3(signature = (columns, predicate, limit))]
    fn narrow(
        &self,
        py: Python<'_>,
        columns: Option<Vec<String>>,
        predicate: Option<String>,
        limit: Option<u64>,
    ) -> PyResult<Scan> {
        self.home.check(py, "scan")?;
        let filter = predicate.as_deref().map(kaframe_sql::compile).transpose();
        let filter = filter
            .map_err(|failed| crate::error::to_python(py, &failed))?
            .unwrap_or_default();
        let narrow = kaframe::Narrow {
            columns,
            filter,
            limit,
            order: None,
        };
        let scan = self.scan.clone();
        let scan = wait(py, &Watch::default(), async move { scan.narrow(narrow).await })?;
        Ok(Scan {
            home: self.home,
            scan,
            slot: self.slot.clone(),
        })
    }

    #[pyo3(signature = (progress=None))]
    fn read(&self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<Table> {
        self.home.check(py, "scan")?;
        let scan = self.scan.clone();
        let watch = Watch::new(&self.slot, progress.as_ref());
        wait(py, &watch, async move { scan.read().await }).map(Table)
    }

    /// How many records there are; the report as text and as JSON.
    #[pyo3(signature = (progress=None))]
    fn count(&self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<(u64, String, String)> {
        self.home.check(py, "scan")?;
        let scan = self.scan.clone();
        let watch = Watch::new(&self.slot, progress.as_ref());
        let count = wait(py, &watch, async move { scan.count().await })?;
        let (text, json) = count.report.as_ref().map_or_else(Default::default, report_texts);
        Ok((count.records, text, json))
    }

    fn count_at_most(&self) -> u64 {
        self.scan.count_at_most().records
    }

    fn head(&self, py: Python<'_>, records: u64) -> PyResult<Scan> {
        self.derived(py, self.scan.head(records))
    }

    fn tail(&self, py: Python<'_>, records: u64) -> PyResult<Scan> {
        self.derived(py, self.scan.tail(records))
    }

    #[pyo3(signature = (progress=None))]
    fn latest_by_key(&self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<Table> {
        self.home.check(py, "scan")?;
        let scan = self.scan.clone();
        let watch = Watch::new(&self.slot, progress.as_ref());
        wait(py, &watch, async move { scan.latest_by_key().await }).map(Table)
    }

    #[pyo3(signature = (progress=None))]
    fn stream(&self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<Stream> {
        self.home.check(py, "scan")?;
        let scan = self.scan.clone();
        let stream = wait(py, &Watch::default(), async move { scan.stream().await })?;
        Ok(Stream {
            shared: Arc::new(Shared::new(py, stream)?),
            slot: self.slot.clone(),
            callback: progress,
        })
    }

    /// What is in it: as text, as JSON, and the report as text and as JSON.
    #[pyo3(signature = (progress=None))]
    fn summarize(&self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<(String, String, String, String)> {
        self.home.check(py, "scan")?;
        let scan = self.scan.clone();
        let watch = Watch::new(&self.slot, progress.as_ref());
        let summary = wait(py, &watch, async move { scan.summarize().await })?;
        let (text, data) = report_texts(&summary.report);
        Ok((summary.to_string(), json!(summary).to_string(), text, data))
    }

    /// Reads it all into files.
    #[pyo3(signature = (path, arguments, progress=None))]
    fn write_file(
        &self,
        py: Python<'_>,
        path: PathBuf,
        mut arguments: FileArguments,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<WrittenTexts> {
        self.home.check(py, "scan")?;
        let state = arguments.state.take();
        let options = arguments.options().map_err(|failed| error::to_python(py, &failed))?;
        let scan = self.scan.clone();
        let watch = Watch::new(&self.slot, progress.as_ref());
        let written = wait(py, &watch, async move {
            match state {
                None => scan.write_file(path, options).await,
                Some(state) => Ok(scan.export(path, state, options).await?.written),
            }
        });
        written.map(written_texts)
    }

    /// The rows of a stream, then new ones as they are written.
    fn follow(&self, py: Python<'_>) -> PyResult<Follow> {
        self.home.check(py, "scan")?;
        let follow = self.scan.follow().map_err(|failed| error::to_python(py, &failed))?;
        Follow::new(py, follow)
    }

    /// A new stream, and the same one as a capsule of Arrow's C stream.
    #[pyo3(signature = (requested_schema=None))]
    fn arrow_stream<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyArrowResult<(Stream, Bound<'py, PyCapsule>)> {
        let stream = self.stream(py, None)?;
        let pulled = Pulled::new(stream.shared.clone());
        let capsule = reader::capsule(py, &stream.shared.schema(), pulled, requested_schema)?;
        Ok((stream, capsule))
    }
}

impl Scan {
    fn derived(&self, py: Python<'_>, scan: kaframe::Result<kaframe::Scan>) -> PyResult<Scan> {
        Ok(Scan {
            home: self.home,
            scan: scan.map_err(|failed| error::to_python(py, &failed))?,
            slot: self.slot.clone(),
        })
    }
}

/// The plan as an object, and as text.
fn plan_json(plan: &kaframe::Plan) -> String {
    json!({ "plan": plan, "text": plan.to_string() }).to_string()
}
