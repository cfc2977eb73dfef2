//! Passes over a value that nobody wants, in code compiled for each kernel.
//!
//! It refuses and accepts what the checker's walk over the structure does (`Care::Structure`): brackets, commas, colons and the ends of strings are
//! looked at, the contents of strings, numbers and words are not, nor are duplicate keys. Per member of an object it costs a block of the key and one
//! of the value; nothing is kept but the kinds of the open brackets.

use super::check::{MAX_DEPTH, is_word};
use super::scan::input::Input;
use super::scan::kernel::{BLOCK, Ends, Kernel, Task};
use super::value::Stop;
use super::{scan, text};

/// The value at `at`, inside `depth` open brackets; gives the position behind it.
#[inline(always)]
pub(super) fn skim<K: Kernel>(kernel: K, input: Input<'_>, at: usize, depth: usize) -> Result<usize, Stop> {
    match scalar(kernel, input, at) {
        Ok(end) => Ok(end),
        Err(_) if matches!(input.byte(at), b'{' | b'[') => kernel.run(Brackets { input, at, depth }),
        Err(stop) => Err(stop),
    }
}

/// An object or an array with all that is in it.
struct Brackets<'d> {
    input: Input<'d>,
    at: usize,
    depth: usize,
}

impl Task for Brackets<'_> {
    type Output = Result<usize, Stop>;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> Self::Output {
        let Self { input, mut at, depth } = self;
        let data = input.data();
        // Whether the brackets that are open are of objects, the innermost in the lowest bit.
        const { assert!(MAX_DEPTH <= u128::BITS as usize) };
        let mut kinds = 0u128;
        let mut open = 0usize;
        loop {
            // A value starts here.
            let first = input.byte(at);
            if matches!(first, b'{' | b'[') {
                if depth + open >= MAX_DEPTH {
                    return Err(Stop::Malformed);
                }
                let object = first == b'{';
                at = scan::skip_space(data, at + 1);
                if input.byte(at) == closing(object) {
                    at += 1;
                } else {
                    kinds = kinds << 1 | u128::from(object);
                    open += 1;
                    if object {
                        at = key(kernel, input, at)?;
                    }
                    continue;
                }
            } else {
                at = scalar(kernel, input, at)?;
            }
            // A value ended here: close brackets until another begins.
            loop {
                if open == 0 {
                    return Ok(at);
                }
                let object = kinds & 1 == 1;
                at = scan::skip_space(data, at);
                let here = input.byte(at);
                at += 1;
                if here == b',' {
                    at = scan::skip_space(data, at);
                    if object {
                        at = key(kernel, input, at)?;
                    }
                    break;
                }
                if here != closing(object) {
                    return Err(Stop::Malformed);
                }
                kinds >>= 1;
                open -= 1;
            }
        }
    }
}

#[inline(always)]
fn closing(object: bool) -> u8 {
    if object { b'}' } else { b']' }
}

/// A key and its colon; gives the position of the value.
#[inline(always)]
fn key<K: Kernel>(kernel: K, input: Input<'_>, at: usize) -> Result<usize, Stop> {
    if input.byte(at) != b'"' {
        return Err(Stop::Malformed);
    }
    let end = string(kernel, input, at + 1)?;
    let colon = scan::skip_space(input.data(), end);
    if input.byte(colon) != b':' {
        return Err(Stop::Malformed);
    }
    Ok(scan::skip_space(input.data(), colon + 1))
}

/// A string, or a run of what numbers and words are made of.
#[inline(always)]
fn scalar<K: Kernel>(kernel: K, input: Input<'_>, at: usize) -> Result<usize, Stop> {
    let Some(block) = input.block(at) else {
        return Err(Stop::Malformed);
    };
    if block[0] == b'"' {
        return string(kernel, input, at.wrapping_add(1));
    }
    if !K::VECTORS {
        let end = word(input, at);
        return if end == at { Err(Stop::Malformed) } else { Ok(end) };
    }
    match (!kernel.words(block)).trailing_zeros() as usize {
        0 => Err(Stop::Malformed),
        BLOCK => Ok(word(input, at.wrapping_add(BLOCK))),
        count => Ok(at.wrapping_add(count)),
    }
}

/// The end of a word that stands at `at`, or goes on there; else `at`.
#[inline(never)]
fn word(input: Input<'_>, mut at: usize) -> usize {
    while is_word(input.byte(at)) {
        at += 1;
    }
    at
}

