//! The bytes that stood before a key's value last time, from the comma before it: `,"user": `.
//!
//! Producers write the same keys with the same spacing again and again, so that one comparison usually stands for a comma, a
//! key, a colon and the whitespace around them. Equal bytes mean the same, whatever they are: a lead is learned only from
//! bytes that were read in full. Before the first key of an object stands a brace instead of the comma; that byte is left
//! out of the comparison then.

use super::scan::input::Input;
use super::scan::kernel::{BLOCK, Block, Kernel};

/// Longest lead that is remembered.
const LONGEST: usize = 256;

/// What comes before a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Separator(u32);

impl Separator {
    /// A brace, which the caller has seen.
    pub(super) const BRACE: Self = Self(!1);
    /// A comma.
    pub(super) const COMMA: Self = Self(!0);
}

/// The bytes before a value, to be found again.
#[derive(Debug, Clone)]
pub(super) struct Lead {
    /// A lead of at most a block. Without one, and for a longer one, bytes that stand before no value.
    block: Block,
    /// Which bytes of the block are the lead's.
    mask: u32,
    len: usize,
    /// A lead that is longer than a block.
    long: Box<[u8]>,
}

impl Default for Lead {
    fn default() -> Self {
        Self {
            block: [0xff; BLOCK],
            mask: u32::MAX,
            len: 0,
            long: Box::default(),
        }
    }
}

impl Lead {
    /// Learns the lead `bytes`, unless it is none to be remembered: one that does not start with its separator.
    pub(super) fn learn(&mut self, bytes: &[u8]) {
        let Some((b',' | b'{', rest)) = bytes.split_first() else {
            return;
        };
        if bytes.len() > LONGEST {
            return;
        }
        let known: &[u8] = if self.len > BLOCK {
            &self.long
        } else {
            &self.block[..self.len]
        };
        if known.get(1..) == Some(rest) {
            return;
        }
        *self = Self::default();
        self.len = bytes.len();
        if self.len > BLOCK {
            self.long = bytes.into();
            self.long[0] = b',';
        } else {
            self.block[0] = b',';
            self.block[1..bytes.len()].copy_from_slice(rest);
            self.mask = u32::MAX >> (BLOCK - bytes.len());
        }
    }

    /// Whether the lead is `bytes`, whichever separator they start with.
    pub(super) fn is(&self, bytes: &[u8]) -> bool {
        let known: &[u8] = if self.len > BLOCK {
            &self.long
        } else {
            &self.block[..self.len]
        };
        matches!(bytes.first(), Some(b',' | b'{')) && known.get(1..) == bytes.get(1..)
    }

    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether the lead stands in front of `here`; never if it is longer than a block.
    // Not part of its callers' frames without optimization: see `value::usual`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn stands_in<K: Kernel>(&self, kernel: K, here: &Block, separator: Separator) -> bool {
        !kernel.equal(here, &self.block) & self.mask & separator.0 == 0
    }

    /// Whether the lead stands at `at`.
    // Part of the code that may use the kernel's instructions.
    #[inline(always)]
    pub(super) fn stands_at<K: Kernel>(&self, kernel: K, input: Input<'_>, at: usize, separator: Separator) -> bool {
        if self.len <= BLOCK {
            return input
                .block(at)
                .is_some_and(|here| self.stands_in(kernel, here, separator));
        }
        self.long_stands_at(input, at, separator)
    }

    /// Whether the lead is longer than a block and stands at `at`.
    pub(super) fn long_stands_at(&self, input: Input<'_>, at: usize, separator: Separator) -> bool {
        let Some((_, rest)) = self.long.split_first() else {
            return false;
        };
        (separator == Separator::BRACE || input.byte(at) == b',')
            && input.data().get(at + 1..).is_some_and(|data| data.starts_with(rest))
    }
}

#[cfg(test)]
mod tests {
    use super::super::scan::input::AHEAD;
    use super::super::scan::kernel::{Level, Task};
    use super::*;
    use proptest::prelude::*;

    struct Stands<'a>(&'a Lead, Input<'a>, usize, Separator);

    impl Task for Stands<'_> {
        type Output = bool;
        #[inline(always)]
        fn run<K: Kernel>(self, kernel: K) -> bool {
            self.0.stands_at(kernel, self.1, self.2, self.3)
        }
    }

    proptest! {
        #[test]
        fn a_lead_stands_where_its_bytes_stand(
            data in "[{,][ab\":]{0,40}[,{][ab\":]{0,40}", from in 0usize..90, length in 0usize..70, at in 0usize..90, other in "[ab\":,{]{0,3}"
        ) {
            let data = data.as_bytes();
            let from = from.min(data.len());
            let to = (from + length).min(data.len());
            let padded = [data, &[0; AHEAD]].concat();
            let input = Input::new(&padded).unwrap();
            let mut lead = Lead::default();
            for level in Level::all() {
                prop_assert!(!level.run(Stands(&lead, input, from, Separator::COMMA)), "nothing was learned");
            }
            for (bytes, at) in [(&data[from..to], from), (&data[from..to], at.min(data.len())), (other.as_bytes(), from)] {
                lead = Lead::default();
                lead.learn(bytes);
                let known = matches!(bytes.first(), Some(b',' | b'{'));
                let rest = known && data.get(at + 1..).is_some_and(|data| data.starts_with(&bytes[1..]));
                for level in Level::all() {
                    let after_brace = level.run(Stands(&lead, input, at, Separator::BRACE));
                    // Behind the value all is zeros, the byte left out too.
                    prop_assert_eq!(after_brace, rest || known && bytes.len() == 1, "{:?}", level);
                    let after_comma = level.run(Stands(&lead, input, at, Separator::COMMA));
                    prop_assert_eq!(after_comma, after_brace && data.get(at) == Some(&b','), "{:?}", level);
                }
            }
        }
    }
}
