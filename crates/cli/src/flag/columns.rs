//! How bytes become columns, and which columns.

use clap::Args;
use kaframe::{Metadata, OnError, ScanOptions, ValueFormat};

use crate::exit::Failure;

/// Flags that say how bytes become columns.
#[derive(Args, Debug, Clone)]
pub struct Columns {
    /// Formats, as key=F, value=F, or F for the value: json, string, raw; keys also int, long. Default: look at the data
    #[arg(short = 's', long = "format-of", value_name = "FORMAT", help_heading = "Columns")]
    pub formats: Vec<String>,
    /// Exactly these columns in this order; nested fields with dots, metadata columns too
    #[arg(long, value_name = "NAME,NAME", value_delimiter = ',', value_parser = name, help_heading = "Columns")]
    pub columns: Vec<String>,
    /// These metadata columns: _key _partition _offset _timestamp (the default), _topic _headers _timestamp_type _error _tombstone
    #[arg(
        long,
        value_name = "NAME,NAME",
        value_delimiter = ',',
        value_parser = name,
        help_heading = "Columns",
        conflicts_with = "columns"
    )]
    pub metadata: Vec<String>,
    /// No metadata columns
    #[arg(long, help_heading = "Columns", conflicts_with_all = ["metadata", "columns"])]
    pub no_metadata: bool,
    /// What happens with a malformed value: null, skip or raise
    #[arg(long, value_name = "WHAT", default_value = "null", help_heading = "Columns")]
    pub on_error: String,
}

/// One of several names, without the blanks that people write behind commas.
fn name(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("the name of a column; several with commas"),
        name => Ok(name.to_owned()),
    }
}

/// Formats of keys and values, as `-s` gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Formats {
    /// Of keys; `None`: look at the data, or what is usual.
    pub key: Option<ValueFormat>,
    /// Of values; `None`: look at the data, or what is usual.
    pub value: Option<ValueFormat>,
}

impl Formats {
    /// Reads `key=F`, `value=F` and `F`, each also joined by commas.
    pub fn parse(texts: &[String]) -> Result<Formats, Failure> {
        let mut formats = Formats::default();
        for part in texts.iter().flat_map(|text| text.split(',')) {
            let (side, name) = part.split_once('=').unwrap_or(("value", part));
            let format =
                match name {
                    "auto" => None,
                    name => Some(name.parse::<ValueFormat>().map_err(|e| {
                        Failure::usage(format!("-s {part}: {e}"), "write -s key=string or -s value=json")
                    })?),
                };
            match side {
                "key" => formats.key = format,
                "value" => formats.value = format,
                _ => {
                    return Err(Failure::usage(
                        format!("-s {part}: there is a key and a value, no {side:?}"),
                        "write -s key=string or -s value=json",
                    ));
                }
            }
        }
        Ok(formats)
    }
}

impl Columns {
    /// Refuses flags about columns where records are printed as bytes.
    pub fn none_for_bytes(&self) -> Result<(), Failure> {
        if self.formats.is_empty() && self.columns.is_empty() && self.metadata.is_empty() && !self.no_metadata {
            return Ok(());
        }
        Err(Failure::usage(
            "templates and the envelope print keys and values as the bytes they are: formats and columns have no place there",
            "leave out -s, --columns, --metadata and --no-metadata, or choose another format such as -f ndjson",
        ))
    }

    /// Puts formats and columns into the options of a scan.
    pub fn apply(&self, options: &mut ScanOptions) -> Result<(), Failure> {
        let formats = Formats::parse(&self.formats)?;
        options.key_format = formats.key;
        options.value_format = formats.value;
        if !self.columns.is_empty() {
            options.columns = Some(self.columns.clone());
        }
        options.metadata = if self.no_metadata {
            Metadata::None
        } else if self.metadata.is_empty() {
            Metadata::Default
        } else {
            Metadata::Only(self.metadata.clone())
        };
        options.on_error = self.on_error.parse::<OnError>()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_key_and_value() {
        let parse = |texts: &[&str]| Formats::parse(&texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            parse(&["key=long", "value=json"]).unwrap(),
            Formats {
                key: Some(ValueFormat::Long),
                value: Some(ValueFormat::Json)
            }
        );
        assert_eq!(parse(&["raw"]).unwrap().value, Some(ValueFormat::Raw));
        assert_eq!(
            parse(&["key=auto,value=string"]).unwrap().value,
            Some(ValueFormat::String)
        );
        assert!(parse(&["header=json"]).is_err());
        assert!(parse(&["value=yaml"]).is_err());
    }
}
