//! A planned query and its answer.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, displayable, execute_stream};
use futures::StreamExt;
use kaframe::{CancelToken, Error, Result};

use crate::error::from_datafusion;
use crate::panics;
use crate::topic_exec::{ReadReport, Reports};

/// A planned query over frozen topics. Running it twice gives the same rows.
#[derive(Clone)]
pub struct Query {
    state: Arc<SessionState>,
    plan: Arc<LogicalPlan>,
    schema: SchemaRef,
    reports: Reports,
}

impl std::fmt::Debug for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Query({:?})", self.schema)
    }
}

impl Query {
    pub(crate) fn new(state: SessionState, plan: &LogicalPlan, reports: Reports) -> Result<Query> {
        let optimized = state.optimize(plan).map_err(|failed| from_datafusion(&failed))?;
        Ok(Query {
            schema: optimized.schema().inner().clone(),
            plan: Arc::new(optimized),
            state: Arc::new(state),
            reports,
        })
    }

    /// Names and types of the answer.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    async fn physical(&self) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = self.state.query_planner();
        let planned = async {
            let plan = planner.create_physical_plan(&self.plan, self.state.as_ref()).await;
            plan.map_err(|failed| from_datafusion(&failed))
        };
        panics::caught_in("the query", planned).await
    }

    /// How it will be answered, as text: which offsets of which topics are read, which conditions they are read with.
    pub async fn explain(&self) -> Result<String> {
        let plan = self.physical().await?;
        Ok(displayable(plan.as_ref()).indent(false).to_string())
    }

    /// Starts to answer it. Dropping the answer, or setting the token, stops everything that runs for it.
    pub async fn run(&self, cancel: CancelToken) -> Result<Answer> {
        let plan = self.physical().await?;
        let stream = panics::caught("the query", || {
            execute_stream(plan, self.state.task_ctx()).map_err(|failed| from_datafusion(&failed))
        })?;
        Ok(Answer {
            schema: self.schema.clone(),
            stream: Some(stream),
            reports: self.reports.clone(),
            taken: Vec::new(),
            cancel,
        })
    }
}

/// A panic of a step, also of one on a thread of its own, comes out here.
async fn next_rows(stream: &mut SendableRecordBatchStream) -> Result<Option<RecordBatch>> {
    let next = async {
        stream
            .next()
            .await
            .transpose()
            .map_err(|failed| from_datafusion(&failed))
    };
    panics::caught_in("the query", next).await
}

/// The rows that answer a query, as they come.
pub struct Answer {
    schema: SchemaRef,
    /// `None` once it has ended.
    stream: Option<SendableRecordBatchStream>,
    reports: Reports,
    taken: Vec<ReadReport>,
    cancel: CancelToken,
}

impl Answer {
    /// Names and types.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// The next rows; `None` at the end. After an error there is nothing more.
    pub async fn next(&mut self) -> Option<Result<RecordBatch>> {
        let stream = self.stream.as_mut()?;
        let next = tokio::select! {
            biased;
            () = self.cancel.cancelled() => Some(Err(Error::cancelled())),
            next = next_rows(stream) => next.transpose(),
        };
        match next {
            Some(Ok(batch)) => Some(self.labelled(batch)),
            ended => {
                self.stream = None;
                ended
            }
        }
    }

    /// What the reads of topics that have ended account for.
    pub fn reports(&mut self) -> &[ReadReport] {
        self.taken.extend(self.reports.take());
        &self.taken
    }

    /// What the user should know about the rows: values that were malformed or did not fit, whatever else the reads warn of.
    pub fn warnings(&mut self) -> Vec<String> {
        let mut warnings = Vec::new();
        for read in self.reports() {
            warnings.extend(read.report.warnings.iter().cloned());
            if read.misfits > 0 {
                let topics: Vec<&str> = read.report.topics.iter().map(|one| one.topic.as_str()).collect();
                warnings.push(format!(
                    "{} records of {} hold values that do not fit the types which a sample of its first records decided: they are null in this \
                     query; select _extra to see them",
                    read.misfits, topics.join(", ")
                ));
            }
        }
        warnings
    }

    /// The plan's names, where a step has others for the same columns.
    fn labelled(&self, batch: RecordBatch) -> Result<RecordBatch> {
        if batch.schema_ref() == &self.schema {
            return Ok(batch);
        }
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let (_, columns, _) = batch.into_parts();
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
            .map_err(|cause| Error::config(format!("the rows are not of the planned types: {cause}")))
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("ended", &self.stream.is_none())
            .finish_non_exhaustive()
    }
}
