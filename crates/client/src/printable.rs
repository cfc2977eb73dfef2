//! Names and sentences that a broker sent, made safe to print.
//!
//! A topic, host or error message from the network may hold escape sequences that move a terminal's cursor or forge a line of a log. Nothing here interprets
//! them: they are spelled out, and what is absurdly long is cut.

/// Longest text taken over, in characters. Kafka's own names end at 249.
const LONGEST: usize = 300;

/// The text with every control and direction-changing character escaped.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len().min(LONGEST));
    for (index, c) in text.chars().enumerate() {
        if index == LONGEST {
            safe.push_str("...");
            break;
        }
        if c.is_control() || is_directional(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Unicode's marks that reorder or hide text: bidirectional embeddings, overrides and isolates, zero-width characters, line separators.
fn is_directional(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_a_terminal_would_obey() {
        assert_eq!(
            printable("a\u{1b}[2Jb\nc\u{202e}d\u{9b}"),
            "a\\u{1b}[2Jb\\nc\\u{202e}d\\u{9b}"
        );
        assert_eq!(printable("Größe-1.x_y"), "Größe-1.x_y");
    }

    #[test]
    fn cuts_what_is_too_long() {
        let text = printable(&"x".repeat(5000));
        assert_eq!(text.len(), LONGEST + 3);
    }
}
