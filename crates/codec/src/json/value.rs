//! One value, from bytes straight into its column.
//!
//! The fast cases, where the column already has the value's type, are in [`usual`], which is compiled for each kernel.
//! Whatever else comes goes through [`Parser::other_value`] and, where the column must widen, [`Parser::drift`].

use super::array::Array;
use super::check::{Bad, Care, Checker, literal, special_float};
use super::column::{Column, Data};
use super::drift::{Kind, widen};
use super::extra::Extra;
use super::number::{self, Number};
use super::object::Object;
use super::scan;
use super::scan::input::Input;
use super::scan::kernel::{Kernel, Level, Task};
use super::select::Selection;
use crate::shape::exact_in_float;

/// Why decoding stopped. As large as a position, so that either is returned in registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Stop {
    /// The value is malformed; the checker says how.
    Malformed,
    /// Fixed shape: something inside the outermost array does not fit, so the array goes to `_extra`.
    Misfit,
    /// A nested object has more keys than become columns.
    TooManyKeys,
}

impl From<Bad> for Stop {
    fn from(_: Bad) -> Self {
        Self::Malformed
    }
}

/// What decoding keeps between values.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) checker: Checker,
    pub(super) extra: Extra,
    /// The shape never changes.
    pub(super) fixed: bool,
    /// NaN and the infinities are malformed.
    pub(super) strict: bool,
    /// Special floats in columns, of the value at hand.
    pub(super) special: u64,
    /// A row was lost by widening.
    pub(super) lost: bool,
    /// The value at hand is known to be well formed as a whole.
    pub(super) checked: bool,
    /// How many arrays are open around the value.
    pub(super) arrays: usize,
    /// What is selected, for the check that comes before a widening.
    pub(super) selection: Option<Selection>,
    /// An unescaped key.
    pub(super) key: Vec<u8>,
    /// The instructions to decode with.
    pub(super) level: Level,
}

/// Decodes one record.
pub(super) struct Parser<'a> {
    pub(super) input: Input<'a>,
    pub(super) state: &'a mut State,
}

/// Appends the value at `at`, inside `depth` open brackets, to `column`; gives the position behind it.
pub(super) struct Append<'p, 'd, 'c> {
    pub(super) parser: &'p mut Parser<'d>,
    pub(super) column: &'c mut Column,
    pub(super) at: usize,
    pub(super) depth: usize,
}

impl Task for Append<'_, '_, '_> {
    type Output = Result<usize, Stop>;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> Self::Output {
        let Self {
            parser,
            column,
            at,
            depth,
        } = self;
        match usual(kernel, parser.input, column, at) {
            Some(end) => Ok(end),
            None => compound(kernel, parser, column, at, depth),
        }
    }
}

