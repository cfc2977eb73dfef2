//! One step of a sieve: the columns that some filters need, grown for a group of records, and their masks bound to the types that the
//! columns have.
//!
//! Types are inferred while a split is read, so a mask may have been bound to types that turn out too narrow. Then the stage is *stale*: it
//! goes on to see what types there are, and the split is read again with the final ones (`settle.rs`). The rows of a read depend on its
//! records alone.

use std::sync::Arc;

use arrow_array::{Array, BooleanArray};
use arrow_schema::SchemaRef;
use kaframe_codec::Shape;
use kaframe_wire::batch::{Record, TimestampType};

use super::sieve::named;
use super::{Candidate, Filter, Mask};
use crate::assemble::Layout;
use crate::chunk::{ChunkBuilder, ChunkPlan, Pushed, Value};
use crate::error::{Error, Result};
use crate::malformed::Malformed;
use crate::topic_partition::TopicPartition;

/// Rows for which memory is reserved.
pub(crate) const GROUP_ROWS: usize = 4096;

/// Shapes of values and keys.
pub(crate) type Shapes = (Option<Shape>, Option<Shape>);

/// Some filters, and the columns that they need.
#[derive(Debug, Clone)]
pub(crate) struct StagePlan {
    /// How their columns are decoded: exactly those.
    pub(crate) chunks: ChunkPlan,
    pub(crate) filters: Vec<Arc<dyn Filter>>,
    /// A filter asks whether values are malformed, or malformed ones might pass: then all columns of the result are tried.
    pub(crate) check: Option<Box<ChunkPlan>>,
}

impl StagePlan {
    /// The same, starting from these shapes.
    pub(crate) fn starting_from(&self, (value, key): Shapes) -> StagePlan {
        let mut plan = self.clone();
        if let Some(column) = &mut plan.chunks.value {
            column.start = value;
        }
        if let Some(column) = &mut plan.chunks.key {
            column.start = key;
        }
        plan
    }

    /// Columns and types of the filters when these are the final shapes. Where a value was decoded, a column of no record is an error;
    /// `names` is what the sample saw.
    pub(crate) fn layout(&self, any_value: bool, names: Option<&Shape>) -> Result<Layout> {
        Layout::new(&self.chunks, any_value, names)
    }
}

/// What a stage has seen of a split.
#[derive(Debug, Clone)]
pub(crate) struct StageSeen {
    pub(crate) shapes: Shapes,
    /// The types that its masks were bound to; `None` where no row came so far.
    pub(crate) bound: Option<SchemaRef>,
    /// Masks of some rows were bound to other types.
    pub(crate) stale: bool,
    /// The filters could not be computed.
    pub(crate) error: Option<Error>,
    pub(crate) values: Values,
}

/// What became of values that were decoded for filters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Values {
    pub(crate) decoded: u64,
    /// Malformed.
    pub(crate) undecoded: u64,
    /// Not looked at, since the sample knew of none.
    pub(crate) unexpected: u64,
    /// Of another type than the columns of the filters have in a stream: null to them.
    pub(crate) misfits: u64,
}

impl Values {
    /// Adds others.
    pub(crate) fn add(&mut self, other: Values) {
        self.decoded += other.decoded;
        self.undecoded += other.undecoded;
        self.unexpected += other.unexpected;
        self.misfits += other.misfits;
    }
}

/// What became of a record at a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It passes.
    Pass,
    /// It passes with nulls: its value is malformed, for this reason.
    Malformed(String),
    /// It does not pass.
    Filtered,
    /// It is malformed and left out.
    Skipped,
}

/// A stage at work on a split.
pub(crate) struct Stage<'p> {
    plan: &'p StagePlan,
    builder: ChunkBuilder<'p>,
    check: Option<ChunkBuilder<'p>>,
    bound: Option<Bound>,
    stale: bool,
    misfits: u64,
    error: Option<Error>,
}

/// Masks with the types that they know.
struct Bound {
    shapes: Shapes,
    layout: Layout,
    masks: Vec<Arc<dyn Mask>>,
}

