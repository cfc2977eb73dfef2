//! The rule `auto`: the first format that more than nine in ten of the sampled values fit.
//!
//! For values JSON objects or arrays come first, then UTF-8 text, else raw; for keys text, else raw. A bare JSON scalar is
//! text, and integers are never guessed from bytes.

use crate::json;
use crate::{TopLevel, ValueFormat};

/// What a sample of values looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// The format that more than nine in ten fit; `None` when there was no value.
    pub format: Option<ValueFormat>,
    /// How many values were looked at.
    pub sampled: usize,
    /// How many of them fit each candidate, in the order in which candidates are tried.
    pub fits: Vec<(ValueFormat, usize)>,
    /// How many of those that fit JSON are objects; the others are arrays.
    pub objects: usize,
}

impl Detection {
    /// What to expect at the top of JSON values: objects, if more than half of the sampled ones are.
    pub fn top(&self) -> TopLevel {
        let json = self.fits.iter().find(|(format, _)| *format == ValueFormat::Json);
        if json.is_some_and(|(_, count)| self.objects * 2 > *count) {
            TopLevel::Objects
        } else {
            TopLevel::Any
        }
    }
}

/// Picks the format of values from a sample of them, nulls left out.
pub fn detect_value<'a>(samples: impl Iterator<Item = &'a [u8]>) -> Detection {
    detect(
        samples,
        &[
            (ValueFormat::Json, json::is_object_or_array),
            (ValueFormat::String, is_text),
        ],
    )
}

/// Picks the format of keys from a sample of them, nulls left out.
pub fn detect_key<'a>(samples: impl Iterator<Item = &'a [u8]>) -> Detection {
    detect(samples, &[(ValueFormat::String, is_text)])
}

type Candidate = (ValueFormat, fn(&[u8]) -> bool);

fn is_text(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok()
}

fn detect<'a>(samples: impl Iterator<Item = &'a [u8]>, candidates: &[Candidate]) -> Detection {
    let (mut sampled, mut objects) = (0, 0);
    let mut fits: Vec<(ValueFormat, usize)> = candidates.iter().map(|(format, _)| (*format, 0)).collect();
    for value in samples {
        sampled += 1;
        for (fit, (_, test)) in fits.iter_mut().zip(candidates) {
            let fitting = test(value);
            fit.1 += usize::from(fitting);
            objects += usize::from(fitting && fit.0 == ValueFormat::Json && json::starts_an_object(value));
        }
    }
    fits.push((ValueFormat::Raw, sampled));
    let format = fits
        .iter()
        .find(|(_, count)| count * 10 > sampled * 9)
        .map(|(format, _)| *format);
    Detection {
        format,
        sampled,
        fits,
        objects,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(samples: &[&[u8]]) -> Option<ValueFormat> {
        detect_value(samples.iter().copied()).format
    }

    #[test]
    fn values() {
        assert_eq!(value(&[]), None);
        assert_eq!(value(&[b"{}", b" [1]"]), Some(ValueFormat::Json));
        assert_eq!(value(&[b"\xef\xbb\xbf{\"a\":NaN}"]), Some(ValueFormat::Json));
        assert_eq!(value(&[b"1", b"\"x\"", b"null"]), Some(ValueFormat::String));
        assert_eq!(value(&[b"{\"a\":1"]), Some(ValueFormat::String));
        assert_eq!(value(&[b"{\"a\":1}{}"]), Some(ValueFormat::String));
        assert_eq!(value(&[b""]), Some(ValueFormat::String));
        assert_eq!(value(&[b"\xff\x00"]), Some(ValueFormat::Raw));
    }

    #[test]
    fn more_than_nine_in_ten() {
        let mut samples: Vec<&[u8]> = vec![b"{}"; 9];
        samples.push(b"x");
        assert_eq!(
            value(&samples),
            Some(ValueFormat::String),
            "nine in ten is not more than nine in ten"
        );
        samples.push(b"{}");
        assert_eq!(value(&samples), Some(ValueFormat::Json));
        let detection = detect_value(samples.into_iter());
        assert_eq!(detection.sampled, 11);
        assert_eq!(
            detection.fits,
            [
                (ValueFormat::Json, 10),
                (ValueFormat::String, 11),
                (ValueFormat::Raw, 11)
            ]
        );
    }

    #[test]
    fn objects_are_expected_when_most_values_are_objects() {
        let top = |samples: &[&'static [u8]]| {
            let detection = detect_value(samples.iter().copied());
            (detection.objects, detection.top())
        };
        assert_eq!(top(&[b"{}", b" {\"a\":1}", b"[1]", b"1", b"{"]), (2, TopLevel::Objects));
        assert_eq!(top(&[b"{}", b"[]"]), (1, TopLevel::Any));
        assert_eq!(top(&[b"x"]), (0, TopLevel::Any));
        assert_eq!(top(&[]), (0, TopLevel::Any));
    }

    #[test]
    fn keys() {
        let key = |samples: &[&'static [u8]]| detect_key(samples.iter().copied()).format;
        assert_eq!(key(&[b"{}", b"17"]), Some(ValueFormat::String));
        assert_eq!(key(&[b"\0\0\0\x80"]), Some(ValueFormat::Raw));
        assert_eq!(key(&[]), None);
    }
}
