//! One object, key by key, into the columns of its fields.

use std::ops::Range;

use super::check::MAX_DEPTH;
use super::column::{Column, Data};
use super::fields::FieldColumns;
use super::value::{Parser, Stop, full_walk};
use super::{scan, text};
use crate::shape::MAX_KEYS;

/// A key that was read.
struct Key {
    /// Its field; none when its value went to `_extra`.
    field: Option<usize>,
    /// The key with its quotes.
    range: Range<usize>,
    /// Where its value starts; behind it when there is no field.
    at: usize,
}

impl Parser<'_> {
    /// Appends the object at `at` to `column`, which holds objects; gives the position behind it.
    pub(super) fn object(&mut self, column: &mut Column, at: usize, depth: usize) -> Result<usize, Stop> {
        let row = column.rows;
        let Data::Struct(columns) = &mut column.data else {
            return Err(Stop::Malformed);
        };
        if depth >= MAX_DEPTH {
            return Err(Stop::Malformed);
        }
        let mut at = scan::skip_space(self.data, at + 1);
        if self.peek(at) == b'}' {
            column.close();
            return Ok(at + 1);
        }
        let mut guess = columns.first;
        let mut previous: Option<usize> = None;
        loop {
            let key = match columns.fields.get(guess) {
                Some(field) if field.literal.stands_at(self.data, at) => {
                    let end = at + field.literal.len();
                    Key {
                        field: Some(guess),
                        range: at..end - 1,
                        at: scan::skip_space(self.data, end),
                    }
                }
                _ => self.other_key(columns, guess, at, depth)?,
            };
            at = key.at;
            if let Some(found) = key.field {
                if found != guess {
                    match previous {
                        None => columns.first = found,
                        Some(previous) => columns.fields[previous].next = found,
                    }
                }
                let field = &mut columns.fields[found];
                if field.column.rows != row {
                    if field.column.rows > row {
                        // The key stood in this object before.
                        return Err(Stop::Malformed);
                    }
                    field.column.pad_to(row);
                }
                let mark = self.state.extra.mark();
                at = self.value(&mut field.column, at, depth + 1)?;
                if self.state.extra.mark() != mark {
                    self.state.extra.wrap(mark, key.range);
                }
                previous = Some(found);
                guess = field.next;
            }
            at = scan::skip_space(self.data, at);
            match self.peek(at) {
                b',' => at = scan::skip_space(self.data, at + 1),
                b'}' => break,
                _ => return Err(Stop::Malformed),
            }
        }
        column.close();
        Ok(at + 1)
    }

    /// A key that is not the one guessed.
    #[inline(never)]
    fn other_key(&mut self, columns: &mut FieldColumns, guess: usize, at: usize, depth: usize) -> Result<Key, Stop> {
        // An optional key may have been left out: the one behind it comes next.
        if let Some(skipped) = columns.fields.get(guess)
            && let Some(field) = columns.fields.get(skipped.next)
            && field.literal.stands_at(self.data, at)
        {
            let end = at + field.literal.len();
            return Ok(Key {
                field: Some(skipped.next),
                range: at..end - 1,
                at: scan::skip_space(self.data, end),
            });
        }
        let (name, end) = key(self.data, at, &mut self.state.key)?;
        let value = colon(self.data, end)?;
        let name = match name {
            Some(range) => &self.data[range],
            None => self.state.key.as_slice(),
        };
        if let Some(field) = columns.find(name) {
            return Ok(Key {
                field: Some(field),
                range: at..end,
                at: value,
            });
        }
        if self.state.fixed && self.state.arrays > 0 {
            return Err(Stop::Misfit);
        }
        let name = std::str::from_utf8(name).map_err(|_| Stop::Malformed)?.to_string();
        self.ensure_well_formed()?;
        if !self.state.fixed && columns.fields.len() < MAX_KEYS {
            let field = columns.add(&name, Column::null());
            return Ok(Key {
                field: Some(field),
                range: at..end,
                at: value,
            });
        }
        if !self.state.fixed {
            if depth > 0 {
                return Err(Stop::TooManyKeys);
            }
            columns.overflow = true;
        }
        let behind = full_walk(self.state, self.data, value, depth + 1)?;
        self.state.extra.member(at..end, value..behind);
        Ok(Key {
            field: None,
            range: at..end,
            at: behind,
        })
    }
}

/// The key at `at`: where its name stands, or none when it was unescaped into `scratch`; and the position behind it.
pub(super) fn key(data: &[u8], at: usize, scratch: &mut Vec<u8>) -> Result<(Option<Range<usize>>, usize), Stop> {
    if data.get(at) != Some(&b'"') {
        return Err(Stop::Malformed);
    }
    let (stop, _) = scan::plain_run(data, at + 1);
    if data.get(stop) == Some(&b'"') {
        return Ok((Some(at + 1..stop), stop + 1));
    }
    scratch.clear();
    let end = text::unescape(data, at + 1, scratch)?;
    Ok((None, end))
}

/// The position of the value behind the colon that follows `at`.
pub(super) fn colon(data: &[u8], at: usize) -> Result<usize, Stop> {
    let colon = scan::skip_space(data, at);
    if data.get(colon) != Some(&b':') {
        return Err(Stop::Malformed);
    }
    Ok(scan::skip_space(data, colon + 1))
}
