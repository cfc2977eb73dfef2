//! The buffer that decoders write into: grows with what comes out, never past a limit, kept from batch to batch.

use super::zstd::Context;
use crate::WireError;

/// Buffers that are reused from batch to batch, one of these for each thread that reads records.
///
/// Holds on to the size of the largest batch it has seen (see [`Scratch::capacity_bytes`]); dropping it frees that.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Always filled (with old data or zeros) up to its length: growing is the only time that it is zeroed.
    buffer: Vec<u8>,
    zstd: Context,
}

impl Scratch {
    /// What is held, in bytes.
    pub fn capacity_bytes(&self) -> usize {
        self.buffer.capacity() + self.zstd.size_bytes()
    }

    pub(super) fn output(&mut self, limit: usize) -> (Output<'_>, &mut Context) {
        (
            Output {
                buffer: &mut self.buffer,
                filled: 0,
                limit,
            },
            &mut self.zstd,
        )
    }
}

/// Where a decoder writes.
pub(crate) struct Output<'s> {
    buffer: &'s mut Vec<u8>,
    filled: usize,
    limit: usize,
}

/// The first growth of an empty buffer.
const FIRST: usize = 64 << 10;

impl<'s> Output<'s> {
    /// Room of `wish` bytes, or what the limit leaves of it: at least one byte, so that a decoder that has exactly reached
    /// the limit can still show that it is at its end. Writing that byte is the error of [`Output::advance`].
    pub(super) fn room(&mut self, wish: usize) -> &mut [u8] {
        let most = self.limit.saturating_add(1);
        let end = self
            .filled
            .saturating_add(wish.max(1))
            .min(most)
            .max(self.filled.saturating_add(1));
        if end > self.buffer.len() {
            let doubled = self.buffer.len().saturating_mul(2).max(FIRST).min(most);
            // Exact: the allocator would round a doubling up to twice the limit.
            self.buffer.reserve_exact(doubled.max(end) - self.buffer.len());
            self.buffer.resize(doubled.max(end), 0);
        }
        &mut self.buffer[self.filled..end]
    }

    /// All room there is without growing, but at least `wish` as in [`Output::room`].
    pub(super) fn all_room(&mut self, wish: usize) -> &mut [u8] {
        let held = self.buffer.len().saturating_sub(self.filled);
        self.room(held.max(wish))
    }

    /// Says that `bytes` of the room were written.
    pub(super) fn advance(&mut self, bytes: usize) -> Result<(), WireError> {
        self.filled = self.filled.saturating_add(bytes);
        if self.filled > self.limit {
            return Err(self.over(self.filled as u64));
        }
        Ok(())
    }

    /// The error for data that would be `size` bytes, or more.
    #[cold]
    pub(super) fn over(&self, size: u64) -> WireError {
        WireError::Limit {
            what: "decompressed batch",
            size,
            limit: self.limit as u64,
        }
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), WireError> {
        if bytes.len() > self.limit - self.filled {
            return Err(self.over((self.filled + bytes.len()) as u64));
        }
        self.room(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.advance(bytes.len())
    }

    pub(super) fn filled(&self) -> usize {
        self.filled
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// The last `window` bytes written and room for `wish` more, as two slices.
    pub(super) fn window_and_room(&mut self, window: usize, wish: usize) -> (&[u8], &mut [u8]) {
        let filled = self.filled;
        let length = self.room(wish).len();
        let (before, after) = self.buffer.split_at_mut(filled);
        (&before[filled.saturating_sub(window)..], &mut after[..length])
    }

    pub(super) fn finish(self) -> Result<&'s [u8], WireError> {
        let Output { buffer, filled, .. } = self;
        Ok(&buffer[..filled])
    }
}
