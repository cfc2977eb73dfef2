//! A condition of a query that the read of a topic takes over: DataFusion's expression as kaframe's `Filter`.

use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use datafusion::common::DFSchema;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::Expr;
use kaframe::{Filter, Implied, Mask, Result};

use crate::error::from_datafusion;
use crate::{implied, mask, nested};

/// A planned condition on one topic.
pub(crate) struct Pushed {
    text: String,
    columns: Vec<String>,
    expr: Expr,
    implied: Implied,
    state: Arc<SessionState>,
}

impl Pushed {
    /// `None` where the read cannot test it: it needs other records or gives something else each time.
    pub(crate) fn new(expr: &Expr, schema: &Schema, state: &Arc<SessionState>) -> Option<Pushed> {
        if expr.is_volatile() || expr.contains_outer() || expr.contains_scalar_subquery() {
            return None;
        }
        let (flat, columns) = nested::flatten(expr.clone(), schema).ok()?;
        // What does not fit the columns of a stream depends on which columns it has.
        if columns.iter().any(|name| name == crate::topic::EXTRA) {
            return None;
        }
        Some(Pushed {
            text: flat.to_string(),
            implied: implied::of_logical(&flat),
            columns,
            expr: flat,
            state: state.clone(),
        })
    }
}

impl std::fmt::Debug for Pushed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pushed({})", self.text)
    }
}

impl Filter for Pushed {
    fn text(&self) -> &str {
        &self.text
    }

    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn implies(&self) -> Implied {
        self.implied.clone()
    }

    fn bind(&self, schema: &SchemaRef) -> Result<Arc<dyn Mask>> {
        let schema = DFSchema::try_from(schema.clone())
            .map_err(|failed| mask::makes_no_sense(&self.text, &from_datafusion(&failed)))?;
        mask::bind(self.expr.clone(), &self.text, &schema, &self.state)
    }
}
