//! The selected fields checked in full, the rest for its structure: what decoding would check, for it changes columns before it has seen the whole value.

use super::super::check::{Care, Checker};
use super::super::value::Stop;
use super::{Node, Sink, object};

/// Checks a value.
pub(super) struct Check<'d, 'c> {
    data: &'d [u8],
    checker: &'c mut Checker,
    key: Vec<u8>,
    /// Columns that have their value: what comes for one again is not decoded.
    taken: Vec<bool>,
    /// Columns that have no value yet.
    wanted: usize,
}

impl<'d, 'c> Check<'d, 'c> {
    pub(super) fn new(data: &'d [u8], checker: &'c mut Checker, columns: usize, wanted: usize) -> Self {
        Self {
            data,
            checker,
            key: Vec::new(),
            taken: vec![false; columns],
            wanted,
        }
    }
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
            self.wanted -= 1;
            Care::Full
        };
        self.checker
            .walk(self.data, at, depth, care)
            .map_err(|_| Stop::Malformed)
    }

    fn enough(&self) -> bool {
        self.wanted == 0
    }

    #[inline(never)]
    fn nested(&mut self, node: &mut Node, stamp: u64, brace: usize, depth: usize) -> Result<usize, Stop> {
        object(self, node, stamp, brace, depth)
    }

    fn skim(&mut self, at: usize, depth: usize) -> Result<usize, Stop> {
        self.checker
            .walk(self.data, at, depth, Care::Structure)
            .map_err(|_| Stop::Malformed)
    }
}
