//! The bytes that stood before a key's value last time, from the end of the value before: `,"user": `.
//!
//! Producers write the same keys with the same spacing again and again, so that one comparison usually stands for a comma, a
//! key, a colon and the whitespace around them. Equal bytes mean the same, whatever they are: a lead is learned only from
//! bytes that were read in full.

use super::scan::kernel::{BLOCK, Block, Kernel, block, window};

/// Longest lead that is remembered.
const LONGEST: usize = 256;

/// The bytes before a value, to be found again.
#[derive(Debug)]
pub(super) struct Lead {
    /// A block of zeros, then the first 32 bytes: a block that starts in the zeros holds them moved up.
    moved: [u8; 2 * BLOCK],
    /// Which bytes of the block are the lead's. Empty until a lead is learned.
    mask: u32,
    /// What the masked comparison must give: the mask; or something else, until a lead of at most a block is learned.
    want: u32,
    /// Whether the lead is longer than a block.
    long: bool,
    bytes: Vec<u8>,
}

impl Default for Lead {
    fn default() -> Self {
        Self {
            moved: [0; 2 * BLOCK],
            mask: 0,
            want: 1,
            long: false,
            bytes: Vec::new(),
        }
    }
}

impl Lead {
    /// Learns the lead `bytes`, if it is not known.
    pub(super) fn learn(&mut self, bytes: &[u8]) {
        if self.bytes == bytes || bytes.is_empty() || bytes.len() > LONGEST {
            return;
        }
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        let short = bytes.len().min(BLOCK);
        self.moved = [0; 2 * BLOCK];
        self.moved[BLOCK..BLOCK + short].copy_from_slice(&bytes[..short]);
        self.mask = u32::MAX >> (BLOCK - short);
        self.long = bytes.len() > BLOCK;
        if self.long {
            // No masked comparison succeeds.
            self.mask = 0;
        }
        self.want = self.mask.max(1);
    }

    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether the lead stands at `at`.
    // Not part of its callers' frames without optimization: see `value::scalar`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn stands_at<K: Kernel>(&self, kernel: K, data: &[u8], at: usize) -> bool {
        match block(data, at) {
            Some(here) => {
                let lead: &Block = self.moved.last_chunk().expect("half of it");
                kernel.equal(here, lead) & self.mask == self.want || (self.long && self.stands_whole(data, at))
            }
            None => self.stands_near_the_end(kernel, data, at),
        }
    }

    #[inline(always)]
    fn stands_near_the_end<K: Kernel>(&self, kernel: K, data: &[u8], at: usize) -> bool {
        match window(data, at) {
            Some((last, before)) if self.want == self.mask => {
                let mask = u64::from(self.mask) << before;
                let Some(moved) = block(&self.moved, BLOCK - before as usize) else {
                    return false;
                };
                u64::from(kernel.equal(last, moved)) & mask == mask
            }
            _ => self.stands_whole(data, at),
        }
    }

    #[inline(never)]
    fn stands_whole(&self, data: &[u8], at: usize) -> bool {
        !self.bytes.is_empty() && data.get(at..).is_some_and(|rest| rest.starts_with(&self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::super::scan::kernel::{Level, Task};
    use super::*;
    use proptest::prelude::*;

    struct Stands<'a>(&'a Lead, &'a [u8], usize);

    impl Task for Stands<'_> {
        type Output = bool;
        #[inline(always)]
        fn run<K: Kernel>(self, kernel: K) -> bool {
            self.0.stands_at(kernel, self.1, self.2)
        }
    }

    proptest! {
        #[test]
        fn a_lead_stands_where_its_bytes_stand(
            data in "[ab\":]{0,90}", from in 0usize..90, length in 0usize..70, at in 0usize..90, other in "[ab\":]{0,3}"
        ) {
            let data = data.as_bytes();
            let from = from.min(data.len());
            let to = (from + length).min(data.len());
            let mut lead = Lead::default();
            for level in Level::all() {
                prop_assert!(!level.run(Stands(&lead, data, from)), "nothing was learned");
            }
            for (bytes, at) in [(&data[from..to], from), (&data[from..to], at.min(data.len())), (other.as_bytes(), from)] {
                lead = Lead::default();
                lead.learn(bytes);
                let stands = !bytes.is_empty() && data[at..].starts_with(bytes);
                for level in Level::all() {
                    prop_assert_eq!(level.run(Stands(&lead, data, at)), stands, "{:?}", level);
                }
            }
        }
    }
}
