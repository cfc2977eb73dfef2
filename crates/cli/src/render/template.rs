//! Records by a template with kcat's tokens: `%s %S %R %k %K %t %p %o %T %h %%` and its escapes.
//!
//! Bytes of keys and values go out as they are, except to a terminal, which gets them escaped. Tokens and escapes are those of
//! kcat 1.7.1 (its help, `Format string tokens`), with one difference: a NUL byte that a template asks for is written, kcat ends the text there.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::Renderer;
use super::pack::Pack;
use super::raw_records::{Needs, RawRecord, RawRecords};
use crate::exit::Failure;
use crate::{messages, terminal};

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    Offset,
    Key,
    KeyLength,
    Value,
    ValueLength,
    ValueLengthBinary,
    Topic,
    Partition,
    Timestamp,
    Headers,
}

/// A template, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

impl Template {
    /// Reads a template; the error says what is no token.
    pub fn parse(text: &[u8]) -> Result<Template, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.iter().position(|b| *b == b'%') {
            if at > 0 {
                pieces.push(Piece::Text(unescape(&rest[..at])));
            }
            let Some(token) = rest.get(at + 1) else {
                return Err("% at the end is no token".to_owned());
            };
            pieces.push(match token {
                b'o' => Piece::Offset,
                b'k' => Piece::Key,
                b'K' => Piece::KeyLength,
                b's' => Piece::Value,
                b'S' => Piece::ValueLength,
                b'R' => Piece::ValueLengthBinary,
                b't' => Piece::Topic,
                b'p' => Piece::Partition,
                b'T' => Piece::Timestamp,
                b'h' => Piece::Headers,
                b'%' => Piece::Text(b"%".to_vec()),
                other => return Err(format!("%{} is no token", char::from(*other).escape_default())),
            });
            rest = &rest[at + 2..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(unescape(rest)));
        }
        Ok(Template(pieces))
    }

    /// What it needs of each record.
    pub fn needs(&self) -> Needs {
        Needs {
            topic: self.0.contains(&Piece::Topic),
            headers: self.0.contains(&Piece::Headers),
            timestamp_type: false,
        }
    }

    /// The text before the first token: what stands behind each object of kcat's envelope.
    pub fn leading_text(&self) -> &[u8] {
        match self.0.first() {
            Some(Piece::Text(text)) => text,
            _ => &[],
        }
    }
}

/// `\n \r \t`, `\x` and a hexadecimal number that begins with a digit, a backslash and a number as C writes numbers (`\012` is octal), and for
/// every other character that character.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'\\' || at + 1 == text.len() {
            out.push(text[at]);
            at += 1;
            continue;
        }
        at += 1;
        let mut base = 0;
        match text[at] {
            b't' => out.push(b'\t'),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            other => {
                if other == b'x' {
                    base = 16;
                    at += 1;
                }
                match text.get(at) {
                    Some(digit) if digit.is_ascii_digit() => {
                        let (number, length) = c_number(&text[at..], base);
                        out.push(number);
                        at += length - 1;
                    }
                    Some(other) => out.push(*other),
                    None => {}
                }
            }
        }
        at += 1;
    }
    out
}

/// A number as C's `strtoul` reads it, its lowest byte, and how many characters it takes; the first one is a digit.
fn c_number(text: &[u8], base: u32) -> (u8, usize) {
    let prefixed =
        text.len() > 2 && text[0] == b'0' && text[1].eq_ignore_ascii_case(&b'x') && text[2].is_ascii_hexdigit();
    let (base, mut at) = match base {
        16 | 0 if prefixed => (16, 2),
        0 if text[0] == b'0' => (8, 0),
        0 => (10, 0),
        base => (base, 0),
    };
    let mut number: u64 = 0;
    while let Some(digit) = text.get(at).and_then(|c| char::from(*c).to_digit(base)) {
        number = number.saturating_mul(base.into()).saturating_add(digit.into());
        at += 1;
    }
    // `\8` in octal takes no digit at all: the character stands for itself.
    if at == 0 { (text[0], 1) } else { (number as u8, at) }
}

/// What a template is filled with beside the records.
#[derive(Debug, Clone, Default)]
pub struct Filling {
    /// Stands for nulls and for what is empty.
    pub null: Option<&'static str>,
    /// How keys are unpacked.
    pub key: Option<Pack>,
    /// How values are unpacked.
    pub value: Option<Pack>,
    /// A record that cannot be unpacked is told about and left, instead of ending the read.
    pub go_on: bool,
}

/// Prints records by a template.
pub struct Templated<W> {
    out: W,
    escape: bool,
    template: Template,
    filling: Filling,
    line: Vec<u8>,
}

impl<W: Write> Templated<W> {
    /// To `out`, which is a terminal if `escape`.
    pub fn new(out: W, escape: bool, template: Template, filling: Filling) -> Self {
        Templated {
            out,
            escape,
            template,
            filling,
            line: Vec::new(),
        }
    }

