//! The strict JSON checker: the one place that decides what is well formed, and that words the reason when it is not.
//!
//! It walks a value without recursion and keeps nothing but the kinds of the open brackets and the keys of the open
//! objects. Decoding is faster and may stop anywhere: whatever it refuses is given to the checker, so that the reason does
//! not depend on the columns there were. Strictness: RFC 8259, duplicate keys refused, nesting up to [`MAX_DEPTH`]; `NaN`,
//! `Infinity` and `-Infinity` pass unless `strict`.

use super::keys::OpenKeys;
use super::{number, scan, text};
use crate::ValueError;

/// Deepest nesting of objects and arrays.
pub(super) const MAX_DEPTH: usize = 128;

/// What is wrong with a string or a number, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bad {
    pub(super) byte: usize,
    pub(super) reason: &'static str,
}

impl From<Bad> for ValueError {
    fn from(bad: Bad) -> Self {
        Self::new(bad.byte, bad.reason)
    }
}

/// How closely a walk looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// Everything.
    Full,
    /// Brackets, commas, colons and the ends of strings; the contents of strings and numbers are not looked at, nor are
    /// duplicate keys: for fields that nobody selected.
    Structure,
}

/// A walker with its reused memory.
#[derive(Debug, Default)]
pub(super) struct Checker {
    keys: OpenKeys,
    /// Whether the special floats are malformed.
    pub(super) strict: bool,
    /// Special floats seen by full walks.
    pub(super) special: u64,
}

impl Checker {
    /// Checks that `data` is one document, after a byte order mark if there is one.
    pub(super) fn document(&mut self, data: &[u8]) -> Result<(), ValueError> {
        let start = scan::skip_space(data, after_bom(data));
        if start == data.len() {
            let reason = if data.is_empty() {
                "empty value"
            } else {
                "no JSON in the value"
            };
            return Err(ValueError::new(start, reason));
        }
        let end = self.walk(data, start, 0, Care::Full)?;
        let end = scan::skip_space(data, end);
        if end < data.len() {
            return Err(ValueError::new(end, format!("{} after the document", found(data, end))));
        }
        Ok(())
    }

    /// Checks the value that starts at `start` inside `depth` open brackets; gives the position behind it.
    pub(super) fn walk(&mut self, data: &[u8], start: usize, depth: usize, care: Care) -> Result<usize, ValueError> {
        // Bit i: whether the bracket opened i-th is of an object.
        let mut kinds = 0u128;
        let mut open = 0usize;
        let mut at = start;
        self.keys.clear();
        loop {
            // A value starts here.
            match data.get(at) {
                Some(bracket @ (b'{' | b'[')) => {
                    let object = *bracket == b'{';
                    if depth + open >= MAX_DEPTH {
                        return Err(ValueError::new(at, format!("nesting deeper than {MAX_DEPTH} levels")));
                    }
                    kinds = if object {
                        kinds | 1 << open
                    } else {
                        kinds & !(1 << open)
                    };
                    open += 1;
                    at = scan::skip_space(data, at + 1);
                    if object {
                        self.keys.open();
                    }
                    if data.get(at) == Some(if object { &b'}' } else { &b']' }) {
                        at += 1;
                        open -= 1;
                        if object {
                            self.keys.close(data)?;
                        }
                    } else {
                        if object {
                            at = self.key(data, at, care)?;
                        }
                        continue;
                    }
                }
                _ => at = self.scalar(data, at, care)?,
            }
            // A value ended here: close brackets until another begins.
            loop {
                if open == 0 {
                    return Ok(at);
                }
                at = scan::skip_space(data, at);
                let object = kinds >> (open - 1) & 1 == 1;
                match (data.get(at), object) {
                    (Some(b','), true) => {
                        let next = scan::skip_space(data, at + 1);
                        if data.get(next) == Some(&b'}') {
                            return Err(ValueError::new(at, "a comma before }"));
                        }
                        at = self.key(data, next, care)?;
                        break;
                    }
                    (Some(b','), false) => {
                        let next = scan::skip_space(data, at + 1);
                        if data.get(next) == Some(&b']') {
                            return Err(ValueError::new(at, "a comma before ]"));
                        }
                        at = next;
                        break;
                    }
                    (Some(b'}'), true) => {
                        self.keys.close(data)?;
                        at += 1;
                        open -= 1;
                    }
                    (Some(b']'), false) => {
                        at += 1;
                        open -= 1;
                    }
                    (_, true) => return Err(expected("a comma or }", data, at)),
                    (_, false) => return Err(expected("a comma or ]", data, at)),
                }
            }
        }
    }

