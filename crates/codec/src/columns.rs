//! Finished columns of a run of values: what a decoder gives and what widening takes and returns.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::FieldRef;

use crate::Shape;

/// The name of the one column of values that are not JSON objects.
pub const VALUE: &str = "value";

/// The name of the JSON text column for what did not fit the other columns.
pub const EXTRA: &str = "_extra";

/// Arrow columns of equal length, with the shape they were made from.
#[derive(Debug, Clone)]
pub struct Columns {
    /// What was seen at the top level: a struct for JSON objects (one column per field), anything else for one column
    /// `value`; `Null` has no column at all.
    pub shape: Shape,
    /// Name, type and metadata of each column.
    pub fields: Vec<FieldRef>,
    /// The columns, each `rows` long.
    pub arrays: Vec<ArrayRef>,
    /// Number of rows: values pushed plus nulls pushed.
    pub rows: usize,
    /// Whether the last column is `_extra`, a JSON object text of what did not fit, null where all did. A field of the
    /// value that has this name is then called `value._extra`.
    pub has_extra: bool,
}

impl Columns {
    /// What the column of the field `name` is called.
    pub(crate) fn column_name(name: &str, has_extra: bool) -> String {
        if has_extra && name == EXTRA {
            format!("{VALUE}.{EXTRA}")
        } else {
            name.to_string()
        }
    }

    /// The one column of values that are no objects.
    pub(crate) fn single(shape: Shape, name: &str, array: ArrayRef, rows: usize) -> Self {
        Self {
            fields: vec![Arc::new(shape.field(name))],
            shape,
            arrays: vec![array],
            rows,
            has_extra: false,
        }
    }
}
