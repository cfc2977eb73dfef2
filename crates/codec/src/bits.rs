//! Growing bitmaps: boolean values, and which rows of a column are null.
//!
//! Arrow's own builders do the same; these can also be cut back to a row, which is how a malformed value leaves no trace.

use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};

use crate::pages;

/// A growing bitmap. Bits behind the length are zero.
#[derive(Debug, Default)]
pub(crate) struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    /// `len` equal bits.
    pub(crate) fn filled(len: usize, bit: bool) -> Self {
        let mut bits = Self::default();
        bits.extend(len, bit);
        bits
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, bit: bool) {
        let shift = self.len % 64;
        if shift == 0 {
            self.words.push(u64::from(bit));
        } else if let Some(last) = self.words.last_mut() {
            *last |= u64::from(bit) << shift;
        }
        self.len = self.len.wrapping_add(1);
    }

    pub(crate) fn extend(&mut self, count: usize, bit: bool) {
        let used = self.len % 64;
        self.len += count;
        if bit {
            if used > 0
                && let Some(last) = self.words.last_mut()
            {
                *last |= u64::MAX << used;
            }
            self.words.resize(self.len.div_ceil(64), u64::MAX);
            self.clear_behind();
        } else {
            self.words.resize(self.len.div_ceil(64), 0);
        }
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        if len < self.len {
            self.len = len;
            self.words.truncate(len.div_ceil(64));
            self.clear_behind();
        }
    }

    fn clear_behind(&mut self) {
        let used = self.len % 64;
        if used > 0
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << used) - 1;
        }
    }

    /// Makes ready for `more` bits.
    pub(crate) fn expect(&mut self, more: usize, ready: Ready) {
        expect(&mut self.words, self.len, more, ready);
    }

    pub(crate) fn any(&self) -> bool {
        self.words.iter().any(|word| *word != 0)
    }

    pub(crate) fn allocated_bytes(&self) -> usize {
        self.words.capacity() * 8
    }

    /// Gives the bits and starts anew.
    pub(crate) fn take(&mut self) -> BooleanBuffer {
        let len = std::mem::take(&mut self.len);
        // Arrow's bitmaps are little-endian bytes; so are these words on every machine this is built for.
        let words = take_vec(&mut self.words, 0)
            .into_iter()
            .map(u64::to_le)
            .collect::<Vec<_>>();
        BooleanBuffer::new(Buffer::from_vec(words), 0, len)
    }
}

/// Gives what `values` holds, without much unused memory, and leaves an empty buffer with room for as much and for `slack`
/// more: batches follow batches of about the same size, and growing a buffer again each time costs more than filling it.
pub(crate) fn take_vec<T>(values: &mut Vec<T>, slack: usize) -> Vec<T> {
    let room = if values.is_empty() {
        0
    } else {
        values.len() + values.len() / 16 + slack
    };
    let mut taken = std::mem::replace(values, Vec::with_capacity(room));
    if taken.capacity() - taken.len() > taken.len() / 8 + slack {
        taken.shrink_to_fit();
    }
    taken
}

/// What is made ready for rows to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ready {
    /// Room in the buffers, exactly: what grows by doubling is copied again and again, and holds up to twice of what it needs.
    Room,
    /// The pages of that room.
    Pages,
}

/// Makes `values`, which `rows` rows have filled so far, ready for `more` rows like them and a little over.
pub(crate) fn expect<T>(values: &mut Vec<T>, rows: usize, more: usize, ready: Ready) {
    if rows == 0 {
        return;
    }
    let wanted = values.len() as u128 * more as u128 / rows as u128;
    let wanted = usize::try_from(wanted).unwrap_or(0);
    match ready {
        Ready::Room => {
            let total = values.len().saturating_add(wanted);
            // What has room enough is not moved to have a little more.
            if total > values.capacity() {
                let room = total.saturating_add(total / 64) - values.len();
                // What cannot be had is not reserved; growing step by step may still do.
                let _ = values.try_reserve_exact(room);
            }
        }
        Ready::Pages => {
            let room = values.spare_capacity_mut();
            // A page more, since only whole pages are asked for.
            let wanted = wanted.saturating_add(wanted / 64 + 4096 / size_of::<T>().max(1));
            let wanted = wanted.min(room.len());
            pages::populate(&mut room[..wanted]);
        }
    }
}

/// Which rows hold a value. Costs nothing until the first null, and nothing for the values between nulls.
#[derive(Debug, Default)]
pub(crate) struct Validity {
    /// Up to the last null; rows behind it hold values. Absent while every row holds one.
    bits: Option<Bits>,
}

impl Validity {
    /// `rows` nulls.
    pub(crate) fn nulls(rows: usize) -> Self {
        Self {
            bits: (rows > 0).then(|| Bits::filled(rows, false)),
        }
    }

    /// Appends `count` nulls behind `rows` rows.
    pub(crate) fn push_nulls(&mut self, rows: usize, count: usize) {
        let bits = self.bits.get_or_insert_default();
        bits.extend(rows - bits.len, true);
        bits.extend(count, false);
    }

    pub(crate) fn truncate(&mut self, rows: usize) {
        if let Some(bits) = &mut self.bits {
            bits.truncate(rows);
        }
    }

    /// Whether any of `rows` rows holds a value.
    pub(crate) fn any_valid(&self, rows: usize) -> bool {
        self.bits
            .as_ref()
            .map_or(rows > 0, |bits| bits.len < rows || bits.any())
    }

    pub(crate) fn allocated_bytes(&self) -> usize {
        self.bits.as_ref().map_or(0, Bits::allocated_bytes)
    }

    /// Gives the null buffer of `rows` rows and starts anew.
    pub(crate) fn take(&mut self, rows: usize) -> Option<NullBuffer> {
        self.bits.take().map(|mut bits| {
            bits.extend(rows - bits.len, true);
            NullBuffer::new(bits.take())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn behaves_like_a_vector_of_booleans(steps in prop::collection::vec((0u8..3, 0usize..150, any::<bool>()), 0..40)) {
            let (mut bits, mut model) = (Bits::default(), Vec::new());
            for (step, count, bit) in steps {
                match step {
                    0 => {
                        bits.push(bit);
                        model.push(bit);
                    }
                    1 => {
                        bits.extend(count, bit);
                        model.resize(model.len() + count, bit);
                    }
                    _ => {
                        bits.truncate(count);
                        model.truncate(count);
                    }
                }
                prop_assert_eq!(bits.len(), model.len());
                prop_assert_eq!(bits.any(), model.contains(&true));
            }
            prop_assert_eq!(bits.take().iter().collect::<Vec<_>>(), model);
        }
    }

    #[test]
    fn validity_is_absent_until_a_null_comes() {
        let mut validity = Validity::default();
        assert!(validity.any_valid(1) && !validity.any_valid(0));
        validity.push_nulls(1, 2);
        assert!(validity.any_valid(4));
        validity.truncate(3);
        let nulls = validity.take(3).unwrap();
        assert_eq!(nulls.iter().collect::<Vec<_>>(), [true, false, false]);
        assert!(Validity::default().take(1).is_none());
    }
}
