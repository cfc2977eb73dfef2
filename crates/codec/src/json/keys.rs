//! The keys of the objects that a walk has open, to find one that stands twice in the same object.
//!
//! Keys are compared as they read, not as they are written: `"a"` and `"\u0061"` are the same key. An object's keys are
//! compared when it closes: pairwise while they are few, sorted when they are many, so that an object of a hundred thousand
//! keys costs no more than sorting them, whatever they are.

use std::borrow::Cow;

use super::text;
use crate::ValueError;

/// Up to this many keys are compared pairwise.
const FEW: usize = 12;

#[derive(Debug, Clone, Copy)]
struct Key {
    start: usize,
    end: usize,
    escaped: bool,
}

impl Key {
    fn read<'a>(&self, data: &'a [u8]) -> Cow<'a, [u8]> {
        if !self.escaped {
            return Cow::Borrowed(&data[self.start..self.end]);
        }
        let mut out = Vec::new();
        // The key was checked before it was pushed here.
        let _ = text::unescape(data, self.start, &mut out);
        Cow::Owned(out)
    }

    fn same(&self, other: &Key, data: &[u8]) -> bool {
        if self.escaped || other.escaped {
            return self.read(data) == other.read(data);
        }
        data[self.start..self.end] == data[other.start..other.end]
    }
}

/// A stack of objects' keys.
#[derive(Debug, Default)]
pub(super) struct OpenKeys {
    keys: Vec<Key>,
    /// Where each open object's keys start.
    objects: Vec<usize>,
}

impl OpenKeys {
    pub(super) fn clear(&mut self) {
        self.keys.clear();
        self.objects.clear();
    }

    /// An object opens.
    pub(super) fn open(&mut self) {
        self.objects.push(self.keys.len());
    }

    /// A key of the innermost object stands in `start..end`, quotes left out.
    pub(super) fn push(&mut self, start: usize, end: usize, escaped: bool) {
        self.keys.push(Key { start, end, escaped });
    }

    /// The innermost object closes: fails if a key stands in it twice, at the first repetition.
    pub(super) fn close(&mut self, data: &[u8]) -> Result<(), ValueError> {
        let start = self.objects.pop().unwrap_or(0);
        let repeated = repeated(&self.keys[start..], data);
        self.keys.truncate(start);
        match repeated {
            None => Ok(()),
            Some(key) => {
                let name = String::from_utf8_lossy(&key.read(data)).into_owned();
                Err(ValueError::new(
                    key.start - 1,
                    format!("duplicate key {}", shorten(&name)),
                ))
            }
        }
    }
}

/// The first key that repeats an earlier one.
fn repeated(keys: &[Key], data: &[u8]) -> Option<Key> {
    if keys.len() <= FEW {
        return (1..keys.len())
            .find(|&i| keys[..i].iter().any(|key| key.same(&keys[i], data)))
            .map(|i| keys[i]);
    }
    let mut sorted: Vec<(Cow<'_, [u8]>, usize)> = keys.iter().enumerate().map(|(i, key)| (key.read(data), i)).collect();
    sorted.sort_unstable();
    sorted
        .windows(2)
        .filter(|pair| pair[0].0 == pair[1].0)
        .map(|pair| pair[1].1)
        .min()
        .map(|i| keys[i])
}

/// A key for a message: quoted, and cut when long.
fn shorten(name: &str) -> String {
    const LONGEST: usize = 80;
    match name.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{:?} … ({} bytes)", &name[..cut], name.len()),
        None => format!("{name:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated_in(names: &[&str]) -> Option<usize> {
        let data = names.iter().map(|name| format!("\"{name}\"")).collect::<String>();
        let mut keys = OpenKeys::default();
        keys.open();
        let mut at = 0;
        for name in names {
            keys.push(at + 1, at + 1 + name.len(), name.contains('\\'));
            at += name.len() + 2;
        }
        keys.close(data.as_bytes()).err().map(|error| error.byte)
    }

    #[test]
    fn few_and_many_keys_find_the_first_repetition() {
        assert_eq!(repeated_in(&["a", "b", "c"]), None);
        assert_eq!(repeated_in(&["a", "b", "b", "a"]), Some(6));
        assert_eq!(repeated_in(&["a", "\\u0061"]), Some(3));
        let names: Vec<String> = (0..1000).map(|i| format!("k{i:04}")).collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(repeated_in(&names), None);
        names[700] = "k0900";
        names[300] = "k\\u0030005";
        assert_eq!(repeated_in(&names), Some(300 * 7));
    }
}
