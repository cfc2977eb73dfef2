//! Datetimes, dates, times and durations as JSON strings.
//!
//! Datetimes are RFC 3339 in UTC (`2026-11-22T21:00:00.250Z`); an Arrow timestamp without a zone is taken as UTC. Fractions
//! have 0, 3, 6 or 9 digits, as few as are exact. RFC 3339 ends at the year 9999: what lies beyond is an error, never
//! wrapped. Durations are ISO 8601 in seconds (`PT90.5S`).

use std::io::Write;

use arrow_array::PrimitiveArray;
use arrow_array::types::{ArrowPrimitiveType, Date32Type, Date64Type};
use arrow_schema::TimeUnit;

use super::cell::Cell;

const DAY: i64 = 86_400;

/// Ticks of `unit` in a second.
fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

pub(super) struct Timestamps<'a, T: ArrowPrimitiveType> {
    array: &'a PrimitiveArray<T>,
    unit: TimeUnit,
}

impl<'a, T: ArrowPrimitiveType> Timestamps<'a, T> {
    pub(super) fn new(array: &'a PrimitiveArray<T>, unit: TimeUnit) -> Self {
        Self { array, unit }
    }
}

impl<T: ArrowPrimitiveType<Native = i64>> Cell for Timestamps<'_, T> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        write_timestamp(self.array.value(row), self.unit, out)
    }
}

fn write_timestamp(ticks: i64, unit: TimeUnit, out: &mut Vec<u8>) -> Result<(), String> {
    let per_second = per_second(unit);
    let seconds = ticks.div_euclid(per_second);
    out.push(b'"');
    write_date(seconds.div_euclid(DAY), out)?;
    out.push(b'T');
    write_clock(
        seconds.rem_euclid(DAY),
        ticks.rem_euclid(per_second) * (1_000_000_000 / per_second),
        out,
    );
    out.extend_from_slice(b"Z\"");
    Ok(())
}

/// Writes the date `days` after 1970-01-01.
fn write_date(days: i64, out: &mut Vec<u8>) -> Result<(), String> {
    // 0000-01-01 and 9999-12-31, counted from 1970-01-01.
    if !(-719_528..=2_932_896).contains(&days) {
        return Err(format!(
            "{days} days from 1970-01-01 lie outside the years 0 to 9999 that RFC 3339 can write"
        ));
    }
    let (year, month, day) = civil(days);
    digits::<4>(year, out);
    out.push(b'-');
    digits::<2>(month, out);
    out.push(b'-');
    digits::<2>(day, out);
    Ok(())
}

/// Year, month and day of the proleptic Gregorian calendar. Years are counted from March, so that the leap day is the last,
/// in eras of 400 years.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn write_clock(seconds: i64, nanos: i64, out: &mut Vec<u8>) {
    digits::<2>(seconds / 3600, out);
    out.push(b':');
    digits::<2>(seconds / 60 % 60, out);
    out.push(b':');
    digits::<2>(seconds % 60, out);
    if nanos == 0 {
        return;
    }
    out.push(b'.');
    if nanos % 1_000_000 == 0 {
        digits::<3>(nanos / 1_000_000, out);
    } else if nanos % 1_000 == 0 {
        digits::<6>(nanos / 1_000, out);
    } else {
        digits::<9>(nanos, out);
    }
}

/// Writes a number of at most `N` digits, with zeros before it. A tenth of what formatting costs.
fn digits<const N: usize>(value: i64, out: &mut Vec<u8>) {
    let (mut text, mut rest) = ([b'0'; N], value.unsigned_abs());
    for digit in text.iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&text);
}

fn write(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to memory does not fail.
    let _ = out.write_fmt(text);
}

pub(super) struct Dates<'a>(pub(super) &'a PrimitiveArray<Date32Type>);

impl Cell for Dates<'_> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        out.push(b'"');
        write_date(self.0.value(row).into(), out)?;
        out.push(b'"');
        Ok(())
    }
}

