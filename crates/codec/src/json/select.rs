//! Selected columns: only what was asked for is decoded, the rest is checked for structure.
//!
//! A name is a key of the value's object, or a path of keys with dots between them. `user.id` is the key `user.id` if the
//! object has it, else the key `id` of the object under `user`; where a value has both, the one that comes first counts.
//! A value that is no object counts as an object with the one key `value`.
//!
//! The walk over an object is written once for both of its sinks: one decodes and is compiled for each kernel, with the walk (`decode`); the other only
//! checks (`check`).

mod check;
mod decode;

use std::collections::HashMap;

use super::check::{Checker, MAX_DEPTH, after_bom};
use super::fields::FieldColumns;
use super::guesses::{Guesses, NONE};
use super::lead::{Lead, Separator};
use super::object::{before_key, colon, key};
use super::scan;
use super::value::{Parser, Stop};
use crate::VALUE;
use check::Check;
use decode::Top;

/// Up to this many keys are compared one by one.
const FEW: usize = 8;

/// The names wanted, as a tree of keys.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    root: Node,
    /// Counts values, so that no mark of a key needs to be cleared.
    stamp: u64,
    columns: usize,
    /// Values are read no further than their wanted keys.
    no_further: bool,
}

#[derive(Debug, Clone, Default)]
struct Node {
    entries: Vec<Entry>,
    index: HashMap<Box<[u8]>, usize>,
    guesses: Guesses,
}

#[derive(Debug, Clone, Default)]
struct Entry {
    key: Box<[u8]>,
    /// The column that takes the key's value.
    column: Option<usize>,
    /// What is wanted of the object under the key.
    child: Node,
    /// The value in which the key was last seen.
    seen: u64,
}

impl Node {
    fn entry(&mut self, key: &str) -> &mut Entry {
        let next = self.entries.len();
        let key: Box<[u8]> = key.as_bytes().into();
        let at = *self.index.entry(key.clone()).or_insert(next);
        if at == next {
            self.entries.push(Entry {
                key,
                ..Entry::default()
            });
        }
        &mut self.entries[at]
    }

    fn add(&mut self, name: &str, column: usize) {
        self.entry(name).column.get_or_insert(column);
        if let Some((key, rest)) = name.split_once('.') {
            self.entry(key).child.add(rest, column);
        }
    }

    fn find(&self, key: &[u8]) -> Option<usize> {
        if self.entries.len() <= FEW {
            return self.entries.iter().position(|entry| *entry.key == *key);
        }
        self.index.get(key).copied()
    }
}

impl Selection {
    /// One column for each of `names`.
    pub(super) fn new(names: &[String], no_further: bool) -> Self {
        let mut selection = Self {
            columns: names.len(),
            no_further,
            ..Self::default()
        };
        for (column, name) in names.iter().enumerate() {
            selection.root.add(name, column);
        }
        selection
    }

    /// Columns after whose values a walk ends.
    fn wanted(&self) -> usize {
        if self.no_further { self.columns } else { usize::MAX }
    }

    /// Appends the value at `at` to `fields` as row `row`; gives the position behind it, or behind what had to be read of it, and whether that is all of it.
    pub(super) fn decode(
        &mut self,
        parser: &mut Parser<'_>,
        fields: &mut FieldColumns,
        row: usize,
        at: usize,
    ) -> Result<(usize, bool), Stop> {
        self.stamp += 1;
        let level = parser.state.level;
        level.run(Top {
            wanted: self.wanted(),
            parser,
            fields,
            row,
            node: &mut self.root,
            stamp: self.stamp,
            at,
        })
    }

    /// Checks what decoding this record would check, and no more.
    pub(super) fn check(&mut self, data: &[u8], checker: &mut Checker) -> Result<(), Stop> {
        self.stamp += 1;
        let mut sink = Check::new(data, checker, self.columns, self.wanted());
        let start = scan::skip_space(data, after_bom(data));
        let end = top(&mut sink, &mut self.root, self.stamp, start)?;
        if sink.enough() || scan::skip_space(data, end) == data.len() {
            Ok(())
        } else {
            Err(Stop::Malformed)
        }
    }
}

/// What happens to the values that a walk over the selected keys finds.
trait Sink {
    fn data(&self) -> &[u8];
    /// The value's bytes, and memory for an unescaped key.
    fn parts(&mut self) -> (&[u8], &mut Vec<u8>);
    /// Takes a value for a column.
    fn take(&mut self, column: usize, at: usize, depth: usize) -> Result<usize, Stop>;
    /// Passes over a value that nobody wants.
    fn skim(&mut self, at: usize, depth: usize) -> Result<usize, Stop>;
    /// Nothing more is wanted.
    fn enough(&self) -> bool;
    /// The object at `brace`, of which `node` is wanted.
    fn nested(&mut self, node: &mut Node, stamp: u64, brace: usize, depth: usize) -> Result<usize, Stop>;
    /// Whether `lead`, if it is a short one, stands at `at`; no, where nothing is guessed.
    #[inline(always)]
    fn stands(&self, _lead: &Lead, _at: usize, _separator: Separator) -> bool {
        false
    }
    /// The same of a long one.
    fn stands_long(&self, _lead: &Lead, _at: usize, _separator: Separator) -> bool {
        false
    }
    /// Where `_extra` stands.
    #[inline(always)]
    fn mark(&self) -> usize {
        0
    }
    /// Puts what `_extra` got since `mark` under the key in `start..end`.
    fn wrap(&mut self, _mark: usize, _start: usize, _end: usize) {}
    /// Drops what `_extra` got since `mark`.
    fn unmark(&mut self, _mark: usize) {}
}

