//! kcat's pack strings (`-s key=...`): binary keys and values as numbers and text.
//!
//! Letters as kcat 1.7.1 documents them. Its `<` changes nothing: that version reads every number as big-endian, and a template that prints
//! what kcat prints has to do the same. It is said once, where the pack is read.

use std::io::Write;

/// A pack string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack(Vec<u8>);

impl Pack {
    /// Reads a pack string; the error is that of kcat. `what` is `key` or `value`.
    pub fn parse(what: &str, text: &str) -> Result<Pack, String> {
        if text.is_empty() {
            return Err(format!("{what} pack-format must not be empty"));
        }
        match text.chars().find(|c| !" <>bBhHiIqQcs$".contains(*c)) {
            Some(token) => Err(format!("Invalid token '{token}' in {what} pack-format, see -s usage.")),
            None => Ok(Pack(text.as_bytes().to_vec())),
        }
    }

    /// Whether it asks for little-endian numbers, which kcat does not give.
    pub fn asks_for_little_endian(&self) -> bool {
        self.0.contains(&b'<')
    }

    /// Unpacks bytes into text. What was unpacked before an error stays in `out`.
    pub fn unpack(&self, what: &str, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let mut rest = bytes;
        // Writing to memory does not fail.
        macro_rules! number {
            ($token:expr, $kind:ty) => {{
                let size = size_of::<$kind>();
                let Some((head, tail)) = rest.split_first_chunk::<{ size_of::<$kind>() }>() else {
                    return Err(format!(
                        "{what} truncated, expected {size} bytes to unpack {} but only {} bytes remaining",
                        char::from($token),
                        rest.len()
                    ));
                };
                rest = tail;
                let _ = write!(out, "{}", <$kind>::from_be_bytes(*head));
            }};
        }
        for token in &self.0 {
            match token {
                b' ' => out.push(b' '),
                b'b' => number!(*token, i8),
                b'B' => number!(*token, u8),
                b'h' => number!(*token, i16),
                b'H' => number!(*token, u16),
                b'i' => number!(*token, i32),
                b'I' => number!(*token, u32),
                b'q' => number!(*token, i64),
                b'Q' => number!(*token, u64),
                b'c' => match rest.split_first() {
                    Some((byte, tail)) => {
                        out.push(*byte);
                        rest = tail;
                    }
                    // kcat reads what lies behind the bytes here.
                    None => {
                        return Err(format!(
                            "{what} truncated, expected 1 bytes to unpack c but only 0 bytes remaining"
                        ));
                    }
                },
                b's' => {
                    // kcat prints the rest as a C string.
                    out.extend_from_slice(rest.split(|b| *b == 0).next().unwrap_or_default());
                    rest = &[];
                }
                b'$' if !rest.is_empty() => {
                    return Err(format!(
                        "expected {what} end-of-input, but {} bytes remaining",
                        rest.len()
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Pack;

    fn unpack(pack: &str, bytes: &[u8]) -> Result<String, String> {
        let mut out = Vec::new();
        Pack::parse("value", pack)?.unpack("value", bytes, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn numbers_text_and_the_end() {
        assert_eq!(unpack("b B", &[0xff, 0xff]).unwrap(), "-1 255");
        assert_eq!(unpack("h H", &[0xff, 0xfe, 0, 2]).unwrap(), "-2 2");
        assert_eq!(unpack("i", &7i32.to_be_bytes()).unwrap(), "7");
        assert_eq!(unpack("<i", &7i32.to_be_bytes()).unwrap(), "7");
        assert_eq!(unpack("Q$", &u64::MAX.to_be_bytes()).unwrap(), "18446744073709551615");
        assert_eq!(unpack("cs", b"xyz").unwrap(), "xyz");
        assert_eq!(unpack("b", &[1, 2, 3]).unwrap(), "1");
    }

    #[test]
    fn too_few_and_too_many_bytes() {
        assert_eq!(
            unpack("i", &[1, 2]).unwrap_err(),
            "value truncated, expected 4 bytes to unpack i but only 2 bytes remaining"
        );
        assert_eq!(
            unpack("b$", &[1, 2]).unwrap_err(),
            "expected value end-of-input, but 1 bytes remaining"
        );
        assert!(unpack("c", &[]).is_err());
        assert!(unpack("x", &[]).unwrap_err().starts_with("Invalid token 'x'"));
        assert!(unpack("", &[]).is_err());
    }
}
