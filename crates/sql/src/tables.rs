//! What a name in a query stands for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::execution::context::{SessionContext, SessionState};
use datafusion::prelude::{CsvReadOptions, JsonReadOptions, ParquetReadOptions};
use kaframe::{Cluster, Error, ErrorKind, Metadata, Result, Scan, ScanOptions};

use crate::error::{from_datafusion, nearest};
use crate::topic::Topic;
use crate::topic_exec::Reports;

/// A table that is handed in.
#[derive(Debug, Clone)]
pub enum Source {
    /// A frozen scan of a topic: conditions, columns and limits of the query are pushed into it.
    Scan(Scan),
    /// Rows in memory.
    Rows(SchemaRef, Vec<RecordBatch>),
    /// A local file, by its extension: `.parquet`, `.csv`, `.ndjson`, `.json`.
    File(PathBuf),
}

/// Metadata columns that a topic has in a query only when the query names them.
pub(crate) const ON_REQUEST: [&str; 5] = ["_topic", "_headers", "_timestamp_type", "_error", "_tombstone"];

/// Everything that a query may name.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) cluster: Option<Cluster>,
    /// How topics are read that the query names.
    pub(crate) options: ScanOptions,
    pub(crate) sources: BTreeMap<String, Source>,
    pub(crate) allow_files: bool,
    /// Columns on request that the query names.
    pub(crate) mentioned: Vec<String>,
    pub(crate) state: Arc<SessionState>,
    pub(crate) reports: Reports,
}

impl Tables {
    pub(crate) fn handed_in(&self) -> Vec<String> {
        self.sources.keys().cloned().collect()
    }

    pub(crate) async fn table(&self, name: &str) -> Result<Arc<dyn TableProvider>> {
        match self.sources.get(name) {
            Some(Source::Scan(scan)) => self.scan(scan.clone()).await,
            Some(Source::Rows(schema, batches)) => {
                let table = MemTable::try_new(schema.clone(), vec![batches.clone()]);
                Ok(Arc::new(table.map_err(|failed| from_datafusion(&failed))?))
            }
            Some(Source::File(path)) => self.file(path).await,
            None => match file_kind(Path::new(name)) {
                Some(_) if self.allow_files => self.file(Path::new(name)).await,
                kind => self.topic(name, kind.is_some()).await,
            },
        }
    }

    async fn scan(&self, scan: Scan) -> Result<Arc<dyn TableProvider>> {
        Ok(Arc::new(
            Topic::new(scan, self.state.clone(), self.reports.clone()).await?,
        ))
    }

    async fn topic(&self, name: &str, like_a_file: bool) -> Result<Arc<dyn TableProvider>> {
        let Some(cluster) = &self.cluster else {
            return Err(Error::config(format!(
                "there is no table {name:?}, and no brokers are named where it could be a topic"
            ))
            .with_hint("name them with bootstrap_servers, or hand the table in"));
        };
        let defaults = ["_key", "_partition", "_offset", "_timestamp"].map(str::to_owned);
        let mut metadata: Vec<String> = defaults.into_iter().chain(self.mentioned.iter().cloned()).collect();
        // A pattern: rows tell their topic.
        if name.contains(['*', '?']) && !self.mentioned.iter().any(|one| one == "_topic") {
            metadata.push("_topic".to_owned());
        }
        let options = ScanOptions {
            metadata: Metadata::Only(metadata),
            ..self.options.clone()
        };
        match cluster.scan(name, options).await {
            Ok(scan) => self.scan(scan).await,
            Err(error) if like_a_file && matches!(error.kind(), ErrorKind::TopicNotFound | ErrorKind::Config) => {
                Err(Error::config(format!("files are not read from SQL: {name:?}"))
                    .with_hint("hand the file in as a table, or allow files: allow_files=True, --allow-files"))
            }
            Err(error) if error.kind() == ErrorKind::TopicNotFound => Err(self.with_near_tables(name, error)),
            Err(error) => Err(error),
        }
    }

    /// Tables that were handed in are near names too.
    fn with_near_tables(&self, name: &str, error: Error) -> Error {
        let handed_in = self.handed_in();
        if handed_in.is_empty() {
            return error;
        }
        let near = nearest(name, handed_in.iter().map(String::as_str));
        let hint = error.hint().map(|hint| format!("{hint}; ")).unwrap_or_default();
        error.with_hint(format!("{hint}tables handed in: {}", near.join(", ")))
    }

    async fn file(&self, path: &Path) -> Result<Arc<dyn TableProvider>> {
        let shown = path.display();
        let Some(kind) = file_kind(path) else {
            return Err(Error::config(format!("{shown} is no file that SQL reads"))
                .with_hint(format!("it reads {}", KINDS.join(", "))));
        };
        if shown.to_string().contains("://") {
            return Err(Error::config(format!("only local files are read, not {shown}")));
        }
        // DataFusion reads a folder, or nothing at all, as an empty table.
        match std::fs::metadata(path) {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Err(Error::new(ErrorKind::Io, format!("{shown} is no file"))),
            Err(cause) => return Err(Error::new(ErrorKind::Io, format!("{shown}: {cause}"))),
        }
        let absolute =
            std::fs::canonicalize(path).map_err(|cause| Error::new(ErrorKind::Io, format!("{shown}: {cause}")))?;
        let text = format!("file://{}", absolute.display());
        let context = SessionContext::new_with_state(self.state.as_ref().clone());
        let extension = path.extension().and_then(|one| one.to_str()).unwrap_or_default();
        let read = match kind {
            Kind::Parquet => {
                let options = ParquetReadOptions {
                    file_extension: extension,
                    ..ParquetReadOptions::default()
                };
                context.read_parquet(text, options).await
            }
            Kind::Csv => {
                context
                    .read_csv(text, CsvReadOptions::new().file_extension(extension))
                    .await
            }
            Kind::Json => {
                let options = JsonReadOptions {
                    file_extension: extension,
                    ..JsonReadOptions::default()
                };
                context.read_json(text, options).await
            }
        };
        Ok(read.map_err(|failed| from_datafusion(&failed))?.into_view())
    }
}

const KINDS: [&str; 4] = [".parquet", ".csv", ".ndjson", ".jsonl"];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Parquet,
    Csv,
    Json,
}

fn file_kind(path: &Path) -> Option<Kind> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "parquet" => Some(Kind::Parquet),
        "csv" => Some(Kind::Csv),
        "ndjson" | "jsonl" => Some(Kind::Json),
        _ => None,
    }
}
