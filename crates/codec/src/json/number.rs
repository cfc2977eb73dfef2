//! JSON numbers: exact integers, nearest floats.
//!
//! An integer is an integer by how it is written: `-0` is the integer 0, `1.0` and `1e2` are floats. A float is the nearest
//! 64-bit one; one too large for it is `Beyond`, never infinity. The fast paths below take what most numbers are and leave
//! the rest to [`number`], which alone decides what is well formed.

use super::check::Bad;
use super::scan;
use super::scan::input::Input;

/// A number as written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// An integer of at most 38 digits.
    Int(i128),
    /// The nearest float.
    Float(f64),
    /// An integer of more digits, or a float beyond the largest.
    Beyond,
}

/// An integer of at most fifteen digits and no sign. `None` says only that this is not one.
#[inline(always)]
pub(super) fn short_int(input: Input<'_>, at: usize) -> Option<(i64, usize)> {
    let digits = scan::digits(input, at)?;
    let (mut value, mut count, mut behind) = (digits.value(), digits.count(), digits.behind());
    // Numbers and times in milliseconds: those of a column seldom stand on both sides of this branch.
    if count == 8 {
        let rest = scan::digits(input, at.wrapping_add(8))?;
        value = rest.continuing(value);
        count = count.wrapping_add(rest.count());
        behind = rest.behind();
    }
    // One to fifteen digits, of which the first is no zero unless it is alone, and nothing that makes it a float: a point, or
    // an e, small or large.
    let behind = behind | 0x20;
    let leading_zero = (count > 1) & (input.byte(at) == b'0');
    if count.wrapping_sub(1) < 15 && behind != b'.' && behind != b'e' && !leading_zero {
        return Some((value as i64, at.wrapping_add(count)));
    }
    None
}

/// Appends the integer at `at`, if it has at most 18 digits; gives the position behind it.
#[inline(never)]
pub(super) fn push_long_int(values: &mut Vec<i64>, input: Input<'_>, at: usize) -> Option<usize> {
    let (value, end) = long_int(input, at)?;
    values.push(value);
    Some(end)
}

fn long_int(input: Input<'_>, at: usize) -> Option<(i64, usize)> {
    let negative = input.byte(at) == b'-';
    let start = at + usize::from(negative);
    let (value, end) = scan::more_digits(input, start, 0);
    let count = end - start;
    if count.wrapping_sub(1) >= 18
        || (count > 1 && input.byte(start) == b'0')
        || matches!(input.byte(end), b'.' | b'e' | b'E')
    {
        return None;
    }
    let value = value as i64;
    Some((if negative { -value } else { value }, end))
}

const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// A number of at most seven digits before the point and behind it: both the digits and the power of ten are exact in a
/// float, so that one division rounds once. `None` says only that this is not one.
#[inline(always)]
pub(super) fn short_float(input: Input<'_>, at: usize) -> Option<(f64, usize)> {
    let negative = input.byte(at) == b'-';
    let start = at.wrapping_add(usize::from(negative));
    let whole = scan::digits(input, start)?;
    let point = start.wrapping_add(whole.count());
    // One branch where it can be: whether there is more than one digit changes from value to value.
    let leading_zero = (whole.count() > 1) & (input.byte(start) == b'0');
    if whole.behind() != b'.' || whole.count().wrapping_sub(1) >= 7 || leading_zero {
        return None;
    }
    let fraction = scan::digits(input, point.wrapping_add(1))?;
    if fraction.count().wrapping_sub(1) >= 7 || matches!(fraction.behind(), b'e' | b'E') {
        return None;
    }
    let value = whole.value_with(fraction) as i64;
    let value = signed(value as f64 / POWERS[fraction.count()], negative);
    Some((value, point.wrapping_add(fraction.count()).wrapping_add(1)))
}

/// Appends the number at `at`, if it has at most 15 digits and no exponent; gives the position behind it.
#[inline(never)]
pub(super) fn push_long_float(values: &mut Vec<f64>, input: Input<'_>, at: usize) -> Option<usize> {
    let (value, end) = long_float(input, at)?;
    values.push(value);
    Some(end)
}

fn long_float(input: Input<'_>, at: usize) -> Option<(f64, usize)> {
    let negative = input.byte(at) == b'-';
    let start = at + usize::from(negative);
    let (whole, point) = scan::more_digits(input, start, 0);
    let count = point - start;
    if count.wrapping_sub(1) >= 15 || (count > 1 && input.byte(start) == b'0') {
        return None;
    }
    if input.byte(point) != b'.' {
        if matches!(input.byte(point), b'e' | b'E') {
            return None;
        }
        let value = whole as i64;
        return Some(((if negative { -value } else { value }) as f64, point));
    }
    let (value, end) = scan::more_digits(input, point + 1, whole);
    let fraction = end - (point + 1);
    if fraction == 0 || count + fraction > 15 || matches!(input.byte(end), b'e' | b'E') {
        return None;
    }
    Some((signed(value as f64 / POWERS[fraction], negative), end))
}

