//! Selected columns: only what was asked for is decoded, the rest is checked for structure.
//!
//! A name is a key of the value's object, or a path of keys with dots between them. `user.id` is the key `user.id` if the
//! object has it, else the key `id` of the object under `user`; where a value has both, the one that comes first counts.
//! A value that is no object counts as an object with the one key `value`.

use std::collections::HashMap;

use super::check::{Care, Checker, MAX_DEPTH, after_bom, is_word};
use super::fields::FieldColumns;
use super::guesses::{Guesses, NONE};
use super::lead::{Lead, Separator};
use super::object::{before_key, colon, key};
use super::scan;
use super::scan::input::Input;
use super::scan::kernel::{Ends, Kernel, Task};
use super::value::{Append, Parser, Stop};
use crate::VALUE;

/// Up to this many keys are compared one by one.
const FEW: usize = 8;

/// The names wanted, as a tree of keys.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    root: Node,
    /// Counts values, so that no mark of a key needs to be cleared.
    stamp: u64,
    columns: usize,
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
    pub(super) fn new(names: &[String]) -> Self {
        let mut selection = Self {
            columns: names.len(),
            ..Self::default()
        };
        for (column, name) in names.iter().enumerate() {
            selection.root.add(name, column);
        }
        selection
    }

    /// Appends the value at `at` to `fields` as row `row`; gives the position behind it.
    pub(super) fn decode(
        &mut self,
        parser: &mut Parser<'_>,
        fields: &mut FieldColumns,
        row: usize,
        at: usize,
    ) -> Result<usize, Stop> {
        self.stamp += 1;
        top(&mut Decode { parser, fields, row }, &mut self.root, self.stamp, at)
    }

    /// Checks what decoding this record would check, and no more.
    pub(super) fn check(&mut self, data: &[u8], checker: &mut Checker) -> Result<(), Stop> {
        self.stamp += 1;
        let mut sink = Check {
            data,
            checker,
            key: Vec::new(),
            taken: vec![false; self.columns],
        };
        let start = scan::skip_space(data, after_bom(data));
        let end = top(&mut sink, &mut self.root, self.stamp, start)?;
        if scan::skip_space(data, end) == data.len() {
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
    /// Whether `lead` stands at `at`; no, where nothing is guessed.
    fn stands(&self, _lead: &Lead, _at: usize, _separator: Separator) -> bool {
        false
    }
    /// Where `_extra` stands.
    fn mark(&self) -> usize {
        0
    }
    /// Puts what `_extra` got since `mark` under the key in `start..end`.
    fn wrap(&mut self, _mark: usize, _start: usize, _end: usize) {}
    /// Drops what `_extra` got since `mark`.
    fn unmark(&mut self, _mark: usize) {}
}

fn top<S: Sink>(sink: &mut S, node: &mut Node, stamp: u64, at: usize) -> Result<usize, Stop> {
    if sink.data().get(at) == Some(&b'{') {
        return object(sink, node, stamp, at, 0);
    }
    match node.find(VALUE.as_bytes()).and_then(|entry| node.entries[entry].column) {
        Some(column) => sink.take(column, at, 0),
        None => sink.skim(at, 0),
    }
}

fn object<S: Sink>(sink: &mut S, node: &mut Node, stamp: u64, brace: usize, depth: usize) -> Result<usize, Stop> {
    if depth >= MAX_DEPTH {
        return Err(Stop::Malformed);
    }
    // Where the last value ended, or the brace.
    let mut at = brace;
    let mut separator = Separator::BRACE;
    let (mut guess, mut previous) = (node.guesses.first, NONE);
    loop {
        let guessed = node
            .guesses
            .keys
            .get(guess)
            .filter(|key| sink.stands(&key.lead, at, separator));
        let (found, start, key_end, value) = if let Some(key) = guessed {
            previous = guess;
            guess = key.next;
            // There may be more space than last time.
            let value = scan::skip_space(sink.data(), at + key.lead.len());
            (key.entry, at, None, value)
        } else {
            let start = match before_key(sink.data(), at, separator)? {
                Ok(start) => start,
                Err(end) => return Ok(end),
            };
            let (data, scratch) = sink.parts();
            let (name, key_end) = key(data, start, scratch)?;
            let value = colon(data, key_end)?;
            let found = node.find(match name {
                Some(range) => &data[range],
                None => scratch,
            });
            previous = node.guesses.learn(&data[at..value], found, separator, previous);
            guess = node.guesses.keys.get(previous).map_or(NONE, |key| key.next);
            (found, start, Some(key_end), value)
        };
        at = match found {
            None => sink.skim(value, depth + 1)?,
            Some(found) => {
                let entry = &mut node.entries[found];
                if entry.seen == stamp {
                    // The key stood in this object before.
                    return Err(Stop::Malformed);
                }
                entry.seen = stamp;
                let place = Member {
                    start,
                    key_end,
                    separator,
                    value,
                };
                member(sink, entry, stamp, place, depth + 1)?
            }
        };
        separator = Separator::COMMA;
    }
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
fn member<S: Sink>(sink: &mut S, entry: &mut Entry, stamp: u64, place: Member, depth: usize) -> Result<usize, Stop> {
    let value = place.value;
    let mark = sink.mark();
    let mut end = None;
    if let Some(column) = entry.column {
        end = Some(sink.take(column, value, depth)?);
    }
    if !entry.child.entries.is_empty() && sink.data().get(value) == Some(&b'{') {
        let before = sink.mark();
        end = Some(object(sink, &mut entry.child, stamp, value, depth)?);
        if entry.column.is_some() {
            // The column of the whole object has noted the same.
            sink.unmark(before);
        }
    }
    if sink.mark() != mark {
        let (start, key_end) = match place.key_end {
            Some(key_end) => (place.start, key_end),
            None => {
                let start = before_key(sink.data(), place.start, place.separator)?.map_err(|_| Stop::Malformed)?;
                let (data, scratch) = sink.parts();
                (start, key(data, start, scratch)?.1)
            }
        };
        sink.wrap(mark, start, key_end);
    }
    match end {
        Some(end) => Ok(end),
        None => sink.skim(value, depth),
    }
}

struct Decode<'p, 'd, 'f> {
    parser: &'p mut Parser<'d>,
    fields: &'f mut FieldColumns,
    row: usize,
}

impl Sink for Decode<'_, '_, '_> {
    fn data(&self) -> &[u8] {
        self.parser.input.data()
    }

    fn parts(&mut self) -> (&[u8], &mut Vec<u8>) {
        (self.parser.input.data(), &mut self.parser.state.key)
    }

    fn take(&mut self, column: usize, at: usize, depth: usize) -> Result<usize, Stop> {
        let Some(field) = self.fields.fields.get_mut(column) else {
            return Err(Stop::Malformed);
        };
        if field.column.rows > self.row {
            return self.skim(at, depth);
        }
        field.column.pad_to(self.row);
        let level = self.parser.state.level;
        level.run(Append {
            parser: self.parser,
            column: &mut field.column,
            at,
            depth,
        })
    }

    fn stands(&self, lead: &Lead, at: usize, separator: Separator) -> bool {
        struct Stands<'l, 'd>(&'l Lead, Input<'d>, usize, Separator);
        impl Task for Stands<'_, '_> {
            type Output = bool;
            #[inline(always)]
            fn run<K: Kernel>(self, kernel: K) -> bool {
                self.0.stands_at(kernel, self.1, self.2, self.3)
            }
        }
        let level = self.parser.state.level;
        level.run(Stands(lead, self.parser.input, at, separator))
    }

    fn skim(&mut self, at: usize, depth: usize) -> Result<usize, Stop> {
        let level = self.parser.state.level;
        if let Some(end) = level.run(SkimScalar(self.parser.input, at)) {
            return Ok(end);
        }
        let checker = &mut self.parser.state.checker;
        checker
            .walk(self.parser.input.data(), at, depth, Care::Structure)
            .map_err(|_| Stop::Malformed)
    }

    fn mark(&self) -> usize {
        self.parser.state.extra.mark()
    }

    fn wrap(&mut self, mark: usize, start: usize, end: usize) {
        self.parser.state.extra.wrap(mark, start..end);
    }

    fn unmark(&mut self, mark: usize) {
        self.parser.state.extra.truncate(mark);
    }
}

