//! Looking at bytes: where a run of plain string bytes ends, where whitespace ends, how many digits follow.
//!
//! The functions here look at eight bytes at a time in a plain integer. The fast path looks at strings and keys 32 bytes at a
//! time, through the vector instructions that the machine has (module `kernel`); those modules hold all of the decoder's
//! unsafe code, but for the text arrays of `strings`.

#[cfg(target_arch = "x86_64")]
mod avx2;
pub(super) mod input;
pub(super) mod kernel;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(target_arch = "x86_64")]
mod sse2;

use self::input::Input;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

#[inline(always)]
fn load(data: &[u8], at: usize) -> Option<u64> {
    let chunk = data.get(at..)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*chunk))
}

/// High bits of the bytes that are zero. Bits above the lowest one set may be false.
#[inline(always)]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH
}

/// The position of the first quote, backslash or control character from `at` on, or the end of the data; and whether a
/// byte before it has its high bit set.
#[inline(always)]
pub(super) fn plain_run(data: &[u8], mut at: usize) -> (usize, bool) {
    let mut high = 0u64;
    while let Some(word) = load(data, at) {
        let quotes = zeros(word ^ (ONES * b'"' as u64));
        let backslashes = zeros(word ^ (ONES * b'\\' as u64));
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let stops = quotes | backslashes | controls;
        if stops != 0 {
            let bits = stops.trailing_zeros();
            // The stop's own high bit is bit `bits`; keep those of the bytes before it.
            high |= word & HIGH & ((1u64 << bits) - 1);
            return (at + (bits / 8) as usize, high != 0);
        }
        high |= word & HIGH;
        at += 8;
    }
    let mut any = high != 0;
    while let Some(&byte) = data.get(at) {
        if byte == b'"' || byte == b'\\' || byte < 0x20 {
            break;
        }
        any |= byte >= 0x80;
        at += 1;
    }
    (at, any)
}

