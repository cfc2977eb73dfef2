//! One condition on the records of a topic, as the read tests it: from the text of a `where`, or from the plan of a query.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::TransformedResult;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::Expr as Logical;
use datafusion::sql::sqlparser::ast::{Expr as Parsed, ExprWithAlias};
use kaframe::{Error, Filter, Implied, Mask, Result};

use crate::error::{from_datafusion, unknown_column};
use crate::{lazy, mask, panics};

/// What it says.
pub(crate) enum Said {
    /// As it was written: its types are those of the columns it is bound to.
    Parsed(Box<Parsed>),
    /// As a query was planned.
    Planned(Box<Logical>),
}

/// See the module.
pub(crate) struct Condition {
    pub(crate) text: String,
    pub(crate) columns: Vec<String>,
    pub(crate) said: Said,
    pub(crate) implied: Implied,
    /// With the time of compiling.
    pub(crate) state: Arc<SessionState>,
}

impl Condition {
    fn makes_no_sense(&self, failed: &DataFusionError) -> Error {
        mask::makes_no_sense(&self.text, &from_datafusion(failed))
    }

    fn bound(&self, schema: &SchemaRef) -> Result<Arc<dyn Mask>> {
        let schema = DFSchema::try_from(schema.clone()).map_err(|failed| self.makes_no_sense(&failed))?;
        let expr = match &self.said {
            Said::Parsed(expr) => logical(expr, &schema, &self.state)
                .and_then(|expr| lazy::guarded(expr).data())
                .map_err(|failed| self.makes_no_sense(&failed))?,
            Said::Planned(expr) => expr.as_ref().clone(),
        };
        mask::bind(expr, &self.text, &schema, &self.state)
    }
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Condition({})", self.text)
    }
}

impl Filter for Condition {
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
        if let Some(name) = self.columns.iter().find(|name| schema.field_with_name(name).is_err()) {
            let known: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
            return Err(unknown_column(name, &known));
        }
        panics::caught(&format!("where: {}", self.text), || self.bound(schema))
    }
}

/// A parsed expression, planned for these columns.
pub(crate) fn logical(expr: &Parsed, schema: &DFSchema, state: &SessionState) -> datafusion::error::Result<Logical> {
    let with_alias = ExprWithAlias {
        expr: expr.clone(),
        alias: None,
    };
    state.create_logical_expr_from_sql_expr(with_alias, schema)
}