    /// Fills the template into `line`; what was filled before an error stays.
    fn fill(&mut self, record: &RawRecord<'_>) -> Result<(), String> {
        let line = &mut self.line;
        let data = |line: &mut Vec<u8>, bytes: &[u8]| {
            if self.escape {
                line.extend_from_slice(terminal::escape(&String::from_utf8_lossy(bytes)).as_bytes());
            } else {
                line.extend_from_slice(bytes);
            }
        };
        for piece in &self.template.0 {
            match piece {
                Piece::Text(text) => line.extend_from_slice(text),
                Piece::Offset => write_number(line, record.offset),
                Piece::Partition => write_number(line, record.partition.into()),
                Piece::Timestamp => write_number(line, record.timestamp.unwrap_or(-1)),
                Piece::KeyLength => write_number(line, length(record.key)),
                Piece::ValueLength => write_number(line, length(record.value)),
                Piece::ValueLengthBinary => {
                    let length = i32::try_from(length(record.value)).unwrap_or(i32::MAX);
                    line.extend_from_slice(&length.to_be_bytes());
                }
                Piece::Topic => data(line, record.topic().as_bytes()),
                Piece::Key | Piece::Value => {
                    let (what, bytes, pack) = match piece {
                        Piece::Key => ("key", record.key, &self.filling.key),
                        _ => ("value", record.value, &self.filling.value),
                    };
                    match (bytes.filter(|bytes| !bytes.is_empty()), pack) {
                        (None, _) => line.extend_from_slice(self.filling.null.unwrap_or_default().as_bytes()),
                        (Some(bytes), None) => data(line, bytes),
                        (Some(bytes), Some(pack)) => {
                            let mut unpacked = Vec::new();
                            let result = pack.unpack(what, bytes, &mut unpacked);
                            data(line, &unpacked);
                            result?;
                        }
                    }
                }
                Piece::Headers => {
                    let mut first = true;
                    record.headers(|key, value| {
                        if !std::mem::take(&mut first) {
                            line.push(b',');
                        }
                        data(line, key.as_bytes());
                        line.push(b'=');
                        match value {
                            // kcat prints a header's value as a C string.
                            Some(value) => data(line, value.split(|b| *b == 0).next().unwrap_or_default()),
                            None => line.extend_from_slice(b"NULL"),
                        }
                    });
                }
            }
        }
        Ok(())
    }
}

fn length(bytes: Option<&[u8]>) -> i64 {
    bytes.map_or(-1, |bytes| i64::try_from(bytes.len()).unwrap_or(i64::MAX))
}

fn write_number(line: &mut Vec<u8>, number: i64) {
    // Writing to memory does not fail.
    let _ = write!(line, "{number}");
}

impl<W: Write> Renderer for Templated<W> {
    fn begin(&mut self, _schema: &SchemaRef) -> Result<(), Failure> {
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let records = RawRecords::of(batch)?;
        for row in 0..batch.num_rows() {
            let record = records.get(row);
            self.line.clear();
            let filled = self.fill(&record);
            self.out.write_all(&self.line).map_err(Failure::stdout)?;
            if let Err(problem) = filled {
                let message = format!(
                    "Failed to format message in {} [{}] at offset {}: {problem}",
                    record.topic(),
                    record.partition,
                    record.offset
                );
                if !self.filling.go_on {
                    self.out.flush().map_err(Failure::stdout)?;
                    return Err(Failure::Input(format!("{message}: terminating"), String::new()));
                }
                messages::kcat_error(&message);
            }
        }
        self.out.flush().map_err(Failure::stdout)
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::stdout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(template: &str) -> Vec<u8> {
        unescape(template.as_bytes())
    }

    #[test]
    fn escapes_are_those_of_kcat() {
        assert_eq!(text(r"a\tb\nc\rd"), b"a\tb\nc\rd");
        assert_eq!(text(r"\x41\x1b["), b"A\x1b[");
        // A letter behind \x begins no number, as in kcat.
        assert_eq!(text(r"\xff"), b"ff");
        assert_eq!(text(r"\0101\065"), [b'A', b'5']);
        assert_eq!(text(r"\65"), b"A");
        assert_eq!(text(r"\0x41"), b"A");
        assert_eq!(text(r"\\\q"), br"\q");
        assert_eq!(text("end\\"), b"end\\");
        assert_eq!(text(r"\x"), b"");
        assert_eq!(text(r"\x00"), [0]);
        assert_eq!(text(r"\08"), [0, b'8']);
    }

    #[test]
    fn tokens() {
        let template = Template::parse(b"%t [%p] %%%s\\n").unwrap();
        assert_eq!(
            template.0,
            [
                Piece::Topic,
                Piece::Text(b" [".to_vec()),
                Piece::Partition,
                Piece::Text(b"] ".to_vec()),
                Piece::Text(b"%".to_vec()),
                Piece::Value,
                Piece::Text(b"\n".to_vec()),
            ]
        );
        assert!(template.needs().topic && !template.needs().headers);
        assert_eq!(Template::parse(b"\\n").unwrap().leading_text(), b"\n");
        assert_eq!(template.leading_text(), b"");
        assert!(Template::parse(b"100%").unwrap_err().contains("at the end"));
        assert!(Template::parse(b"%d").unwrap_err().contains("%d"));
    }
}
