//! One predicate as text becomes conditions that a read can use, one for each part between `and`s.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use datafusion::common::DFSchema;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::Expr as Logical;
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, ExprWithAlias};
use kaframe::{Error, Filter, Implied, Mask, Result};

use crate::error::{from_datafusion, unknown_column};
use crate::{hostile, implied, mask, paths, session};

/// How deep parentheses and functions may nest.
const NESTING: usize = 50;

/// A predicate in DataFusion's dialect as a list of conditions, all of which a row must pass.
///
/// Fields of nested objects are `user.id` or `user['id']`, names count as they are written. `now()` is the time of this call.
///
/// # Errors
/// `Config`, with the position: what is no SQL, and what is no condition on one record (queries, aggregates, functions that give something
/// else each time).
pub fn compile(predicate: &str) -> Result<Vec<Arc<dyn Filter>>> {
    hostile::check(predicate, "where")?;
    if predicate.trim().is_empty() {
        return Err(
            Error::config("where is empty").with_hint("a condition such as \"amount > 100\", or leave where out")
        );
    }
    let mut state = session::predicates();
    state.mark_start_execution();
    let state = Arc::new(state);
    let parsed = parse(predicate)?;
    if parsed.alias.is_some() {
        return Err(Error::config("where: a condition has no name (AS)"));
    }
    let mut parts = Vec::new();
    split(parsed.expr, &mut parts);
    parts
        .into_iter()
        .map(|part| Ok(Arc::new(Condition::new(part, &state)?) as Arc<dyn Filter>))
        .collect()
}

fn parse(predicate: &str) -> Result<ExprWithAlias> {
    let mut parser = DFParserBuilder::new(predicate)
        .with_recursion_limit(NESTING)
        .build()
        .map_err(|failed| no_condition(predicate, &failed))?;
    parser
        .parse_into_expr()
        .map_err(|failed| no_condition(predicate, &failed))
}

fn no_condition(predicate: &str, failed: &datafusion::error::DataFusionError) -> Error {
    let error = from_datafusion(failed);
    let error = Error::config(format!("where is {}", error.message()));
    let statement = DFParserBuilder::new(predicate)
        .with_recursion_limit(NESTING)
        .build()
        .and_then(|mut parser| parser.parse_statement());
    match statement {
        Ok(Statement::Statement(_)) => {
            error.with_hint("where takes one condition; kf.sql and `kaframe sql` take whole queries")
        }
        _ if predicate.contains("==") || predicate.contains("&&") => error.with_hint(
            "SQL writes = for equal, and, or, not, and text in single quotes: country = 'DE' and amount > 100",
        ),
        _ => error.with_hint("a condition such as: country = 'DE' and amount > 100"),
    }
}

/// The parts between `and`s.
fn split(expr: Expr, parts: &mut Vec<Expr>) {
    match expr {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => {
            split(*left, parts);
            split(*right, parts);
        }
        Expr::Nested(inner)
            if matches!(
                *inner,
                Expr::BinaryOp {
                    op: BinaryOperator::And,
                    ..
                } | Expr::Nested(_)
            ) =>
        {
            split(*inner, parts);
        }
        other => parts.push(other),
    }
}

/// One part of a predicate.
struct Condition {
    text: String,
    columns: Vec<String>,
    expr: Expr,
    implied: Implied,
    /// With the time of compiling.
    state: Arc<SessionState>,
}

impl Condition {
    fn new(mut expr: Expr, state: &Arc<SessionState>) -> Result<Condition> {
        let text = expr.to_string();
        let columns = paths::columns(&mut expr, state)?;
        let implied = implied::of_ast(&expr, state)?;
        Ok(Condition {
            text,
            columns,
            expr,
            implied,
            state: state.clone(),
        })
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
        for name in &self.columns {
            if schema.field_with_name(name).is_err() {
                let known: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
                return Err(unknown_column(name, &known));
            }
        }
        let schema = DFSchema::try_from(schema.clone()).map_err(|failed| self.makes_no_sense(&failed))?;
        let expr = logical(&self.expr, &schema, &self.state).map_err(|failed| self.makes_no_sense(&failed))?;
        mask::bind(expr, &self.text, &schema, &self.state)
    }
}

impl Condition {
    fn makes_no_sense(&self, failed: &datafusion::error::DataFusionError) -> Error {
        mask::makes_no_sense(&self.text, &from_datafusion(failed))
    }
}

/// A parsed expression, planned for these columns.
pub(crate) fn logical(expr: &Expr, schema: &DFSchema, state: &SessionState) -> datafusion::error::Result<Logical> {
    let with_alias = ExprWithAlias {
        expr: expr.clone(),
        alias: None,
    };
    state.create_logical_expr_from_sql_expr(with_alias, schema)
}
