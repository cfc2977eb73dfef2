//! What the prompt knows while a query is typed: whether it is complete, and names that go on from here.

use std::cell::RefCell;
use std::collections::BTreeMap;

use kaframe_sql::blocking::Database;
use kaframe_sql::statement_end;
use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper, Result};

const WORDS: [&str; 34] = [
    "select",
    "from",
    "where",
    "group by",
    "order by",
    "having",
    "limit",
    "join",
    "left join",
    "on",
    "using",
    "with",
    "as",
    "and",
    "or",
    "not",
    "in",
    "is null",
    "is not null",
    "between",
    "like",
    "case",
    "when",
    "then",
    "else",
    "end",
    "distinct",
    "union all",
    "count(*)",
    "sum(",
    "avg(",
    "min(",
    "max(",
    "explain",
];

/// Names of topics, asked for once, and of the columns of topics that a query names.
pub struct Names<'d> {
    database: &'d Database,
    tables: RefCell<Option<Vec<String>>>,
    columns: RefCell<BTreeMap<String, Vec<String>>>,
}

impl<'d> Names<'d> {
    pub fn new(database: &'d Database) -> Names<'d> {
        Names {
            database,
            tables: RefCell::default(),
            columns: RefCell::default(),
        }
    }

    /// Names that fit. What cannot be asked for is not offered; the query itself will say why.
    fn candidates(&self, line: &str, start: &str) -> Vec<String> {
        let mut tables = self.tables.borrow_mut();
        let tables = tables.get_or_insert_with(|| self.database.tables().unwrap_or_default());
        let mut columns = self.columns.borrow_mut();
        for table in tables.iter().filter(|table| line.contains(table.as_str())) {
            columns
                .entry(table.clone())
                .or_insert_with(|| match self.database.columns(table) {
                    Ok(schema) => schema.fields().iter().map(|field| field.name().clone()).collect(),
                    Err(_) => Vec::new(),
                });
        }
        let named = columns.iter().filter(|(table, _)| line.contains(table.as_str()));
        let names = named.flat_map(|(_, columns)| columns).chain(tables.iter());
        let mut found: Vec<String> = names
            .filter(|name| name.starts_with(start))
            .map(|name| quoted(name))
            .collect();
        let lower = start.to_lowercase();
        found.extend(
            WORDS
                .iter()
                .filter(|word| word.starts_with(&lower))
                .map(|word| (*word).to_owned()),
        );
        found.dedup();
        found
    }
}

/// A name as a query has to write it.
fn quoted(name: &str) -> String {
    let plain =
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit());
    if plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

impl Completer for Names<'_> {
    type Candidate = String;

    fn complete(&self, line: &str, position: usize, _: &Context<'_>) -> Result<(usize, Vec<String>)> {
        let before = &line[..position];
        let part = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        let begin = before
            .rfind(|c| !part(c))
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let start = &before[begin..];
        // An open quote belongs to the name.
        let from = if before[..begin].ends_with('"') {
            begin - 1
        } else {
            begin
        };
        Ok((from, self.candidates(line, start)))
    }
}

impl Validator for Names<'_> {
    fn validate(&self, context: &mut ValidationContext<'_>) -> Result<ValidationResult> {
        let text = context.input().trim();
        let whole = text.is_empty() || text.starts_with('\\') || ["exit", "quit"].contains(&text);
        Ok(match whole || statement_end(text).is_some() {
            true => ValidationResult::Valid(None),
            false => ValidationResult::Incomplete,
        })
    }
}

impl Highlighter for Names<'_> {}

impl Hinter for Names<'_> {
    type Hint = String;
}

impl Helper for Names<'_> {}
