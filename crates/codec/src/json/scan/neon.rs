//! The kernel for 64-bit ARM machines: NEON is part of that architecture.
//!
//! Unsafe code, since loads go by pointers.
#![allow(unsafe_code)]

use std::arch::aarch64::*;

use super::kernel::{Block, Ends, Kernel, Stops, Task};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Neon;

/// The two halves of a block.
#[inline(always)]
fn halves(block: &Block) -> [uint8x16_t; 2] {
    let start = block.as_ptr();
    // SAFETY: both loads read sixteen of the block's 32 bytes, at any alignment.
    unsafe { [vld1q_u8(start), vld1q_u8(start.add(16))] }
}

/// A bit for each byte that is all ones; the others are zero.
#[inline(always)]
fn mask(halves: [uint8x16_t; 2]) -> u32 {
    const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    // SAFETY: the machine has NEON; the load reads the sixteen bytes of the array.
    unsafe {
        let bits = vld1q_u8(BITS.as_ptr());
        // Adding neighbours three times leaves the bits of eight bytes in each of the first four bytes.
        let pairs = vpaddq_u8(vandq_u8(halves[0], bits), vandq_u8(halves[1], bits));
        let fours = vpaddq_u8(pairs, pairs);
        let eights = vpaddq_u8(fours, fours);
        vgetq_lane_u32::<0>(vreinterpretq_u32_u8(eights))
    }
}

#[inline(always)]
fn is(bytes: uint8x16_t, byte: u8) -> uint8x16_t {
    // SAFETY: the machine has NEON.
    unsafe { vceqq_u8(bytes, vdupq_n_u8(byte)) }
}

impl Kernel for Neon {
    #[inline(always)]
    fn stops(self, block: &Block) -> Stops {
        let halves = halves(block);
        // SAFETY: the machine has NEON.
        let stops = halves.map(|bytes| unsafe {
            let controls = vcltq_u8(bytes, vdupq_n_u8(0x20));
            vorrq_u8(vorrq_u8(is(bytes, b'"'), is(bytes, b'\\')), controls)
        });
        Stops {
            stops: mask(stops),
            // SAFETY: the machine has NEON.
            high: mask(halves.map(|bytes| unsafe { vcgeq_u8(bytes, vdupq_n_u8(0x80)) })),
        }
    }

    #[inline(always)]
    fn ends(self, block: &Block) -> Ends {
        let halves = halves(block);
        // SAFETY: the machine has NEON. As signed numbers, bytes beyond ASCII are below the controls.
        let special = halves.map(|bytes| unsafe {
            let others = vcltq_s8(vreinterpretq_s8_u8(bytes), vdupq_n_s8(0x20));
            vorrq_u8(is(bytes, b'\\'), others)
        });
        Ends {
            quotes: mask(halves.map(|bytes| is(bytes, b'"'))),
            special: mask(special),
        }
    }

    #[inline(always)]
    fn words(self, block: &Block) -> u32 {
        // SAFETY: the machine has NEON.
        mask(halves(block).map(|bytes| unsafe {
            // A letter is `a` to `z` once the bit that parts large and small is set.
            let letter = vsubq_u8(vorrq_u8(bytes, vdupq_n_u8(0x20)), vdupq_n_u8(b'a'));
            let letters = vcleq_u8(letter, vdupq_n_u8(25));
            // From `+` to `9` stand the signs, the point and the digits, a comma and a slash.
            let signs = vcleq_u8(vsubq_u8(bytes, vdupq_n_u8(b'+')), vdupq_n_u8(14));
            let others = vorrq_u8(is(bytes, b','), is(bytes, b'/'));
            vorrq_u8(letters, vbicq_u8(signs, others))
        }))
    }

    #[inline(always)]
    fn equal(self, a: &Block, b: &Block) -> u32 {
        let ([a, b], [c, d]) = (halves(a), halves(b));
        // SAFETY: the machine has NEON.
        mask(unsafe { [vceqq_u8(a, c), vceqq_u8(b, d)] })
    }

    #[inline(always)]
    fn run<T: Task>(self, task: T) -> T::Output {
        #[inline(never)]
        fn compiled<T: Task>(kernel: Neon, task: T) -> T::Output {
            task.run(kernel)
        }
        compiled(self, task)
    }
}
