//! What a record passes on its way to a row: conditions on metadata and keys first, before its value is decoded, then those on the value,
//! for which only their own columns are decoded. Whoever passes is decoded in full.
//!
//! A value that does not pass is checked as far as it was looked at: up to the last column of the conditions. Where it might pass if it turned out
//! malformed, it is tried in full first (`nulls.rs`).

use std::collections::BTreeSet;
use std::sync::Arc;

use kaframe_codec::{Shape, is_json};
use kaframe_wire::batch::{Record, TimestampType};

use super::stage::{Stage, StagePlan, StageSeen, Values, Verdict};
use super::{Conditions, Filter, nulls};
use crate::chunk::{ChunkPlan, ColumnPlan};
use crate::columns::{MetaColumn, Selection};
use crate::engine::JobResult;
use crate::error::{Error, Result};
use crate::malformed::Malformed;
use crate::options::OnError;
use crate::topic_partition::TopicPartition;

/// How the records of a read are sifted; the same for all of its splits.
#[derive(Debug, Clone)]
pub(crate) struct SievePlan {
    /// In the order in which a record passes them.
    pub(crate) stages: Vec<StagePlan>,
}

impl SievePlan {
    /// For conditions that bounds alone do not answer; `None` where there are none. `main` is how rows are decoded, `value` and `key` how those
    /// columns would be if they were in the result, with what the sample saw.
    pub(crate) fn new(
        conditions: &Conditions,
        main: &ChunkPlan,
        value: Option<ColumnPlan>,
        key: Option<ColumnPlan>,
    ) -> Result<Option<SievePlan>> {
        let mut stages = Vec::new();
        for filters in [&conditions.early, &conditions.late] {
            if !filters.is_empty() {
                stages.push(stage(filters, main, value.clone(), key.clone())?);
            }
        }
        Ok((!stages.is_empty()).then_some(SievePlan { stages }))
    }
}

impl SievePlan {
    /// Fails for a column of the filters that no record has, once the shapes are final. `names` is what the sample saw.
    pub(crate) fn check_columns(&self, results: &[JobResult], names: Option<&Shape>) -> Result<()> {
        let any_value = values(results).decoded > 0;
        self.stages
            .iter()
            .try_for_each(|stage| stage.layout(any_value, names).map(drop))
    }

    /// What there is to know of the types that conditions were bound to.
    pub(crate) fn warnings(&self) -> Result<Vec<String>> {
        let mut names = BTreeSet::new();
        for stage in &self.stages {
            let schema = stage.layout(false, None)?.schema;
            let fields = schema.fields().iter().filter(|field| is_json(field));
            names.extend(fields.map(|field| field.name().clone()));
        }
        let warning = |name| {
            format!(
                "values of {name} are of several types: where compares them as JSON text, in which a text has its quotes ('\"x\"')"
            )
        };
        Ok(names.into_iter().map(warning).collect())
    }

    /// Whether the filters make sense for types that never change.
    pub(crate) fn bind(&self, any_value: bool, names: Option<&Shape>) -> Result<()> {
        for stage in &self.stages {
            let schema = stage.layout(any_value, names)?.schema;
            for filter in &stage.filters {
                filter.bind(&schema).map_err(|error| named(error, filter.text()))?;
            }
        }
        Ok(())
    }
}

/// An error that names its condition.
pub(crate) fn named(error: Error, text: &str) -> Error {
    if error.message().contains(text) {
        return error;
    }
    let named = Error::new(error.kind(), format!("where {text}: {}", error.message()));
    match error.hint() {
        Some(hint) => named.with_hint(hint),
        None => named,
    }
}

/// What became of all values that were decoded for filters.
pub(crate) fn values<'r>(results: impl IntoIterator<Item = &'r JobResult>) -> Values {
    let mut sum = Values::default();
    let sifted = results.into_iter().filter_map(|result| result.sifted.as_ref());
    for stage in sifted.filter_map(|sifted| sifted.stages.last()) {
        sum.add(stage.values);
    }
    sum
}

/// Values that are null to the filters of a stream, since they are of another type than the sample said.
pub(crate) fn misfits(results: &[JobResult]) -> u64 {
    let sifted = results.iter().filter_map(|result| result.sifted.as_ref());
    sifted
        .flat_map(|sifted| &sifted.stages)
        .map(|stage| stage.values.misfits)
        .sum()
}

