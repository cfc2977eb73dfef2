//! One line as one record.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kaframe::{ValueFormat, is_metadata};
use kaframe_codec::JsonObject;
use serde::Deserialize;
use serde_json::value::RawValue;

/// How lines are understood.
#[derive(Debug, Clone)]
pub struct LineFormat {
    /// The field that gives the key; it stays in the value. Without it `_key` does.
    pub key_field: Option<String>,
    /// How keys become bytes; `None` writes text as UTF-8 and everything else as JSON.
    pub key: Option<ValueFormat>,
    /// Values are JSON; else the line is the value as it is.
    pub json: bool,
}

/// A record out of a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LineRecord<'a> {
    /// Key.
    pub key: Option<Cow<'a, [u8]>>,
    /// Value; a tombstone has none.
    pub value: Option<Cow<'a, [u8]>>,
    /// Milliseconds since 1970.
    pub timestamp: Option<i64>,
    /// Headers in order.
    pub headers: Vec<Header<'a>>,
}

/// A header: its key and its value, which may be null.
pub type Header<'a> = (Cow<'a, str>, Option<Cow<'a, [u8]>>);

/// What is wrong with a line.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem(pub String);

/// What a problem begins with where the line is not JSON at all.
pub const NO_JSON: &str = "no JSON";

/// What a stream keeps for fields that do not fit; where it is null nothing was kept.
const EXTRA: &str = "_extra";

/// What `read` puts before a field whose name is that of metadata.
const RENAMED: &str = "value.";

impl LineFormat {
    /// Reads a line. `None` is a line that holds no record: a blank one between lines of JSON.
    pub fn record<'a>(&self, line: &'a [u8]) -> Result<Option<LineRecord<'a>>, Problem> {
        if !self.json {
            return Ok(Some(LineRecord {
                value: Some(Cow::Borrowed(line)),
                ..LineRecord::default()
            }));
        }
        let text = std::str::from_utf8(line).map_err(|e| Problem(format!("not UTF-8 at byte {}", e.valid_up_to())))?;
        let text = text.trim_matches([' ', '\t', '\r', '\u{feff}']);
        if text.is_empty() {
            return Ok(None);
        }
        if !text.starts_with('{') {
            serde_json::from_str::<&RawValue>(text).map_err(|e| not_json(&e))?;
            if self.key_field.is_some() {
                return Err(Problem(
                    "a value that is no object has no field to take the key from".to_owned(),
                ));
            }
            return Ok(Some(LineRecord {
                value: Some(Cow::Borrowed(text.as_bytes())),
                ..LineRecord::default()
            }));
        }
        let object: JsonObject = serde_json::from_str(text).map_err(|e| not_json(&e))?;
        self.record_of(text, object).map(Some)
    }

    fn record_of<'a>(&self, text: &'a str, object: JsonObject<'a>) -> Result<LineRecord<'a>, Problem> {
        let mut record = LineRecord::default();
        let field = |name: &str| {
            object
                .0
                .iter()
                .find(|(other, _)| other == name)
                .map(|(_, value)| *value)
        };
        let key = match &self.key_field {
            Some(name) => {
                Some(field(name).ok_or_else(|| Problem(format!("there is no field {name:?} to take the key from")))?)
            }
            None => field("_key"),
        };
        record.key = key.map(|key| self.key_bytes(key)).transpose()?.flatten();
        record.timestamp = field("_timestamp").map(timestamp).transpose()?.flatten();
        record.headers = field("_headers").map(headers).transpose()?.unwrap_or_default();
        if field("_tombstone").map(boolean).transpose()?.unwrap_or(false) {
            return Ok(record);
        }
        let renamed = |name: &str| name.starts_with(RENAMED) && is_metadata(name.trim_start_matches(RENAMED));
        let kept = |name: &str, value: &RawValue| !(is_metadata(name) || name == EXTRA && value.get() == "null");
        record.value = Some(
            if object.0.iter().any(|(name, value)| !kept(name, value) || renamed(name)) {
                let rest = object.0.into_iter().filter(|(name, value)| kept(name, value));
                // What `read` renamed, because it had the name of metadata, gets its name back.
                let rest = rest.map(|(name, value)| {
                    if renamed(&name) {
                        (Cow::Owned(name[RENAMED.len()..].to_owned()), value)
                    } else {
                        (name, value)
                    }
                });
                let rest = serde_json::to_vec(&JsonObject(rest.collect())).map_err(|e| Problem(e.to_string()))?;
                Cow::Owned(rest)
            } else {
                Cow::Borrowed(text.as_bytes())
            },
        );
        Ok(record)
    }

    fn key_bytes<'a>(&self, key: &'a RawValue) -> Result<Option<Cow<'a, [u8]>>, Problem> {
        if key.get() == "null" {
            return Ok(None);
        }
        let wrong = |what: &str| Problem(format!("the key {} is no {what}", key.get()));
        let text = string(key);
        Ok(Some(match self.key {
            None | Some(ValueFormat::String) => match text {
                Some(Cow::Borrowed(text)) => Cow::Borrowed(text.as_bytes()),
                Some(Cow::Owned(text)) => Cow::Owned(text.into_bytes()),
                None => Cow::Borrowed(key.get().as_bytes()),
            },
            Some(ValueFormat::Json) => Cow::Borrowed(key.get().as_bytes()),
            Some(ValueFormat::Raw) => {
                let text = text.ok_or_else(|| wrong("text in base64"))?;
                Cow::Owned(STANDARD.decode(text.as_bytes()).map_err(|_| wrong("text in base64"))?)
            }
            Some(ValueFormat::Int) => Cow::Owned(
                integer::<i32>(key)
                    .ok_or_else(|| wrong("32-bit integer"))?
                    .to_be_bytes()
                    .to_vec(),
            ),
            Some(ValueFormat::Long) => Cow::Owned(
                integer::<i64>(key)
                    .ok_or_else(|| wrong("64-bit integer"))?
                    .to_be_bytes()
                    .to_vec(),
            ),
        }))
    }
}

