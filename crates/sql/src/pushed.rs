//! Which conditions of a query the read of a topic takes over.

use std::sync::Arc;

use arrow_schema::Schema;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::Expr;

use crate::condition::{Condition, Said};
use crate::{implied, nested, wording};

/// A planned condition on one topic. `None` where the read cannot test it: it needs other records or gives something else each time.
pub(crate) fn condition(expr: &Expr, schema: &Schema, state: &Arc<SessionState>) -> Option<Condition> {
    if expr.is_volatile() || expr.contains_outer() || expr.contains_scalar_subquery() {
        return None;
    }
    let (flat, columns) = nested::flatten(expr.clone(), schema).ok()?;
    // What does not fit the columns of a stream depends on which columns it has.
    if columns.iter().any(|name| name == crate::topic::EXTRA) {
        return None;
    }
    Some(Condition {
        text: wording::plain(&flat.to_string()),
        implied: implied::of_logical(&flat),
        columns,
        said: Said::Planned(Box::new(flat)),
        state: state.clone(),
    })
}
