//! How a command ends: its exit code, and what is said about it.
//!
//! Codes of failures come from the one table of the crate `kaframe` ([`kaframe::ErrorKind::exit_code`]); the ones that only a command knows
//! are here: 2 usage, 3 an incomplete read or, with `--strict`, malformed values, 130 interrupted, 0 for a reader of our output that went away.

use std::io;

use kaframe::Error;

/// Interrupted by Ctrl-C.
pub const INTERRUPTED: i32 = 130;
const INCOMPLETE: i32 = 3;
const USAGE: i32 = 2;
const FAILED: i32 = 1;

/// Why a command did not end well.
#[derive(Debug)]
pub enum Failure {
    /// An error of the core.
    Error(Box<Error>),
    /// What was typed makes no sense: the message and what to do.
    Usage(String, String),
    /// Data that was given to the command is bad: the message and what to do.
    Input(String, String),
    /// Reading or writing a file or stream failed: what was done, and the operating system's answer.
    Io(String, io::Error),
    /// Whoever read our standard output has gone: the quiet end of `kaframe read foo | head`.
    ClosedPipe,
    /// The rows are out, but not all that were promised or not all well-formed; it is said what.
    Incomplete(String),
    /// Ctrl-C.
    Interrupted,
}

impl Failure {
    /// Ctrl-C would not be heard.
    pub fn no_watch(cause: std::io::Error) -> Failure {
        Failure::Io("cannot watch for Ctrl-C".to_owned(), cause)
    }

    /// A mistake on the command line.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure::Usage(message.into(), hint.into())
    }

    /// Standard output could not be written.
    pub fn stdout(error: io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Failure::ClosedPipe
        } else {
            Failure::Io("cannot write to standard output".to_owned(), error)
        }
    }

    /// The exit code.
    pub fn exit_code(&self) -> i32 {
        match self {
            Failure::Error(error) => error.kind().exit_code(),
            Failure::Usage(..) => USAGE,
            Failure::Input(..) | Failure::Io(..) => FAILED,
            Failure::ClosedPipe => 0,
            Failure::Incomplete(_) => INCOMPLETE,
            Failure::Interrupted => INTERRUPTED,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Error(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaframe::ErrorKind;

    #[test]
    fn exit_codes_are_those_of_the_table() {
        let of = |kind| Failure::from(Error::new(kind, "x")).exit_code();
        assert_eq!(of(ErrorKind::Internal), 1);
        assert_eq!(of(ErrorKind::Config), 2);
        assert_eq!(of(ErrorKind::DataLoss), 3);
        assert_eq!(of(ErrorKind::TopicNotFound), 4);
        assert_eq!(of(ErrorKind::Schema), 4);
        assert_eq!(of(ErrorKind::Auth), 5);
        assert_eq!(of(ErrorKind::Tls), 5);
        assert_eq!(of(ErrorKind::Connect), 6);
        assert_eq!(of(ErrorKind::ReadTimeout), 6);
        assert_eq!(of(ErrorKind::ResultTooLarge), 7);
        for kind in [
            ErrorKind::OffsetOutOfRange,
            ErrorKind::Decode,
            ErrorKind::Protocol,
            ErrorKind::Corrupt,
            ErrorKind::Limit,
            ErrorKind::UnknownOutcome,
        ] {
            assert_eq!(of(kind), 1, "{kind:?}");
        }
        assert_eq!(of(ErrorKind::Cancelled), 130);
        assert_eq!(Failure::Incomplete(String::new()).exit_code(), 3);
        assert_eq!(Failure::usage("", "").exit_code(), 2);
    }

    #[test]
    fn a_closed_pipe_is_a_quiet_end() {
        let failure = Failure::stdout(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(matches!(failure, Failure::ClosedPipe));
        assert_eq!(failure.exit_code(), 0);
        assert_eq!(
            Failure::stdout(io::Error::from(io::ErrorKind::StorageFull)).exit_code(),
            1
        );
    }
}
