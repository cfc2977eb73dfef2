//! One object, key by key, into the columns of its fields.
//!
//! While keys come as they came last time, one comparison with the remembered lead finds the next value. Any other key is
//! read and looked up, and its lead and place are learned for the next object.

use std::ops::Range;

use super::check::MAX_DEPTH;
use super::column::{Column, Data};
use super::fields::{FEW, Field, FieldColumns};
use super::lead::Separator;
use super::scan::input::Input;
use super::scan::kernel::{Kernel, Task};
use super::value::{Parser, Stop, compound, full_walk, usual};
use super::{scan, text};
use crate::shape::MAX_KEYS;

/// No field: no object has as many.
const NONE: usize = usize::MAX;

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

/// A place between two members of an object.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    /// What stands here: the object's brace, or anything behind a value.
    separator: Separator,
    /// The field before, if there is one.
    previous: usize,
    /// The field that is to be expected.
    guess: usize,
}

/// A key that is known by its lead: its field, and where its value starts.
enum Guessed {
    /// The one that was guessed, or the one behind it.
    Expected(usize, usize),
    /// Another one.
    Known(usize, usize),
}

/// Looks for a lead that stands at a place where not the guessed one does, or a longer one than a block.
struct Guess<'f, 'd>(&'f FieldColumns, Input<'d>, Place);

impl Task for Guess<'_, '_> {
    type Output = Option<Guessed>;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> Self::Output {
        let Self(columns, input, place) = self;
        if let Some(guessed) = columns.fields.get(place.guess) {
            // The lead may be a long one. An optional key may have been left out: the one behind it comes next.
            for guess in [place.guess, guessed.next] {
                let Some(field) = columns.fields.get(guess) else {
                    break;
                };
                if field.lead.stands_at(kernel, input, place.at, place.separator) {
                    return Some(Guessed::Expected(guess, place.at.wrapping_add(field.lead.len())));
                }
            }
        }
        // Keys in any order: a comparison with each lead costs less than to read the key.
        let here = input.block(place.at)?;
        let few = columns.fields.get(..FEW).unwrap_or(&columns.fields);
        let found = few
            .iter()
            .position(|field| field.lead.stands_in(kernel, here, place.separator))?;
        let lead = &few.get(found)?.lead;
        Some(Guessed::Known(found, place.at.wrapping_add(lead.len())))
    }
}

