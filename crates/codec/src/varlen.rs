//! Growing buffers of byte strings with 64-bit offsets, so that no column is too large for its offsets.

use std::sync::Arc;

use arrow_array::{ArrayRef, LargeBinaryArray, LargeStringArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};

use crate::bits::{Ready, expect};

/// Byte strings one behind the other.
#[derive(Debug)]
pub(crate) struct Varlen {
    /// Where each string starts, and at the end where the next will.
    offsets: Vec<i64>,
    /// The bytes; a value being written may stand behind the last offset.
    pub(crate) data: Vec<u8>,
}

impl Varlen {
    /// Room for `capacity` strings.
    pub(crate) fn new(capacity: usize) -> Self {
        let mut offsets = Vec::with_capacity(capacity + 1);
        offsets.push(0);
        Self {
            offsets,
            data: Vec::new(),
        }
    }

    /// `rows` empty strings.
    pub(crate) fn empty_rows(rows: usize) -> Self {
        Self {
            offsets: vec![0; rows + 1],
            data: Vec::new(),
        }
    }

    /// Ends the string whose bytes were appended to `data`.
    #[inline]
    pub(crate) fn close(&mut self) {
        // A Vec never holds more than isize::MAX bytes.
        self.offsets.push(self.data.len() as i64);
    }

    #[inline]
    pub(crate) fn push(&mut self, value: &[u8]) {
        self.data.extend_from_slice(value);
        self.close();
    }

    /// Appends `count` empty strings, which stand under nulls.
    pub(crate) fn push_empty(&mut self, count: usize) {
        let end = self.data.len() as i64;
        self.offsets.resize(self.offsets.len() + count, end);
    }

    /// Cuts back to `rows` strings, and what stands behind them unclosed.
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

    fn take(&mut self) -> (OffsetBuffer<i64>, Buffer) {
        let Self { mut offsets, mut data } = std::mem::replace(self, Self::new(0));
        offsets.shrink_to_fit();
        data.shrink_to_fit();
        (OffsetBuffer::new(ScalarBuffer::from(offsets)), Buffer::from_vec(data))
    }

    /// Gives the strings as bytes and starts anew.
    pub(crate) fn take_binary(&mut self, nulls: Option<NullBuffer>) -> ArrayRef {
        let (offsets, data) = self.take();
        Arc::new(LargeBinaryArray::new(offsets, data, nulls))
    }

    /// Gives the strings as text and starts anew. Every string pushed was valid UTF-8; without unsafe code Arrow looks
    /// again, once over the whole buffer, which costs little beside the copy for ASCII.
    pub(crate) fn take_text(&mut self, nulls: Option<NullBuffer>) -> ArrayRef {
        let (offsets, data) = self.take();
        Arc::new(LargeStringArray::new(offsets, data, nulls))
    }
}