fn not_json(error: &serde_json::Error) -> Problem {
    // The line of the file is said elsewhere; to the parser every text is one line.
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or(&text);
    Problem(format!("{NO_JSON}: {text} at column {}", error.column()))
}

fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str::<Text>(value.get()).ok().map(|Text(text)| text)
}

/// An integer, also one written as text.
fn integer<T: std::str::FromStr>(value: &RawValue) -> Option<T> {
    string(value).unwrap_or(Cow::Borrowed(value.get())).parse().ok()
}

fn boolean(value: &RawValue) -> Result<bool, Problem> {
    match value.get() {
        "true" => Ok(true),
        "false" | "null" => Ok(false),
        other => Err(Problem(format!("_tombstone {other} is neither true nor false"))),
    }
}

/// RFC 3339 text or milliseconds since 1970.
fn timestamp(value: &RawValue) -> Result<Option<i64>, Problem> {
    if value.get() == "null" {
        return Ok(None);
    }
    let ms = match string(value) {
        Some(text) => chrono::DateTime::parse_from_rfc3339(&text)
            .ok()
            .map(|time| time.timestamp_millis()),
        None => value.get().parse().ok(),
    };
    let ms = ms.filter(|ms| *ms >= 0);
    ms.map(Some).ok_or_else(|| {
        Problem(format!(
            "_timestamp {} is no time: RFC 3339 text or milliseconds since 1970",
            value.get()
        ))
    })
}