#[inline(always)]
fn top<S: Sink>(sink: &mut S, node: &mut Node, stamp: u64, at: usize) -> Result<usize, Stop> {
    if sink.data().get(at) == Some(&b'{') {
        return object(sink, node, stamp, at, 0);
    }
    match node.find(VALUE.as_bytes()).and_then(|entry| node.entries[entry].column) {
        Some(column) => sink.take(column, at, 0),
        None => sink.skim(at, 0),
    }
}

/// What stands where a member or the end of an object is to come.
enum Next {
    /// A key: its entry if it is wanted, and where it stands.
    Member(Option<usize>, Member),
    /// The brace, with the position behind it.
    End(usize),
}

// Part of the code that may use the kernel's instructions, like all that a member costs.
#[inline(always)]
fn object<S: Sink>(sink: &mut S, node: &mut Node, stamp: u64, brace: usize, depth: usize) -> Result<usize, Stop> {
    if depth >= MAX_DEPTH {
        return Err(Stop::Malformed);
    }
    // Where the last value ended, or the brace.
    let mut at = brace;
    let mut separator = Separator::BRACE;
    let (mut guess, mut previous) = (node.guesses.first, NONE);
    loop {
        // No closure: it would not be compiled for the kernel.
        let (found, place) = if let Some(key) = node.guesses.keys.get(guess)
            && sink.stands(&key.lead, at, separator)
        {
            previous = guess;
            guess = key.next;
            // There may be more space than last time.
            let value = scan::skip_space(sink.data(), at.wrapping_add(key.lead.len()));
            let Some(found) = key.entry else {
                at = sink.skim(value, depth + 1)?;
                separator = Separator::COMMA;
                continue;
            };
            let place = Member {
                start: at,
                key_end: None,
                separator,
                value,
            };
            (found, place)
        } else if separator == Separator::COMMA && sink.data().get(at) == Some(&b'}') {
            return Ok(at.wrapping_add(1));
        } else {
            let next = next(sink, node, at, separator, (guess, &mut previous))?;
            guess = node.guesses.keys.get(previous).map_or(NONE, |key| key.next);
            match next {
                Next::End(end) => return Ok(end),
                Next::Member(Some(found), place) => (found, place),
                Next::Member(None, place) => {
                    at = sink.skim(place.value, depth + 1)?;
                    separator = Separator::COMMA;
                    continue;
                }
            }
        };
        let entry = &mut node.entries[found];
        if entry.seen == stamp {
            // The key stood in this object before.
            return Err(Stop::Malformed);
        }
        entry.seen = stamp;
        at = member(sink, entry, stamp, place, depth + 1)?;
        if depth == 0 && sink.enough() {
            return Ok(at);
        }
        separator = Separator::COMMA;
    }
}

/// What stands at `at`, where it is not the short lead that was guessed. A key is learned to come behind `previous`, and becomes it.
#[inline(never)]
fn next<S: Sink>(
    sink: &mut S,
    node: &mut Node,
    at: usize,
    separator: Separator,
    (guess, previous): (usize, &mut usize),
) -> Result<Next, Stop> {
    if let Some(key) = node.guesses.keys.get(guess)
        && sink.stands_long(&key.lead, at, separator)
    {
        *previous = guess;
        let place = Member {
            start: at,
            key_end: None,
            separator,
            value: scan::skip_space(sink.data(), at + key.lead.len()),
        };
        return Ok(Next::Member(key.entry, place));
    }
    let start = match before_key(sink.data(), at, separator)? {
        Ok(start) => start,
        Err(end) => return Ok(Next::End(end)),
    };
    let (data, scratch) = sink.parts();
    let (name, key_end) = key(data, start, scratch)?;
    let value = colon(data, key_end)?;
    let found = node.find(match name {
        Some(range) => &data[range],
        None => scratch,
    });
    *previous = node.guesses.learn(&data[at..value], found, separator, *previous);
    let place = Member {
        start,
        key_end: Some(key_end),
        separator,
        value,
    };
    Ok(Next::Member(found, place))
}

/// Where a key that is wanted stands.
struct Member {
    /// The key, or the place before it where its lead stands.
    start: usize,
    /// Behind the key, if it was read.
    key_end: Option<usize>,
    separator: Separator,
    value: usize,
}

/// The value of a key that is wanted, or whose object holds something wanted, or both.
#[inline(always)]
fn member<S: Sink>(sink: &mut S, entry: &mut Entry, stamp: u64, place: Member, depth: usize) -> Result<usize, Stop> {
    let value = place.value;
    let mark = sink.mark();
    let mut end = None;
    if let Some(column) = entry.column {
        end = Some(sink.take(column, value, depth)?);
    }
    if !entry.child.entries.is_empty() && sink.data().get(value) == Some(&b'{') {
        let before = sink.mark();
        end = Some(sink.nested(&mut entry.child, stamp, value, depth)?);
        if entry.column.is_some() {
            // The column of the whole object has noted the same.
            sink.unmark(before);
        }
    }
    if sink.mark() != mark {
        wrap(sink, mark, &place)?;
    }
    match end {
        Some(end) => Ok(end),
        None => sink.skim(value, depth),
    }
}

/// Puts what `_extra` got since `mark` under the key at `place`.
#[cold]
#[inline(never)]
fn wrap<S: Sink>(sink: &mut S, mark: usize, place: &Member) -> Result<(), Stop> {
    let (start, key_end) = match place.key_end {
        Some(key_end) => (place.start, key_end),
        None => {
            let start = before_key(sink.data(), place.start, place.separator)?.map_err(|_| Stop::Malformed)?;
            let (data, scratch) = sink.parts();
            (start, key(data, start, scratch)?.1)
        }
    };
    sink.wrap(mark, start, key_end);
    Ok(())
}
