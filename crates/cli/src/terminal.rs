//! The terminal: is there one, how wide is it, and what may be sent to it.
//!
//! Keys, values, header and topic names are written by strangers. Sent as they are, an escape sequence among them could move the cursor, set
//! the title, or write into the clipboard; bidirectional controls could show another text than the one that is there.

use std::borrow::Cow;
use std::io::{self, IsTerminal};
use std::sync::OnceLock;

use unicode_width::UnicodeWidthChar;

use crate::flag::output::When;

/// Whether standard output is a terminal.
pub fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether standard error is a terminal.
pub fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Columns of the terminal at standard output; `None` on a pipe.
pub fn width() -> Option<usize> {
    if !stdout_is_terminal() {
        return None;
    }
    let columns = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
    Some(columns.max(20))
}

static COLOR: OnceLock<When> = OnceLock::new();

/// Remembers `--color`. Called once, before anything is printed.
pub fn set_color(when: When) {
    let _ = COLOR.set(when);
}

fn colored(is_terminal: bool) -> bool {
    match COLOR.get().copied().unwrap_or_default() {
        When::Always => true,
        When::Never => false,
        // https://no-color.org: any value that is not empty switches colours off.
        When::Auto => {
            is_terminal
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

/// A weight or colour of text.
#[derive(Debug, Clone, Copy)]
pub enum Style {
    /// Names of columns.
    Bold,
    /// Types of columns, frames.
    Dim,
    /// The word `error`.
    Red,
    /// The word `warning`.
    Yellow,
    /// The word `hint`.
    Cyan,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Style::Bold => "\x1b[1m",
            Style::Dim => "\x1b[2m",
            Style::Red => "\x1b[1;31m",
            Style::Yellow => "\x1b[1;33m",
            Style::Cyan => "\x1b[1;36m",
        }
    }
}

/// Text in a style, for standard output.
pub fn styled_stdout(text: &str, style: Style) -> Cow<'_, str> {
    paint(text, style, colored(stdout_is_terminal()))
}

/// Text in a style, for standard error.
pub fn styled_stderr(text: &str, style: Style) -> Cow<'_, str> {
    paint(text, style, colored(stderr_is_terminal()))
}

fn paint(text: &str, style: Style, colored: bool) -> Cow<'_, str> {
    if colored {
        Cow::Owned(format!("{}{text}\x1b[0m", style.code()))
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether a terminal might act on the character instead of showing it: C0, DEL, C1, line separators, bidirectional controls, and the
/// characters that are invisible and so can hide.
pub fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with every control character written out as `\n`, `\t`, `\u{1b}` and so on.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_control) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            c if is_control(c) => escaped.extend(c.escape_unicode()),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Columns a text takes on the terminal.
pub fn text_width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// The text cut to so many columns, with `…` as the last where something was cut.
pub fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if text_width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut cut = String::new();
    let mut used = 0;
    for c in text.chars() {
        let width = c.width().unwrap_or(0);
        if used + width + 1 > columns {
            break;
        }
        used += width;
        cut.push(c);
    }
    cut.push('…');
    Cow::Owned(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_below_space_and_no_c1_gets_through() {
        for code in (0u32..0xa0).filter(|code| !(0x20..0x7f).contains(code)) {
            let text = char::from_u32(code).unwrap().to_string();
            let escaped = escape(&text);
            assert!(
                escaped.bytes().all(|b| (0x20..0x7f).contains(&b)),
                "{code:#x} gave {escaped:?}"
            );
            assert!(escaped.starts_with('\\'));
        }
    }

    #[test]
    fn sequences_that_terminals_act_on_are_shown() {
        let clipboard = "\x1b]52;c;cm0gLXJm\x07";
        assert_eq!(escape(clipboard), "\\u{1b}]52;c;cm0gLXJm\\u{7}");
        let link = "\x1b]8;;http://evil\x1b\\text\x1b]8;;\x1b\\";
        assert!(!escape(link).contains('\x1b'));
        assert_eq!(escape("\u{9b}31m"), "\\u{9b}31m");
        assert_eq!(escape("abc\u{202e}txt"), "abc\\u{202e}txt");
        assert_eq!(escape("a\u{2066}b\u{feff}"), "a\\u{2066}b\\u{feff}");
    }

    #[test]
    fn ordinary_text_stays() {
        for text in ["", "abc", "Zürich", "日本語", "a\\b", "🦀"] {
            assert!(matches!(escape(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn cutting_counts_columns_not_bytes() {
        assert_eq!(cut("hello", 5), "hello");
        assert_eq!(cut("hello", 4), "hel…");
        assert_eq!(cut("日本語", 6), "日本語");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(text_width("日a"), 3);
    }
}
