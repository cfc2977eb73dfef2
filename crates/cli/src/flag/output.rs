//! How results and messages look.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Args, ValueEnum};
use kaframe::FileFormat;

use crate::exit::Failure;
use crate::render::Template;
use crate::terminal;

/// auto | always | never.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// When the stream is a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How rows are printed.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table with column types, fitted to the terminal
    Table,
    /// One JSON object a line
    Ndjson,
    /// One JSON array of objects
    Json,
    /// Comma-separated values with a header line
    Csv,
    /// A Markdown table
    Markdown,
    /// One line per field
    Vertical,
    /// A Parquet file, to a file or a pipe
    Parquet,
    /// An Arrow IPC stream, to a file or a pipe
    Arrow,
    /// kcat's JSON envelope
    #[value(skip)]
    Envelope,
    /// By a template. Read once, from an argument, which lives as long as the program
    #[value(skip)]
    Template(&'static Template),
}

/// Reads a format: one of the words, or whatever has a `%` in it as a template.
#[derive(Debug, Clone, Copy)]
pub struct FormatParser;

impl TypedValueParser for FormatParser {
    type Value = Format;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Format, clap::Error> {
        let bytes = value.as_encoded_bytes();
        if !bytes.contains(&b'%') {
            return clap::builder::EnumValueParser::<Format>::new().parse_ref(command, arg, value);
        }
        let template = Template::parse(bytes).map_err(|problem| {
            let text = format!(
                "-f {}: {problem}; tokens are %s %S %R (value, its length), %k %K (key), %t %p %o %T %h (topic, partition, offset, timestamp, headers), %%\n",
                terminal::escape(&value.to_string_lossy())
            );
            clap::Error::raw(clap::error::ErrorKind::ValueValidation, text).with_cmd(command)
        })?;
        Ok(Format::Template(Box::leak(Box::new(template))))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let words = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        Some(Box::new(words))
    }
}

impl Format {
    /// The format of a file that holds such rows.
    pub fn of_file(self) -> Option<FileFormat> {
        match self {
            Format::Parquet => Some(FileFormat::Parquet),
            Format::Arrow => Some(FileFormat::Arrow),
            Format::Csv => Some(FileFormat::Csv),
            Format::Ndjson => Some(FileFormat::Ndjson),
            _ => None,
        }
    }

    /// Refuses to send bytes to a terminal that only programs can read.
    pub fn check(self) -> Result<(), Failure> {
        let name = match self {
            Format::Parquet => "parquet",
            Format::Arrow => "arrow",
            _ => return Ok(()),
        };
        if !terminal::stdout_is_terminal() {
            return Ok(());
        }
        Err(Failure::usage(
            format!("-f {name} is for programs, and standard output is a terminal"),
            format!("send it to a file (> rows.{name}) or a pipe; -f table is for reading"),
        ))
    }
}

/// Flags about messages; they stand before or behind the command.
#[derive(Args, Debug, Clone)]
pub struct Output {
    /// No report and no warnings, only errors
    #[arg(short, long, global = true, help_heading = "Messages", conflicts_with = "verbose")]
    pub quiet: bool,
    /// The whole report, with each partition's share
    #[arg(short, long, global = true, help_heading = "Messages")]
    pub verbose: bool,
    /// Colours
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        value_name = "WHEN",
        hide_possible_values = true,
        help = "Colours: auto, always or never",
        help_heading = "Messages"
    )]
    pub color: When,
}

/// The flag that chooses how rows are printed.
#[derive(Args, Debug, Clone)]
pub struct Rows {
    /// How rows are printed; the default is table on a terminal, ndjson on a pipe. With a % it is a template of kcat's tokens, as '%t %p %o %k %s\n'
    #[arg(short, long, value_parser = FormatParser, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<Format>,
    /// One JSON object a record, as kcat's envelope: topic, partition, offset, tstype, ts, broker, headers, key, payload
    #[arg(short = 'J', long, conflicts_with = "format", help_heading = "Output")]
    pub envelope: bool,
}

impl Rows {
    /// What was asked for, or what suits where standard output goes.
    pub fn format(&self) -> Format {
        if self.envelope {
            return Format::Envelope;
        }
        self.format.unwrap_or(if terminal::stdout_is_terminal() {
            Format::Table
        } else {
            Format::Ndjson
        })
    }

    /// The same, for rows that are no records of a topic.
    pub fn format_of_rows(&self) -> Result<Format, Failure> {
        let format = self.format();
        if format.raw().is_some() {
            return Err(Failure::usage(
                "templates and the envelope print records; these rows are none",
                "choose another format: table, ndjson, json, csv, markdown, vertical",
            ));
        }
        format.check()?;
        Ok(format)
    }
}

/// The flag for the progress bar.
#[derive(Args, Debug, Clone)]
pub struct ProgressFlag {
    /// The progress bar on standard error
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        value_name = "WHEN",
        hide_possible_values = true,
        help = "The progress bar on standard error: auto (on a terminal, after a second), always or never",
        help_heading = "Output"
    )]
    pub progress: When,
}
