//! Values behind kcat's letters.

use std::ffi::OsStr;

use super::arguments::Start;
use super::stop::Stop;

/// Text.
pub fn text(letter: u8, value: &OsStr) -> Result<String, Stop> {
    value
        .to_str()
        .map(str::to_owned)
        .ok_or_else(|| Stop::Usage(format!("-{}: not UTF-8", char::from(letter))))
}

/// A number.
pub fn number<T: std::str::FromStr>(letter: u8, value: &OsStr) -> Result<T, Stop> {
    let text = text(letter, value)?;
    text.parse()
        .map_err(|_| Stop::Usage(format!("-{} {text}: a number is expected", char::from(letter))))
}

/// `name=value` or `name`.
pub fn header(text: &str) -> Result<(String, Option<Vec<u8>>), Stop> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), Some(value.as_bytes().to_vec()))),
        None if !text.is_empty() => Ok((text.to_owned(), None)),
        _ => Err(Stop::Fatal("Expected -H \"name=value..\" or -H \"name\"".to_owned())),
    }
}

/// `topic:partition:time`.
pub fn query(text: &str) -> Result<(String, i32, i64), Stop> {
    let mut parts = text.splitn(3, ':');
    let read = || {
        let topic = parts.next()?.to_owned();
        Some((topic, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    };
    let mut read = read;
    read().ok_or_else(|| Stop::Fatal("-t: expected \"topic:partition:offset_or_timestamp\"".to_owned()))
}

/// An offset, or as a negative number how many before the end.
pub fn start(text: &str) -> Result<Start, Stop> {
    let number = text
        .parse::<i64>()
        .map_err(|_| Stop::Usage(format!("-o {text}: beginning, end, an offset, -N, s@MS or e@MS")))?;
    Ok(if number < 0 {
        Start::Tail(number.saturating_neg())
    } else {
        Start::Offset(number)
    })
}
