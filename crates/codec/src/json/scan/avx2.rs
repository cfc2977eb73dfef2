//! The kernel for x86-64 machines with AVX2, found at run time.
//!
//! Unsafe code, since the instructions are not there on every machine that this is built for, and since loads go by
//! pointers.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::kernel::{Block, Ends, Kernel, Stops, Task};

/// The proof that the machine has the instructions: only [`detect`](Self::detect) makes one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// The kernel, where the machine has AVX2 and the bit instructions of its time.
    pub(super) fn detect() -> Option<Self> {
        let all = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt");
        all.then_some(Self(()))
    }
}

impl Kernel for Avx2 {
    #[inline(always)]
    fn stops(self, block: &Block) -> Stops {
        // SAFETY: `self` proves that the machine has AVX2; the load reads the 32 bytes of the block, at any alignment.
        unsafe {
            let bytes = _mm256_loadu_si256(block.as_ptr().cast());
            let quotes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'"' as i8));
            let backslashes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'\\' as i8));
            let last = _mm256_set1_epi8(0x1f);
            let controls = _mm256_cmpeq_epi8(_mm256_max_epu8(bytes, last), last);
            let stops = _mm256_or_si256(_mm256_or_si256(quotes, backslashes), controls);
            Stops {
                stops: _mm256_movemask_epi8(stops) as u32,
                high: _mm256_movemask_epi8(bytes) as u32,
            }
        }
    }

    #[inline(always)]
    fn ends(self, block: &Block) -> Ends {
        // SAFETY: as in `stops`.
        unsafe {
            let bytes = _mm256_loadu_si256(block.as_ptr().cast());
            let quotes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'"' as i8));
            let backslashes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'\\' as i8));
            // As signed numbers, bytes beyond ASCII are below the controls.
            let others = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), bytes);
            Ends {
                quotes: _mm256_movemask_epi8(quotes) as u32,
                special: _mm256_movemask_epi8(_mm256_or_si256(backslashes, others)) as u32,
            }
        }
    }

    #[inline(always)]
    fn words(self, block: &Block) -> u32 {
        // SAFETY: as in `stops`.
        unsafe {
            let bytes = _mm256_loadu_si256(block.as_ptr().cast());
            // A letter is `a` to `z` once the bit that parts large and small is set.
            let letter = _mm256_sub_epi8(
                _mm256_or_si256(bytes, _mm256_set1_epi8(0x20)),
                _mm256_set1_epi8(b'a' as i8),
            );
            let letters = _mm256_cmpeq_epi8(_mm256_min_epu8(letter, _mm256_set1_epi8(25)), letter);
            // From `+` to `9` stand the signs, the point and the digits, a comma and a slash.
            let sign = _mm256_sub_epi8(bytes, _mm256_set1_epi8(b'+' as i8));
            let signs = _mm256_cmpeq_epi8(_mm256_min_epu8(sign, _mm256_set1_epi8(14)), sign);
            let comma = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b',' as i8));
            let slash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'/' as i8));
            let signs = _mm256_andnot_si256(_mm256_or_si256(comma, slash), signs);
            _mm256_movemask_epi8(_mm256_or_si256(letters, signs)) as u32
        }
    }

    #[inline(always)]
    fn equal(self, a: &Block, b: &Block) -> u32 {
        // SAFETY: as in `stops`.
        unsafe {
            let a = _mm256_loadu_si256(a.as_ptr().cast());
            let b = _mm256_loadu_si256(b.as_ptr().cast());
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(a, b)) as u32
        }
    }

    #[inline(always)]
    fn run<T: Task>(self, task: T) -> T::Output {
        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
        fn compiled<T: Task>(kernel: Avx2, task: T) -> T::Output {
            task.run(kernel)
        }
        // SAFETY: `self` proves that the machine has all of these.
        unsafe { compiled(self, task) }
    }
}