impl Parser<'_> {
    /// The byte at `at`, or a zero far behind the value, which fits nowhere.
    #[inline(always)]
    pub(super) fn peek(&self, at: usize) -> u8 {
        self.input.byte(at)
    }

    /// Appends the value at `at`, inside `depth` open brackets, to `column`; gives the position behind it.
    pub(super) fn value<K: Kernel>(
        &mut self,
        kernel: K,
        column: &mut Column,
        at: usize,
        depth: usize,
    ) -> Result<usize, Stop> {
        kernel.run(Append {
            parser: self,
            column,
            at,
            depth,
        })
    }

    /// A scalar in no usual form, or a value that does not fit its column.
    #[inline(never)]
    pub(super) fn other_value<K: Kernel>(
        &mut self,
        kernel: K,
        column: &mut Column,
        at: usize,
        depth: usize,
    ) -> Result<usize, Stop> {
        let data = self.input.data();
        match (&mut column.data, self.peek(at)) {
            // Every well-formed one is usual.
            (Data::String(_), b'"') => Err(Stop::Malformed),
            (_, b'n') => {
                let end = literal(data, at, b"null").ok_or(Stop::Malformed)?;
                column.pad_to(column.rows + 1);
                Ok(end)
            }
            (Data::Text(text), _) => {
                let end = full_walk(self.state, data, at, depth)?;
                text.push(&data[at..end]);
                column.close();
                Ok(end)
            }
            (Data::Float(floats), b'N' | b'I' | b'-') if !self.state.strict && !self.peek(at + 1).is_ascii_digit() => {
                let (value, end) = special_float(data, at).ok_or(Stop::Malformed)?;
                floats.push(value);
                self.state.special += 1;
                column.close();
                Ok(end)
            }
            (Data::Int64(_) | Data::UInt64(_) | Data::Decimal(_) | Data::Float(_), b'-')
                if self.peek(at + 1) != b'I' =>
            {
                self.number(kernel, column, at, depth)
            }
            (Data::Int64(_) | Data::UInt64(_) | Data::Decimal(_) | Data::Float(_), b'0'..=b'9') => {
                self.number(kernel, column, at, depth)
            }
            _ => self.drift(kernel, column, at, depth),
        }
    }

    /// A number that the fast paths left.
    #[inline(never)]
    fn number<K: Kernel>(&mut self, kernel: K, column: &mut Column, at: usize, depth: usize) -> Result<usize, Stop> {
        let (number, end) = number::number(self.input.data(), at)?;
        let kept = match (&mut column.data, number) {
            (Data::Int64(ints), Number::Int(value)) => {
                i64::try_from(value).map(|value| ints.values.push(value)).is_ok()
            }
            (Data::UInt64(ints), Number::Int(value)) => {
                u64::try_from(value).map(|value| ints.values.push(value)).is_ok()
            }
            (Data::Decimal(ints), Number::Int(value)) => {
                ints.values.push(value);
                true
            }
            (Data::Float(floats), Number::Float(value)) => {
                floats.push(value);
                true
            }
            (Data::Float(floats), Number::Int(value)) if exact_in_float(value) => {
                floats.push(value as f64);
                true
            }
            _ => false,
        };
        if kept {
            column.close();
            return Ok(end);
        }
        self.drift(kernel, column, at, depth)
    }

    /// A value that the column cannot hold as it is.
    #[cold]
    #[inline(never)]
    fn drift<K: Kernel>(&mut self, kernel: K, column: &mut Column, at: usize, depth: usize) -> Result<usize, Stop> {
        let kind = self.kind(at)?;
        if self.state.fixed {
            return self.misfit(column, at, depth);
        }
        self.ensure_well_formed()?;
        self.state.lost |= widen(column, kind);
        self.value(kernel, column, at, depth)
    }

    /// Keeps a value that does not fit its fixed column for `_extra`.
    pub(super) fn misfit(&mut self, column: &mut Column, at: usize, depth: usize) -> Result<usize, Stop> {
        if self.state.arrays > 0 {
            return Err(Stop::Misfit);
        }
        let end = full_walk(self.state, self.input.data(), at, depth)?;
        self.state.extra.misfit(at..end);
        column.pad_to(column.rows + 1);
        Ok(end)
    }

    /// The kind of the value at `at`.
    fn kind(&self, at: usize) -> Result<Kind, Stop> {
        Ok(match self.peek(at) {
            b'"' => Kind::String,
            b't' | b'f' => Kind::Bool,
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'N' | b'I' => Kind::Float,
            b'-' if self.peek(at + 1) == b'I' => Kind::Float,
            b'-' | b'0'..=b'9' => match number::number(self.input.data(), at)?.0 {
                Number::Int(value) => Kind::Int(value),
                Number::Float(_) => Kind::Float,
                Number::Beyond => Kind::Text,
            },
            _ => return Err(Stop::Malformed),
        })
    }

    /// Makes sure, before anything changes that is not undone by cutting columns back, that the rest of the value holds no
    /// error: a malformed value must leave no key and no wider type behind.
    pub(super) fn ensure_well_formed(&mut self) -> Result<(), Stop> {
        if self.state.checked {
            return Ok(());
        }
        let special = self.state.checker.special;
        let result = match self.state.selection.take() {
            None => self
                .state
                .checker
                .document(self.input.value())
                .map_err(|_| Stop::Malformed),
            Some(mut selection) => {
                let result = selection.check(self.input.value(), &mut self.state.checker);
                self.state.selection = Some(selection);
                result
            }
        };
        self.state.checker.special = special;
        self.state.checked = result.is_ok();
        result
    }

    /// An object with more keys than become columns: from now on its column is JSON text.
    #[cold]
    #[inline(never)]
    fn too_many_keys<K: Kernel>(
        &mut self,
        kernel: K,
        column: &mut Column,
        at: usize,
        depth: usize,
    ) -> Result<usize, Stop> {
        self.state.lost |= widen(column, Kind::Text);
        self.value(kernel, column, at, depth)
    }
}

/// Appends the value at `at` to `column` and gives the position behind it, if it is a scalar of the column's type in one
/// of the usual forms.
// Without optimization its many variables would be part of the frame of every nested object.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn usual<K: Kernel>(kernel: K, input: Input<'_>, column: &mut Column, at: usize) -> Option<usize> {
    // Strings are the most: a branch of their own costs less than one of many ways.
    let end = if let Data::String(strings) = &mut column.data {
        match strings.push_short(kernel, input, at) {
            Some(end) => end,
            None => strings.push(kernel, input, at)?,
        }
    } else {
        match &mut column.data {
            Data::Int64(ints) => match number::short_int(input, at) {
                Some((value, end)) => {
                    ints.values.push(value);
                    end
                }
                None => number::push_long_int(&mut ints.values, input, at)?,
            },
            Data::Float(floats) => match number::short_float(input, at) {
                Some((value, end)) => {
                    floats.push(value);
                    end
                }
                None => number::push_long_float(floats, input, at)?,
            },
            Data::Bool(bits) => {
                let (bit, end) = scan::boolean(input, at)?;
                bits.push(bit);
                end
            }
            _ => return None,
        }
    };
    column.close();
    Some(end)
}

/// The value at `at` where it is none that [`usual`] takes.
#[inline(always)]
pub(super) fn compound<K: Kernel>(
    kernel: K,
    parser: &mut Parser<'_>,
    column: &mut Column,
    at: usize,
    depth: usize,
) -> Result<usize, Stop> {
    match (&column.data, parser.peek(at)) {
        (Data::Struct(_), b'{') => match kernel.run(Object {
            parser,
            column,
            at,
            depth,
        }) {
            Err(Stop::TooManyKeys) => parser.too_many_keys(kernel, column, at, depth),
            result => result,
        },
        (Data::List(_), b'[') if parser.state.fixed => parser.fixed_array(kernel, column, at, depth),
        (Data::List(_), b'[') => kernel.run(Array {
            parser,
            column,
            at,
            depth,
        }),
        _ => parser.other_value(kernel, column, at, depth),
    }
}

/// The position behind the value at `at`, checked in full; its special floats count.
pub(super) fn full_walk(state: &mut State, data: &[u8], at: usize, depth: usize) -> Result<usize, Stop> {
    let before = state.checker.special;
    let end = state
        .checker
        .walk(data, at, depth, Care::Full)
        .map_err(|_| Stop::Malformed)?;
    state.special += state.checker.special - before;
    Ok(end)
}