fn stage(
    filters: &[Arc<dyn Filter>],
    main: &ChunkPlan,
    value: Option<ColumnPlan>,
    key: Option<ColumnPlan>,
) -> Result<StagePlan> {
    let mut names: Vec<String> = Vec::new();
    for name in filters.iter().flat_map(|filter| filter.columns()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let selection = match names.is_empty() {
        // A condition without columns: true or false for all.
        true => Selection::Exactly(Vec::new()),
        false => Selection::exactly(&names)?,
    };
    let asks_for_error = selection.needs(MetaColumn::Error);
    let needs_key = selection.needs(MetaColumn::Key) || (asks_for_error && main.key.is_some());
    let mut plan = StagePlan {
        chunks: ChunkPlan {
            topics: main.topics.clone(),
            value: value.filter(|_| selection.needs_values()),
            key: key.filter(|_| needs_key),
            selection,
            on_error: main.on_error,
            fixed: main.fixed,
            order: false,
            identity: false,
            sieve: None,
            // Rows that do not pass are of no more interest, unless malformed ones are left out, are an error, or are asked for.
            no_further: main.on_error == OnError::Null && !asks_for_error,
            bytes_per_offset: main.bytes_per_offset,
            by_header: false,
            discard: false,
        },
        filters: filters.to_vec(),
        check: None,
    };
    let in_full = asks_for_error
        || (main.on_error == OnError::Null
            && plan.chunks.value.is_some()
            && nulls::may_pass(filters, &plan.layout(false, None)?.schema));
    plan.check = in_full.then(|| Box::new(main.clone()));
    Ok(plan)
}

/// A record on its way.
#[derive(Debug)]
pub(crate) struct Candidate<'r> {
    pub(crate) record: Record<'r>,
    pub(crate) timestamp_type: TimestampType,
    /// What lies between it and the candidate before, in the same batch.
    pub(crate) before: Between,
}

/// Offsets that are no candidates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Between {
    /// Records outside the bounds by time.
    pub(crate) outside: u64,
    /// Offsets that hold nothing.
    pub(crate) absent: u64,
}

/// A sieve at work on a split.
pub(crate) struct Sieve<'p> {
    stages: Vec<Stage<'p>>,
}

/// What a sieve has seen of a split: one a stage.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sifted {
    pub(crate) stages: Vec<StageSeen>,
}

impl Sifted {
    /// Takes over what was counted behind.
    pub(crate) fn absorb(&mut self, next: &Sifted) {
        for (stage, next) in self.stages.iter_mut().zip(&next.stages) {
            stage.values.add(next.values);
        }
    }

    /// Whether it was judged with types that are not the final ones, or not at all: its rows mean nothing.
    pub(crate) fn is_blind(&self) -> bool {
        self.stages.iter().any(|stage| stage.stale || stage.error.is_some())
    }
}

impl<'p> Sieve<'p> {
    pub(crate) fn new(plan: &'p SievePlan, partition: TopicPartition) -> Sieve<'p> {
        Sieve {
            stages: plan.stages.iter().map(|plan| Stage::new(plan, partition)).collect(),
        }
    }

    /// Judges a group: one verdict a record.
    pub(crate) fn judge(&mut self, group: &[Candidate<'_>], verdicts: &mut Vec<Verdict>) -> Result<()> {
        verdicts.clear();
        verdicts.resize(group.len(), Verdict::Pass);
        for stage in &mut self.stages {
            stage.judge(group, verdicts)?;
            if stage.is_blind() {
                // The split will be read again; what this stage lets through is not known.
                break;
            }
        }
        Ok(())
    }

    /// Whether a record passes with nulls, whose value turned out malformed when all of its columns were decoded.
    pub(crate) fn passes_malformed(&mut self, candidate: &Candidate<'_>, reason: &str) -> Result<bool> {
        match self.stages.last_mut() {
            Some(stage) => stage.passes_malformed(&candidate.record, candidate.timestamp_type, reason),
            None => Ok(true),
        }
    }

    /// Adds the malformed values that it has met in a group to those that were met behind it; some are among both.
    pub(crate) fn take_malformed(&mut self, malformed: &mut Vec<Malformed>) {
        self.stages.iter_mut().for_each(|stage| stage.take_malformed(malformed));
        malformed.sort_by_key(|m| (m.offset, m.is_key()));
        malformed.dedup_by_key(|m| (m.offset, m.is_key()));
    }

    /// What it has seen.
    pub(crate) fn finish(self) -> Sifted {
        Sifted {
            stages: self.stages.into_iter().map(Stage::finish).collect(),
        }
    }
}
