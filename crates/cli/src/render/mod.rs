//! How rows look: a table, lines of JSON, one JSON array, CSV, Markdown, or one line per field; as records: by a template, or in kcat's
//! envelope. For programs: an Arrow stream, a Parquet file.
//!
//! Renderers that stream write each batch as it comes and hold nothing; a table and a Markdown table need all rows to know how wide they are.
//! Where standard output is a terminal, no character of the data may act on it (`terminal::escape`).

mod arrow_file;
mod cell;
mod csv;
mod envelope;
mod json;
mod json_rows;
mod markdown;
mod ndjson;
mod pack;
mod raw_records;
mod table;
mod template;
mod vertical;

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::exit::Failure;
use crate::flag::output::Format;
use crate::terminal;

pub use envelope::string as kcat_string;
pub use pack::Pack;
pub use raw_records::Needs;
pub use table::Table;
pub use template::{Filling, Template};

/// Prints record batches. `begin` once, `batch` for each, `end` once.
pub trait Renderer {
    /// What comes before the rows.
    fn begin(&mut self, schema: &SchemaRef) -> Result<(), Failure>;
    /// The rows of a batch.
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Failure>;
    /// What comes after the rows.
    fn end(&mut self) -> Result<(), Failure>;
}

impl Format {
    /// Whether all rows are needed before the first can be printed.
    pub fn collects(self) -> bool {
        matches!(self, Format::Table | Format::Markdown)
    }

    /// What it needs of each record, where it prints records as bytes and not columns.
    pub fn raw(self) -> Option<Needs> {
        match self {
            Format::Template(template) => Some(template.needs()),
            Format::Envelope => Some(envelope::Envelope::<io::Stdout>::needs()),
            _ => None,
        }
    }
}

/// Standard output, and whether it is a terminal.
fn stdout() -> (BufWriter<io::Stdout>, bool) {
    let out = BufWriter::with_capacity(1 << 16, io::stdout());
    (out, terminal::stdout_is_terminal())
}

/// Prints records by a template, to standard output.
pub fn templated(template: &Template, filling: Filling) -> Box<dyn Renderer> {
    let (out, escape) = stdout();
    Box::new(template::Templated::new(out, escape, template.clone(), filling))
}

/// Prints records in kcat's envelope, to standard output. `brokers` names the leader of each partition.
pub fn enveloped(brokers: BTreeMap<i32, i32>, delimiter: &[u8]) -> Box<dyn Renderer> {
    let (out, escape) = stdout();
    Box::new(envelope::Envelope::new(out, escape, brokers, delimiter.to_vec()))
}

/// The renderer of a format, to standard output.
pub fn to_stdout(format: Format) -> Box<dyn Renderer> {
    let width = terminal::width();
    let (out, escape) = stdout();
    match format {
        Format::Parquet => Box::new(arrow_file::Parquet::new(out)),
        Format::Arrow => Box::new(arrow_file::ArrowStream::new(out)),
        Format::Envelope => enveloped(BTreeMap::new(), b"\n"),
        Format::Template(template) => templated(template, Filling::default()),
        Format::Table => Box::new(Table::new(out, width)),
        Format::Ndjson => Box::new(ndjson::Ndjson::new(out, escape)),
        Format::Json => Box::new(json::Json::new(out, escape)),
        Format::Csv => Box::new(csv::Csv::new(out, escape)),
        Format::Markdown => Box::new(markdown::Markdown::new(out)),
        Format::Vertical => Box::new(vertical::Vertical::new(out)),
    }
}

/// Prints lines to standard output that are no rows.
pub fn print_line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    for line in text.lines() {
        writeln!(out, "{}", terminal::escape(line)).map_err(Failure::stdout)?;
    }
    out.flush().map_err(Failure::stdout)
}

/// Prints one JSON object to standard output, in one line.
pub fn print_json<T: serde::Serialize>(object: &T) -> Result<(), Failure> {
    let text = serde_json::to_string(object).map_err(|e| Failure::Input(e.to_string(), String::new()))?;
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(Failure::stdout)
}

/// Values that cannot be shown are a mistake of this program, not of its user.
fn not_printable(error: impl std::fmt::Display) -> Failure {
    Failure::Input(
        format!("rows cannot be printed: {error}"),
        "please report this; another format (-f) may work".to_owned(),
    )
}
