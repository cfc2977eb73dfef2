//! The same without async. Not for use inside an async runtime.

use std::future::Future;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use kaframe::blocking::Cluster;
use kaframe::{CancelToken, Error, ErrorKind, Result};
use tokio::runtime::Runtime;

use crate::{DatabaseOptions, Source};

/// Threads to run on: those of the cluster, or our own where there is none.
#[derive(Clone)]
enum Threads {
    Cluster(Cluster),
    Own(Arc<Runtime>),
}

impl Threads {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self {
            Threads::Cluster(cluster) => cluster.block_on(future),
            Threads::Own(runtime) => runtime.block_on(future),
        }
    }
}

/// [`crate::Database`] without async.
pub struct Database {
    inner: crate::Database,
    threads: Threads,
}

impl Database {
    /// See [`crate::Database::new`].
    pub fn new(cluster: Option<Cluster>, options: DatabaseOptions) -> Result<Database> {
        let inner = crate::Database::new(cluster.as_ref().map(|one| one.as_async().clone()), options)?;
        let threads = match cluster {
            Some(cluster) => Threads::Cluster(cluster),
            None => {
                let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
                let failed = |cause| Error::new(ErrorKind::Io, format!("cannot start the threads of a query: {cause}"));
                Threads::Own(Arc::new(runtime.map_err(failed)?))
            }
        };
        Ok(Database { inner, threads })
    }

    /// See [`crate::Database::add`].
    pub fn add(&mut self, name: impl Into<String>, source: Source) {
        self.inner.add(name, source);
    }

    /// See [`crate::Database::tables`].
    pub fn tables(&self) -> Result<Vec<String>> {
        self.threads.block_on(self.inner.tables())
    }

    /// Plans and starts a query: [`crate::Database::query`], then [`crate::Query::run`]. The token stops either.
    pub fn run(&self, text: &str, cancel: CancelToken) -> Result<Answer> {
        let planned_and_started = async {
            let query = self.inner.query(text).await?;
            query.run(cancel.clone()).await
        };
        let inner = self.threads.block_on(async {
            tokio::select! {
                biased;
                () = cancel.cancelled() => Err(Error::cancelled()),
                answer = planned_and_started => answer,
            }
        })?;
        Ok(Answer {
            inner,
            threads: self.threads.clone(),
        })
    }

    /// Names and types of the columns of a table.
    pub fn columns(&self, table: &str) -> Result<SchemaRef> {
        let text = format!("select * from \"{}\"", table.replace('"', "\"\""));
        Ok(self.threads.block_on(self.inner.query(&text))?.schema())
    }
}

/// [`crate::Answer`] without async: an iterator.
pub struct Answer {
    inner: crate::Answer,
    threads: Threads,
}

impl Answer {
    /// See [`crate::Answer::schema`].
    pub fn schema(&self) -> SchemaRef {
        self.inner.schema()
    }

    /// See [`crate::Answer::warnings`].
    pub fn warnings(&mut self) -> Vec<String> {
        self.inner.warnings()
    }

    /// See [`crate::Answer::reports`].
    pub fn reports(&mut self) -> &[crate::ReadReport] {
        self.inner.reports()
    }
}

impl Iterator for Answer {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.threads.block_on(self.inner.next())
    }
}
