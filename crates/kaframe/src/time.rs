//! Times as people write them: back from now, ISO 8601 / RFC 3339 text, milliseconds since 1970. No zone means UTC.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};

use crate::error::{Error, Result};

/// Milliseconds since 1970 UTC of a time as text: `-1h`, `2026-11-01`, `2026-11-01T12:00:00+01:00`, `@1732266000000`.
pub(crate) fn parse(text: &str) -> Result<i64> {
    let wrong = || {
        Error::config(format!("{text:?} is no bound")).with_hint(
            "write earliest, latest, an offset (500), offsets before the end (-100), a time back from now (-1h, -2d), \
             a time (2026-11-01, 2026-11-01T12:00:00Z), milliseconds since 1970 (@1732266000000) or where a consumer group stands (group:NAME)",
        )
    };
    if let Some(ms) = text.strip_prefix('@') {
        return ms.parse().map_err(|_| wrong());
    }
    if text == "now" {
        return Ok(now());
    }
    if let Some(back) = text.strip_prefix('-') {
        let back = parse_duration(back).ok_or_else(wrong)?;
        let back = i64::try_from(back.as_millis()).map_err(|_| wrong())?;
        return now().checked_sub(back).ok_or_else(wrong);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(ceil_ms(time.to_utc()));
    }
    for pattern in [
        "%Y-%m-%dT%H:%M:%S%.f%#z",
        "%Y-%m-%d %H:%M:%S%.f%#z",
        "%Y-%m-%dT%H:%M%#z",
    ] {
        if let Ok(time) = DateTime::parse_from_str(text, pattern) {
            return Ok(ceil_ms(time.to_utc()));
        }
    }
    for pattern in [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
    ] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, pattern) {
            return Ok(ceil_ms(time.and_utc()));
        }
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Ok(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis());
    }
    Err(wrong())
}

/// Record timestamps are whole milliseconds, so a bound between two of them is the later one: `t >= bound` then means the same.
fn ceil_ms(time: DateTime<Utc>) -> i64 {
    let ms = time.timestamp_millis();
    if time.timestamp_subsec_nanos().is_multiple_of(1_000_000) {
        ms
    } else {
        ms.saturating_add(1)
    }
}

/// A duration such as `5m`, `1h30m`, `250ms`, `1.5h`; seconds where no unit is given is refused, since `5` may mean anything.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total_ms = 0f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit_ms = match &rest[..letters] {
            "ms" => 1.0,
            "s" | "sec" | "second" | "seconds" => 1e3,
            "m" | "min" | "minute" | "minutes" => 60e3,
            "h" | "hour" | "hours" => 3_600e3,
            "d" | "day" | "days" => 86_400e3,
            "w" | "week" | "weeks" => 604_800e3,
            _ => return None,
        };
        total_ms += number * unit_ms;
        rest = rest[letters..].trim_start();
    }
    // More than ten thousand years is a slip, and would not fit the arithmetic on timestamps.
    (total_ms.is_finite() && total_ms < 3.2e14).then(|| Duration::from_millis(total_ms.round() as u64))
}

/// Milliseconds since 1970, now.
pub(crate) fn now() -> i64 {
    Utc::now().timestamp_millis()
}

/// RFC 3339 UTC where the calendar reaches, else `@ms`.
pub(crate) fn format(ms: i64) -> String {
    match DateTime::<Utc>::from_timestamp_millis(ms) {
        Some(time) if ms % 1000 == 0 => time.to_rfc3339_opts(SecondsFormat::Secs, true),
        Some(time) => time.to_rfc3339_opts(SecondsFormat::Millis, true),
        None => format!("@{ms}"),
    }
}
