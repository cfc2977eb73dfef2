//! Delimiters as kcat's `-D` and `-K` write them: `\n`, `\t` and `\xNN` are replaced, wherever they stand.

use super::stop::Stop;

/// Reads a delimiter.
pub fn parse(text: &[u8]) -> Result<Vec<u8>, Stop> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        match (first, tail.first()) {
            (b'\\', Some(b'n')) => {
                out.push(b'\n');
                rest = &tail[1..];
            }
            (b'\\', Some(b't')) => {
                out.push(b'\t');
                rest = &tail[1..];
            }
            (b'\\', Some(b'x')) => {
                let digits = tail[1..].iter().take_while(|c| c.is_ascii_hexdigit()).count();
                if digits == 0 {
                    let shown = String::from_utf8_lossy(rest);
                    return Err(Stop::Fatal(format!("Delimiter {shown} expects hex number")));
                }
                let number = tail[1..=digits]
                    .iter()
                    .filter_map(|c| char::from(*c).to_digit(16))
                    .fold(0u32, |number, digit| number.wrapping_mul(16).wrapping_add(digit));
                out.push((number & 0xff) as u8);
                rest = &tail[1 + digits..];
            }
            _ => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn escapes_are_replaced() {
        for (text, expected) in [
            ("", ""),
            ("\\n", "\n"),
            ("\\t\\n\\n", "\t\n\n"),
            ("\\x54!\\x45\\x53T", "T!EST"),
            ("\\x30", "0"),
            ("::", "::"),
            ("\\r", "\\r"),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap(), expected.as_bytes(), "{text}");
        }
        assert_eq!(parse(b"\\x1").unwrap(), [1]);
        assert!(parse(b"\\xg").is_err());
    }
}
