//! kcat's JSON envelope: one object per record with its place, headers, key and value as text.
//!
//! Byte for byte what kcat 1.7.1 prints, whose JSON library writes bytes above 0x7f as they are: a key or value that is not UTF-8 makes a line that
//! is not JSON, in kcat and here. A terminal gets such bytes replaced and control characters escaped.

use std::collections::BTreeMap;
use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::Renderer;
use super::raw_records::{Needs, RawRecord, RawRecords};
use crate::exit::Failure;
use crate::terminal::is_control;

/// Prints records in envelopes.
pub struct Envelope<W> {
    out: W,
    escape: bool,
    /// Leader of each partition; -1 where it is not known.
    brokers: BTreeMap<i32, i32>,
    delimiter: Vec<u8>,
    line: Vec<u8>,
}

impl<W: Write> Envelope<W> {
    /// To `out`, which is a terminal if `escape`; `delimiter` stands behind each object.
    pub fn new(out: W, escape: bool, brokers: BTreeMap<i32, i32>, delimiter: Vec<u8>) -> Self {
        Envelope {
            out,
            escape,
            brokers,
            delimiter,
            line: Vec::new(),
        }
    }

    /// What it needs of each record.
    pub fn needs() -> Needs {
        Needs {
            topic: true,
            headers: true,
            timestamp_type: true,
        }
    }

    fn fill(&mut self, record: &RawRecord<'_>) {
        let (line, escape) = (&mut self.line, self.escape);
        line.extend_from_slice(b"{\"topic\":");
        string(line, record.topic().as_bytes(), escape);
        let _ = write!(line, ",\"partition\":{},\"offset\":{}", record.partition, record.offset);
        if let Some(timestamp) = record.timestamp {
            let kind = match record.timestamp_type() {
                Some("CreateTime") => "create",
                Some("LogAppendTime") => "logappend",
                _ => "unknown",
            };
            let _ = write!(line, ",\"tstype\":\"{kind}\",\"ts\":{timestamp}");
        }
        let broker = self.brokers.get(&record.partition).copied().unwrap_or(-1);
        let _ = write!(line, ",\"broker\":{broker}");
        let mut first = true;
        record.headers(|key, value| {
            line.extend_from_slice(if std::mem::take(&mut first) {
                b",\"headers\":["
            } else {
                b","
            });
            string(line, key.as_bytes(), escape);
            line.push(b',');
            nullable(line, value, escape);
        });
        if !first {
            line.push(b']');
        }
        line.extend_from_slice(b",\"key\":");
        nullable(line, record.key, escape);
        line.extend_from_slice(b",\"payload\":");
        nullable(line, record.value, escape);
        line.push(b'}');
        line.extend_from_slice(&self.delimiter);
    }
}

fn nullable(line: &mut Vec<u8>, bytes: Option<&[u8]>, escape: bool) {
    match bytes {
        Some(bytes) => string(line, bytes, escape),
        None => line.extend_from_slice(b"null"),
    }
}

/// A JSON string as kcat's library writes it. Runs between characters that need escaping are copied whole.
pub fn string(line: &mut Vec<u8>, bytes: &[u8], escape: bool) {
    line.push(b'"');
    if escape {
        for c in String::from_utf8_lossy(bytes).chars() {
            if !c.is_ascii() && is_control(c) || c == '\u{7f}' {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(line, "\\u{unit:04X}");
                }
            } else {
                escaped(line, c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    } else {
        escaped(line, bytes);
    }
    line.push(b'"');
}

fn escaped(line: &mut Vec<u8>, bytes: &[u8]) {
    let mut copied = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && !matches!(byte, b'"' | b'\\') {
            continue;
        }
        line.extend_from_slice(&bytes[copied..at]);
        copied = at + 1;
        match byte {
            b'"' => line.extend_from_slice(b"\\\""),
            b'\\' => line.extend_from_slice(b"\\\\"),
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            b'\t' => line.extend_from_slice(b"\\t"),
            0x08 => line.extend_from_slice(b"\\b"),
            0x0c => line.extend_from_slice(b"\\f"),
            other => {
                let _ = write!(line, "\\u{other:04X}");
            }
        }
    }
    line.extend_from_slice(&bytes[copied..]);
}

impl<W: Write> Renderer for Envelope<W> {
    fn begin(&mut self, _schema: &SchemaRef) -> Result<(), Failure> {
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let records = RawRecords::of(batch)?;
        for row in 0..batch.num_rows() {
            self.line.clear();
            self.fill(&records.get(row));
            self.out.write_all(&self.line).map_err(Failure::stdout)?;
        }
        self.out.flush().map_err(Failure::stdout)
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::stdout)
    }
}

#[cfg(test)]
mod tests {
    use super::string;

    fn json(bytes: &[u8], escape: bool) -> String {
        let mut line = Vec::new();
        string(&mut line, bytes, escape);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn strings_are_escaped_as_kcat_does() {
        assert_eq!(
            json(b"a\"\\/\n\r\t\x08\x0c\x1b\x00", false),
            r#""a\"\\/\n\r\t\b\f\u001B\u0000""#
        );
        assert_eq!(json("Zürich \u{9b}\u{7f}".as_bytes(), false), "\"Zürich \u{9b}\u{7f}\"");
    }

    #[test]
    fn a_terminal_gets_no_control_characters() {
        assert_eq!(
            json("é\u{9b}\u{202e}\u{7f}".as_bytes(), true),
            r#""é\u009B\u202E\u007F""#
        );
        assert_eq!(json(b"\xff", true), "\"\u{fffd}\"");
    }
}
