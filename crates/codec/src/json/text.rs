//! JSON strings: escapes resolved, UTF-8 and surrogates checked, nothing replaced.

use super::check::Bad;
use super::scan;

/// Appends the string whose first byte behind the opening quote is at `at`, unescaped, and gives the position behind the
/// closing quote. On an error `out` may have grown.
#[inline(always)]
pub(super) fn unescape(data: &[u8], at: usize, out: &mut Vec<u8>) -> Result<usize, Bad> {
    let (stop, high) = scan::plain_run(data, at);
    if data.get(stop) == Some(&b'"') && !high {
        out.extend_from_slice(&data[at..stop]);
        return Ok(stop + 1);
    }
    unescape_slow(data, at, out)
}

#[inline(never)]
fn unescape_slow(data: &[u8], mut at: usize, out: &mut Vec<u8>) -> Result<usize, Bad> {
    loop {
        let (stop, high) = scan::plain_run(data, at);
        let run = &data[at..stop];
        if high && let Err(error) = std::str::from_utf8(run) {
            return Err(Bad {
                byte: at + error.valid_up_to(),
                reason: "invalid UTF-8 in a string",
            });
        }
        out.extend_from_slice(run);
        at = match data.get(stop) {
            Some(b'"') => return Ok(stop + 1),
            Some(b'\\') => {
                let (character, next) = escape(data, stop)?;
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                next
            }
            Some(_) => {
                return Err(Bad {
                    byte: stop,
                    reason: "a control character in a string",
                });
            }
            None => {
                return Err(Bad {
                    byte: stop,
                    reason: "the value ends inside a string",
                });
            }
        };
    }
}

/// Checks the string behind the opening quote; gives the position behind the closing one, and whether it has escapes.
pub(super) fn check(data: &[u8], mut at: usize) -> Result<(usize, bool), Bad> {
    let mut escaped = false;
    loop {
        let (stop, high) = scan::plain_run(data, at);
        if high && let Err(error) = std::str::from_utf8(&data[at..stop]) {
            return Err(Bad {
                byte: at + error.valid_up_to(),
                reason: "invalid UTF-8 in a string",
            });
        }
        at = match data.get(stop) {
            Some(b'"') => return Ok((stop + 1, escaped)),
            Some(b'\\') => {
                escaped = true;
                escape(data, stop)?.1
            }
            Some(_) => {
                return Err(Bad {
                    byte: stop,
                    reason: "a control character in a string",
                });
            }
            None => {
                return Err(Bad {
                    byte: stop,
                    reason: "the value ends inside a string",
                });
            }
        };
    }
}

/// Finds the end of a string without looking into it: the position behind the closing quote.
pub(super) fn skim(data: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at = scan::quote_or_backslash(data, at);
        match data.get(at)? {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

/// The character that a backslash and this letter stand for, if it is one of the short ones.
#[inline(always)]
pub(super) fn short_escape(letter: u8) -> Option<u8> {
    const CHARACTERS: [u8; 256] = {
        let mut characters = [0; 256];
        let pairs = *b"\"\"\\\\//b\x08f\x0cn\nr\rt\t";
        let mut at = 0;
        while at < pairs.len() {
            characters[pairs[at] as usize] = pairs[at + 1];
            at += 2;
        }
        characters
    };
    let character = CHARACTERS[usize::from(letter)];
    (character != 0).then_some(character)
}

/// The character that the escape at `at` (its backslash) stands for, and the position behind it.
pub(super) fn escape(data: &[u8], at: usize) -> Result<(char, usize), Bad> {
    let character = match data.get(at + 1) {
        Some(b'u') => return unicode(data, at),
        Some(letter) if let Some(byte) = short_escape(*letter) => char::from(byte),
        Some(_) => {
            return Err(Bad {
                byte: at + 1,
                reason: "an unknown escape in a string",
            });
        }
        None => {
            return Err(Bad {
                byte: at + 1,
                reason: "the value ends inside a string",
            });
        }
    };
    Ok((character, at + 2))
}

fn unicode(data: &[u8], at: usize) -> Result<(char, usize), Bad> {
    let first = hex(data, at + 2)?;
    if let Some(character) = char::from_u32(first) {
        return Ok((character, at + 6));
    }
    let lone = Bad {
        byte: at,
        reason: "a lone surrogate in a string",
    };
    if first >= 0xdc00 || data.get(at + 6) != Some(&b'\\') || data.get(at + 7) != Some(&b'u') {
        return Err(lone);
    }
    let second = hex(data, at + 8)?;
    if !(0xdc00..0xe000).contains(&second) {
        return Err(lone);
    }
    let character = char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or(lone)?;
    Ok((character, at + 12))
}

fn hex(data: &[u8], at: usize) -> Result<u32, Bad> {
    (at..at + 4).try_fold(0, |value, i| match data.get(i) {
        Some(byte) => match char::from(*byte).to_digit(16) {
            Some(digit) => Ok(value * 16 + digit),
            None => Err(Bad {
                byte: i,
                reason: "expected four hexadecimal digits after \\u",
            }),
        },
        None => Err(Bad {
            byte: i,
            reason: "the value ends inside a string",
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Vec<u8>, Bad> {
        let mut out = Vec::new();
        let end = unescape(text, 0, &mut out);
        assert_eq!(end, check(text, 0).map(|(end, _)| end));
        end.map(|end| {
            assert_eq!(end, text.len());
            out
        })
    }

    #[test]
    fn escapes_resolve() {
        assert_eq!(
            read(br#"a\"\\\/\b\f\n\r\t\u00e9\u0000\ud83d\ude00z""#).unwrap(),
            "a\"\\/\u{8}\u{c}\n\r\té\0😀z".as_bytes()
        );
        assert_eq!(
            read("naïve café, long enough for a word".as_bytes()),
            Err(Bad {
                byte: 36,
                reason: "the value ends inside a string"
            })
        );
    }

    #[test]
    fn malformed_strings_name_the_byte() {
        let cases: [(&[u8], usize, &str); 12] = [
            (b"ab\xff\"", 2, "invalid UTF-8 in a string"),
            (b"\xc0\xaf\"", 0, "invalid UTF-8 in a string"),
            (b"\xed\xa0\x80\"", 0, "invalid UTF-8 in a string"),
            (b"\xe2\x82\"", 0, "invalid UTF-8 in a string"),
            (b"\xe2\\n\"", 0, "invalid UTF-8 in a string"),
            (b"a\nb\"", 1, "a control character in a string"),
            (b"\\ud800x\"", 0, "a lone surrogate in a string"),
            (b"\\ud800\\u0041\"", 0, "a lone surrogate in a string"),
            (b"\\udc00\"", 0, "a lone surrogate in a string"),
            (b"\\x\"", 1, "an unknown escape in a string"),
            (b"\\u12g4\"", 4, "expected four hexadecimal digits after \\u"),
            (b"a\\", 2, "the value ends inside a string"),
        ];
        for (text, byte, reason) in cases {
            assert_eq!(read(text), Err(Bad { byte, reason }), "{text:?}");
        }
    }

    #[test]
    fn skimming_sees_only_the_boundaries() {
        assert_eq!(skim(b"a\\\"b\\ud800\n\xff\" rest", 0), Some(13));
        assert_eq!(skim(b"abc\\\"", 0), None);
        assert_eq!(skim(b"abc\\", 0), None);
    }
}
