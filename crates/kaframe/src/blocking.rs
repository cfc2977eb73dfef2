//! The same verbs without async, on a runtime of their own. Not for use inside an async runtime.

use std::future::Future;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use tokio::runtime::Runtime;

use crate::bookmark::Bookmark;
use crate::config::Config;
use crate::count::Count;
use crate::error::{Error, ErrorKind, Result};
use crate::follow::Followed;
use crate::options::ScanOptions;
use crate::plan::Plan;
use crate::report::Report;
use crate::split::Split;
use crate::table::Table;
use crate::topics::Topics;

/// [`crate::Cluster`] without async.
#[derive(Debug, Clone)]
pub struct Cluster {
    inner: crate::Cluster,
    runtime: Arc<Runtime>,
}

impl Cluster {
    /// Connects to brokers named as `host:port,host:port`.
    pub fn connect(bootstrap_servers: &str) -> Result<Cluster> {
        Cluster::connect_with(Config::new(bootstrap_servers)?)
    }

    /// Connects by a configuration.
    pub fn connect_with(config: Config) -> Result<Cluster> {
        let runtime = runtime()?;
        let inner = runtime.block_on(crate::Cluster::connect_with(config))?;
        Ok(Cluster { inner, runtime })
    }

    /// The async cluster underneath.
    pub fn as_async(&self) -> &crate::Cluster {
        &self.inner
    }

    /// Runs a future of this crate on the cluster's runtime, until it is done.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// See [`crate::Cluster::bootstrap_servers`].
    pub fn bootstrap_servers(&self) -> String {
        self.inner.bootstrap_servers()
    }

    /// See [`crate::Cluster::cluster_id`].
    pub fn cluster_id(&self) -> Option<String> {
        self.inner.cluster_id()
    }

    /// See [`crate::Cluster::scan`].
    pub fn scan(&self, topics: impl Into<Topics>, options: ScanOptions) -> Result<Scan> {
        let inner = self.block_on(self.inner.scan(topics, options))?;
        Ok(Scan {
            inner,
            runtime: self.runtime.clone(),
        })
    }

    /// See [`crate::Cluster::read`].
    pub fn read(&self, topics: impl Into<Topics>, options: ScanOptions) -> Result<Table> {
        self.block_on(self.inner.read(topics, options))
    }
}

/// [`crate::Scan`] without async.
#[derive(Debug, Clone)]
pub struct Scan {
    inner: crate::Scan,
    runtime: Arc<Runtime>,
}

impl Scan {
    /// The async scan underneath.
    pub fn as_async(&self) -> &crate::Scan {
        &self.inner
    }

    /// Runs a future of this crate on the cluster's runtime, until it is done.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// See [`crate::Scan::plan`].
    pub fn plan(&self) -> &Plan {
        self.inner.plan()
    }

    /// See [`crate::Scan::sampled_plan`].
    pub fn sampled_plan(&self) -> Result<Plan> {
        self.runtime.block_on(self.inner.sampled_plan())
    }

    /// See [`crate::Scan::splits`].
    pub fn splits(&self) -> Vec<Split> {
        self.inner.splits()
    }

    /// See [`crate::Scan::schema`].
    pub fn schema(&self) -> Result<SchemaRef> {
        self.runtime.block_on(self.inner.schema())
    }

    /// See [`crate::Scan::read`].
    pub fn read(&self) -> Result<Table> {
        self.runtime.block_on(self.inner.read())
    }

    /// See [`crate::Scan::latest_by_key`].
    pub fn latest_by_key(&self) -> Result<Table> {
        self.runtime.block_on(self.inner.latest_by_key())
    }

    /// See [`crate::Scan::count`].
    pub fn count(&self) -> Result<Count> {
        self.runtime.block_on(self.inner.count())
    }

    /// See [`crate::Scan::count_at_most`].
    pub fn count_at_most(&self) -> Count {
        self.inner.count_at_most()
    }

    /// See [`crate::Scan::head`].
    pub fn head(&self, records: u64) -> Result<Scan> {
        Ok(Scan {
            inner: self.inner.head(records)?,
            runtime: self.runtime.clone(),
        })
    }

    /// See [`crate::Scan::tail`].
    pub fn tail(&self, records: u64) -> Result<Scan> {
        Ok(Scan {
            inner: self.inner.tail(records)?,
            runtime: self.runtime.clone(),
        })
    }

    /// See [`crate::Scan::follow`].
    pub fn follow(&self) -> Result<Follow> {
        Ok(Follow {
            inner: self.inner.follow()?,
            runtime: self.runtime.clone(),
        })
    }

    /// See [`crate::Scan::stream`].
    pub fn stream(&self) -> Result<RecordBatchStream> {
        let inner = self.runtime.block_on(self.inner.stream())?;
        Ok(RecordBatchStream {
            inner,
            runtime: self.runtime.clone(),
        })
    }
}

/// [`crate::RecordBatchStream`] without async: an iterator.
#[derive(Debug)]
pub struct RecordBatchStream {
    inner: crate::RecordBatchStream,
    runtime: Arc<Runtime>,
}

impl RecordBatchStream {
    /// See [`crate::RecordBatchStream::schema`].
    pub fn schema(&self) -> SchemaRef {
        self.inner.schema()
    }

    /// See [`crate::RecordBatchStream::report`].
    pub fn report(&self) -> Report {
        self.inner.report()
    }

    /// See [`crate::RecordBatchStream::errors`].
    pub fn errors(&self) -> RecordBatch {
        self.inner.errors()
    }
}

impl Iterator for RecordBatchStream {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.runtime.block_on(self.inner.next())
    }
}

/// [`crate::Follow`] without async: an iterator that waits for what comes.
#[derive(Debug)]
pub struct Follow {
    inner: crate::Follow,
    runtime: Arc<Runtime>,
}

impl Follow {
    /// See [`crate::Follow::schema`].
    pub fn schema(&self) -> Option<SchemaRef> {
        self.inner.schema()
    }

    /// See [`crate::Follow::report`].
    pub fn report(&self) -> Option<Report> {
        self.inner.report()
    }

    /// See [`crate::Follow::errors`].
    pub fn errors(&self) -> RecordBatch {
        self.inner.errors()
    }

    /// See [`crate::Follow::next_start`].
    pub fn next_start(&self) -> Bookmark {
        self.inner.next_start()
    }

    /// See [`crate::Follow::step`].
    pub fn step(&mut self) -> Option<Result<Followed>> {
        self.runtime.block_on(self.inner.step())
    }
}

impl Iterator for Follow {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.runtime.block_on(self.inner.next())
    }
}

fn runtime() -> Result<Arc<Runtime>> {
    tokio::runtime::Builder::new_multi_thread()
        .thread_name("kaframe")
        .enable_all()
        .build()
        .map(Arc::new)
        .map_err(|e| Error::new(ErrorKind::Io, format!("cannot start the threads of a read: {e}")))
}
