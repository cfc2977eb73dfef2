//! A topic as a table of a query. Its records and its types are decided when the query is planned (a frozen scan and its sample); what the query
//! needs of them is decided per use: columns, conditions, a limit.

use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, plan_err};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use kaframe::{Filter, Narrow, OnError, Order, Scan};

use crate::error::into_datafusion;
use crate::pushed;
use crate::topic_exec::{Reports, TopicExec};

/// The column for what does not fit the columns of a stream.
pub(crate) const EXTRA: &str = "_extra";

/// A frozen scan as a table.
#[derive(Debug)]
pub(crate) struct Topic {
    scan: Scan,
    schema: SchemaRef,
    state: Arc<SessionState>,
    reports: Reports,
}

impl Topic {
    /// Looks at a sample, which decides the types.
    pub(crate) async fn new(scan: Scan, state: Arc<SessionState>, reports: Reports) -> kaframe::Result<Topic> {
        let schema = scan.schema().await?;
        Ok(Topic {
            scan,
            schema,
            state,
            reports,
        })
    }

    /// A count of rows comes before conditions: then they are not the read's to test.
    fn takes_filters(&self) -> bool {
        let plan = self.scan.plan();
        plan.limit.is_none() && plan.tail.is_none()
    }

    /// Names to read for a projection; `None` for all. A value that is not decoded cannot be found malformed, so where such rows are left out
    /// or end the read every field is read.
    fn names(&self, projected: &Schema) -> Option<Vec<String>> {
        let wants_extra = projected.field_with_name(EXTRA).is_ok();
        if wants_extra || self.scan.options().on_error != OnError::Null {
            return None;
        }
        let names: Vec<String> = projected.fields().iter().map(|field| field.name().clone()).collect();
        // Rows without columns still have to be counted.
        Some(if names.is_empty() {
            vec!["_partition".to_owned()]
        } else {
            names
        })
    }
}

#[async_trait]
impl TableProvider for Topic {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let answer = |filter: &&Expr| match pushed::condition(filter, &self.schema, &self.state) {
            Some(_) if self.takes_filters() => TableProviderFilterPushDown::Exact,
            _ => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(answer).collect())
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let projected: SchemaRef = match projection {
            Some(columns) => Arc::new(self.schema.project(columns)?),
            None => self.schema.clone(),
        };
        let mut conditions: Vec<Arc<dyn Filter>> = Vec::new();
        for filter in filters {
            match pushed::condition(filter, &self.schema, &self.state) {
                Some(condition) => conditions.push(Arc::new(condition)),
                None => return plan_err!("{filter} was given to the read of a topic, which cannot test it"),
            }
        }
        let pushed: Vec<String> = conditions.iter().map(|one| one.text().to_owned()).collect();
        let limit = limit.filter(|_| self.takes_filters()).map(|limit| limit as u64);
        let narrow = Narrow {
            columns: self.names(&projected),
            filter: conditions,
            limit,
            // What the answer is ordered by is the query's to say.
            order: Some(Order::Partition),
        };
        let scan = self.scan.narrow(narrow).await.map_err(into_datafusion)?;
        let read = scan.schema().await.map_err(into_datafusion)?;
        Ok(Arc::new(TopicExec::new(
            scan,
            &read,
            projected,
            pushed,
            self.reports.clone(),
        )?))
    }
}