/// Dates in milliseconds: a date where they are whole days, as they should be, else a datetime.
pub(super) struct DayMillis<'a>(pub(super) &'a PrimitiveArray<Date64Type>);

impl Cell for DayMillis<'_> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let millis = self.0.value(row);
        if millis.rem_euclid(DAY * 1000) != 0 {
            return write_timestamp(millis, TimeUnit::Millisecond, out);
        }
        out.push(b'"');
        write_date(millis.div_euclid(DAY * 1000), out)?;
        out.push(b'"');
        Ok(())
    }
}

pub(super) struct Times<'a, T: ArrowPrimitiveType> {
    array: &'a PrimitiveArray<T>,
    unit: TimeUnit,
}

impl<'a, T: ArrowPrimitiveType> Times<'a, T> {
    pub(super) fn new(array: &'a PrimitiveArray<T>, unit: TimeUnit) -> Self {
        Self { array, unit }
    }
}

impl<T: ArrowPrimitiveType<Native: Into<i64>>> Cell for Times<'_, T> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let ticks: i64 = self.array.value(row).into();
        let per_second = per_second(self.unit);
        let seconds = ticks.div_euclid(per_second);
        if !(0..DAY).contains(&seconds) {
            return Err(format!("{seconds} seconds are no time of day"));
        }
        out.push(b'"');
        write_clock(
            seconds,
            ticks.rem_euclid(per_second) * (1_000_000_000 / per_second),
            out,
        );
        out.push(b'"');
        Ok(())
    }
}

pub(super) struct Durations<'a, T: ArrowPrimitiveType> {
    array: &'a PrimitiveArray<T>,
    unit: TimeUnit,
}

impl<'a, T: ArrowPrimitiveType> Durations<'a, T> {
    pub(super) fn new(array: &'a PrimitiveArray<T>, unit: TimeUnit) -> Self {
        Self { array, unit }
    }
}

impl<T: ArrowPrimitiveType<Native = i64>> Cell for Durations<'_, T> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let ticks = self.array.value(row);
        let per_second = per_second(self.unit).unsigned_abs();
        let (seconds, rest) = (ticks.unsigned_abs() / per_second, ticks.unsigned_abs() % per_second);
        write(out, format_args!("\"{}PT{seconds}", if ticks < 0 { "-" } else { "" }));
        if rest > 0 {
            let digits = per_second.ilog10() as usize;
            let fraction = format!("{rest:0digits$}");
            write(out, format_args!(".{}", fraction.trim_end_matches('0')));
        }
        out.extend_from_slice(b"S\"");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timestamp(ticks: i64, unit: TimeUnit) -> Result<String, String> {
        let mut out = Vec::new();
        write_timestamp(ticks, unit, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn timestamps_agree_with_chrono() {
        for seconds in (-62_167_219_200..253_402_300_800i64).step_by(86_399 * 367) {
            let expected = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
            let expected = expected.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
            assert_eq!(timestamp(seconds, TimeUnit::Second).unwrap(), format!("\"{expected}\""));
        }
    }

    #[test]
    fn fractions_take_as_few_digits_as_are_exact_and_years_end() {
        let cases = [
            (-1, TimeUnit::Nanosecond, "\"1969-12-31T23:59:59.999999999Z\""),
            (1_500, TimeUnit::Millisecond, "\"1970-01-01T00:00:01.500Z\""),
            (1_500_001, TimeUnit::Microsecond, "\"1970-01-01T00:00:01.500001Z\""),
            (253_402_300_799_000, TimeUnit::Millisecond, "\"9999-12-31T23:59:59Z\""),
        ];
        for (ticks, unit, text) in cases {
            assert_eq!(timestamp(ticks, unit).as_deref(), Ok(text));
        }
        for ticks in [253_402_300_800, i64::MAX, i64::MIN, -62_167_219_201] {
            assert!(timestamp(ticks, TimeUnit::Second).is_err());
        }
    }
}
