//! The selected fields into their columns, in code compiled for each kernel.

use super::super::fields::FieldColumns;
use super::super::lead::{Lead, Separator};
use super::super::scan::input::Input;
use super::super::scan::kernel::{Kernel, Task};
use super::super::skim::skim;
use super::super::value::{Append, Parser, Stop};
use super::{Node, Sink, object, top};

/// Decodes a value as row `row` of `fields`.
pub(super) struct Top<'p, 'd, 'f, 'n> {
    pub(super) parser: &'p mut Parser<'d>,
    pub(super) fields: &'f mut FieldColumns,
    pub(super) row: usize,
    pub(super) node: &'n mut Node,
    pub(super) stamp: u64,
    pub(super) at: usize,
    /// Columns after whose values the walk ends.
    pub(super) wanted: usize,
}

impl Task for Top<'_, '_, '_, '_> {
    type Output = Result<(usize, bool), Stop>;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> Self::Output {
        let Self {
            parser,
            fields,
            row,
            wanted,
            ..
        } = self;
        let mut decode = Decode {
            kernel,
            input: parser.input,
            parser,
            fields,
            row,
            wanted,
        };
        let end = top(&mut decode, self.node, self.stamp, self.at)?;
        Ok((end, !decode.enough()))
    }
}

struct Decode<'p, 'd, 'f, K> {
    kernel: K,
    input: Input<'d>,
    parser: &'p mut Parser<'d>,
    fields: &'f mut FieldColumns,
    row: usize,
    /// Columns that have no value yet.
    wanted: usize,
}

/// An object in the object that a walk is in: a call of its own.
struct Nested<'s, 'n, S> {
    sink: &'s mut S,
    node: &'n mut Node,
    stamp: u64,
    brace: usize,
    depth: usize,
}

impl<S: Sink> Task for Nested<'_, '_, S> {
    type Output = Result<usize, Stop>;

    #[inline(always)]
    fn run<K: Kernel>(self, _kernel: K) -> Self::Output {
        object(self.sink, self.node, self.stamp, self.brace, self.depth)
    }
}

impl<K: Kernel> Sink for Decode<'_, '_, '_, K> {
    #[inline(always)]
    fn data(&self) -> &[u8] {
        self.input.data()
    }

    #[inline(always)]
    fn parts(&mut self) -> (&[u8], &mut Vec<u8>) {
        (self.input.data(), &mut self.parser.state.key)
    }

    #[inline(always)]
    fn take(&mut self, column: usize, at: usize, depth: usize) -> Result<usize, Stop> {
        let Some(field) = self.fields.fields.get_mut(column) else {
            return Err(Stop::Malformed);
        };
        if field.column.rows != self.row {
            if field.column.rows > self.row {
                return self.skim(at, depth);
            }
            field.column.pad_to(self.row);
        }
        self.wanted -= 1;
        let append = Append {
            parser: self.parser,
            column: &mut field.column,
            at,
            depth,
        };
        append.run(self.kernel)
    }

    #[inline(always)]
    fn skim(&mut self, at: usize, depth: usize) -> Result<usize, Stop> {
        skim(self.kernel, self.input, at, depth)
    }

    #[inline(always)]
    fn enough(&self) -> bool {
        self.wanted == 0
    }

    #[inline(always)]
    fn nested(&mut self, node: &mut Node, stamp: u64, brace: usize, depth: usize) -> Result<usize, Stop> {
        self.kernel.run(Nested {
            sink: self,
            node,
            stamp,
            brace,
            depth,
        })
    }

    #[inline(always)]
    fn stands(&self, lead: &Lead, at: usize, separator: Separator) -> bool {
        match self.input.block(at) {
            Some(here) => lead.stands_in(self.kernel, here, separator),
            None => false,
        }
    }

    fn stands_long(&self, lead: &Lead, at: usize, separator: Separator) -> bool {
        lead.long_stands_at(self.input, at, separator)
    }

    #[inline(always)]
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
