//! `Query` and `Answer`: SQL over topics and tables, for Python.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_schema::{ArrowError, SchemaRef};
use kaframe::{CancelToken, Error, ScanOptions};
use kaframe_sql::{Database, DatabaseOptions, Source};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyo3_arrow::error::PyArrowResult;
use pyo3_arrow::input::AnyRecordBatch;

use crate::batch::RecordBatch;
use crate::cluster::Cluster;
use crate::error::{self, with_hint};
use crate::reader::{self, PullSource, Pulled, on_main_thread};
use crate::runtime::{Home, runtime};
use crate::scan::Scan;
use crate::schema::Schema;
use crate::wait::{Watch, wait};

/// The dictionary `QueryArguments`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct QueryArguments {
    memory_limit: u64,
    batch_size: usize,
    timeout: f64,
    allow_files: bool,
}

/// Plans a query over the topics of a cluster and tables that are handed in: scans, paths of files, anything with Arrow's C interface.
#[pyfunction]
#[pyo3(signature = (cluster, text, tables, arguments))]
pub(crate) fn query(
    py: Python<'_>,
    cluster: Option<Py<Cluster>>,
    text: String,
    tables: BTreeMap<String, Bound<'_, PyAny>>,
    arguments: QueryArguments,
) -> PyResult<Query> {
    let home = Home::here();
    let cluster = match cluster {
        Some(cluster) => {
            cluster.get().home.check(py, "cluster")?;
            Some(cluster.get().cluster.clone())
        }
        None => None,
    };
    let options = DatabaseOptions {
        memory_limit: arguments.memory_limit,
        batch_size: arguments.batch_size,
        allow_files: arguments.allow_files,
        scan: ScanOptions {
            timeout: std::time::Duration::from_secs_f64(arguments.timeout),
            ..ScanOptions::default()
        },
    };
    let mut database = Database::new(cluster, options).map_err(|failed| error::to_python(py, &failed))?;
    for (name, table) in tables {
        database.add(name, source(py, &table)?);
    }
    let query = wait(py, &Watch::default(), async move { database.query(&text).await })?;
    Ok(Query { home, query })
}

fn source(py: Python<'_>, table: &Bound<'_, PyAny>) -> PyResult<Source> {
    if let Ok(scan) = table.cast::<Scan>() {
        scan.get().home.check(py, "scan")?;
        return Ok(Source::Scan(scan.get().scan.clone()));
    }
    if let Ok(path) = table.extract::<String>() {
        return Ok(Source::File(path.into()));
    }
    let reader = table.extract::<AnyRecordBatch>()?.into_reader()?;
    let schema = reader.schema();
    // The producer may need the interpreter on a thread of its own, so it is let go.
    let batches = py.detach(|| reader.collect::<Result<Vec<_>, ArrowError>>());
    let batches =
        batches.map_err(|failed| error::to_python(py, &Error::new(kaframe::ErrorKind::Decode, failed.to_string())))?;
    Ok(Source::Rows(schema, batches))
}

/// A planned query.
#[pyclass(module = "kaframe._native", frozen)]
pub(crate) struct Query {
    home: Home,
    query: kaframe_sql::Query,
}

#[pymethods]
impl Query {
    #[getter]
    fn schema(&self) -> Schema {
        Schema(self.query.schema())
    }

    /// The plan as text.
    fn explain(&self, py: Python<'_>) -> PyResult<String> {
        self.home.check(py, "query")?;
        let query = self.query.clone();
        wait(py, &Watch::default(), async move { query.explain().await })
    }

    fn run(&self, py: Python<'_>) -> PyResult<Answer> {
        self.home.check(py, "query")?;
        let query = self.query.clone();
        let answer = wait(
            py,
            &Watch::default(),
            async move { query.run(CancelToken::new()).await },
        )?;
        Ok(Answer(Arc::new(Running {
            home: self.home,
            schema: answer.schema(),
            runtime: runtime(py)?,
            state: Mutex::new(State {
                answer: Some(answer),
                warnings: Vec::new(),
                reports: Vec::new(),
            }),
        })))
    }

    /// A new answer, and the same one as a capsule of Arrow's C stream.
    #[pyo3(signature = (requested_schema=None))]
    fn arrow_stream<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyArrowResult<(Answer, Bound<'py, PyCapsule>)> {
        let answer = self.run(py)?;
        let pulled = Pulled::new(answer.0.clone());
        let capsule = reader::capsule(py, &answer.0.schema, pulled, requested_schema)?;
        Ok((answer, capsule))
    }
}

