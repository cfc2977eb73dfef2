//! One value, from bytes straight into its column.
//!
//! The fast cases, where the column already has the value's type, are in [`scalar`], which is compiled for each kernel.
//! Whatever else comes goes through [`Parser::other_value`] and, where the column must widen, [`Parser::drift`].

use super::check::{Bad, Care, Checker, MAX_DEPTH, literal, special_float};
use super::column::{Column, Data};
use super::drift::{Kind, widen};
use super::extra::Extra;
use super::number::{self, Number};
use super::object::Object;
use super::scan;
use super::scan::kernel::{Kernel, Level, Task};
use super::select::Selection;
use crate::shape::exact_in_float;

/// Why decoding stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    pub(super) data: &'a [u8],
    pub(super) state: &'a mut State,
}

impl Parser<'_> {
    /// The byte at `at`, or a zero behind the end, which fits nowhere.
    #[inline(always)]
    pub(super) fn peek(&self, at: usize) -> u8 {
        self.data.get(at).copied().unwrap_or(0)
    }

    /// Appends the value at `at`, inside `depth` open brackets, to `column`; gives the position behind it.
    pub(super) fn value(&mut self, column: &mut Column, at: usize, depth: usize) -> Result<usize, Stop> {
        struct Value<'p, 'd, 'c>(&'p mut Parser<'d>, &'c mut Column, usize, usize);
        impl Task for Value<'_, '_, '_> {
            type Output = Result<usize, Stop>;
            #[inline(always)]
            fn run<K: Kernel>(self, kernel: K) -> Self::Output {
                append(kernel, self.0, self.1, self.2, self.3)
            }
        }
        self.state.level.run(Value(self, column, at, depth))
    }

    /// A scalar, or a value that does not fit its column.
    #[inline(never)]
    fn other_value(&mut self, column: &mut Column, at: usize, depth: usize) -> Result<usize, Stop> {
        match (&mut column.data, self.peek(at)) {
            (_, b'n') => {
                let end = literal(self.data, at, b"null").ok_or(Stop::Malformed)?;
                column.pad_to(column.rows + 1);
                Ok(end)
            }
            (Data::Text(text), _) => {
                let end = full_walk(self.state, self.data, at, depth)?;
                text.push(&self.data[at..end]);
                column.close();
                Ok(end)
            }
            (Data::Float(floats), b'N' | b'I' | b'-') if !self.state.strict && !self.peek(at + 1).is_ascii_digit() => {
                let (value, end) = special_float(self.data, at).ok_or(Stop::Malformed)?;
                floats.push(value);
                self.state.special += 1;
                column.close();
                Ok(end)
            }
            (Data::Int64(_) | Data::UInt64(_) | Data::Decimal(_) | Data::Float(_), b'-')
                if self.peek(at + 1) != b'I' =>
            {
                self.number(column, at, depth)
            }
            (Data::Int64(_) | Data::UInt64(_) | Data::Decimal(_) | Data::Float(_), b'0'..=b'9') => {
                self.number(column, at, depth)
            }
            _ => self.drift(column, at, depth),
        }
    }

    /// A number that the fast paths left.
    #[inline(never)]
    fn number(&mut self, column: &mut Column, at: usize, depth: usize) -> Result<usize, Stop> {
        let (number, end) = number::number(self.data, at)?;
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
        self.drift(column, at, depth)
    }

    /// A value that the column cannot hold as it is.
    #[cold]
    #[inline(never)]
    fn drift(&mut self, column: &mut Column, at: usize, depth: usize) -> Result<usize, Stop> {
        let kind = self.kind(at)?;
        if self.state.fixed {
            return self.misfit(column, at, depth);
        }
        self.ensure_well_formed()?;
        self.state.lost |= widen(column, kind);
        self.value(column, at, depth)
    }

    /// Keeps a value that does not fit its fixed column for `_extra`.
    fn misfit(&mut self, column: &mut Column, at: usize, depth: usize) -> Result<usize, Stop> {
        if self.state.arrays > 0 {
            return Err(Stop::Misfit);
        }
        let end = full_walk(self.state, self.data, at, depth)?;
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
            b'-' | b'0'..=b'9' => match number::number(self.data, at)?.0 {
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
            None => self.state.checker.document(self.data).map_err(|_| Stop::Malformed),
            Some(mut selection) => {
                let result = selection.check(self.data, &mut self.state.checker);
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
    fn too_many_keys(&mut self, column: &mut Column, at: usize, depth: usize) -> Result<usize, Stop> {
        self.state.lost |= widen(column, Kind::Text);
        self.value(column, at, depth)
    }

    /// An array where the shape is fixed: if anything in it does not fit, the outermost array goes to `_extra`.
    #[inline(never)]
    fn fixed_array<K: Kernel>(
        &mut self,
        kernel: K,
        column: &mut Column,
        at: usize,
        depth: usize,
    ) -> Result<usize, Stop> {
        let special = self.state.special;
        self.state.arrays += 1;
        let result = kernel.run(Array {
            parser: self,
            column,
            at,
            depth,
        });
        self.state.arrays -= 1;
        if result == Err(Stop::Misfit) && self.state.arrays == 0 {
            self.state.special = special;
            column.truncate(column.rows);
            return self.misfit(column, at, depth);
        }
        result
    }
}

/// Appends the value at `at`, inside `depth` open brackets, to `column`; gives the position behind it.
#[inline(always)]
fn append<K: Kernel>(
    kernel: K,
    parser: &mut Parser<'_>,
    column: &mut Column,
    at: usize,
    depth: usize,
) -> Result<usize, Stop> {
    match scalar(kernel, parser.data, column, at)? {
        Some(end) => Ok(end),
        None => compound(kernel, parser, column, at, depth),
    }
}

/// Appends the value at `at` to `column` and gives the position behind it, if it is a scalar of the column's type in one
/// of the usual forms.
// Without optimization its many variables would be part of the frame of every nested object.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn scalar<K: Kernel>(kernel: K, data: &[u8], column: &mut Column, at: usize) -> Result<Option<usize>, Stop> {
    let end = match &mut column.data {
        Data::String(strings) => {
            if data.get(at) != Some(&b'"') {
                return Ok(None);
            }
            strings.push(kernel, data, at + 1)?
        }
        Data::Int64(ints) => {
            let Some((value, end)) = number::short_int(data, at) else {
                return Ok(None);
            };
            ints.values.push(value);
            end
        }
        Data::Float(floats) => {
            let Some((value, end)) = number::short_float(data, at) else {
                return Ok(None);
            };
            floats.push(value);
            end
        }
        Data::Bool(bits) => {
            let Some((bit, end)) = scan::boolean(data, at) else {
                return Ok(None);
            };
            bits.push(bit);
            end
        }
        _ => return Ok(None),
    };
    column.close();
    Ok(Some(end))
}

/// The value at `at` where it is none that [`scalar`] takes.
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
            Err(Stop::TooManyKeys) => parser.too_many_keys(column, at, depth),
            result => result,
        },
        (Data::List(_), b'[') if parser.state.fixed => parser.fixed_array(kernel, column, at, depth),
        (Data::List(_), b'[') => kernel.run(Array {
            parser,
            column,
            at,
            depth,
        }),
        _ => parser.other_value(column, at, depth),
    }
}

/// Appends the array at `at` to `column`, which holds lists.
struct Array<'p, 'd, 'c> {
    parser: &'p mut Parser<'d>,
    column: &'c mut Column,
    at: usize,
    depth: usize,
}

impl Task for Array<'_, '_, '_> {
    type Output = Result<usize, Stop>;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> Self::Output {
        let Self {
            parser,
            column,
            at,
            depth,
        } = self;
        let Data::List(lists) = &mut column.data else {
            return Err(Stop::Malformed);
        };
        if depth >= MAX_DEPTH {
            return Err(Stop::Malformed);
        }
        let data = parser.data;
        let mut at = scan::skip_space(data, at + 1);
        if parser.peek(at) == b']' {
            at += 1;
        } else {
            loop {
                at = append(kernel, parser, &mut lists.items, at, depth + 1)?;
                at = scan::skip_space(data, at);
                match parser.peek(at) {
                    b',' => at = scan::skip_space(data, at + 1),
                    b']' => {
                        at += 1;
                        break;
                    }
                    _ => return Err(Stop::Malformed),
                }
            }
        }
        lists.offsets.push(lists.items.rows as i64);
        column.close();
        Ok(at)
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
