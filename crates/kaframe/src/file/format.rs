//! Which format a file has, and what it is compressed with.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::error::{Error, Result};

/// A format of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow's IPC file, also called Feather.
    Arrow,
    /// Comma-separated values with a header line.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

impl FileFormat {
    /// The format that the ending of a name says.
    pub fn of_path(path: &Path) -> Option<FileFormat> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let name = ["gz", "zst"]
            .into_iter()
            .find_map(|ending| name.strip_suffix(&format!(".{ending}")))
            .unwrap_or(&name);
        let (_, ending) = name.rsplit_once('.')?;
        match ending {
            "feather" | "ipc" => Some(FileFormat::Arrow),
            "jsonl" => Some(FileFormat::Ndjson),
            other => other.parse().ok(),
        }
    }

    /// What files of the format end with.
    pub fn ending(self) -> &'static str {
        match self {
            FileFormat::Parquet => "parquet",
            FileFormat::Arrow => "arrow",
            FileFormat::Csv => "csv",
            FileFormat::Ndjson => "ndjson",
        }
    }

    /// What it is compressed with if nobody says.
    pub(super) fn default_compression(self) -> FileCompression {
        match self {
            FileFormat::Parquet => FileCompression::Zstd,
            FileFormat::Arrow | FileFormat::Csv | FileFormat::Ndjson => FileCompression::None,
        }
    }

    /// Fails where the format cannot be compressed so.
    pub(super) fn check(self, compression: FileCompression) -> Result<()> {
        use FileCompression::{Gzip, Lz4, None, Snappy, Zstd};
        let fits: &[FileCompression] = match self {
            FileFormat::Parquet => &[None, Snappy, Gzip, Lz4, Zstd],
            FileFormat::Arrow => &[None, Lz4, Zstd],
            FileFormat::Csv | FileFormat::Ndjson => &[None, Gzip, Zstd],
        };
        if fits.contains(&compression) {
            return Ok(());
        }
        let names: Vec<String> = fits.iter().map(ToString::to_string).collect();
        Err(Error::config(format!(
            "{self} files cannot be compressed with {compression}: it is {}",
            names.join(", ")
        )))
    }
}

impl FromStr for FileFormat {
    type Err = Error;

    fn from_str(text: &str) -> Result<FileFormat> {
        match text {
            "parquet" => Ok(FileFormat::Parquet),
            "arrow" => Ok(FileFormat::Arrow),
            "csv" => Ok(FileFormat::Csv),
            "ndjson" => Ok(FileFormat::Ndjson),
            _ => Err(Error::config(format!(
                "a file's format is parquet, arrow, csv or ndjson, not {text:?}"
            ))),
        }
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.ending())
    }
}

/// What a file is compressed with. Parquet and Arrow compress inside of the file, CSV and NDJSON as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileCompression {
    /// Not at all.
    None,
    /// Snappy: quick, compresses little.
    Snappy,
    /// Gzip: what every program knows.
    Gzip,
    /// LZ4: quickest.
    Lz4,
    /// Zstandard: small and quick.
    Zstd,
}

impl FromStr for FileCompression {
    type Err = Error;

    fn from_str(text: &str) -> Result<FileCompression> {
        Ok(match text {
            "none" => FileCompression::None,
            "snappy" => FileCompression::Snappy,
            "gzip" => FileCompression::Gzip,
            "lz4" => FileCompression::Lz4,
            "zstd" => FileCompression::Zstd,
            _ => {
                return Err(Error::config(format!(
                    "a file's compression is none, snappy, gzip, lz4 or zstd, not {text:?}"
                )));
            }
        })
    }
}

impl fmt::Display for FileCompression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileCompression::None => "none",
            FileCompression::Snappy => "snappy",
            FileCompression::Gzip => "gzip",
            FileCompression::Lz4 => "lz4",
            FileCompression::Zstd => "zstd",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_name_formats() {
        let of = |name: &str| FileFormat::of_path(Path::new(name));
        assert_eq!(of("a/orders.parquet"), Some(FileFormat::Parquet));
        assert_eq!(of("orders.PARQUET"), Some(FileFormat::Parquet));
        assert_eq!(of("orders.feather"), Some(FileFormat::Arrow));
        assert_eq!(of("orders.csv.gz"), Some(FileFormat::Csv));
        assert_eq!(of("orders.jsonl.zst"), Some(FileFormat::Ndjson));
        assert_eq!(of("orders"), None);
        assert_eq!(of("orders.xlsx"), None);
    }

    #[test]
    fn a_compression_must_fit() {
        assert!(FileFormat::Parquet.check(FileCompression::Snappy).is_ok());
        let error = FileFormat::Csv.check(FileCompression::Snappy).unwrap_err();
        assert!(error.message().contains("none, gzip, zstd"), "{error}");
    }
}