/// Passes over a scalar: a short string, or a run of what numbers and words are made of.
struct SkimScalar<'d>(Input<'d>, usize);

impl Task for SkimScalar<'_> {
    type Output = Option<usize>;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> Self::Output {
        let Self(input, at) = self;
        let first = input.byte(at);
        if first == b'"' {
            let Ends { quotes, special } = kernel.ends(input.block(at + 1)?);
            if quotes == 0 || special & (quotes ^ quotes.wrapping_sub(1)) != 0 {
                return None;
            }
            return Some(at + 2 + quotes.trailing_zeros() as usize);
        }
        if !is_word(first) {
            return None;
        }
        let mut end = at + 1;
        while is_word(input.byte(end)) {
            end += 1;
        }
        Some(end)
    }
}

struct Check<'d, 'c> {
    data: &'d [u8],
    checker: &'c mut Checker,
    key: Vec<u8>,
    taken: Vec<bool>,
}

impl Sink for Check<'_, '_> {
    fn data(&self) -> &[u8] {
        self.data
    }

    fn parts(&mut self) -> (&[u8], &mut Vec<u8>) {
        (self.data, &mut self.key)
    }

    fn take(&mut self, column: usize, at: usize, depth: usize) -> Result<usize, Stop> {
        let care = if std::mem::replace(&mut self.taken[column], true) {
            Care::Structure
        } else {
            Care::Full
        };
        self.checker
            .walk(self.data, at, depth, care)
            .map_err(|_| Stop::Malformed)
    }

    fn skim(&mut self, at: usize, depth: usize) -> Result<usize, Stop> {
        self.checker
            .walk(self.data, at, depth, Care::Structure)
            .map_err(|_| Stop::Malformed)
    }
}