/// The position of the first quote or backslash from `at` on, or the end of the data.
#[inline]
pub(super) fn quote_or_backslash(data: &[u8], mut at: usize) -> usize {
    while let Some(word) = load(data, at) {
        let stops = zeros(word ^ (ONES * b'"' as u64)) | zeros(word ^ (ONES * b'\\' as u64));
        if stops != 0 {
            return at + (stops.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while data.get(at).is_some_and(|byte| !matches!(byte, b'"' | b'\\')) {
        at += 1;
    }
    at
}

/// The position of the first byte from `at` on that is no JSON whitespace.
#[inline(always)]
pub(super) fn skip_space(data: &[u8], at: usize) -> usize {
    match data.get(at) {
        Some(byte) if *byte <= b' ' => spaces(data, at),
        _ => at,
    }
}

#[inline(never)]
fn spaces(data: &[u8], mut at: usize) -> usize {
    while matches!(data.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Whether `true` or `false` stands at `at`, and the position behind it.
#[inline(always)]
pub(super) fn boolean(input: Input<'_>, at: usize) -> Option<(bool, usize)> {
    let word = input.word(at)?;
    // Five bytes; of `true` only four count.
    let bit = word as u8 == b't';
    let (wanted, bits) = if bit {
        (*b"true\0\0\0\0", 32)
    } else {
        (*b"false\0\0\0", 40)
    };
    ((word ^ u64::from_le_bytes(wanted)) << (64 - bits) == 0).then_some((bit, at.wrapping_add(bits / 8)))
}

const POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// A run of at most eight digits, at the start of a word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digits {
    word: u64,
    /// Bits of the word that are digits.
    bits: u32,
}

impl Digits {
    #[inline(always)]
    pub(super) fn count(self) -> usize {
        (self.bits / 8) as usize
    }

    /// The byte behind them; meaningless behind eight.
    #[inline(always)]
    pub(super) fn behind(self) -> u8 {
        self.word.wrapping_shr(self.bits) as u8
    }

    /// The number they spell.
    #[inline(always)]
    pub(super) fn value(self) -> u64 {
        let value = eight_digits(self.at_the_end());
        if self.bits == 0 { 0 } else { value }
    }

    /// The number that they spell with `rest` behind them: with one conversion, if together they are eight digits at most
    /// and neither is empty.
    #[inline(always)]
    pub(super) fn value_with(self, rest: Self) -> u64 {
        if self.bits.wrapping_add(rest.bits) <= 64 {
            return eight_digits(self.at_the_end().wrapping_shr(rest.bits) | rest.at_the_end());
        }
        rest.continuing(self.value())
    }

    /// The number that `value` becomes with these digits behind it, modulo 2^64.
    #[inline(always)]
    pub(super) fn continuing(self, value: u64) -> u64 {
        value.wrapping_mul(POWERS[self.count()]).wrapping_add(self.value())
    }

    /// The word with the digits as its last bytes, zeros before them; without digits it is left as it is.
    #[inline(always)]
    fn at_the_end(self) -> u64 {
        self.word.wrapping_shl(64 - self.bits)
    }
}

/// The digits at `at`, up to eight; nothing far behind the value.
#[inline(always)]
pub(super) fn digits(input: Input<'_>, at: usize) -> Option<Digits> {
    let word = input.word(at)?;
    let nibbles = word ^ (ONES * u64::from(b'0'));
    let bits = other_than_digits(nibbles).trailing_zeros() & 0x78;
    Some(Digits { word, bits })
}

/// Reads digits from `at` on, as many as there are up to 24, continuing the number `value`. Gives the number, modulo 2^64,
/// and the position behind them.
pub(super) fn more_digits(input: Input<'_>, start: usize, mut value: u64) -> (u64, usize) {
    let mut at = start;
    while at - start < 24
        && let Some(digits) = digits(input, at)
    {
        value = digits.continuing(value);
        at += digits.count();
        if digits.count() < 8 {
            break;
        }
    }
    (value, at)
}

/// The high nibbles of the bytes that are no digits, up to the first such byte, of eight bytes less `0` each.
#[inline(always)]
fn other_than_digits(nibbles: u64) -> u64 {
    // A digit is now 0 to 9: adding 6 leaves its high nibble zero, and only its.
    (nibbles.wrapping_add(ONES * 6) | nibbles) & (ONES * 0xf0)
}

/// The number that eight digits, the first in the lowest byte, spell. Bytes shifted in as zero count as the digit 0.
#[inline(always)]
fn eight_digits(word: u64) -> u64 {
    let word = word & (ONES * 0x0f);
    let pairs = word.wrapping_mul(10 * 256 + 1) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul(100 * 65_536 + 1) >> 16;
    (fours & 0x0000_ffff_0000_ffff).wrapping_mul(10_000 * (1 << 32) + 1) >> 32
}

#[cfg(test)]
mod tests {
    use super::input::AHEAD;
    use super::*;
    use proptest::prelude::*;

    fn slow_run(data: &[u8], at: usize) -> (usize, bool) {
        let stop = (at..data.len())
            .find(|&i| data[i] == b'"' || data[i] == b'\\' || data[i] < 0x20)
            .unwrap_or(data.len());
        (stop, data[at..stop].iter().any(|byte| *byte >= 0x80))
    }

    proptest! {
        #[test]
        fn runs_agree_with_a_byte_loop(data in prop::collection::vec(prop_oneof![
            8 => 0x20u8..0x7f, 1 => any::<u8>(), 1 => Just(b'"'), 1 => Just(b'\\'), 1 => Just(0x1f), 1 => Just(0x21)
        ], 0..80), at in 0usize..40) {
            let at = at.min(data.len());
            prop_assert_eq!(plain_run(&data, at), slow_run(&data, at));
            let quote = (at..data.len()).find(|&i| data[i] == b'"' || data[i] == b'\\').unwrap_or(data.len());
            prop_assert_eq!(quote_or_backslash(&data, at), quote);
        }

        #[test]
        fn booleans(before in "[a-z]{0,9}", word in "(true|false|tru|fals|t|f|truf|falue|talse)[a-z,]{0,9}") {
            let data = [before.as_bytes(), word.as_bytes()].concat();
            let expected = [(true, "true"), (false, "false")].into_iter().find(|(_, name)| word.starts_with(name));
            let expected = expected.map(|(bit, name)| (bit, before.len() + name.len()));
            let padded = [data.as_slice(), &[0; AHEAD]].concat();
            prop_assert_eq!(boolean(Input::new(&padded).unwrap(), before.len()), expected);
        }

        #[test]
        fn digits_agree_with_a_byte_loop(text in "[0-9]{0,19}[^0-9]{0,12}", pad in 0usize..9) {
            let data = [vec![b'7'; 0], text.into_bytes(), vec![b'x'; pad]].concat();
            let count = data.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let value = data[..count].iter().fold(0u64, |v, b| v.wrapping_mul(10).wrapping_add(u64::from(b - b'0')));
            let padded = [data.as_slice(), &[0; AHEAD]].concat();
            let input = Input::new(&padded).unwrap();
            prop_assert_eq!(more_digits(input, 0, 0), (value, count));
            let first = digits(input, 0).unwrap();
            prop_assert_eq!(first.count(), count.min(8));
            if count < 8 {
                prop_assert_eq!((first.value(), first.behind()), (value, data.get(count).copied().unwrap_or(0)));
            }
        }
    }

    #[test]
    fn high_bits_and_neighbours_of_digits_are_no_digits() {
        for byte in 0..=255u8 {
            let mut data = [b'7'; AHEAD];
            data[..3].copy_from_slice(&[b'1', b'2', byte]);
            let count = digits(Input::new(&data).unwrap(), 0).unwrap().count();
            assert_eq!(count, if byte.is_ascii_digit() { 8 } else { 2 }, "{byte}");
        }
    }
}
