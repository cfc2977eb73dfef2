//! One schema for all splits of a read: joins what they saw, and decodes again those whose columns a cast cannot widen exactly.

use std::sync::Arc;

use kaframe_codec::Shape;

use crate::chunk::ChunkPlan;
use crate::engine::{self, Context, Job, JobResult};
use crate::error::{Error, Result};

/// Times that splits are decoded again at most. Shapes only grow, so one is the rule; the bound guards against a bug.
const ROUNDS: usize = 16;

/// Makes all results fit one pair of shapes, which come back as the start of the chunk plan. Results must be in (partition, offset) order.
pub(crate) async fn unify(
    context: &Arc<Context>,
    chunks: &Arc<ChunkPlan>,
    results: &mut [JobResult],
) -> Result<Arc<ChunkPlan>> {
    for _ in 0..ROUNDS {
        let mut joined = ChunkPlan::clone(chunks);
        if let Some(value) = &mut joined.value {
            value.start = join(results.iter().filter_map(|result| result.shapes.0.as_ref()));
        }
        if let Some(key) = &mut joined.key {
            key.start = join(results.iter().filter_map(|result| result.shapes.1.as_ref()));
        }
        let joined = Arc::new(joined);
        let fits = |shape: &Option<Shape>, column: &Option<crate::chunk::ColumnPlan>| match (shape, column) {
            (Some(shape), Some(column)) => column.start.as_ref().is_none_or(|to| shape.widens_exactly_to(to)),
            _ => true,
        };
        let again: Vec<usize> = (0..results.len())
            .filter(|index| {
                let result = &results[*index];
                result.chunk.is_some()
                    && (result.replay || !fits(&result.shapes.0, &joined.value) || !fits(&result.shapes.1, &joined.key))
            })
            .collect();
        if again.is_empty() {
            return Ok(joined);
        }
        let mut jobs = Vec::new();
        for index in again {
            let result = &mut results[index];
            result.chunk = None;
            if let Some(guard) = &context.guard {
                guard.grow(result.charged, 0, 0)?;
            }
            let (partition, range, max_rows) = (result.partition, result.range, result.max_rows);
            jobs.push(Job {
                index,
                partition,
                range,
                max_rows,
            });
        }
        for result in engine::run(context, &joined, jobs).await? {
            let index = result.index;
            let bytes = results[index].bytes;
            results[index] = result;
            results[index].bytes += bytes;
        }
    }
    Err(Error::internal("the types of the columns do not settle"))
}

fn join<'a>(mut shapes: impl Iterator<Item = &'a Shape>) -> Option<Shape> {
    let first = shapes.next()?.clone();
    Some(shapes.fold(first, |joined, shape| joined.join(shape)))
}
