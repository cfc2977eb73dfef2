//! One set of types for the filters of all splits: joins what the splits saw, and reads those again whose masks were bound to other types.
//!
//! Shapes only grow, so this comes to an end; after the first time it is rare, since the sample has told the types.

use std::sync::Arc;

use super::stage::{Shapes, StageSeen};
use super::{SievePlan, Sifted};
use crate::chunk::ChunkPlan;
use crate::engine::{self, Context, Job, JobResult};
use crate::error::{Error, Result};

/// Times that splits are read again at most: a guard against a bug.
const ROUNDS: usize = 16;

/// What became of the types.
pub(crate) enum Settled {
    /// All masks were bound to the final types, with which the plan starts now.
    Done(Arc<ChunkPlan>),
    /// All is to be read again, starting from these types: how far a limit or a tail reaches depends on the masks.
    Again(Arc<ChunkPlan>),
}

/// Brings the results of all splits to one set of types. With `whole` those of other types are read again here; without, the caller does it.
pub(crate) async fn settle(
    context: &Arc<Context>,
    chunks: &Arc<ChunkPlan>,
    results: &mut [JobResult],
    whole: bool,
) -> Result<Settled> {
    for _ in 0..ROUNDS {
        let Some(sieve) = &chunks.sieve else {
            return Ok(Settled::Done(chunks.clone()));
        };
        let (joined, again) = joined(sieve, results)?;
        let joined = Arc::new(ChunkPlan {
            sieve: Some(joined),
            ..ChunkPlan::clone(chunks)
        });
        if again.is_empty() {
            let sifted = results.iter_mut().filter_map(|result| result.sifted.as_mut());
            return match sifted.flat_map(|s| &mut s.stages).find_map(|stage| stage.error.take()) {
                Some(error) => Err(error.with_topic(context.plan.topic_names())),
                None => Ok(Settled::Done(joined)),
            };
        }
        if !whole {
            return Ok(Settled::Again(joined));
        }
        let mut jobs = Vec::new();
        for index in again {
            let result = &mut results[index];
            result.chunk = None;
            if let Some(guard) = &context.guard {
                guard.grow(result.charged, 0, 0)?;
            }
            jobs.push(Job {
                index,
                partition: result.partition,
                range: result.range,
                max_rows: result.max_rows,
            });
        }
        for result in engine::run(context, &joined, jobs).await? {
            let index = result.index;
            let bytes = results[index].bytes;
            results[index] = result;
            results[index].bytes += bytes;
        }
    }
    Err(Error::internal("the types of the filters do not settle"))
}

/// The sieve that starts from all that was seen, and the results that were sifted with other types.
fn joined(sieve: &SievePlan, results: &[JobResult]) -> Result<(SievePlan, Vec<usize>)> {
    let seen = |result: &JobResult| result.sifted.as_ref().map(|sifted: &Sifted| sifted.stages.clone());
    let seen: Vec<Option<Vec<StageSeen>>> = results.iter().map(seen).collect();
    let mut stages = Vec::new();
    let mut again = vec![false; results.len()];
    for (index, plan) in sieve.stages.iter().enumerate() {
        let of = |seen: &Option<Vec<StageSeen>>| seen.as_ref().and_then(|stages| stages.get(index).cloned());
        let shapes = seen.iter().filter_map(of).map(|stage| stage.shapes);
        let plan = shapes
            .reduce(join)
            .map_or_else(|| plan.clone(), |shapes| plan.starting_from(shapes));
        let schema = plan.layout(false, None)?.schema;
        for (result, seen) in again.iter_mut().zip(&seen) {
            if let Some(stage) = of(seen) {
                *result |= stage.stale || stage.bound.is_some_and(|bound| bound != schema);
            }
        }
        stages.push(plan);
    }
    let again = (0..again.len()).filter(|index| again[*index]).collect();
    Ok((SievePlan { stages }, again))
}

fn join(a: Shapes, b: Shapes) -> Shapes {
    let both = |a: Option<kaframe_codec::Shape>, b: Option<kaframe_codec::Shape>| match (a, b) {
        (Some(a), Some(b)) => Some(a.join(&b)),
        (a, b) => a.or(b),
    };
    (both(a.0, b.0), both(a.1, b.1))
}