impl Task for Object<'_, '_, '_> {
    type Output = Result<usize, Stop>;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> Self::Output {
        let Self {
            parser,
            column,
            at,
            depth,
        } = self;
        let row = column.rows;
        let Data::Struct(columns) = &mut column.data else {
            return Err(Stop::Malformed);
        };
        if depth >= MAX_DEPTH {
            return Err(Stop::Malformed);
        }
        let input = parser.input;
        let mut place = Place {
            at,
            separator: Separator::BRACE,
            previous: NONE,
            guess: columns.first,
        };
        loop {
            let fields = columns.fields.as_mut_slice();
            // Members that come as they came last time.
            let mut expected = fields.get_mut(place.guess).filter(|field| {
                let here = input.block(place.at);
                here.is_some_and(|here| field.lead.stands_in(kernel, here, place.separator))
            });
            while let Some(field) = expected {
                let value = place.at.wrapping_add(field.lead.len());
                catch_up(&mut field.column, row)?;
                place.at = match usual(kernel, input, &mut field.column, value) {
                    Some(end) => end,
                    None => parser.member(kernel, field, place, value, depth)?,
                };
                place.separator = Separator::COMMA;
                place.previous = place.guess;
                place.guess = field.next;
                expected = fields.get_mut(place.guess).filter(|field| {
                    let here = input.block(place.at);
                    here.is_some_and(|here| field.lead.stands_in(kernel, here, Separator::COMMA))
                });
            }
            if place.separator == Separator::COMMA && input.byte(place.at) == b'}' {
                place.at += 1;
                break;
            }
            match parser.next(kernel, columns, place, depth)? {
                Next::End(end) => {
                    place.at = end;
                    break;
                }
                Next::Extra(end) => {
                    place.at = end;
                    place.guess = NONE;
                }
                Next::Value(found, value) => {
                    let Some(field) = columns.fields.get_mut(found) else {
                        return Err(Stop::Malformed);
                    };
                    catch_up(&mut field.column, row)?;
                    place.at = match usual(kernel, input, &mut field.column, value) {
                        Some(end) => end,
                        None => parser.member(kernel, field, place, value, depth)?,
                    };
                    place.previous = found;
                    place.guess = field.next;
                }
            }
            place.separator = Separator::COMMA;
        }
        column.close();
        Ok(place.at)
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
    /// The value at `value` of a member that starts at `place`, where it is none that [`usual`] takes.
    #[inline(always)]
    fn member<K: Kernel>(
        &mut self,
        kernel: K,
        field: &mut Field,
        place: Place,
        value: usize,
        depth: usize,
    ) -> Result<usize, Stop> {
        let mark = self.state.extra.mark();
        let end = match (&field.column.data, self.input.byte(value)) {
            (Data::Struct(_) | Data::List(_), b'{' | b'[') => {
                compound(kernel, self, &mut field.column, value, depth + 1)?
            }
            _ => self.unusual(kernel, field, place, value, depth)?,
        };
        if self.state.extra.mark() != mark {
            self.wrap(mark, place)?;
        }
        Ok(end)
    }

    #[inline(never)]
    fn unusual<K: Kernel>(
        &mut self,
        kernel: K,
        field: &mut Field,
        place: Place,
        value: usize,
        depth: usize,
    ) -> Result<usize, Stop> {
        let data = self.input.data();
        let behind = scan::skip_space(data, value);
        if behind == value {
            return self.other_value(kernel, &mut field.column, value, depth + 1);
        }
        // More space than last time.
        field.lead.learn(&data[place.at..behind]);
        self.value(kernel, &mut field.column, behind, depth + 1)
    }

    /// Puts what `_extra` got since `mark` under the key that comes after `place`.
    #[inline(never)]
    fn wrap(&mut self, mark: usize, place: Place) -> Result<(), Stop> {
        let data = self.input.data();
        let start = before_key(data, place.at, place.separator)?.map_err(|_| Stop::Malformed)?;
        let (_, end) = key(data, start, &mut self.state.key)?;
        self.state.extra.wrap(mark, start..end);
        Ok(())
    }

    /// What stands at `place`, where it is not the lead of the field that was guessed.
    #[inline(never)]
    fn next<K: Kernel>(
        &mut self,
        kernel: K,
        columns: &mut FieldColumns,
        place: Place,
        depth: usize,
    ) -> Result<Next, Stop> {
        match kernel.run(Guess(columns, self.input, place)) {
            Some(Guessed::Expected(found, value)) => return Ok(Next::Value(found, value)),
            Some(Guessed::Known(found, value)) => {
                follows(columns, place, found);
                return Ok(Next::Value(found, value));
            }
            None => {}
        }
        let data = self.input.data();
        let at = match before_key(data, place.at, place.separator)? {
            Ok(key) => key,
            Err(end) => return Ok(Next::End(end)),
        };
        let (name, end) = key(data, at, &mut self.state.key)?;
        let value = colon(data, end)?;
        let name = match name {
            Some(range) => &data[range],
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
        follows(columns, place, found);
        columns.fields[found].lead.learn(&data[place.at..value]);
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
        let end = full_walk(self.state, self.input.data(), value, depth + 1)?;
        self.state.extra.member(key, value..end);
        Ok(Next::Extra(end))
    }
}

/// Remembers that the field `found` came at `place`.
fn follows(columns: &mut FieldColumns, place: Place, found: usize) {
    match columns.fields.get_mut(place.previous) {
        Some(previous) => previous.next = found,
        None if place.separator == Separator::BRACE => columns.first = found,
        None => {}
    }
}

/// The position of the key behind `at`, where the object's brace stands or, before a comma, the end of a value; or, if the
/// object ends, the position behind it.
pub(super) fn before_key(data: &[u8], at: usize, separator: Separator) -> Result<Result<usize, usize>, Stop> {
    if separator == Separator::COMMA {
        let at = scan::skip_space(data, at);
        match data.get(at) {
            Some(b',') => return Ok(Ok(scan::skip_space(data, at + 1))),
            Some(b'}') => return Ok(Err(at + 1)),
            _ => return Err(Stop::Malformed),
        }
    }
    let at = scan::skip_space(data, at + 1);
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
