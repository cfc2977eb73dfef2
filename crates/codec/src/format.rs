//! The words for how the bytes of a key or value are read. `auto` is not one of them: detection turns it into one.

use std::fmt;
use std::str::FromStr;

/// How the bytes of a value or key become columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueFormat {
    /// The bytes as they are, one binary column.
    Raw,
    /// UTF-8 text, one text column.
    String,
    /// One JSON document (RFC 8259) per value.
    Json,
    /// A four-byte big-endian signed integer, as Kafka's IntegerSerializer writes it.
    Int,
    /// An eight-byte big-endian signed integer, as Kafka's LongSerializer writes it.
    Long,
}

impl ValueFormat {
    /// All formats, in the order in which messages list them.
    pub const ALL: [ValueFormat; 5] = [Self::Raw, Self::String, Self::Json, Self::Int, Self::Long];

    /// The word that users write.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::String => "string",
            Self::Json => "json",
            Self::Int => "int",
            Self::Long => "long",
        }
    }
}

impl fmt::Display for ValueFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format {word:?}: one of {choices}")]
pub struct UnknownFormat {
    /// The word that was given.
    pub word: String,
    /// The words that would do.
    pub choices: &'static str,
}

impl FromStr for ValueFormat {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == word)
            .ok_or_else(|| UnknownFormat {
                word: word.to_string(),
                choices: "raw, string, json, int, long",
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip_and_others_are_named() {
        for format in ValueFormat::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        let error = "JSON".parse::<ValueFormat>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown format \"JSON\": one of raw, string, json, int, long"
        );
    }
}
