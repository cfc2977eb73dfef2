//! Whether the bytes of a string are UTF-8.
//!
//! The standard library's check looks at misaligned bytes one by one, which most strings of records are. Here masks leap
//! over ASCII, and a character beyond it is judged by a word that holds all its bytes. That the text arrays of `strings`
//! are sound rests on this: it is compared with the standard library on all characters, and on all that are none.

use std::ops::Range;

use super::scan::input::Input;
use super::scan::kernel::Kernel;

/// Whether the bytes in `run` are UTF-8.
///
/// Costs a look at each block, and about ten instructions for each character beyond ASCII.
#[inline(always)]
pub(super) fn is_utf8<K: Kernel>(kernel: K, input: Input<'_>, run: Range<usize>) -> bool {
    let mut at = run.start;
    while at < run.end {
        let Some(block) = input.block(at) else {
            return false;
        };
        let high = kernel.stops(block).high;
        // All of a block without one.
        at = at.wrapping_add(high.trailing_zeros() as usize);
        // They often come one behind the other.
        while at < run.end && input.byte(at) >= 0x80 {
            match input.word(at).map(|word| beyond_ascii(word as u32)) {
                None | Some(0) => return false,
                Some(length) => at = at.wrapping_add(length),
            }
            if at > run.end {
                return false;
            }
        }
    }
    true
}

/// The length of the character beyond ASCII whose first byte is the lowest of `word`; zero if there is none.
#[inline(always)]
fn beyond_ascii(word: u32) -> usize {
    // The bits that say how long the character is, and that its other bytes belong to it; then the highest bits of the
    // character itself: they may not say what a shorter one would, be half of a pair, or be beyond the last character.
    if word & 0xc0e0 == 0x80c0 {
        return if word & 0x1e == 0 { 0 } else { 2 };
    }
    if word & 0x00c0_c0f0 == 0x0080_80e0 {
        let highest = word & 0x200f;
        return if highest == 0 || highest == 0x200d { 0 } else { 3 };
    }
    if word & 0xc0c0_c0f8 == 0x8080_80f0 {
        let highest = word & 0x3007;
        let fits = highest != 0 && (word & 0x07 < 4 || highest == 4);
        return if fits { 4 } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::super::scan::input::AHEAD;
    use super::super::scan::kernel::{Level, Task};
    use super::*;
    use proptest::prelude::*;

    struct Check<'a>(Input<'a>, Range<usize>);

    impl Task for Check<'_> {
        type Output = bool;
        #[inline(always)]
        fn run<K: Kernel>(self, kernel: K) -> bool {
            is_utf8(kernel, self.0, self.1)
        }
    }

    /// What the standard library says of the character at the start of `bytes`.
    fn reference(bytes: [u8; 4]) -> usize {
        (2..=4)
            .find(|length| std::str::from_utf8(&bytes[..*length]).is_ok_and(|text| text.chars().count() == 1))
            .unwrap_or(0)
    }

    #[test]
    fn each_character_is_one_and_nothing_else_is() {
        // The first two bytes in full. Of the others only the highest two bits tell: a few of each kind do.
        const OTHERS: [u8; 8] = [0x00, 0x22, 0x7f, 0x80, 0x9a, 0xbf, 0xc0, 0xff];
        for first in 0x80..=0xff {
            for second in 0..=0xff {
                for third in OTHERS {
                    for fourth in OTHERS {
                        let bytes = [first, second, third, fourth];
                        assert_eq!(beyond_ascii(u32::from_le_bytes(bytes)), reference(bytes), "{bytes:x?}");
                    }
                }
            }
        }
        for character in '\u{80}'..=char::MAX {
            let mut bytes = [0; 4];
            let length = character.encode_utf8(&mut bytes).len();
            assert_eq!(beyond_ascii(u32::from_le_bytes(bytes)), length, "{character:?}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_standard_library(
            parts in prop::collection::vec(prop_oneof![
                4 => "[a-z ]{0,40}".prop_map(String::into_bytes),
                4 => "[à-ÿЀ-я一-龥😀-😎]{1,9}".prop_map(String::into_bytes),
                1 => prop::collection::vec(any::<u8>(), 0..3),
            ], 0..6),
            cut in any::<prop::sample::Index>(),
            behind in any::<u8>(),
        ) {
            let mut data = parts.concat();
            // Now and then in the middle of a character.
            data.truncate(cut.index(2 * data.len() + 1));
            let end = data.len();
            data.extend([behind; AHEAD]);
            let input = Input::new(&data).unwrap();
            for level in Level::all() {
                for from in 0..end.min(3) {
                    let expected = std::str::from_utf8(&data[from..end]).is_ok();
                    prop_assert_eq!(level.run(Check(input, from..end)), expected, "{:?}", level);
                }
            }
        }
    }
}
