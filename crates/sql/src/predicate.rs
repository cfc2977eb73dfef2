//! One predicate as text becomes conditions that a read can use, one for each part between `and`s.

use std::sync::Arc;

use datafusion::execution::context::SessionState;
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, ExprWithAlias};
use kaframe::{Error, Filter, Result};

use crate::condition::{Condition, Said};
use crate::dialect::Generic;
use crate::error::from_datafusion;
use crate::{decimals, hostile, implied, lazy, panics, paths, session};

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
    panics::caught(&format!("where: {predicate}"), || compiled(predicate))
}

fn compiled(predicate: &str) -> Result<Vec<Arc<dyn Filter>>> {
    let mut state = session::predicates();
    state.mark_start_execution();
    let state = Arc::new(state);
    let parsed = parse(predicate)?;
    if parsed.alias.is_some() {
        return Err(Error::config("where: a condition has no name (AS)"));
    }
    decimals::check(&parsed.expr, "where")?;
    let mut parts = Vec::new();
    split(parsed.expr, &mut parts);
    together(parts)
        .into_iter()
        .map(|(part, text)| Ok(Arc::new(condition(part, text, &state)?) as Arc<dyn Filter>))
        .collect()
}

fn parse(predicate: &str) -> Result<ExprWithAlias> {
    let mut parser = DFParserBuilder::new(predicate)
        .with_dialect(&Generic)
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

/// Each part with its text. Parts that may fail, as a division does, are tested beside the others, which guard them: see [`lazy`].
fn together(parts: Vec<Expr>) -> Vec<(Expr, String)> {
    let with_text = |part: Expr| {
        let text = part.to_string();
        (part, text)
    };
    let and = |left: Expr, right: Expr| Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::And,
        right: Box::new(right),
    };
    let (fail, others): (Vec<Expr>, Vec<Expr>) = parts.iter().cloned().partition(lazy::parsed_may_fail);
    if fail.is_empty() || parts.len() == 1 {
        return parts.into_iter().map(with_text).collect();
    }
    let text = fail.iter().map(Expr::to_string).collect::<Vec<_>>().join(" AND ");
    let all = parts.into_iter().map(|part| Expr::Nested(Box::new(part))).reduce(and);
    let mut each: Vec<(Expr, String)> = others.into_iter().map(with_text).collect();
    each.extend(all.map(|all| (all, text)));
    each
}

/// One part of a predicate.
fn condition(mut expr: Expr, text: String, state: &Arc<SessionState>) -> Result<Condition> {
    let columns = paths::columns(&mut expr, state)?;
    let implied = implied::of_ast(&expr, state)?;
    Ok(Condition {
        text,
        columns,
        said: Said::Parsed(Box::new(expr)),
        implied,
        state: state.clone(),
    })
}