/// `[{"key": "k", "value": "BASE64"}]`, as `read` prints them, or `{"k": "text"}`, as people write them.
fn headers(value: &RawValue) -> Result<Vec<Header<'_>>, Problem> {
    #[derive(Deserialize)]
    struct Entry<'a> {
        #[serde(borrow)]
        key: Cow<'a, str>,
        #[serde(borrow)]
        value: Option<Cow<'a, str>>,
    }
    if value.get() == "null" {
        return Ok(Vec::new());
    }
    if let Ok(entries) = serde_json::from_str::<Vec<Entry>>(value.get()) {
        return entries
            .into_iter()
            .map(|Entry { key, value }| {
                let value = value.map(|text| STANDARD.decode(text.as_bytes())).transpose();
                let value = value.map_err(|_| {
                    Problem(format!(
                        "the value of header {key:?} is no base64; write headers as {{\"name\": \"text\"}}"
                    ))
                })?;
                Ok((key, value.map(Cow::Owned)))
            })
            .collect();
    }
    let wrong = || Problem("_headers is neither a list of key and value (base64) nor an object of texts".to_owned());
    let members = serde_json::from_str::<JsonObject>(value.get()).map_err(|_| wrong())?;
    members
        .0
        .into_iter()
        .map(|(name, value)| match (value.get(), string(value)) {
            ("null", _) => Ok((name, None)),
            (_, Some(Cow::Borrowed(text))) => Ok((name, Some(Cow::Borrowed(text.as_bytes())))),
            (_, Some(Cow::Owned(text))) => Ok((name, Some(Cow::Owned(text.into_bytes())))),
            _ => Err(wrong()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json() -> LineFormat {
        LineFormat {
            key_field: None,
            key: None,
            json: true,
        }
    }

    fn read<'a>(format: &LineFormat, line: &'a str) -> LineRecord<'a> {
        format.record(line.as_bytes()).unwrap().unwrap()
    }

    fn problem(format: &LineFormat, line: &str) -> String {
        format.record(line.as_bytes()).unwrap_err().0
    }

    #[test]
    fn a_value_is_kept_character_for_character() {
        for line in [
            r#"{"a": 1.10,  "b":12345678901234567890123}"#,
            "[1, 2]",
            "7",
            "null",
            r#""text""#,
            "{}",
        ] {
            let record = read(&json(), line);
            assert_eq!(record.value.unwrap(), line.as_bytes());
            assert_eq!((record.key, record.timestamp, record.headers.len()), (None, None, 0));
        }
    }

    #[test]
    fn what_read_prints_becomes_the_record_it_was() {
        let line = r#"{"n":1,"big":123456789012345678901,"_key":"k","_partition":3,"_offset":7,"_timestamp":"2025-11-22T21:01:32.123Z","_headers":[{"key":"h","value":"YWJj"},{"key":"h","value":null}]}"#;
        let record = read(&json(), line);
        assert_eq!(
            record.value.unwrap(),
            br#"{"n":1,"big":123456789012345678901}"#.as_slice()
        );
        assert_eq!(record.key.as_deref(), Some(&b"k"[..]));
        assert_eq!(record.timestamp, Some(1_763_845_292_123));
        assert_eq!(
            record.headers,
            [("h".into(), Some(Cow::Borrowed(&b"abc"[..]))), ("h".into(), None)]
        );
        assert_eq!(
            read(&json(), r#"{"value._key":1,"value.value._key":2,"value.other":3}"#)
                .value
                .unwrap(),
            br#"{"_key":1,"value._key":2,"value.other":3}"#.as_slice()
        );
        assert_eq!(
            read(&json(), r#"{"value._key":1,"_extra":null,"_offset":0}"#)
                .value
                .unwrap(),
            br#"{"_key":1}"#.as_slice()
        );
    }

    #[test]
    fn keys_by_field_and_format() {
        let by = |field: &str, key| LineFormat {
            key_field: Some(field.to_owned()),
            key,
            json: true,
        };
        let record = read(&by("id", None), r#"{"id":42,"x":1}"#);
        assert_eq!(record.key.as_deref(), Some(&b"42"[..]));
        assert_eq!(record.value.unwrap(), br#"{"id":42,"x":1}"#.as_slice());
        assert_eq!(
            read(&by("id", Some(ValueFormat::Long)), r#"{"id":-2}"#).key.unwrap(),
            (-2i64).to_be_bytes().as_slice()
        );
        assert_eq!(
            read(&by("id", Some(ValueFormat::Int)), r#"{"id":"7"}"#).key.unwrap(),
            [0, 0, 0, 7].as_slice()
        );
        assert_eq!(
            read(&by("id", Some(ValueFormat::Raw)), r#"{"id":"AP8="}"#).key.unwrap(),
            [0, 255].as_slice()
        );
        assert_eq!(read(&by("id", None), r#"{"id":null}"#).key, None);
        assert!(problem(&by("id", None), r#"{"x":1}"#).contains("\"id\""));
        assert!(problem(&by("id", Some(ValueFormat::Int)), r#"{"id":3000000000}"#).contains("32-bit"));
        assert!(problem(&by("id", None), "[1]").contains("no object"));
    }

    #[test]
    fn a_tombstone_has_no_value() {
        let record = read(&json(), r#"{"_key":"a","n":null,"_tombstone":true}"#);
        assert_eq!((record.key.as_deref(), record.value), (Some(&b"a"[..]), None));
        assert_eq!(
            read(&json(), r#"{"n":1,"_tombstone":false}"#).value.unwrap(),
            br#"{"n":1}"#.as_slice()
        );
        assert!(problem(&json(), r#"{"_tombstone":1}"#).contains("_tombstone"));
    }

    #[test]
    fn headers_as_people_write_them() {
        let record = read(&json(), r#"{"_headers":{"trace":"abc","none":null}}"#);
        assert_eq!(
            record.headers,
            [
                ("trace".into(), Some(Cow::Borrowed(&b"abc"[..]))),
                ("none".into(), None)
            ]
        );
        assert!(problem(&json(), r#"{"_headers":[{"key":"h","value":"not base64!"}]}"#).contains("base64"));
        assert!(problem(&json(), r#"{"_headers":{"n":1}}"#).contains("_headers"));
    }

    #[test]
    fn bad_lines_say_what_is_wrong() {
        assert!(problem(&json(), r#"{"a":"#).starts_with("no JSON"));
        assert!(problem(&json(), r#"{"a":1} {"b":2}"#).contains("column"));
        assert!(problem(&json(), "nan").starts_with("no JSON"));
        assert!(problem(&json(), r#"{"_timestamp":"yesterday"}"#).contains("_timestamp"));
        assert!(problem(&json(), r#"{"_timestamp":-5}"#).contains("_timestamp"));
        assert!(json().record(b"{\"a\":\"\xff\"}").unwrap_err().0.contains("UTF-8"));
    }

    #[test]
    fn blank_lines_hold_no_record_but_text_lines_do() {
        assert_eq!(json().record(b" \r").unwrap(), None);
        let text = LineFormat {
            key_field: None,
            key: None,
            json: false,
        };
        assert_eq!(text.record(b"").unwrap().unwrap().value.unwrap(), b"".as_slice());
        assert_eq!(
            text.record(b"\xff").unwrap().unwrap().value.unwrap(),
            b"\xff".as_slice()
        );
    }
}
