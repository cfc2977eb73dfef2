//! `kaframe sql`: one query from the command line, several from standard input, or a prompt.

mod completion;
mod prompt;

use std::io::{IsTerminal, Read};
use std::path::PathBuf;

use arrow_array::cast::AsArray;
use arrow_schema::{DataType, Schema};
use clap::Args;
use kaframe::{CancelToken, ScanOptions};
use kaframe_sql::blocking::Database;
use kaframe_sql::{DatabaseOptions, Source, statement_end};

use crate::Context;
use crate::exit::Failure;
use crate::flag::connection::Connection;
use crate::flag::output::{Format, Rows};
use crate::flag::running::Timeout;
use crate::{messages, render};

/// Ask topics in SQL: one query, or a prompt.
#[derive(Args, Debug)]
pub struct Sql {
    /// The query. Without one, standard input gives queries that end with `;`, and a terminal gets a prompt.
    ///
    /// Topics are tables by their names, as they are written: case matters, and names with other characters stand in double quotes. Types come from
    /// a sample of the first records; what does not fit them later is in the column _extra.
    query: Option<String>,
    /// A local file as a table: Parquet, CSV or NDJSON; may be repeated
    #[arg(long = "table", value_name = "NAME=FILE", value_parser = parse_table, help_heading = "Tables")]
    tables: Vec<(String, PathBuf)>,
    /// Let queries read local files by their names: select * from 'prices.csv'
    #[arg(long, help_heading = "Tables")]
    allow_files: bool,
    /// What sorting, grouping and joining may hold in memory; more goes to temporary files
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = parse_size, help_heading = "Running")]
    memory_limit: u64,
    #[command(flatten)]
    timeout: Timeout,
    #[command(flatten)]
    rows: Rows,
    #[command(flatten)]
    connection: Connection,
}

impl Sql {
    /// Whether it asks for queries on a terminal.
    pub fn is_prompt(&self) -> bool {
        self.query.is_none() && std::io::stdin().is_terminal()
    }

    /// Runs it.
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let format = self.rows.format_of_rows()?;
        let database = self.database(context)?;
        if self.is_prompt() {
            return prompt::run(&database, context, format);
        }
        let mut text = match self.query {
            Some(query) => query,
            None => {
                let mut text = String::new();
                let read = std::io::stdin().read_to_string(&mut text);
                read.map_err(|cause| Failure::Io("cannot read queries from standard input".to_owned(), cause))?;
                text
            }
        };
        while let Some(end) = statement_end(&text) {
            let rest = text.split_off(end);
            if rest.trim().is_empty() {
                break;
            }
            answer(&database, &text, format, context.interrupt.token(), context)?;
            text = rest;
        }
        answer(&database, &text, format, context.interrupt.token(), context)
    }

    fn database(&self, context: &Context) -> Result<Database, Failure> {
        let brokers_named = self.connection.or(&context.connection).config();
        // Over files alone no broker is needed.
        let alone = brokers_named.is_err() && (self.allow_files || !self.tables.is_empty());
        let cluster = if alone {
            None
        } else {
            Some(context.cluster_within(&self.connection, &self.timeout)?)
        };
        let options = DatabaseOptions {
            memory_limit: self.memory_limit,
            allow_files: self.allow_files,
            scan: ScanOptions {
                timeout: self.timeout.timeout,
                ..ScanOptions::default()
            },
            ..DatabaseOptions::default()
        };
        let mut database = Database::new(cluster, options)?;
        for (name, path) in &self.tables {
            database.add(name, Source::File(path.clone()));
        }
        Ok(database)
    }
}

/// An object has a name once; a table may have it twice, as a join of two topics has.
fn check_names(schema: &Schema) -> Result<(), Failure> {
    let mut names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(()),
        Some(pair) => Err(Failure::usage(
            format!(
                "the answer has two columns called {:?}, and a JSON object has each name once",
                pair[0]
            ),
            "give them names of their own: select a.id as a_id, b.id as b_id; or print -f csv",
        )),
    }
}

/// Answers one query on standard output; what the reads account for goes to standard error.
fn answer(
    database: &Database,
    query: &str,
    format: Format,
    cancel: CancelToken,
    context: &Context,
) -> Result<(), Failure> {
    format.check()?;
    let mut rows = database.run(query, cancel)?;
    if format == Format::Table && is_plan(&rows.schema()) {
        // A plan is text of many lines, and each row is one of them or more.
        for batch in rows {
            let batch = batch?;
            for text in batch.column(1).as_string::<i32>().iter().flatten() {
                render::print_line(text)?;
            }
        }
        return Ok(());
    }
    if matches!(format, Format::Json | Format::Ndjson) {
        check_names(&rows.schema())?;
    }
    let mut out = render::to_stdout(format);
    out.begin(&rows.schema())?;
    for batch in &mut rows {
        out.batch(&batch?)?;
    }
    out.end()?;
    if context.output.quiet {
        return Ok(());
    }
    if context.output.verbose {
        rows.reports()
            .iter()
            .for_each(|read| messages::note(&read.report.to_string()));
    }
    rows.warnings().iter().for_each(|warning| messages::warning(warning));
    Ok(())
}

/// What `explain` answers.
fn is_plan(schema: &Schema) -> bool {
    let fields: Vec<(&str, &DataType)> = schema
        .fields()
        .iter()
        .map(|f| (f.name().as_str(), f.data_type()))
        .collect();
    fields == [("plan_type", &DataType::Utf8), ("plan", &DataType::Utf8)]
}

fn parse_table(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok((name.to_owned(), path.into())),
        _ => Err("write it as NAME=FILE".to_owned()),
    }
}

fn parse_size(text: &str) -> Result<u64, String> {
    let wrong = || "a number of bytes such as 512MiB or 1GiB".to_owned();
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(factor).filter(|bytes| *bytes > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::{parse_size, parse_table};

    #[test]
    fn sizes_and_tables_as_people_write_them() {
        assert_eq!(parse_size("512MiB").unwrap(), 512 << 20);
        assert_eq!(parse_size("1024").unwrap(), 1024);
        assert_eq!(parse_size("2 GB").unwrap(), 2_000_000_000);
        for bad in ["", "0", "x", "1XB", "99999999999GiB"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_table("a=b=c.csv").unwrap(), ("a".to_owned(), "b=c.csv".into()));
        assert!(parse_table("prices.csv").is_err());
    }
}
