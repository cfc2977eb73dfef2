//! How results and messages look.

use clap::{Args, ValueEnum};

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
    /// How rows are printed; the default is table on a terminal, ndjson on a pipe
    #[arg(short, long, value_enum, help_heading = "Output")]
    pub format: Option<Format>,
}

impl Rows {
    /// What was asked for, or what suits where standard output goes.
    pub fn format(&self) -> Format {
        self.format.unwrap_or(if terminal::stdout_is_terminal() {
            Format::Table
        } else {
            Format::Ndjson
        })
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
