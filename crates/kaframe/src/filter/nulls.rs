//! Whether a value that turns out malformed might pass filters on its columns. It counts as a row of nulls, so `country is null` lets it through
//! and `country = 'DE'` does not. Where it might, every value is tried in full before it is judged, otherwise one that fails is read no further.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, new_null_array};
use arrow_schema::{Field, FieldRef, Schema, SchemaRef};

use super::Filter;
use crate::columns::MetaColumn;

/// Whether nulls in all columns of the value might pass all of `filters`, whose columns are those of `schema`. Yes, where it is not known.
pub(super) fn may_pass(filters: &[Arc<dyn Filter>], schema: &SchemaRef) -> bool {
    let Some(nulls) = row_of_nulls(schema) else {
        return true;
    };
    filters.iter().all(|filter| {
        let asks_metadata = filter.columns().iter().any(|name| MetaColumn::named(name).is_some());
        asks_metadata || passes(filter.as_ref(), &nulls)
    })
}

fn passes(filter: &dyn Filter, nulls: &RecordBatch) -> bool {
    let mask = filter.bind(nulls.schema_ref()).and_then(|mask| mask.mask(nulls));
    match mask {
        Ok(mask) => mask.iter().any(|passes| passes == Some(true)),
        Err(_) => true,
    }
}

/// One row, with columns that may be null.
fn row_of_nulls(schema: &SchemaRef) -> Option<RecordBatch> {
    let nullable = |field: &FieldRef| Field::new(field.name(), field.data_type().clone(), true);
    let fields: Vec<Field> = schema.fields().iter().map(nullable).collect();
    let columns: Vec<ArrayRef> = fields
        .iter()
        .map(|field| new_null_array(field.data_type(), 1))
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).ok()
}
