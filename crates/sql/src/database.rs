//! Topics and tables that can be asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::execution::context::SessionState;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use kaframe::{Cluster, Error, ErrorKind, Result, ScanOptions};

use crate::catalog::{NONE, Names};
use crate::error::from_datafusion;
use crate::query::Query;
use crate::tables::{ON_REQUEST, Source, Tables};
use crate::topic_exec::Reports;
use crate::{panics, session, statement};

/// How queries are answered.
#[derive(Debug, Clone)]
pub struct DatabaseOptions {
    /// Bytes that sorting, grouping and joining may hold before they go to temporary files.
    pub memory_limit: u64,
    /// Rows of a record batch, at most.
    pub batch_size: usize,
    /// Whether `from 'file.parquet'` reads a local file.
    pub allow_files: bool,
    /// How topics are read that a query names.
    pub scan: ScanOptions,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        DatabaseOptions {
            memory_limit: 1 << 30,
            batch_size: 8192,
            allow_files: false,
            scan: ScanOptions::default(),
        }
    }
}

/// Topics of a cluster and tables that are handed in, to be asked with SQL.
#[derive(Debug)]
pub struct Database {
    cluster: Option<Cluster>,
    options: DatabaseOptions,
    sources: BTreeMap<String, Source>,
    runtime: Arc<RuntimeEnv>,
}

impl Database {
    /// Over the topics of a cluster; without one, over what is handed in.
    pub fn new(cluster: Option<Cluster>, options: DatabaseOptions) -> Result<Database> {
        let bytes = usize::try_from(options.memory_limit).unwrap_or(usize::MAX);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(bytes)))
            .build_arc()
            .map_err(|failed| from_datafusion(&failed))?;
        Ok(Database {
            cluster,
            options,
            sources: BTreeMap::new(),
            runtime,
        })
    }

    /// Hands in a table by a name, which comes before a topic of that name.
    pub fn add(&mut self, name: impl Into<String>, source: Source) {
        self.sources.insert(name.into(), source);
    }

    /// Plans a query: the topics that it names are looked up and frozen, a sample of each decides its types. Reads no more than that.
    ///
    /// # Errors
    /// `Config` for what is no query, `TopicNotFound`, `Schema` for columns that no table has, and whatever keeps topics from being read.
    pub async fn query(&self, text: &str) -> Result<Query> {
        panics::caught_in("the query", self.planned(text)).await
    }

    async fn planned(&self, text: &str) -> Result<Query> {
        let parsed = statement::parse(text)?;
        let reports = Reports::default();
        let base = Arc::new(self.state(None));
        let mentioned = ON_REQUEST.iter().filter(|name| statement::mentions(text, name));
        let tables = Tables {
            cluster: self.cluster.clone(),
            options: self.options.scan.clone(),
            sources: self.sources.clone(),
            allow_files: self.options.allow_files,
            mentioned: mentioned.map(|name| (*name).to_owned()).collect(),
            state: base,
            reports: reports.clone(),
        };
        let mut state = self.state(Some(Arc::new(Names::new(Arc::new(tables)))));
        // One `now()` for the whole query, however often it is run.
        state.mark_start_execution();
        let plan = state.statement_to_plan(parsed).await.map_err(|failed| {
            let error = from_datafusion(&failed);
            with_near_functions(error, &state)
        })?;
        Query::new(state, &plan, reports)
    }

    /// Names of the topics and tables that a query can name, topics of Kafka's own left out.
    pub async fn tables(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> = self.sources.keys().cloned().collect();
        if let Some(cluster) = &self.cluster {
            let topics = cluster.topics().await?;
            names.extend(
                topics
                    .into_iter()
                    .filter(|topic| !topic.internal)
                    .map(|topic| topic.name),
            );
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn state(&self, names: Option<Arc<Names>>) -> SessionState {
        let mut config = session::config()
            .with_batch_size(self.options.batch_size)
            .with_create_default_catalog_and_schema(false)
            .with_default_catalog_and_schema(NONE, NONE);
        // Rows of a topic come from one stream; how many there are is known only at most.
        config.options_mut().explain.physical_plan_only = true;
        let mut builder = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(self.runtime.clone());
        if let Some(names) = names {
            builder = builder.with_catalog_list(names);
        }
        session::finish(builder)
    }
}

fn with_near_functions(error: Error, state: &SessionState) -> Error {
    let name = error
        .message()
        .strip_prefix("Invalid function '")
        .and_then(|rest| rest.split('\'').next())
        .map(str::to_owned);
    match name {
        Some(name) => Error::new(ErrorKind::Config, format!("there is no function {name}()")).with_hint(format!(
            "the nearest are {}",
            statement::near_functions(&name, state).join(", ")
        )),
        None => error,
    }
}
