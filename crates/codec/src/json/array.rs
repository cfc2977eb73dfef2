//! One array, item by item, into the column of a list's items.

use super::check::MAX_DEPTH;
use super::column::{Column, Data};
use super::scan;
use super::scan::kernel::{Kernel, Task};
use super::value::{Parser, Stop, compound, usual};

/// Appends the array at `at` to `column`, which holds lists.
pub(super) struct Array<'p, 'd, 'c> {
    pub(super) parser: &'p mut Parser<'d>,
    pub(super) column: &'c mut Column,
    pub(super) at: usize,
    pub(super) depth: usize,
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
        let input = parser.input;
        let mut at = scan::skip_space(input.data(), at + 1);
        if input.byte(at) == b']' {
            at += 1;
        } else {
            loop {
                at = match usual(kernel, input, &mut lists.items, at) {
                    Some(end) => end,
                    None => compound(kernel, parser, &mut lists.items, at, depth + 1)?,
                };
                at = match input.byte(at) {
                    b',' => at + 1,
                    b']' => {
                        at += 1;
                        break;
                    }
                    _ => {
                        at = scan::skip_space(input.data(), at);
                        match input.byte(at) {
                            b',' => at + 1,
                            b']' => {
                                at += 1;
                                break;
                            }
                            _ => return Err(Stop::Malformed),
                        }
                    }
                };
                at = scan::skip_space(input.data(), at);
            }
        }
        lists.offsets.push(lists.items.rows as i64);
        column.close();
        Ok(at)
    }
}

impl Parser<'_> {
    /// An array where the shape is fixed: if anything in it does not fit, the outermost array goes to `_extra`.
    #[inline(never)]
    pub(super) fn fixed_array<K: Kernel>(
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
