//! The byte-scanning kernels: where a run of plain string bytes ends, where whitespace ends, how many digits follow.
//!
//! Everything hot looks at bytes through these functions, eight at a time in a plain integer; vector kernels can replace
//! their bodies and nothing else.

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

/// Bytes to be found at a position again and again: a key as it is usually written.
#[derive(Debug)]
pub(super) struct Literal {
    bytes: Box<[u8]>,
    /// The first sixteen bytes, and which of their bits count.
    words: [u64; 2],
    masks: [u64; 2],
}

impl Literal {
    /// A literal; an empty one stands nowhere.
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let mut padded = [0; 16];
        let mut mask = [0; 16];
        for (i, byte) in bytes.iter().take(16).enumerate() {
            padded[i] = *byte;
            mask[i] = 0xff;
        }
        let words = |bytes: [u8; 16]| {
            let all = u128::from_le_bytes(bytes);
            [all as u64, (all >> 64) as u64]
        };
        Self {
            bytes: bytes.into(),
            words: words(padded),
            masks: words(mask),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether the literal stands at `at`.
    #[inline(always)]
    pub(super) fn stands_at(&self, data: &[u8], at: usize) -> bool {
        if let (Some(first), Some(second)) = (load(data, at), load(data, at + 8)) {
            let differ = (first ^ self.words[0]) & self.masks[0] | (second ^ self.words[1]) & self.masks[1];
            if differ != 0 {
                return false;
            }
            if self.bytes.len().wrapping_sub(1) < 16 {
                return true;
            }
        }
        !self.bytes.is_empty() && data.get(at..).is_some_and(|rest| rest.starts_with(&self.bytes))
    }
}

/// Appends `data[start..end]` to `out`; short runs as one fixed block, which is cheaper than a call to copy a few bytes.
#[inline(always)]
pub(super) fn append(data: &[u8], start: usize, end: usize, out: &mut Vec<u8>) {
    const BLOCK: usize = 32;
    if end - start <= BLOCK
        && let Some(block) = data.get(start..).and_then(|rest| rest.first_chunk::<BLOCK>())
    {
        let length = out.len() + (end - start);
        out.extend_from_slice(block);
        out.truncate(length);
    } else {
        out.extend_from_slice(&data[start..end]);
    }
}

const POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Reads digits from `at` on, as many as there are up to 24, continuing the number `value`. Gives the number, modulo 2^64,
/// and the position behind them.
#[inline(always)]
pub(super) fn digits(data: &[u8], start: usize, mut value: u64) -> (u64, usize) {
    let mut at = start;
    while let Some(word) = load(data, at) {
        let count = leading_digits(word);
        if count == 0 {
            return (value, at);
        }
        value = value
            .wrapping_mul(POWERS[count])
            .wrapping_add(eight_digits(word << (64 - 8 * count)));
        at += count;
        if count < 8 || at - start >= 24 {
            return (value, at);
        }
    }
    while let Some(byte) = data.get(at).filter(|byte| byte.is_ascii_digit()) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
        at += 1;
    }
    (value, at)
}

/// How many of the eight bytes, from the lowest, are ASCII digits.
#[inline(always)]
fn leading_digits(word: u64) -> usize {
    let nibbles = word ^ (ONES * b'0' as u64);
    // A digit is now 0 to 9: adding 6 leaves its high nibble zero, and only its.
    let others = (nibbles.wrapping_add(ONES * 6) | nibbles) & (ONES * 0xf0);
    (others.trailing_zeros() / 8) as usize
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
        fn literals_and_blocks_agree_with_slices(
            data in "[ab\":]{0,60}", at in 0usize..40, length in 0usize..40, other in "[ab\":]{0,3}"
        ) {
            let data = data.as_bytes();
            let at = at.min(data.len());
            let end = (at + length).min(data.len());
            prop_assert_eq!(Literal::new(data[at..end].to_vec()).stands_at(data, at), end > at);
            let literal = Literal::new(other.as_bytes().to_vec());
            prop_assert_eq!(literal.stands_at(data, at), !other.is_empty() && data[at..].starts_with(other.as_bytes()));
            let mut out = b"x".to_vec();
            append(data, at, end, &mut out);
            prop_assert_eq!(&out[1..], &data[at..end]);
        }

        #[test]
        fn digits_agree_with_a_byte_loop(text in "[0-9]{0,19}[^0-9]{0,12}", pad in 0usize..9) {
            let data = [vec![b'7'; 0], text.into_bytes(), vec![b'x'; pad]].concat();
            let count = data.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let value = data[..count].iter().fold(0u64, |v, b| v.wrapping_mul(10).wrapping_add(u64::from(b - b'0')));
            prop_assert_eq!(digits(&data, 0, 0), (value, count));
        }
    }

    #[test]
    fn high_bits_and_neighbours_of_digits_are_no_digits() {
        for byte in 0..=255u8 {
            let word = u64::from_le_bytes([b'1', b'2', byte, b'3', b'4', b'5', b'6', b'7']);
            assert_eq!(
                leading_digits(word),
                if byte.is_ascii_digit() { 8 } else { 2 },
                "{byte}"
            );
        }
    }
}