/// The number with its sign. No branch: signs often come as they like, and a branch that is guessed wrong costs more than all
/// the rest.
#[inline(always)]
fn signed(value: f64, negative: bool) -> f64 {
    f64::from_bits(value.to_bits() | u64::from(negative) << 63)
}

/// The number at `at` and the position behind it.
pub(super) fn number(data: &[u8], at: usize) -> Result<(Number, usize), Bad> {
    let bad = |byte, reason| Err(Bad { byte, reason });
    let negative = data.get(at) == Some(&b'-');
    let start = at + usize::from(negative);
    let whole = all_digits(data, start);
    match whole - start {
        0 => return bad(start, "expected a digit"),
        1 => {}
        _ if data[start] == b'0' => return bad(start, "a number has a leading zero"),
        _ => {}
    }
    let mut end = whole;
    if data.get(end) == Some(&b'.') {
        let fraction = all_digits(data, end + 1);
        if fraction == end + 1 {
            return bad(fraction, "expected a digit after the decimal point");
        }
        end = fraction;
    }
    if matches!(data.get(end), Some(b'e' | b'E')) {
        let sign = end + 1 + usize::from(matches!(data.get(end + 1), Some(b'+' | b'-')));
        let exponent = all_digits(data, sign);
        if exponent == sign {
            return bad(exponent, "expected a digit in the exponent");
        }
        end = exponent;
    }
    let number = if end == whole {
        integer(&data[start..whole], negative)
    } else {
        float(&data[at..end])
    };
    Ok((number, end))
}

fn all_digits(data: &[u8], at: usize) -> usize {
    at + data[at.min(data.len())..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

fn integer(digits: &[u8], negative: bool) -> Number {
    // The grammar allows no leading zeros, so 38 digits are at most 10^38 - 1.
    if digits.len() > 38 {
        return Number::Beyond;
    }
    let value = digits
        .iter()
        .fold(0i128, |value, digit| value * 10 + i128::from(digit - b'0'));
    Number::Int(if negative { -value } else { value })
}

fn float(text: &[u8]) -> Number {
    match fast_float2::parse::<f64, _>(text) {
        Ok(value) if value.is_finite() => Number::Float(value),
        _ => Number::Beyond,
    }
}

#[cfg(test)]
mod tests {
    use super::super::scan::input::AHEAD;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn table() {
        let int = |text: &str| number(text.as_bytes(), 0).map(|(number, end)| (number, end == text.len()));
        for (text, value) in [("0", 0), ("-0", 0), ("-1", -1), ("9007199254740993", 9007199254740993)] {
            assert_eq!(int(text), Ok((Number::Int(value), true)));
        }
        assert_eq!(int("18446744073709551616"), Ok((Number::Int(1 << 64), true)));
        let largest = "9".repeat(38);
        assert_eq!(int(&largest), Ok((Number::Int(10i128.pow(38) - 1), true)));
        assert_eq!(int(&"9".repeat(39)), Ok((Number::Beyond, true)));
        assert_eq!(int("1e400"), Ok((Number::Beyond, true)));
        assert_eq!(int("-1e400"), Ok((Number::Beyond, true)));
        assert_eq!(int("1e-400"), Ok((Number::Float(0.0), true)));
        assert_eq!(int("1.0"), Ok((Number::Float(1.0), true)));
        assert_eq!(int("2E+2"), Ok((Number::Float(200.0), true)));
        assert_eq!(
            int(&format!("0.{}", "3".repeat(400))),
            Ok((Number::Float(1.0 / 3.0), true))
        );
        for text in ["", "-", "01", "-01", "1.", "1.e5", "1e", "1e+", ".5", "+1", "00"] {
            assert!(number(text.as_bytes(), 0).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn fast_paths_agree_with_the_slow_one(
            text in "-?[0-9]{1,20}(\\.[0-9]{0,20})?([eE][-+]?[0-9]{0,3})?[ ,}]{0,2}[0-9\\.x ]{0,12}"
        ) {
            let data = text.as_bytes();
            let slow = number(data, 0);
            let padded = [data, &[0; AHEAD]].concat();
            let input = Input::new(&padded).unwrap();
            for (value, end) in [short_int(input, 0), long_int(input, 0)].into_iter().flatten() {
                prop_assert_eq!(slow, Ok((Number::Int(value.into()), end)));
            }
            for (value, end) in [short_float(input, 0), long_float(input, 0)].into_iter().flatten() {
                match slow {
                    Ok((Number::Int(int), e)) => prop_assert_eq!((int as f64, e), (value, end)),
                    Ok((Number::Float(float), e)) => prop_assert_eq!((float.to_bits(), e), (value.to_bits(), end)),
                    other => prop_assert!(false, "{:?}", other),
                }
            }
        }

        #[test]
        fn floats_are_the_nearest(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
            let text = format!("{value:e}");
            prop_assert_eq!(number(text.as_bytes(), 0).unwrap().0, Number::Float(value));
        }
    }
}
