//! The kernel for every machine: eight bytes at a time in a plain integer. The others are tested against it.

use super::kernel::{BLOCK, Block, Ends, Kernel, Stops, Task};
use super::{HIGH, ONES};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Portable;

impl Kernel for Portable {
    const VECTORS: bool = false;

    #[inline(always)]
    fn stops(self, block: &Block) -> Stops {
        Stops {
            stops: mask(block, |word| {
                is(word, b'"') | is(word, b'\\') | zeros(word & (ONES * 0xe0))
            }),
            high: mask(block, |word| word & HIGH),
        }
    }

    #[inline(always)]
    fn ends(self, block: &Block) -> Ends {
        Ends {
            quotes: mask(block, |word| is(word, b'"')),
            special: mask(block, |word| {
                is(word, b'\\') | word & HIGH | zeros(word & (ONES * 0xe0))
            }),
        }
    }

    #[inline(always)]
    fn words(self, block: &Block) -> u32 {
        mask(block, |word| {
            // A letter is `a` to `z` once the bit that parts large and small is set.
            let letters = within(word | (ONES * 0x20), b'a', b'z');
            // From `+` to `9` stand the signs, the point and the digits, a comma and a slash.
            letters | within(word, b'+', b'9') & !(is(word, b',') | is(word, b'/'))
        })
    }

    #[inline(always)]
    fn equal(self, a: &Block, b: &Block) -> u32 {
        words(a)
            .zip(words(b))
            .enumerate()
            .fold(0, |mask, (i, (a, b))| mask | bits(zeros(a ^ b)) << (8 * i))
    }

    #[inline(always)]
    fn run<T: Task>(self, task: T) -> T::Output {
        task.run(self)
    }
}

fn words(block: &Block) -> impl Iterator<Item = u64> {
    block.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word))
}

/// The bits of a block for what `find` marks with the high bit of each byte.
#[inline(always)]
fn mask(block: &Block, find: impl Fn(u64) -> u64) -> u32 {
    const { assert!(BLOCK == 32, "one bit of a u32 for each byte") };
    words(block)
        .enumerate()
        .fold(0, |mask, (i, word)| mask | bits(find(word)) << (8 * i))
}

/// The high bits of eight bytes, side by side.
#[inline(always)]
fn bits(word: u64) -> u32 {
    ((word >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
}

/// The high bits of the bytes that are `byte`.
#[inline(always)]
fn is(word: u64, byte: u8) -> u64 {
    zeros(word ^ (ONES * u64::from(byte)))
}

/// The high bits of the bytes from `first` to `last`, which are ASCII.
#[inline(always)]
fn within(word: u64, first: u8, last: u8) -> u64 {
    let low = word & !HIGH;
    let from = low.wrapping_add(ONES * u64::from(0x80 - first));
    let behind = low.wrapping_add(ONES * u64::from(0x7f - last));
    from & !behind & !word & HIGH
}

/// The high bits of exactly the bytes that are zero.
#[inline(always)]
fn zeros(word: u64) -> u64 {
    !((word & !HIGH).wrapping_add(!HIGH) | word) & HIGH
}
