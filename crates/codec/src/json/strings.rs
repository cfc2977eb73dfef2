//! A growing column of strings, which only checked text gets into.
//!
//! Every string is checked for UTF-8 while it is copied, so that the finished array is built without looking at it again.
//! That takes unsafe code, and so does the copy of whole blocks. What makes it sound is in this file alone: the fields are
//! private, and nothing but [`Strings::push_short`], [`Strings::push`], [`Strings::push_text`] and [`Strings::push_text_of`]
//! moves bytes in.
#![allow(unsafe_code)]

use std::sync::Arc;

use arrow_array::{ArrayRef, LargeStringArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};

use super::scan::input::Input;
use super::scan::kernel::{BLOCK, Block, Ends, Kernel, Level, Stops, Task};
use super::text;
use super::utf8::is_utf8;
use crate::bits::{Ready, expect, take_vec};

/// Strings one behind the other.
///
/// The offsets start with 0, never fall, the last is the length of the data, and the bytes between two neighbours are UTF-8.
#[derive(Debug)]
pub(crate) struct Strings {
    offsets: Vec<i64>,
    data: Vec<u8>,
}

impl Strings {
    /// `rows` empty strings, with room for `capacity`.
    pub(crate) fn new(rows: usize, capacity: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows.max(capacity) + 1);
        offsets.resize(rows + 1, 0);
        Self {
            offsets,
            data: Vec::new(),
        }
    }

    /// Appends the JSON string at `at`, if there is one and it is short and of plain ASCII; gives the position behind it.
    #[inline(always)]
    pub(super) fn push_short<K: Kernel>(&mut self, kernel: K, input: Input<'_>, at: usize) -> Option<usize> {
        if input.byte(at) != b'"' {
            return None;
        }
        let start = at.wrapping_add(1);
        let block = input.block(start)?;
        let Ends { quotes, special } = kernel.ends(block);
        // The lowest quote and all bits below it.
        if quotes == 0 || special & (quotes ^ quotes.wrapping_sub(1)) != 0 {
            return None;
        }
        let count = quotes.trailing_zeros() as usize;
        let end = self.append_block(block, count);
        self.offsets.push(end as i64);
        Some(start.wrapping_add(count).wrapping_add(1))
    }

    /// Appends a text that is no JSON. On an error, which tells where the text stops being UTF-8, nothing is appended.
    #[inline]
    pub(crate) fn push_text(&mut self, text: &[u8]) -> Result<(), usize> {
        std::str::from_utf8(text).map_err(|error| error.valid_up_to())?;
        self.data.extend_from_slice(text);
        self.offsets.push(self.data.len() as i64);
        Ok(())
    }

    /// The same for the whole of `input`. Costs a look at each block, and another at a text that is not ASCII alone.
    #[inline]
    pub(crate) fn push_text_of(&mut self, level: Level, input: Input<'_>) -> Result<(), usize> {
        struct Push<'s, 'd>(&'s mut Strings, Input<'d>);
        impl Task for Push<'_, '_> {
            type Output = bool;
            #[inline(always)]
            fn run<K: Kernel>(self, kernel: K) -> Self::Output {
                let Self(strings, input) = self;
                let (mut at, mut beyond_ascii) = (0, 0);
                while let left @ 1.. = input.end().wrapping_sub(at)
                    && let Some(block) = input.block(at)
                {
                    let count = left.min(BLOCK);
                    beyond_ascii |= kernel.stops(block).high & (u32::MAX >> (BLOCK - count));
                    strings.append_block(block, count);
                    at = at.wrapping_add(count);
                }
                beyond_ascii == 0 || is_utf8(kernel, input, 0..input.end())
            }
        }
        let start = self.data.len();
        if !level.run(Push(self, input)) {
            self.data.truncate(start);
            return self.push_text(input.value());
        }
        self.offsets.push(self.data.len() as i64);
        Ok(())
    }

    /// Appends the first `count` bytes of `block`; gives the length with them.
    #[inline(always)]
    fn append_block(&mut self, block: &Block, count: usize) -> usize {
        if self.data.capacity().wrapping_sub(self.data.len()) < BLOCK {
            self.grow();
        }
        assert!(count <= BLOCK);
        let length = self.data.len();
        // SAFETY: the buffer has room for a block behind its length, which becomes larger by what was written of it.
        unsafe {
            let end = self.data.as_mut_ptr().add(length);
            std::ptr::copy_nonoverlapping(block.as_ptr(), end, BLOCK);
            self.data.set_len(length.wrapping_add(count));
        }
        length.wrapping_add(count)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.data.reserve(BLOCK);
    }

    /// Appends the JSON string at `at`, whichever it is; gives the position behind it. Nothing is appended where there is none,
    /// or one that is not well formed.
    // A call of its own: what is left by `push_short` takes its time anyway.
    #[inline(never)]
    pub(super) fn push<K: Kernel>(&mut self, kernel: K, input: Input<'_>, at: usize) -> Option<usize> {
        struct Push<'s, 'd>(&'s mut Strings, Input<'d>, usize);
        impl Task for Push<'_, '_> {
            type Output = Option<usize>;
            #[inline(always)]
            fn run<K: Kernel>(self, kernel: K) -> Self::Output {
                let Self(strings, input, at) = self;
                let start = strings.data.len();
                let end = strings.append(kernel, input, at);
                match end {
                    Some(_) => strings.offsets.push(strings.data.len() as i64),
                    None => strings.data.truncate(start),
                }
                end
            }
        }
        if input.byte(at) != b'"' {
            return None;
        }
        kernel.run(Push(self, input, at.wrapping_add(1)))
    }

    /// Appends the bytes of the string whose first byte behind the opening quote is at `at`; without an end perhaps some of
    /// them. Costs a look at each block up to each escape, and another at a run that is not ASCII alone.
    #[inline(always)]
    fn append<K: Kernel>(&mut self, kernel: K, input: Input<'_>, mut at: usize) -> Option<usize> {
        // An escape stands for whole characters, so that what is valid on both sides of it is valid with it.
        let (mut run, mut beyond_ascii) = (at, 0);
        loop {
            let block = input.block(at)?;
            let Stops { stops, high } = kernel.stops(block);
            let count = stops.trailing_zeros() as usize;
            self.append_block(block, count);
            at = at.wrapping_add(count);
            beyond_ascii |= high & (stops ^ stops.wrapping_sub(1));
            let Some(stop) = block.get(count) else {
                continue;
            };
            if beyond_ascii != 0 && !is_utf8(kernel, input, run..at) {
                return None;
            }
            match stop {
                b'"' => return Some(at.wrapping_add(1)),
                b'\\' => match text::short_escape(input.byte(at.wrapping_add(1))) {
                    Some(byte) => {
                        self.data.push(byte);
                        at = at.wrapping_add(2);
                    }
                    None => {
                        let (character, next) = text::escape(input.data(), at).ok()?;
                        let mut bytes = [0; 4];
                        self.data
                            .extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
                        at = next;
                    }
                },
                _ => return None,
            }
            (run, beyond_ascii) = (at, 0);
        }
    }

    /// Appends `count` empty strings, which stand under nulls.
    pub(crate) fn push_empty(&mut self, count: usize) {
        let end = self.data.len() as i64;
        self.offsets.resize(self.offsets.len() + count, end);
    }

    /// Cuts back to `rows` strings, and what stands behind them.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows + 1);
        if let Some(end) = self.offsets.last() {
            self.data.truncate(*end as usize);
        }
    }

    /// Makes ready for `more` strings like those so far.
    pub(crate) fn expect(&mut self, more: usize, ready: Ready) {
        let rows = self.offsets.len() - 1;
        expect(&mut self.offsets, rows + 1, more, ready);
        expect(&mut self.data, rows, more, ready);
    }

    pub(crate) fn allocated_bytes(&self) -> usize {
        self.offsets.capacity() * 8 + self.data.capacity()
    }

    /// Gives the strings and starts anew.
    pub(crate) fn take(&mut self, nulls: Option<NullBuffer>) -> ArrayRef {
        let data = take_vec(&mut self.data, BLOCK);
        let offsets = take_vec(&mut self.offsets, 0);
        self.offsets.push(0);
        let rows = offsets.len() - 1;
        assert!(
            nulls.as_ref().is_none_or(|nulls| nulls.len() == rows),
            "a bit for each row"
        );
        let data = Buffer::from_vec(data);
        // SAFETY: the offsets start with 0 and never fall, since each was the length of the data when it was pushed, and
        // the data was never cut further back than the offsets; the last is the length of the data. Between two
        // neighbours stands what one push appended, which is UTF-8: ASCII by the kernel's mask, else by `is_utf8` or `from_utf8`; or nothing. There are as many validity bits as strings.
        let array = unsafe {
            let offsets = OffsetBuffer::new_unchecked(ScalarBuffer::from(offsets));
            LargeStringArray::new_unchecked(offsets, data, nulls)
        };
        Arc::new(array)
    }
}
