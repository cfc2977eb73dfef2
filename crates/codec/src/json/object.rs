//! One object, key by key, into the columns of its fields.
//!
//! While keys come as they came last time, one comparison with the remembered lead finds the next value. Any other key is
//! read and looked up, and its lead and place are learned for the next object.

use std::ops::Range;

use super::check::MAX_DEPTH;
use super::column::{Column, Data};
use super::fields::FieldColumns;
use super::scan::kernel::{Kernel, Task};
use super::value::{Parser, Stop, compound, full_walk, scalar};
use super::{scan, text};
use crate::shape::MAX_KEYS;

/// No field: no object has as many.
const NONE: usize = usize::MAX;

/// Which of the leads is the object's own.
const OPENING: usize = 0;

/// Appends the object at `at`, inside `depth` open brackets, to `column`, which holds objects; gives the position behind it.
pub(super) struct Object<'p, 'd, 'c> {
    pub(super) parser: &'p mut Parser<'d>,
    pub(super) column: &'c mut Column,
    pub(super) at: usize,
    pub(super) depth: usize,
}

/// What comes next in an object.
enum Next {
    /// A key of this field, and where its value starts.
    Value(usize, usize),
    /// A key whose value went to `_extra`; the object goes on here.
    Extra(usize),
    /// The brace, with the position behind it.
    End(usize),
}

impl Task for Object<'_, '_, '_> {
    type Output = Result<usize, Stop>;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> Self::Output {
        let Self {
            parser,
            column,
            mut at,
            depth,
        } = self;
        let row = column.rows;
        let Data::Struct(columns) = &mut column.data else {
            return Err(Stop::Malformed);
        };
        if depth >= MAX_DEPTH {
            return Err(Stop::Malformed);
        }
        let data = parser.data;
        // The lead to come: the object's own, then that of the field which followed the last one.
        let mut lead = OPENING;
        let mut guess = columns.first;
        let mut previous = NONE;
        loop {
            let leads = columns.leads.as_mut_slice();
            let fields = columns.fields.as_mut_slice();
            // Members that come as they came last time.
            while let Some(expected) = leads.get(lead)
                && expected.stands_at(kernel, data, at)
                && let Some(field) = fields.get_mut(guess)
            {
                let value = at + expected.len();
                catch_up(&mut field.column, row)?;
                at = match scalar(kernel, data, &mut field.column, value)? {
                    Some(end) => end,
                    None => {
                        let behind = scan::skip_space(data, value);
                        if behind != value {
                            // More space than last time.
                            leads[lead].learn(&data[at..behind]);
                        }
                        let mark = parser.state.extra.mark();
                        let end = if behind == value {
                            compound(kernel, parser, &mut field.column, value, depth + 1)?
                        } else {
                            parser.value(&mut field.column, behind, depth + 1)?
                        };
                        if parser.state.extra.mark() != mark {
                            parser.wrap(mark, at, lead == OPENING)?;
                        }
                        end
                    }
                };
                previous = guess;
                guess = field.next;
                lead = guess.wrapping_add(1);
            }
            let first = lead == OPENING;
            if !first && parser.peek(at) == b'}' {
                at += 1;
                break;
            }
            match parser.next(kernel, columns, (first, previous), guess, at, depth)? {
                Next::End(end) => {
                    at = end;
                    break;
                }
                Next::Extra(end) => {
                    at = end;
                    lead = NONE;
                }
                Next::Value(found, value) => {
                    let Some(field) = columns.fields.get_mut(found) else {
                        return Err(Stop::Malformed);
                    };
                    catch_up(&mut field.column, row)?;
                    let mark = parser.state.extra.mark();
                    let end = parser.value(&mut field.column, value, depth + 1)?;
                    if parser.state.extra.mark() != mark {
                        parser.wrap(mark, at, first)?;
                    }
                    at = end;
                    previous = found;
                    guess = field.next;
                    lead = guess.wrapping_add(1);
                }
            }
        }
        column.close();
        Ok(at)
    }
}