/// An answer that its iterator and Arrow's C stream share.
struct Running {
    home: Home,
    schema: SchemaRef,
    runtime: &'static tokio::runtime::Runtime,
    state: Mutex<State>,
}

struct State {
    /// `None` while rows are waited for, and at the end.
    answer: Option<kaframe_sql::Answer>,
    warnings: Vec<String>,
    reports: Vec<(String, String)>,
}

impl Running {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next rows, waited for with the interpreter. An interrupt or an error ends the answer.
    fn next(&self, py: Python<'_>) -> PyResult<Option<arrow_array::RecordBatch>> {
        self.home.check(py, "query")?;
        let Some(mut answer) = self.state().answer.take() else {
            return Ok(None);
        };
        let (answer, batch) = wait(py, &Watch::default(), async move {
            let batch = answer.next().await;
            Ok((answer, batch))
        })?;
        self.keep(answer, &batch);
        batch.transpose().map_err(|failed| error::to_python(py, &failed))
    }

    fn keep(&self, mut answer: kaframe_sql::Answer, batch: &Option<kaframe::Result<arrow_array::RecordBatch>>) {
        let mut state = self.state();
        state.note(&mut answer);
        if matches!(batch, Some(Ok(_))) {
            state.answer = Some(answer);
        }
    }
}

impl PullSource for Running {
    fn pull(&self) -> Result<Option<arrow_array::RecordBatch>, String> {
        if !self.home.is_here() {
            return Err("this query was made before the process forked".to_owned());
        }
        if on_main_thread() {
            return Python::attach(|py| self.next(py).map_err(|failed| reader::for_consumer(py, &failed)));
        }
        let Some(mut answer) = self.state().answer.take() else {
            return Ok(None);
        };
        let batch = self.runtime.block_on(answer.next());
        self.keep(answer, &batch);
        batch.transpose().map_err(|failed| with_hint(&failed))
    }

    fn close(&self) {
        let answer = self.state().answer.take();
        if let Some(mut answer) = answer {
            // Dropping may have to reach the runtime, which in a forked child has no threads.
            if self.home.is_here() {
                let _inside = self.runtime.enter();
                self.state().note(&mut answer);
                drop(answer);
            } else {
                std::mem::forget(answer);
            }
        }
    }
}

impl State {
    fn note(&mut self, answer: &mut kaframe_sql::Answer) {
        self.warnings = answer.warnings();
        self.reports = answer
            .reports()
            .iter()
            .map(|read| reader::report_texts(&read.report))
            .collect();
    }
}

/// A running answer: an iterator of record batches.
#[pyclass(module = "kaframe._native", frozen)]
pub(crate) struct Answer(Arc<Running>);

#[pymethods]
impl Answer {
    fn __iter__(this: Py<Answer>) -> Py<Answer> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<RecordBatch>> {
        py.check_signals()?;
        Ok(self.0.next(py)?.map(RecordBatch))
    }

    /// Stops everything that runs for it.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }

    /// What the user should know about the rows so far.
    fn warnings(&self) -> Vec<String> {
        self.0.state().warnings.clone()
    }

    /// The reports of reads that have ended, each as text and as JSON.
    fn reports(&self) -> Vec<(String, String)> {
        self.0.state().reports.clone()
    }
}

/// All rows of an answer.
#[pyfunction]
pub(crate) fn collect(py: Python<'_>, answer: &Answer) -> PyResult<Rows> {
    let mut batches = Vec::new();
    while let Some(batch) = answer.0.next(py)? {
        py.check_signals()?;
        if batch.num_rows() > 0 {
            batches.push(batch);
        }
    }
    Ok(Rows {
        schema: answer.0.schema.clone(),
        batches,
    })
}

/// The rows of a whole answer.
#[pyclass(module = "kaframe._native", frozen)]
pub(crate) struct Rows {
    schema: SchemaRef,
    batches: Vec<arrow_array::RecordBatch>,
}

#[pymethods]
impl Rows {
    #[getter]
    fn num_rows(&self) -> usize {
        self.batches.iter().map(arrow_array::RecordBatch::num_rows).sum()
    }

    /// The first rows as text.
    fn cells(&self, py: Python<'_>, rows: usize) -> PyArrowResult<Vec<Vec<Option<String>>>> {
        Ok(py.detach(|| crate::cells::cells(&self.batches, rows))?)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyArrowResult<Bound<'py, PyCapsule>> {
        let batches: Vec<_> = self.batches.iter().cloned().map(Ok).collect();
        reader::capsule(py, &self.schema, batches.into_iter(), requested_schema)
    }
}
