//! Options by getopt's rules: letters may be joined, a value stands behind its letter or in the next argument, words may stand anywhere, `--` ends options.

use std::ffi::{OsStr, OsString};

use super::stop::Stop;

/// Letters that take a value.
const WITH_VALUE: &[u8] = b"GMtpbzoDKkHdFXcfsrm";
/// Letters that stand alone.
const WITHOUT_VALUE: &[u8] = b"PCLQeEOqvTuZlVhJU";

/// Letters with their values; those that take none have an empty one.
type Options<'a> = Vec<(u8, &'a OsStr)>;

/// Parts options with their values from words.
pub fn part(all: &[OsString]) -> Result<(Options<'_>, Vec<OsString>), Stop> {
    let unknown = || Stop::Usage("unknown argument".to_owned());
    let (mut options, mut words) = (Vec::new(), Vec::new());
    let mut rest = all.iter();
    while let Some(argument) = rest.next() {
        let bytes = argument.as_encoded_bytes();
        if bytes == b"--" {
            words.extend(rest.cloned());
            break;
        }
        if bytes.len() < 2 || bytes[0] != b'-' {
            words.push(argument.clone());
            continue;
        }
        let mut at = 1;
        while at < bytes.len() {
            let letter = bytes[at];
            at += 1;
            if WITH_VALUE.contains(&letter) {
                let value = match tail_of(argument, at) {
                    Some(value) => value,
                    None => rest.next().ok_or_else(unknown)?,
                };
                options.push((letter, value));
                break;
            }
            if !WITHOUT_VALUE.contains(&letter) {
                return Err(unknown());
            }
            options.push((letter, OsStr::new("")));
        }
    }
    Ok((options, words))
}

/// What stands behind the letter in the same argument, if anything does.
#[cfg(unix)]
fn tail_of(argument: &OsStr, at: usize) -> Option<&OsStr> {
    use std::os::unix::ffi::OsStrExt;
    let tail = &argument.as_bytes()[at..];
    (!tail.is_empty()).then(|| OsStr::from_bytes(tail))
}

#[cfg(not(unix))]
fn tail_of(argument: &OsStr, at: usize) -> Option<&OsStr> {
    let tail = argument.to_str()?.get(at..)?;
    (!tail.is_empty()).then(|| OsStr::new(tail))
}