/// The position behind the string whose first byte is at `at`.
#[inline(always)]
fn string<K: Kernel>(kernel: K, input: Input<'_>, at: usize) -> Result<usize, Stop> {
    if !K::VECTORS {
        return text::skim(input.data(), at).ok_or(Stop::Malformed);
    }
    if let Some(block) = input.block(at) {
        let Ends { quotes, special } = kernel.ends(block);
        if quotes != 0 && special & (quotes ^ quotes.wrapping_sub(1)) == 0 {
            return Ok(at.wrapping_add(quotes.trailing_zeros() as usize).wrapping_add(1));
        }
    }
    kernel.run(LongString { input, at })
}

/// A string that is long, or of more than plain ASCII. Control characters are its contents.
struct LongString<'d> {
    input: Input<'d>,
    at: usize,
}

impl Task for LongString<'_> {
    type Output = Result<usize, Stop>;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> Self::Output {
        let Self { input, mut at } = self;
        while let Some(block) = input.block(at) {
            let stops = kernel.stops(block).stops;
            if stops == 0 {
                at += BLOCK;
                continue;
            }
            at += stops.trailing_zeros() as usize;
            match input.byte(at) {
                b'"' => return Ok(at + 1),
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        // Behind the last block of the data.
        text::skim(input.data(), at).ok_or(Stop::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{Care, Checker};
    use super::super::scan::input::AHEAD;
    use super::super::scan::kernel::Level;
    use super::*;
    use proptest::prelude::*;

    struct Skim<'d>(Input<'d>, usize, usize);

    impl Task for Skim<'_> {
        type Output = Result<usize, Stop>;
        #[inline(always)]
        fn run<K: Kernel>(self, kernel: K) -> Self::Output {
            skim(kernel, self.0, self.1, self.2)
        }
    }

    /// Pieces of JSON in any order: most texts of them are malformed somewhere.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            6 => prop::sample::select(vec!["{", "}", "[", "]", ",", ":", "\"", "\\", " ", "\n", "/", "\0"]).prop_map(String::from),
            2 => "[a-zA-Z0-9+.-]{0,40}",
            2 => "\"[ -!#-\\[\\]-~é]{0,40}\"",
            1 => "\"(\\\\.|[a-z]){0,20}\"",
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    /// Values that are well formed, with space between their parts, and what may be behind them.
    fn value() -> impl Strategy<Value = String> {
        let space = || prop::sample::select(vec!["", " ", "\n\t "]);
        let leaf = prop_oneof![
            "-?[0-9]{1,40}(\\.[0-9]{1,5})?",
            "\"([ !#-\\[\\]-~é]|\\\\.){0,70}\"",
            prop::sample::select(vec!["true", "null", "-Infinity"]).prop_map(String::from),
        ];
        leaf.prop_recursive(5, 40, 5, move |inner| {
            let members = prop::collection::vec(
                (space(), "\"[a-z\\\\\\\\]{0,40}\"", space(), inner.clone(), space()),
                0..5,
            );
            let items = prop::collection::vec((space(), inner, space()), 0..5);
            prop_oneof![
                members.prop_map(|all| {
                    let all: Vec<String> = all
                        .iter()
                        .map(|(a, key, b, value, c)| format!("{a}{key}{b}:{b}{value}{c}"))
                        .collect();
                    format!("{{{}}}", all.join(","))
                }),
                items.prop_map(|all| {
                    let all: Vec<String> = all.iter().map(|(a, value, b)| format!("{a}{value}{b}")).collect();
                    format!("[{}]", all.join(","))
                }),
            ]
        })
    }

    fn agree(text: &str, depth: usize) -> Result<(), TestCaseError> {
        let padded = [text.as_bytes(), &[0; AHEAD]].concat();
        let input = Input::new(&padded).unwrap();
        let expected = Checker::default().walk(&padded, 0, depth, Care::Structure).ok();
        for level in Level::all() {
            prop_assert_eq!(level.run(Skim(input, 0, depth)).ok(), expected, "{:?} {}", level, text);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn it_accepts_what_the_checker_accepts(value in value(), behind in pieces()) {
            agree(&format!("{value}{behind}"), 0)?;
        }

        #[test]
        fn it_refuses_what_the_checker_refuses(text in pieces(), value in value(), cut in 0usize..60) {
            agree(&text, 0)?;
            agree(&format!("{{\"a\":[{text}]}}"), 0)?;
            let cut = value.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(value.len());
            agree(&value[..cut], 0)?;
        }
    }

    #[test]
    fn brackets_nest_as_deep_as_the_checker_lets_them() {
        for depth in [0, 1, MAX_DEPTH - 1, MAX_DEPTH] {
            for nested in [MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1] {
                agree(&format!("{}{}", "[".repeat(nested), "]".repeat(nested)), depth).unwrap();
                agree(
                    &format!("{}1{}", "{\"a\":[".repeat(nested / 2), "]}".repeat(nested / 2)),
                    depth,
                )
                .unwrap();
            }
        }
    }
}
