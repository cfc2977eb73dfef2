//! Which statements are answered: queries and questions about them. Nothing that writes, defines, sets, or reaches for files.

use std::ops::ControlFlow;

use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SessionState;
use datafusion::sql::parser::{DFParserBuilder, ExplainStatement, Statement};
use datafusion::sql::sqlparser::ast::{self, ObjectName, visit_expressions_mut, visit_relations};
use kaframe::{Error, Result};

use crate::dialect::Generic;
use crate::error::{from_datafusion, nearest};
use crate::{decimals, hostile, ignored, paths};

/// How deep parentheses and functions may nest.
const NESTING: usize = 50;
/// Tables that one query may name.
const TABLES: usize = 200;

/// The one statement of a text.
pub(crate) fn parse(text: &str) -> Result<Statement> {
    hostile::check(text, "the query")?;
    let parsed = DFParserBuilder::new(text)
        .with_dialect(&Generic)
        .with_recursion_limit(NESTING)
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|failed| from_datafusion(&failed))?;
    let mut statements = parsed.into_iter();
    match (statements.next(), statements.next()) {
        (Some(mut one), None) => {
            allowed(&one)?;
            name_words(&mut one);
            Ok(one)
        }
        (None, _) => Err(Error::config("there is no query").with_hint("for example: select count(*) from orders")),
        (Some(_), Some(_)) => Err(Error::config("there is more than one query").with_hint("ask them one by one")),
    }
}

fn allowed(statement: &Statement) -> Result<()> {
    let refused = |what: &str| {
        Err(
            Error::config(format!("SQL only asks questions here: {what} is not allowed"))
                .with_hint("select, with, values, explain and describe are; kf.write and `kaframe export` write"),
        )
    };
    match statement {
        Statement::Statement(inner) => match inner.as_ref() {
            ast::Statement::Query(query) if query_writes(query) => refused("writing"),
            ast::Statement::Query(_) | ast::Statement::ExplainTable { .. } => {
                ignored::check(inner)?;
                let mut tables = 0;
                let walk = visit_relations(inner, |_: &ObjectName| {
                    tables += 1;
                    if tables > TABLES {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                });
                match walk {
                    ControlFlow::Continue(()) => decimals::check(inner, "the query"),
                    ControlFlow::Break(()) => Err(Error::config(format!("the query names more than {TABLES} tables"))),
                }
            }
            other => refused(&first_words(&other.to_string())),
        },
        Statement::Explain(ExplainStatement { statement, .. }) => allowed(statement),
        Statement::CreateExternalTable(_) => refused("create external table"),
        Statement::CopyTo(_) => refused("copy"),
        Statement::Reset(_) => refused("reset"),
    }
}

/// Names that the parser takes for functions.
fn name_words(statement: &mut Statement) {
    match statement {
        Statement::Statement(inner) => {
            let _ = visit_expressions_mut(inner.as_mut(), |expr| {
                paths::words(expr);
                ControlFlow::<()>::Continue(())
            });
        }
        Statement::Explain(explain) => name_words(&mut explain.statement),
        _ => {}
    }
}

/// `with x as (insert ...)` and `select ... into`.
fn query_writes(query: &ast::Query) -> bool {
    match query.body.as_ref() {
        ast::SetExpr::Select(select) => select.into.is_some(),
        ast::SetExpr::Insert(_) | ast::SetExpr::Update(_) | ast::SetExpr::Delete(_) | ast::SetExpr::Merge(_) => true,
        _ => false,
    }
}

fn first_words(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().take(2).collect();
    words.join(" ").to_lowercase()
}

/// Words of a statement that name columns which come only when they are asked for.
pub(crate) fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(start, _)| {
        let part = |c: char| c.is_alphanumeric() || c == '_';
        !text[..start].ends_with(part) && !text[start + name.len()..].starts_with(part)
    })
}

/// The names nearest to a function that does not exist.
pub(crate) fn near_functions(name: &str, state: &SessionState) -> Vec<String> {
    let mut names: Vec<String> = state.udfs().into_iter().collect();
    names.extend(state.udafs());
    names.extend(state.udwfs());
    nearest(name, names.iter().map(String::as_str))
        .into_iter()
        .take(4)
        .map(str::to_owned)
        .collect()
}

/// Where the first statement of a text ends, behind its `;`; `None` while there is none outside of quotes and comments.
pub fn statement_end(text: &str) -> Option<usize> {
    let mut rest = text;
    loop {
        let place = rest.find([';', '\'', '"', '-', '/'])?;
        let (found, behind) = rest.split_at(place);
        let past = text.len() - rest.len() + found.len();
        let skipped = match behind.as_bytes().first() {
            Some(b';') => return Some(past + 1),
            Some(quote @ (b'\'' | b'"')) => 1 + behind[1..].find(char::from(*quote))? + 1,
            Some(b'-') if behind.starts_with("--") => behind.find('\n')? + 1,
            Some(b'/') if behind.starts_with("/*") => behind.find("*/")? + 2,
            _ => 1,
        };
        rest = &behind[skipped..];
    }
}
