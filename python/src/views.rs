//! Texts as views, for Polars, whose own columns are that: it would make them of every other kind of text, on one core, and they take more
//! memory than what they are made of. Made here they come from all cores; the bytes of longer texts are shared.
//!
//! Not for DuckDB, pandas or pyarrow: measured, the first gains nothing from views and the others work with offsets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use arrow_array::{Array, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};

/// The schema with every column of text as views.
pub(crate) fn view_schema(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::LargeUtf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
        _ => field.clone(),
    });
    Arc::new(Schema::new_with_metadata(
        fields.collect::<Vec<_>>(),
        schema.metadata().clone(),
    ))
}

/// The batches with the columns of [`view_schema`], in their order.
pub(crate) fn views(batches: &[RecordBatch], schema: &SchemaRef) -> Result<Vec<RecordBatch>, ArrowError> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(batch) = batches.get(index) else {
                return Ok(done);
            };
            done.push((index, with_schema(batch, schema)?));
        }
    };
    let workers = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(batches.len());
    let mut all: Vec<(usize, RecordBatch)> = thread::scope(|scope| {
        let running: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mut all = work()?;
        for thread in running {
            let done: Result<_, ArrowError> = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            all.extend(done?);
        }
        Ok::<_, ArrowError>(all)
    })?;
    all.sort_unstable_by_key(|(index, _)| *index);
    Ok(all.into_iter().map(|(_, batch)| batch).collect())
}

fn with_schema(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| match column.data_type() == field.data_type() {
        true => Ok(column.clone()),
        false => cast(column, field.data_type()),
    });
    RecordBatch::try_new(schema.clone(), columns.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Int64Array, LargeStringArray, StringViewArray};

    fn batch(first: i64) -> RecordBatch {
        let texts = LargeStringArray::from(vec![Some("short"), None, Some("one that is longer than twelve bytes")]);
        let numbers = Int64Array::from(vec![first, first + 1, first + 2]);
        RecordBatch::try_from_iter_with_nullable([
            ("number", Arc::new(numbers) as _, false),
            ("text", Arc::new(texts) as _, true),
        ])
        .unwrap()
    }

    #[test]
    fn texts_become_views_and_batches_keep_their_order() {
        let batches: Vec<_> = (0..50).map(batch).collect();
        let schema = view_schema(&batches[0].schema());
        let done = views(&batches, &schema).unwrap();
        let expected = StringViewArray::from(vec![Some("short"), None, Some("one that is longer than twelve bytes")]);
        assert_eq!(done.len(), 50);
        for (first, batch) in (0..).zip(&done) {
            assert_eq!(
                batch.column(0).as_ref(),
                &Int64Array::from(vec![first, first + 1, first + 2])
            );
            assert_eq!(batch.column(1).as_ref(), &expected);
        }
        assert!(views(&[], &schema).unwrap().is_empty());
    }
}
