//! The reading of a topic as a step of a plan: one stream of record batches, which the workers of the read decode in parallel.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{Array, RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef, SortOptions};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::col;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use kaframe::{RecordBatchStream, Report, Scan};

use crate::error::into_datafusion;
use crate::topic::EXTRA;

/// What the reads of a query account for, as each ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reports(Arc<Mutex<Vec<ReadReport>>>);

/// What one read of a query accounts for.
#[derive(Debug, Clone)]
pub struct ReadReport {
    /// What the read accounts for.
    pub report: Report,
    /// Records with something in `_extra` that the query did not look at: values that do not fit the types which the sample decided, so that the
    /// columns of the query have nulls for them.
    pub misfits: u64,
}

impl Reports {
    fn add(&self, report: ReadReport) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(report);
    }

    /// Those so far.
    pub(crate) fn take(&self) -> Vec<ReadReport> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct TopicExec {
    scan: Scan,
    /// Positions in the batches of the read.
    positions: Vec<usize>,
    /// Position of what did not fit, where the query does not look at it.
    extra: Option<usize>,
    pushed: Vec<String>,
    reports: Reports,
    properties: Arc<PlanProperties>,
}

impl TopicExec {
    pub(crate) fn new(
        scan: Scan,
        read: &Schema,
        projected: SchemaRef,
        pushed: Vec<String>,
        reports: Reports,
    ) -> Result<TopicExec> {
        let mut positions = Vec::new();
        for field in projected.fields() {
            let position = read.index_of(field.name())?;
            if read.field(position).data_type() != field.data_type() {
                return internal_err!("column {} changed its type between planning and reading", field.name());
            }
            positions.push(position);
        }
        let extra = read
            .index_of(EXTRA)
            .ok()
            .filter(|position| !positions.contains(position));
        let orderings = orderings(&scan, &projected);
        let properties = PlanProperties::new(
            EquivalenceProperties::new_with_orderings(projected, orderings),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(TopicExec {
            scan,
            positions,
            extra,
            pushed,
            reports,
            properties: Arc::new(properties),
        })
    }

    fn rows_at_most(&self) -> Precision<usize> {
        let plan = self.scan.plan();
        let offsets = plan.offsets().min(plan.limit.or(plan.tail).unwrap_or(u64::MAX));
        match usize::try_from(offsets) {
            // Holes and conditions only take away, so nothing is nothing.
            Ok(0) => Precision::Exact(0),
            Ok(offsets) => Precision::Inexact(offsets),
            Err(_) => Precision::Absent,
        }
    }
}

/// A stream keeps the order of each partition; where there is one, that is the order of the rows.
fn orderings(scan: &Scan, schema: &SchemaRef) -> Vec<Vec<PhysicalSortExpr>> {
    if scan.plan().partitions.len() != 1 {
        return Vec::new();
    }
    let ascending = |name: &str| {
        let options = SortOptions::default();
        col(name, schema).ok().map(|expr| PhysicalSortExpr { expr, options })
    };
    let (partition, offset) = (ascending("_partition"), ascending("_offset"));
    match (partition, offset) {
        (Some(partition), Some(offset)) => vec![vec![offset.clone()], vec![partition, offset]],
        (None, Some(offset)) => vec![vec![offset]],
        (Some(partition), None) => vec![vec![partition]],
        (None, None) => Vec::new(),
    }
}

/// Partitions that are listed in a plan.
const LISTED: usize = 8;

impl DisplayAs for TopicExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = self.scan.plan();
        let topics: Vec<&str> = plan.topics.iter().map(|topic| topic.name.as_str()).collect();
        write!(f, "TopicExec: topic={}, offsets={}", topics.join(", "), plan.offsets())?;
        let ranges = plan.partitions.iter().take(LISTED);
        let ranges: Vec<String> = ranges
            .map(|p| {
                let topic = if topics.len() > 1 {
                    format!("{} ", topics[p.topic])
                } else {
                    String::new()
                };
                format!("{topic}{}: {}..{}", p.partition, p.range.start, p.range.end)
            })
            .collect();
        let more = plan.partitions.len().saturating_sub(LISTED);
        write!(
            f,
            " [{}{}]",
            ranges.join(", "),
            if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            }
        )?;
        let names: Vec<&str> = self
            .properties
            .eq_properties
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        write!(f, ", columns=[{}]", names.join(", "))?;
        if !self.pushed.is_empty() {
            write!(f, ", where=[{}]", self.pushed.join(", "))?;
        }
        if let Some(limit) = plan.limit {
            write!(f, ", limit={limit}")?;
        }
        if let Some(tail) = plan.tail {
            write!(f, ", tail={tail}")?;
        }
        Ok(())
    }
}

impl ExecutionPlan for TopicExec {
    fn name(&self) -> &str {
        "TopicExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() {
            Ok(self)
        } else {
            internal_err!("TopicExec has no children")
        }
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("TopicExec has one stream, not {partition}");
        }
        let schema = self.properties.eq_properties.schema().clone();
        let reading = Reading {
            scan: self.scan.clone(),
            stream: None,
            schema: schema.clone(),
            positions: self.positions.clone(),
            extra: self.extra,
            misfits: 0,
            reports: self.reports.clone(),
        };
        let batches = futures::stream::try_unfold(reading, |mut reading| async move {
            let batch = reading.next().await?;
            Ok(batch.map(|batch| (batch, reading)))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    fn statistics_from_inputs(&self, _: &[Arc<Statistics>], _: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let unknown = Statistics::new_unknown(self.properties.eq_properties.schema());
        Ok(Arc::new(Statistics {
            num_rows: self.rows_at_most(),
            ..unknown
        }))
    }
}

/// A running read. However it ends, its report is kept.
struct Reading {
    scan: Scan,
    /// From the first batch on.
    stream: Option<RecordBatchStream>,
    schema: SchemaRef,
    positions: Vec<usize>,
    extra: Option<usize>,
    misfits: u64,
    reports: Reports,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            empty => empty.insert(self.scan.stream().await.map_err(into_datafusion)?),
        };
        let Some(batch) = stream.next().await else {
            return Ok(None);
        };
        let batch = batch.map_err(into_datafusion)?;
        if let Some(extra) = self.extra {
            let extra = batch.column(extra);
            self.misfits += (extra.len() - extra.null_count()) as u64;
        }
        let columns = self
            .positions
            .iter()
            .map(|position| batch.column(*position).clone())
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(Some(RecordBatch::try_new_with_options(
            self.schema.clone(),
            columns,
            &options,
        )?))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some(stream) = &self.stream {
            self.reports.add(ReadReport {
                report: stream.report(),
                misfits: self.misfits,
            });
        }
    }
}
