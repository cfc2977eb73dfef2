//! DataFusion's errors as the one error type of kaframe. An error that passed through DataFusion comes out as it went in.

use std::collections::BTreeSet;

use datafusion::common::TableReference;
use datafusion::error::DataFusionError;
use kaframe::{Error, ErrorKind};

use crate::wording;

/// An error of planning or running SQL. What makes no sense to DataFusion is what the caller wrote, unless it says otherwise.
pub(crate) fn from_datafusion(error: &DataFusionError) -> Error {
    if let Some(ours) = ours(error) {
        return ours;
    }
    let root = error.find_root();
    match root {
        DataFusionError::SQL(parser, _) => Error::config(format!("not SQL: {}", parser_text(&parser.to_string()))),
        DataFusionError::ResourcesExhausted(text) => Error::new(
            ErrorKind::ResultTooLarge,
            format!("the query needs more memory than it may use: {}", first_line(text)),
        )
        .with_hint("raise memory_limit, or ask for fewer columns, groups or rows at a time"),
        DataFusionError::IoError(cause) => Error::new(ErrorKind::Io, cause.to_string()),
        DataFusionError::Internal(text) => Error::new(
            ErrorKind::Internal,
            format!("internal error of the SQL engine: {}", first_line(text)),
        )
        .with_hint("this is a bug; please report it with the query"),
        DataFusionError::SchemaError(inner, _) => schema_error(inner),
        DataFusionError::ArrowError(inner, _) => worded(ErrorKind::Decode, &inner.to_string()),
        DataFusionError::Execution(text) => worded(ErrorKind::Decode, text),
        DataFusionError::NotImplemented(text) => worded(ErrorKind::Config, text),
        other => worded(ErrorKind::Config, &other.strip_backtrace()),
    }
}

/// Its words without prefixes and dumps, see [`wording`].
fn worded(kind: ErrorKind, text: &str) -> Error {
    let text = clean(text);
    match wording::of(&text) {
        None => Error::new(kind, text),
        Some((message, None)) => Error::new(kind, message),
        Some((message, Some(hint))) => Error::new(kind, message).with_hint(hint),
    }
}

/// The error of kaframe that a chain of causes begins with.
fn ours(error: &DataFusionError) -> Option<Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if let Some(found) = one.downcast_ref::<Error>() {
            return Some(found.clone());
        }
        // Boxed and shared causes do not show themselves as sources.
        if let Some(DataFusionError::External(inner)) = one.downcast_ref::<DataFusionError>() {
            if let Some(found) = inner.downcast_ref::<Error>() {
                return Some(found.clone());
            }
            if let Some(found) = inner.downcast_ref::<DataFusionError>().and_then(ours) {
                return Some(found);
            }
        }
        if let Some(DataFusionError::Shared(inner)) = one.downcast_ref::<DataFusionError>() {
            return ours(inner);
        }
        if let Some(arrow_schema::ArrowError::ExternalError(inner)) = one.downcast_ref::<arrow_schema::ArrowError>() {
            if let Some(found) = inner.downcast_ref::<Error>() {
                return Some(found.clone());
            }
            if let Some(found) = inner.downcast_ref::<DataFusionError>().and_then(ours) {
                return Some(found);
            }
        }
        cause = one.source();
    }
    None
}

/// kaframe's error on its way through DataFusion.
pub(crate) fn into_datafusion(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

fn schema_error(error: &datafusion::common::SchemaError) -> Error {
    use datafusion::common::SchemaError::{AmbiguousReference, FieldNotFound};
    match error {
        FieldNotFound { field, valid_fields } => {
            let tables: BTreeSet<&str> = valid_fields
                .iter()
                .flat_map(|c| &c.relation)
                .map(TableReference::table)
                .collect();
            let table = field.relation.as_ref().map(TableReference::table);
            if let Some(table) = table.filter(|table| !tables.is_empty() && !tables.contains(table)) {
                let tables: Vec<&str> = nearest(table, tables.into_iter());
                return Error::new(
                    ErrorKind::Schema,
                    format!("{table}.{}: the query has no table {table:?}", field.name),
                )
                .with_hint(format!(
                    "there is {} (the alias, where a table has one)",
                    tables.join(", ")
                ));
            }
            let known = valid_fields
                .iter()
                .filter(|c| table.is_none() || c.relation.as_ref().map(TableReference::table) == table);
            unknown_column(
                &field.name,
                &known.map(|column| column.name.clone()).collect::<Vec<_>>(),
            )
        }
        AmbiguousReference { field } => Error::new(
            ErrorKind::Schema,
            format!("{:?} is a column of more than one table", field.name),
        )
        .with_hint(format!(
            "put its table, or the alias of it, in front, as in orders.{}",
            field.name
        )),
        other => Error::new(ErrorKind::Schema, clean(&other.to_string())),
    }
}

/// A column that does not exist, with those that do, the nearest first.
pub(crate) fn unknown_column(name: &str, known: &[String]) -> Error {
    let error = Error::new(ErrorKind::Schema, format!("there is no column {name:?}"));
    match nearest(name, known.iter().map(String::as_str)).as_slice() {
        [] => error,
        near => error.with_hint(format!("there are {} (case matters)", near.join(", "))),
    }
}

/// Names listed where one does not exist.
const NAMED: usize = 12;

/// The names nearest to one, nearest first.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let lower = name.to_lowercase();
    let mut near: Vec<(usize, &str)> = known
        .map(|one| {
            (
                datafusion::common::utils::datafusion_strsim::levenshtein(&lower, &one.to_lowercase()),
                one,
            )
        })
        .collect();
    near.sort();
    near.dedup();
    near.into_iter().take(NAMED).map(|(_, one)| one).collect()
}

/// `sql parser error: Expected: ..., found: x at Line: 1, Column: 8` in our words.
pub(crate) fn parser_text(text: &str) -> String {
    let text = text
        .trim_start_matches("sql parser error: ")
        .trim_start_matches("ParserError(\"")
        .trim_end_matches("\")");
    match text.rsplit_once(" at Line: ") {
        Some((what, place)) => match place.split_once(", Column: ") {
            Some(("1", column)) => format!("{what}, at character {column}"),
            Some((line, column)) => format!("{what}, at line {line}, character {column}"),
            None => text.to_owned(),
        },
        None => text.to_owned(),
    }
}

/// Without the prefixes that DataFusion puts in front of what it means.
fn clean(text: &str) -> String {
    let mut text = first_line(text);
    loop {
        let before = text;
        for prefix in [
            "Error during planning: ",
            "Schema error: ",
            "Execution error: ",
            "Arrow error: ",
            "Optimizer rule ",
            "External error: ",
            "This feature is not implemented: ",
            "Invalid argument error: ",
            "Invalid or Unsupported Configuration: ",
            "Compute error: ",
            "Cast error: ",
            "Parser error: ",
            "type_coercion\ncaused by\n",
        ] {
            text = text.trim_start_matches(prefix);
        }
        if text == before {
            return text.trim_end().to_owned();
        }
    }
}

/// Candidates of function signatures and backtraces come behind the first lines.
fn first_line(text: &str) -> &str {
    let text = text.strip_prefix("type_coercion\ncaused by\n").unwrap_or(text);
    text.split("\n\nbacktrace:").next().unwrap_or(text).trim()
}
