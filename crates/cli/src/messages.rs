//! What is said on standard error: errors with their hints, warnings, reports. Rows never go there, and nothing else goes to standard output.
//!
//! A message may quote what a broker or a record said, so control characters are written out; line ends stay, since some messages have lines.

use std::io::Write;

use crate::exit::Failure;
use crate::terminal::{self, Style};

/// Prints why the command did not end well.
pub fn failure(failure: &Failure) {
    match failure {
        Failure::Error(error) => {
            // The reason of an interruption is known to whoever pressed the keys.
            if error.kind() != kaframe::ErrorKind::Cancelled {
                error_and_hint(error.message(), error.hint());
            }
        }
        Failure::Usage(message, hint) | Failure::Input(message, hint) => error_and_hint(message, Some(hint)),
        Failure::Io(what, error) => error_and_hint(&format!("{what}: {error}"), None),
        Failure::Incomplete(message) => error_and_hint(message, None),
        Failure::ClosedPipe | Failure::Interrupted => {}
    }
}

fn error_and_hint(message: &str, hint: Option<&str>) {
    labelled("error", Style::Red, message);
    if let Some(text) = hint.filter(|hint| !hint.is_empty()) {
        self::hint(text);
    }
}

/// Prints what to do next.
pub fn hint(message: &str) {
    labelled("hint", Style::Cyan, message);
}

/// Prints a warning.
pub fn warning(message: &str) {
    labelled("warning", Style::Yellow, message);
}

/// Prints a line, or lines, as they are but for control characters.
pub fn note(message: &str) {
    print(&escape_lines(message));
}

/// An error as kcat words errors, for those who look for its `% ERROR`.
pub fn kcat_error(message: &str) {
    print(&escape_lines(&format!("% ERROR: {message}")));
}

fn labelled(label: &str, style: Style, message: &str) {
    print(&format!(
        "{}: {}",
        terminal::styled_stderr(label, style),
        escape_lines(message)
    ));
}

fn escape_lines(message: &str) -> String {
    message.split('\n').map(terminal::escape).collect::<Vec<_>>().join("\n")
}

fn print(text: &str) {
    // When standard error is gone there is no one left to tell.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::escape_lines;

    #[test]
    fn lines_stay_and_sequences_do_not() {
        assert_eq!(escape_lines("a\n  b\x1b[2J\r"), "a\n  b\\u{1b}[2J\\r");
    }
}
