//! Clauses that the parser reads and the planner passes over: they are refused, since the answer without them would be another one.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Query, Select, TableFactor, Visit, Visitor};
use kaframe::{Error, Result};

/// An error where a statement has such a clause, at whatever depth.
pub(crate) fn check<V: Visit>(parsed: &V) -> Result<()> {
    match parsed.visit(&mut Ignored) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(clause) => Err(Error::config(format!("the query has {clause}, which is not supported"))
            .with_hint("leave it out, or say it with where, order by and limit")),
    }
}

struct Ignored;

/// The first clause that is there.
fn first(clauses: &[(bool, &'static str)]) -> ControlFlow<&'static str> {
    match clauses.iter().find(|(there, _)| *there) {
        Some((_, clause)) => ControlFlow::Break(*clause),
        None => ControlFlow::Continue(()),
    }
}

impl Visitor for Ignored {
    type Break = &'static str;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<&'static str> {
        first(&[
            (!query.locks.is_empty(), "FOR UPDATE"),
            (query.for_clause.is_some(), "FOR XML or FOR JSON"),
            (query.settings.is_some(), "SETTINGS"),
            (query.format_clause.is_some(), "FORMAT"),
        ])
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<&'static str> {
        first(&[
            (select.prewhere.is_some(), "PREWHERE"),
            (!select.connect_by.is_empty(), "CONNECT BY"),
            (select.value_table_mode.is_some(), "AS STRUCT or AS VALUE"),
        ])
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<&'static str> {
        match table {
            TableFactor::Table {
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
                ..
            } => first(&[
                (sample.is_some(), "TABLESAMPLE"),
                (version.is_some(), "a version of a table"),
                (!with_hints.is_empty() || !index_hints.is_empty(), "hints for a table"),
                (!partitions.is_empty(), "PARTITION"),
                (*with_ordinality, "WITH ORDINALITY"),
                (json_path.is_some(), "a path behind a table"),
            ]),
            TableFactor::Derived { sample, .. } => first(&[(sample.is_some(), "TABLESAMPLE")]),
            _ => ControlFlow::Continue(()),
        }
    }
}
