//! Why kcat mode ends early, and what is said about it.

use crate::exit::Failure;
use crate::messages;

/// Why kcat mode ends early.
#[derive(Debug)]
pub enum Stop {
    /// What was asked for is said and done, as by `-V`.
    Said,
    /// A mistake on the command line.
    Usage(String),
    /// It cannot go on.
    Fatal(String),
    /// A failure of the command or of the core.
    Failure(Failure),
}

impl Stop {
    /// Something that kcat can and kaframe cannot.
    pub fn cannot(what: &str, instead: &str) -> Stop {
        Stop::Fatal(format!("{what}: not in kaframe; {instead}"))
    }

    /// Says it in kcat's way and returns the exit code.
    pub fn tell(self) -> i32 {
        match self {
            Stop::Said | Stop::Failure(Failure::ClosedPipe | Failure::Interrupted) => return 0,
            Stop::Usage(message) => {
                messages::note(&format!("Error: {message}\n"));
                messages::note(
                    "Usage: kaframe <options of kcat> [file1 file2 ..]; kaframe -C -h lists them, kaframe --help the commands",
                );
            }
            Stop::Fatal(message) => messages::kcat_error(&message),
            Stop::Failure(Failure::Error(error)) => {
                messages::kcat_error(error.message());
                if let Some(hint) = error.hint() {
                    messages::note(&format!("% {hint}"));
                }
            }
            Stop::Failure(Failure::Usage(message, hint) | Failure::Input(message, hint)) => {
                messages::kcat_error(&message);
                if !hint.is_empty() {
                    messages::note(&format!("% {hint}"));
                }
            }
            Stop::Failure(Failure::Io(what, error)) => messages::kcat_error(&format!("{what}: {error}")),
            Stop::Failure(Failure::Incomplete(message)) => messages::kcat_error(&message),
        }
        1
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failure(failure)
    }
}

impl From<kaframe::Error> for Stop {
    fn from(error: kaframe::Error) -> Stop {
        Stop::Failure(error.into())
    }
}