    /// A key and its colon; gives the position of the value.
    fn key(&mut self, data: &[u8], at: usize, care: Care) -> Result<usize, ValueError> {
        if data.get(at) != Some(&b'"') {
            return Err(expected("a key in double quotes", data, at));
        }
        let end = match care {
            Care::Full => {
                let (end, escaped) = text::check(data, at + 1)?;
                self.keys.push(at + 1, end - 1, escaped);
                end
            }
            Care::Structure => skimmed(data, at)?,
        };
        let colon = scan::skip_space(data, end);
        if data.get(colon) != Some(&b':') {
            return Err(expected("a colon", data, colon));
        }
        Ok(scan::skip_space(data, colon + 1))
    }

    fn scalar(&mut self, data: &[u8], at: usize, care: Care) -> Result<usize, ValueError> {
        match (data.get(at), care) {
            (Some(b'"'), Care::Full) => Ok(text::check(data, at + 1)?.0),
            (Some(b'"'), Care::Structure) => skimmed(data, at),
            (Some(byte), Care::Structure) if is_word(*byte) => {
                Ok(at + data[at..].iter().take_while(|byte| is_word(**byte)).count())
            }
            (Some(b't'), _) => literal(data, at, b"true").ok_or_else(|| no_value(data, at)),
            (Some(b'f'), _) => literal(data, at, b"false").ok_or_else(|| no_value(data, at)),
            (Some(b'n'), _) => literal(data, at, b"null").ok_or_else(|| no_value(data, at)),
            (Some(b'N' | b'I'), _) => self.special(data, at),
            (Some(b'-'), _) if data.get(at + 1) == Some(&b'I') => self.special(data, at),
            (Some(b'-' | b'0'..=b'9'), _) => Ok(number::number(data, at)?.1),
            _ => Err(no_value(data, at)),
        }
    }

    fn special(&mut self, data: &[u8], at: usize) -> Result<usize, ValueError> {
        let (_, end) = special_float(data, at).ok_or_else(|| no_value(data, at))?;
        if self.strict {
            let name = String::from_utf8_lossy(&data[at..end]);
            return Err(ValueError::new(at, format!("{name} is no JSON number")));
        }
        self.special += 1;
        Ok(end)
    }
}

/// The position behind a byte order mark, if the value starts with one.
pub(super) fn after_bom(data: &[u8]) -> usize {
    if data.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

/// The position behind `word` if it stands at `at`.
#[inline]
pub(super) fn literal(data: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    data.get(at..)?.starts_with(word).then_some(at + word.len())
}

/// The special float at `at`, and the position behind it.
pub(super) fn special_float(data: &[u8], at: usize) -> Option<(f64, usize)> {
    let words: [(&[u8], f64); 3] = [
        (b"NaN", f64::NAN),
        (b"Infinity", f64::INFINITY),
        (b"-Infinity", f64::NEG_INFINITY),
    ];
    words
        .into_iter()
        .find_map(|(word, value)| literal(data, at, word).map(|end| (value, end)))
}

/// Whether numbers and words have such a byte.
#[inline(always)]
pub(super) fn is_word(byte: u8) -> bool {
    const WORD: [bool; 256] = {
        let mut word = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            word[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'+' | b'-' | b'.');
            byte += 1;
        }
        word
    };
    WORD[usize::from(byte)]
}

fn skimmed(data: &[u8], at: usize) -> Result<usize, ValueError> {
    text::skim(data, at + 1).ok_or_else(|| ValueError::new(data.len(), "the value ends inside a string"))
}

fn no_value(data: &[u8], at: usize) -> ValueError {
    expected("a JSON value", data, at)
}

fn expected(what: &str, data: &[u8], at: usize) -> ValueError {
    ValueError::new(at, format!("expected {what}, found {}", found(data, at)))
}

/// What stands at `at`, in words.
fn found(data: &[u8], at: usize) -> String {
    match data.get(at) {
        None => "the end of the value".to_string(),
        Some(byte) if byte.is_ascii_graphic() => format!("'{}'", char::from(*byte)),
        Some(byte) => format!("byte 0x{byte:02x}"),
    }
}