/// Makes `column` end before the object's row. Fails if it has that row: then the key stood in this object before.
#[inline(always)]
fn catch_up(column: &mut Column, row: usize) -> Result<(), Stop> {
    if column.rows != row {
        if column.rows > row {
            return Err(Stop::Malformed);
        }
        column.pad_to(row);
    }
    Ok(())
}

impl Parser<'_> {
    /// Puts what `_extra` got since `mark` under the key that comes after `at`.
    #[inline(never)]
    fn wrap(&mut self, mark: usize, at: usize, first: bool) -> Result<(), Stop> {
        let start = before_key(self.data, at, first)?.map_err(|_| Stop::Malformed)?;
        let (_, end) = key(self.data, start, &mut self.state.key)?;
        self.state.extra.wrap(mark, start..end);
        Ok(())
    }

    /// What stands at `start`, where it is not the lead of the field that was guessed to follow `previous`. `first`: nothing
    /// stood in the object before.
    #[inline(never)]
    fn next<K: Kernel>(
        &mut self,
        kernel: K,
        columns: &mut FieldColumns,
        (first, previous): (bool, usize),
        guess: usize,
        start: usize,
        depth: usize,
    ) -> Result<Next, Stop> {
        // An optional key may have been left out: the one behind it comes next.
        if !first
            && let Some(skipped) = columns.fields.get(guess)
            && let Some(lead) = columns.leads.get(skipped.next.wrapping_add(1))
            && lead.stands_at(kernel, self.data, start)
        {
            return Ok(Next::Value(skipped.next, start + lead.len()));
        }
        let at = match before_key(self.data, start, first)? {
            Ok(key) => key,
            Err(end) => return Ok(Next::End(end)),
        };
        let (name, end) = key(self.data, at, &mut self.state.key)?;
        let value = colon(self.data, end)?;
        let name = match name {
            Some(range) => &self.data[range],
            None => self.state.key.as_slice(),
        };
        let found = match columns.find(name) {
            Some(found) => found,
            None => {
                if self.state.fixed && self.state.arrays > 0 {
                    return Err(Stop::Misfit);
                }
                let name = std::str::from_utf8(name).map_err(|_| Stop::Malformed)?.to_string();
                self.ensure_well_formed()?;
                if self.state.fixed || columns.fields.len() >= MAX_KEYS {
                    return self.beyond(columns, at..end, value, depth);
                }
                columns.add(&name, Column::null())
            }
        };
        match columns.fields.get_mut(previous) {
            None if first => columns.first = found,
            None => {}
            Some(previous) => previous.next = found,
        }
        let lead = if first { OPENING } else { found + 1 };
        columns.leads[lead].learn(&self.data[start..value]);
        Ok(Next::Value(found, value))
    }

    /// A key that gets no column.
    #[inline(never)]
    fn beyond(
        &mut self,
        columns: &mut FieldColumns,
        key: Range<usize>,
        value: usize,
        depth: usize,
    ) -> Result<Next, Stop> {
        if !self.state.fixed {
            if depth > 0 {
                return Err(Stop::TooManyKeys);
            }
            columns.overflow = true;
        }
        let end = full_walk(self.state, self.data, value, depth + 1)?;
        self.state.extra.member(key, value..end);
        Ok(Next::Extra(end))
    }
}

/// The position of the key behind `at`, which is the object's brace or, unless this is the `first` key, the end of a value;
/// or, if the object ends, the position behind it.
fn before_key(data: &[u8], mut at: usize, first: bool) -> Result<Result<usize, usize>, Stop> {
    if !first {
        at = scan::skip_space(data, at);
        match data.get(at) {
            Some(b',') => return Ok(Ok(scan::skip_space(data, at + 1))),
            Some(b'}') => return Ok(Err(at + 1)),
            _ => return Err(Stop::Malformed),
        }
    }
    at = scan::skip_space(data, at + 1);
    match data.get(at) {
        Some(b'}') => Ok(Err(at + 1)),
        _ => Ok(Ok(at)),
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
