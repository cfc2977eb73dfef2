//! Which file rows are written to, and how.

use std::path::PathBuf;

use clap::Args;
use kaframe::{FileCompression, FileFormat, FileOptions};

/// Flags for a file.
#[derive(Args, Debug, Clone)]
pub struct FileFlags {
    /// What files are compressed with: none, snappy, gzip, lz4 or zstd (the default for Parquet)
    #[arg(short = 'z', long, value_name = "CODEC", value_parser = parse_compression, help_heading = "Files")]
    pub compression: Option<FileCompression>,
    /// Most rows of a row group
    #[arg(long, value_name = "ROWS", value_parser = parse_rows, help_heading = "Files")]
    pub row_group_size: Option<usize>,
    /// A folder of files, with folders by a column or by a part of a time: country, day(_timestamp); several with commas
    #[arg(long, value_name = "COLUMN", value_delimiter = ',', help_heading = "Files")]
    pub partition_by: Vec<String>,
    /// Replace what is there already
    #[arg(long, help_heading = "Files")]
    pub force: bool,
}

/// The file that a command writes instead of printing rows.
#[derive(Args, Debug, Clone)]
pub struct ToFile {
    /// Write the rows to this file, whole or not at all; its ending says the format: .parquet, .arrow, .csv, .ndjson
    #[arg(short = 'w', long = "output", value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Replace the file if it is there already
    #[arg(long, requires = "output", help_heading = "Output")]
    pub force: bool,
}

impl FileFlags {
    /// The options of the crate `kaframe`.
    pub fn options(&self, format: Option<FileFormat>) -> FileOptions {
        let default = FileOptions::default();
        FileOptions {
            format,
            compression: self.compression,
            row_group_size: self.row_group_size.unwrap_or(default.row_group_size),
            partition_by: self.partition_by.clone(),
            overwrite: self.force,
        }
    }
}

/// A format of files.
pub fn parse_format(text: &str) -> Result<FileFormat, String> {
    text.parse().map_err(|error: kaframe::Error| error.message().to_owned())
}

fn parse_compression(text: &str) -> Result<FileCompression, String> {
    text.parse().map_err(|error: kaframe::Error| error.message().to_owned())
}

fn parse_rows(text: &str) -> Result<usize, String> {
    match text.replace('_', "").parse() {
        Ok(rows) if rows > 0 => Ok(rows),
        _ => Err("a number of rows, at least 1".to_owned()),
    }
}
