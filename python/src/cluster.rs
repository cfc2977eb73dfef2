//! `Cluster`: the verbs, for Python.

use std::collections::BTreeMap;
use std::time::Duration;

use kaframe::{Config, NewTopic, Topics};
use pyo3::prelude::*;

use crate::arguments::ScanArguments;
use crate::error;
use crate::runtime::Home;
use crate::scan::Scan;
use crate::topics;
use crate::wait::{Slot, Watch, wait};
use crate::write::{self, WriteArguments};

/// A connected cluster.
#[pyclass(module = "kaframe._native", frozen)]
pub(crate) struct Cluster {
    pub(crate) home: Home,
    pub(crate) cluster: kaframe::Cluster,
}

#[pymethods]
impl Cluster {
    /// Connects by properties; brokers missing there come from the environment. `timeout` in seconds without progress.
    #[new]
    #[pyo3(signature = (properties, timeout=None))]
    fn new(py: Python<'_>, properties: BTreeMap<String, String>, timeout: Option<f64>) -> PyResult<Cluster> {
        let mut config = Config::from_properties(properties).map_err(|failed| error::to_python(py, &failed))?;
        if let Some(seconds) = timeout {
            config = config.with_timeout(Duration::from_secs_f64(seconds));
        }
        let cluster = wait(py, &Watch::default(), async move {
            kaframe::Cluster::connect_with(config).await
        })?;
        Ok(Cluster {
            home: Home::here(),
            cluster,
        })
    }

    #[getter]
    fn cluster_id(&self) -> Option<String> {
        self.cluster.cluster_id()
    }

    #[getter]
    fn bootstrap_servers(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    /// What is odd about the properties.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.cluster.warnings().to_vec()
    }

    /// Of these topics; `found` when a search gave them, so that there might have been more.
    fn scan(&self, py: Python<'_>, topics: Vec<String>, found: bool, arguments: ScanArguments) -> PyResult<Scan> {
        self.home.check(py, "cluster")?;
        let slot = Slot::default();
        let options = arguments.options(py, &slot)?;
        let topics = if found {
            Topics::found(topics)
        } else {
            Topics::from(topics)
        };
        let cluster = self.cluster.clone();
        let scan = wait(
            py,
            &Watch::default(),
            async move { cluster.scan(topics, options).await },
        )?;
        Ok(Scan {
            home: self.home,
            scan,
            slot,
        })
    }

    /// Writes batches of an iterator; the report as text and as JSON.
    #[pyo3(signature = (topic, batches, arguments, progress=None))]
    fn write(
        &self,
        py: Python<'_>,
        topic: String,
        batches: &Bound<'_, PyAny>,
        arguments: WriteArguments,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(String, String)> {
        self.home.check(py, "cluster")?;
        write::write(py, self.cluster.clone(), topic, batches, arguments, progress)
    }

    /// Name, number of partitions, internal or not.
    fn topics(&self, py: Python<'_>) -> PyResult<Vec<(String, i32, bool)>> {
        self.home.check(py, "cluster")?;
        let cluster = self.cluster.clone();
        let topics = wait(py, &Watch::default(), async move { cluster.topics().await })?;
        Ok(topics
            .into_iter()
            .map(|topic| (topic.name, topic.partitions, topic.internal))
            .collect())
    }

    fn create_topic(
        &self,
        py: Python<'_>,
        topic: String,
        partitions: i32,
        replication_factor: i16,
        configs: BTreeMap<String, String>,
    ) -> PyResult<()> {
        self.home.check(py, "cluster")?;
        let cluster = self.cluster.clone();
        let new = NewTopic {
            name: topic,
            partitions,
            replication_factor,
            configs,
        };
        wait(py, &Watch::default(), async move { cluster.create_topic(&new).await })
    }

    fn delete_topic(&self, py: Python<'_>, topic: String) -> PyResult<()> {
        self.home.check(py, "cluster")?;
        let cluster = self.cluster.clone();
        wait(py, &Watch::default(), async move { cluster.delete_topic(&topic).await })
    }

    /// The description as JSON.
    fn describe_topic(&self, py: Python<'_>, topic: String) -> PyResult<String> {
        self.home.check(py, "cluster")?;
        let cluster = self.cluster.clone();
        let description = wait(
            py,
            &Watch::default(),
            async move { cluster.describe_topic(&topic).await },
        )?;
        Ok(topics::description(&description))
    }
}
