//! A value with readable bytes behind it.
//!
//! Loads of whole words and blocks near the end of a value would reach behind it. Instead of another path for its last
//! bytes, the decoder is given the bytes that follow in the same memory (the next record, or zeros): it may load them, but
//! they mean nothing. A value that starts with a bracket and is well formed is read up to its closing bracket and not
//! further, whatever follows; one that is not well formed either fails or ends elsewhere than at its end, which the caller
//! sees.
//!
//! Unsafe code: one comparison with a limit that was computed once stands for the bounds check of each load.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ops::Range;

use super::kernel::{BLOCK, Block};

/// Readable bytes behind a value.
pub(in crate::json) const AHEAD: usize = 2 * BLOCK;

/// The bytes of a value and those behind it: two words, so that it travels in registers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'d> {
    start: *const u8,
    /// Where the last block of the data starts: a block can be read there and before.
    last: usize,
    data: PhantomData<&'d [u8]>,
}

impl<'d> Input<'d> {
    /// The value is `data` without its last [`AHEAD`] bytes. Nothing if there are not as many.
    #[inline(always)]
    pub(in crate::json) fn new(data: &'d [u8]) -> Option<Self> {
        (data.len() >= AHEAD).then(|| Self {
            start: data.as_ptr(),
            last: data.len() - BLOCK,
            data: PhantomData,
        })
    }

    /// The value at `value` of `buffer`, if enough stands behind it.
    #[inline(always)]
    pub(crate) fn before_others(buffer: &'d [u8], value: &Range<usize>) -> Option<Self> {
        Self::new(buffer.get(value.start..value.end.wrapping_add(AHEAD))?)
    }

    /// Length of the value.
    #[inline(always)]
    pub(in crate::json) fn end(self) -> usize {
        self.last.wrapping_sub(AHEAD - BLOCK)
    }

    /// The value alone.
    #[inline(always)]
    pub(in crate::json) fn value(self) -> &'d [u8] {
        &self.data()[..self.end()]
    }

    /// The value and what may be read behind it.
    #[inline(always)]
    pub(in crate::json) fn data(self) -> &'d [u8] {
        // SAFETY: the slice that this was made of.
        unsafe { std::slice::from_raw_parts(self.start, self.last.wrapping_add(BLOCK)) }
    }

    /// The block at `at`, which every place in the value has.
    #[inline(always)]
    pub(in crate::json) fn block(self, at: usize) -> Option<&'d Block> {
        if at > self.last {
            return None;
        }
        // SAFETY: `start` points to `last + BLOCK` bytes that live as long as `'d`, so that a whole block follows each place
        // up to `last`. An array of bytes needs no alignment.
        Some(unsafe { &*self.start.add(at).cast() })
    }

    /// Eight bytes from `at` on, the first in the lowest byte.
    #[inline(always)]
    pub(in crate::json) fn word(self, at: usize) -> Option<u64> {
        let word = self.block(at)?.first_chunk()?;
        Some(u64::from_le_bytes(*word))
    }

    /// The byte at `at`, or a zero far behind the value, which fits nowhere.
    #[inline(always)]
    pub(in crate::json) fn byte(self, at: usize) -> u8 {
        match self.block(at) {
            Some(block) => block[0],
            None => 0,
        }
    }
}