impl<'p> Stage<'p> {
    pub(crate) fn new(plan: &'p StagePlan, partition: TopicPartition) -> Stage<'p> {
        Stage {
            builder: ChunkBuilder::new(&plan.chunks, partition, GROUP_ROWS),
            check: plan.check.as_ref().map(|check| ChunkBuilder::new(check, partition, 0)),
            plan,
            bound: None,
            stale: false,
            misfits: 0,
            error: None,
        }
    }

    /// Whether its masks decide nothing any more.
    pub(crate) fn is_blind(&self) -> bool {
        self.stale || self.error.is_some()
    }

    /// Judges those of a group that have passed so far.
    pub(crate) fn judge(&mut self, group: &[Candidate<'_>], verdicts: &mut [Verdict]) -> Result<()> {
        let mut rows: Vec<usize> = Vec::with_capacity(group.len());
        for (index, candidate) in group.iter().enumerate() {
            if verdicts[index] != Verdict::Pass {
                continue;
            }
            match self.push(&candidate.record, candidate.timestamp_type)? {
                (Pushed::Skipped, _) => verdicts[index] = Verdict::Skipped,
                (Pushed::Row, reason) => {
                    rows.push(index);
                    if let Some(reason) = reason {
                        verdicts[index] = Verdict::Malformed(reason);
                    }
                }
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        match self.mask()? {
            Some(mask) => {
                for (row, index) in rows.into_iter().enumerate() {
                    if !mask.value(row) {
                        verdicts[index] = Verdict::Filtered;
                    }
                }
            }
            None => rows.into_iter().for_each(|index| verdicts[index] = Verdict::Filtered),
        }
        Ok(())
    }

    /// Whether a record passes whose value turned out malformed when all of its columns were decoded.
    pub(crate) fn passes_malformed(
        &mut self,
        record: &Record<'_>,
        timestamp_type: TimestampType,
        reason: &str,
    ) -> Result<bool> {
        let pushed = self.builder.push_malformed(record, timestamp_type, reason.to_owned())?;
        let mask = self.mask()?;
        Ok(pushed == Pushed::Row && mask.is_some_and(|mask| mask.value(0)))
    }

    fn push(&mut self, record: &Record<'_>, timestamp_type: TimestampType) -> Result<(Pushed, Option<String>)> {
        let mut value = match &mut self.check {
            Some(check) => check.push_value(record)?,
            None => Value::Fine,
        };
        if value == Value::Fine {
            value = self.builder.push_value(record)?;
        }
        match value {
            Value::Skipped => Ok((Pushed::Skipped, None)),
            Value::Fine => Ok((self.builder.push_rest(record, timestamp_type, None)?, None)),
            Value::Malformed(reason) => {
                let pushed = self.builder.push_malformed(record, timestamp_type, reason.clone())?;
                Ok((pushed, Some(reason)))
            }
        }
    }

    /// The mask of the rows so far, which are forgotten; `None` where it cannot be had with the types so far.
    fn mask(&mut self) -> Result<Option<BooleanArray>> {
        let replay = self.builder.needs_replay();
        let shapes = self.builder.shapes();
        let chunk = self.builder.finish()?;
        let extra = chunk.value.as_ref().filter(|columns| columns.has_extra);
        if let Some(extra) = extra.and_then(|columns| columns.arrays.last()) {
            self.misfits += (extra.len() - extra.null_count()) as u64;
        }
        if let Some(check) = &mut self.check {
            check.finish()?;
        }
        if self.is_blind() {
            return Ok(None);
        }
        let known = self.bound.as_ref().is_some_and(|bound| bound.shapes == shapes);
        if replay || (!known && !self.bind(shapes)?) {
            if self.plan.chunks.fixed {
                return Err(Error::internal("the types of a stream changed under its filters"));
            }
            self.stale |= self.error.is_none();
            return Ok(None);
        }
        let Some(bound) = &self.bound else { return Ok(None) };
        let batch = bound.layout.assemble(chunk)?;
        let mut joined: Option<BooleanArray> = None;
        for (mask, filter) in bound.masks.iter().zip(&self.plan.filters) {
            let passes = match mask.mask(&batch) {
                Ok(passes) if passes.len() == batch.num_rows() => strict(&passes),
                Ok(passes) => {
                    let (given, rows) = (passes.len(), batch.num_rows());
                    return Err(Error::internal(format!("a mask of {given} values for {rows} rows")));
                }
                Err(error) => return self.fail(error, filter.text()).map(|()| None),
            };
            joined = Some(match joined {
                None => passes,
                Some(before) => BooleanArray::new(before.values() & passes.values(), None),
            });
        }
        Ok(joined)
    }

    /// Binds the masks to the types of these shapes. False where other types were bound before, or they make no sense.
    fn bind(&mut self, shapes: Shapes) -> Result<bool> {
        let layout = self.plan.starting_from(shapes.clone()).layout(false, None)?;
        let before = self.bound.take();
        if let Some(before) = before {
            let same = before.layout.schema == layout.schema;
            self.bound = Some(Bound {
                shapes,
                layout,
                ..before
            });
            return Ok(same);
        }
        let mut masks = Vec::new();
        for filter in &self.plan.filters {
            match filter.bind(&layout.schema) {
                Ok(mask) => masks.push(mask),
                Err(error) => self.fail(error, filter.text())?,
            }
        }
        self.bound = Some(Bound { shapes, layout, masks });
        Ok(self.error.is_none())
    }

    /// Remembers that a filter cannot be computed: with the final types it may be. A stream's are final.
    fn fail(&mut self, error: Error, text: &str) -> Result<()> {
        let error = named(error, text);
        if self.plan.chunks.fixed {
            return Err(error);
        }
        self.error.get_or_insert(error);
        Ok(())
    }

    /// The malformed values that it has met since they were last taken.
    pub(crate) fn take_malformed(&mut self, malformed: &mut Vec<Malformed>) {
        malformed.append(&mut self.builder.malformed);
        if let Some(check) = &mut self.check {
            malformed.append(&mut check.malformed);
        }
    }

    /// What it has seen.
    pub(crate) fn finish(self) -> StageSeen {
        StageSeen {
            shapes: self.builder.shapes(),
            bound: self.bound.map(|bound| bound.layout.schema),
            stale: self.stale,
            error: self.error,
            values: Values {
                decoded: self.builder.decoded,
                undecoded: self.builder.undecoded,
                unexpected: self.builder.unexpected,
                misfits: self.misfits,
            },
        }
    }
}

/// Null counts as false.
fn strict(mask: &BooleanArray) -> BooleanArray {
    match mask.nulls() {
        None => mask.clone(),
        Some(nulls) => BooleanArray::new(mask.values() & nulls.inner(), None),
    }
}
