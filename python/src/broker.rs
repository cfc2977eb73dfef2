//! `Broker`: the embedded broker, for Python.

use std::sync::Mutex;

use kaframe::{Error, ErrorKind};
use kaframe_broker::{BrokerError, BrokerOptions, TopicSpec};
use pyo3::prelude::*;

use crate::error;

/// A running embedded broker.
#[pyclass(module = "kaframe._native", frozen)]
pub(crate) struct Broker {
    running: Mutex<Option<kaframe_broker::Broker>>,
    bootstrap_servers: String,
}

#[pymethods]
impl Broker {
    #[new]
    fn new(
        py: Python<'_>,
        topics: Vec<(String, i32)>,
        port: Option<u16>,
        version: &str,
        brokers: usize,
    ) -> PyResult<Broker> {
        let start = || {
            let topics = topics
                .iter()
                .map(|(name, partitions)| TopicSpec::new(name, *partitions))
                .collect();
            let options = BrokerOptions {
                topics,
                port,
                version: version.parse()?,
                brokers,
                ..BrokerOptions::default()
            };
            kaframe_broker::Broker::start(options)
        };
        let broker = py.detach(start).map_err(|failed| refused(py, &failed))?;
        Ok(Broker {
            bootstrap_servers: broker.bootstrap_servers(),
            running: Mutex::new(Some(broker)),
        })
    }

    #[getter]
    fn bootstrap_servers(&self) -> &str {
        &self.bootstrap_servers
    }

    fn stop(&self, py: Python<'_>) {
        let broker = self
            .running
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .take();
        if let Some(broker) = broker {
            py.detach(|| broker.stop());
        }
    }
}

fn refused(py: Python<'_>, failed: &BrokerError) -> PyErr {
    let kind = match failed {
        BrokerError::Config(_) => ErrorKind::Config,
        _ => ErrorKind::Io,
    };
    error::to_python(py, &Error::new(kind, failed.to_string()))
}
