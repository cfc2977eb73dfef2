//! The kernel for every x86-64 machine: SSE2 is part of that architecture.
//!
//! Unsafe code, since loads go by pointers.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::kernel::{Block, Ends, Kernel, Stops, Task};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Sse2;

/// The two halves of a block.
#[inline(always)]
fn halves(block: &Block) -> [__m128i; 2] {
    let start = block.as_ptr();
    // SAFETY: both loads read sixteen of the block's 32 bytes, at any alignment.
    unsafe { [_mm_loadu_si128(start.cast()), _mm_loadu_si128(start.add(16).cast())] }
}

#[inline(always)]
fn mask(halves: [__m128i; 2]) -> u32 {
    // SAFETY: every x86-64 machine has SSE2.
    let [low, high] = halves.map(|half| unsafe { _mm_movemask_epi8(half) } as u32);
    low | high << 16
}

#[inline(always)]
fn is(bytes: __m128i, byte: u8) -> __m128i {
    // SAFETY: every x86-64 machine has SSE2.
    unsafe { _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte as i8)) }
}

impl Kernel for Sse2 {
    #[inline(always)]
    fn stops(self, block: &Block) -> Stops {
        let halves = halves(block);
        // SAFETY: every x86-64 machine has SSE2.
        let stops = halves.map(|bytes| unsafe {
            let last = _mm_set1_epi8(0x1f);
            let controls = _mm_cmpeq_epi8(_mm_max_epu8(bytes, last), last);
            _mm_or_si128(_mm_or_si128(is(bytes, b'"'), is(bytes, b'\\')), controls)
        });
        Stops {
            stops: mask(stops),
            high: mask(halves),
        }
    }

    #[inline(always)]
    fn ends(self, block: &Block) -> Ends {
        let halves = halves(block);
        // SAFETY: every x86-64 machine has SSE2. As signed numbers, bytes beyond ASCII are below the controls.
        let special = halves.map(|bytes| unsafe {
            let others = _mm_cmpgt_epi8(_mm_set1_epi8(0x20), bytes);
            _mm_or_si128(is(bytes, b'\\'), others)
        });
        Ends {
            quotes: mask(halves.map(|bytes| is(bytes, b'"'))),
            special: mask(special),
        }
    }

    #[inline(always)]
    fn words(self, block: &Block) -> u32 {
        // SAFETY: every x86-64 machine has SSE2.
        mask(halves(block).map(|bytes| unsafe {
            // A letter is `a` to `z` once the bit that parts large and small is set.
            let letter = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8(b'a' as i8));
            let letters = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter);
            // From `+` to `9` stand the signs, the point and the digits, a comma and a slash.
            let sign = _mm_sub_epi8(bytes, _mm_set1_epi8(b'+' as i8));
            let signs = _mm_cmpeq_epi8(_mm_min_epu8(sign, _mm_set1_epi8(14)), sign);
            let others = _mm_or_si128(is(bytes, b','), is(bytes, b'/'));
            _mm_or_si128(letters, _mm_andnot_si128(others, signs))
        }))
    }

    #[inline(always)]
    fn equal(self, a: &Block, b: &Block) -> u32 {
        let ([a, b], [c, d]) = (halves(a), halves(b));
        // SAFETY: every x86-64 machine has SSE2.
        mask(unsafe { [_mm_cmpeq_epi8(a, c), _mm_cmpeq_epi8(b, d)] })
    }

    #[inline(always)]
    fn run<T: Task>(self, task: T) -> T::Output {
        #[inline(never)]
        fn compiled<T: Task>(kernel: Sse2, task: T) -> T::Output {
            task.run(kernel)
        }
        compiled(self, task)
    }
}
