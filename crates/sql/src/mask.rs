//! A condition that knows the types of its columns: DataFusion's physical expression.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_schema::DataType;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{ColumnarValue, Expr, ExprSchemable};
use datafusion::physical_expr::PhysicalExpr;
use kaframe::{Error, ErrorKind, Mask, Result};

use crate::error::from_datafusion;
use crate::{panics, session};

/// The mask of a logical expression. Its literals are folded first, so that `now()` costs nothing per batch.
pub(crate) fn bind(expr: Expr, text: &str, schema: &DFSchema, state: &SessionState) -> Result<Arc<dyn Mask>> {
    let failed = |failed: datafusion::error::DataFusionError| makes_no_sense(text, &from_datafusion(&failed));
    let simplified = session::simplified(expr, schema, state).map_err(failed)?;
    let kind = simplified.get_type(schema).map_err(failed)?;
    if !matches!(kind, DataType::Boolean | DataType::Null) {
        return Err(Error::config(format!("where: {text} is no condition, it is {kind}"))
            .with_hint("compare it with something"));
    }
    let physical = state.create_physical_expr(simplified, schema).map_err(failed)?;
    Ok(Arc::new(Bound {
        text: text.to_owned(),
        names: schema.fields().iter().map(|field| field.name().clone()).collect(),
        physical,
    }))
}

/// The error of a condition that its columns' types do not allow.
pub(crate) fn makes_no_sense(text: &str, cause: &Error) -> Error {
    let error = Error::new(
        if cause.kind() == ErrorKind::Schema {
            ErrorKind::Schema
        } else {
            ErrorKind::Config
        },
        format!("where: {text}: {}", cause.message()),
    );
    match cause.hint() {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

#[derive(Debug)]
struct Bound {
    text: String,
    /// The columns that the expression was made for, in order: it finds them by position.
    names: Vec<String>,
    physical: Arc<dyn PhysicalExpr>,
}

impl Bound {
    fn failed(&self, cause: &dyn std::fmt::Display) -> Error {
        Error::new(
            ErrorKind::Decode,
            format!("where: {} cannot be computed: {cause}", self.text),
        )
        .with_hint("try_cast gives null where a cast fails; nullif(x, 0) avoids a division by zero")
    }

    /// The batch with the columns where the expression looks for them.
    fn in_place(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let schema = rows.schema_ref();
        let there = self.names.len() == schema.fields().len()
            && self
                .names
                .iter()
                .zip(schema.fields())
                .all(|(name, field)| name == field.name());
        if there {
            return Ok(rows.clone());
        }
        let positions: std::result::Result<Vec<usize>, _> =
            self.names.iter().map(|name| schema.index_of(name)).collect();
        positions
            .and_then(|positions| rows.project(&positions))
            .map_err(|cause| self.failed(&cause))
    }
}

impl Mask for Bound {
    fn mask(&self, rows: &RecordBatch) -> Result<BooleanArray> {
        let rows = self.in_place(rows)?;
        let value = panics::caught(&format!("where: {}", self.text), || {
            self.physical.evaluate(&rows).map_err(|cause| {
                let cause = from_datafusion(&cause);
                self.failed(&cause.message())
            })
        })?;
        Ok(match value {
            ColumnarValue::Scalar(ScalarValue::Boolean(Some(true))) => BooleanArray::from(vec![true; rows.num_rows()]),
            ColumnarValue::Scalar(_) => BooleanArray::from(vec![false; rows.num_rows()]),
            ColumnarValue::Array(array) => match array.as_boolean_opt() {
                // Null counts as false.
                Some(mask) => match mask.nulls() {
                    Some(nulls) => BooleanArray::new(mask.values() & nulls.inner(), None),
                    None => mask.clone(),
                },
                // Only a column of nulls has another type here.
                None => BooleanArray::from(vec![false; rows.num_rows()]),
            },
        })
    }
}
