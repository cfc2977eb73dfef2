//! kcat's own flags: `kaframe -b localhost:9092 -t orders -C -e`, for scripts and hands that know kcat 1.7.1.
//!
//! A first argument that is a flag of kcat and not of kaframe starts this mode, and so does a program that is called `kcat` or `kafkacat`. Standard output
//! and exit codes are kcat's; standard error says what kcat says where a script might look for it, and more where that helps. What cannot be done is
//! refused by name, never passed over. Truth: kcat 1.7.1 itself, beside which `compat/test_kcat_mode.py` runs this on the same broker.

mod arguments;
mod consume;
mod delimiter;
mod getopt;
mod list;
mod places;
mod produce;
mod properties;
mod query;
mod stop;
mod value;

use std::ffi::OsString;
use std::path::Path;

use kaframe::Config;
use kaframe::blocking::Cluster;

use crate::exit::Failure;
use crate::interrupt::Interrupt;
use crate::messages;
use arguments::{Arguments, Mode};
use stop::Stop;

/// The arguments behind the program's name, if they are kcat's.
pub fn arguments(all: &[OsString]) -> Option<&[OsString]> {
    let (program, rest) = all.split_first()?;
    let name = Path::new(program).file_stem().and_then(|name| name.to_str());
    if name.is_some_and(|name| name == "kcat" || name == "kafkacat") {
        return Some(rest);
    }
    is_kcat(rest).then_some(rest)
}

/// Whether a flag of kcat comes before any word. `-b`, `-X`, `-q` and `-v` are flags of both, and decide nothing.
fn is_kcat(arguments: &[OsString]) -> bool {
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let bytes = argument.as_encoded_bytes();
        let Some(letters) = bytes.strip_prefix(b"-").filter(|rest| !rest.is_empty()) else {
            return false;
        };
        if letters[0] == b'-' {
            return false;
        }
        for (index, letter) in letters.iter().enumerate() {
            match letter {
                b'q' | b'v' => {}
                b'b' | b'X' => {
                    if index + 1 == letters.len() {
                        arguments.next();
                    }
                    break;
                }
                b'h' | b'V' => return false,
                _ => return true,
            }
        }
    }
    false
}

/// What the modes share.
struct Session {
    arguments: Arguments,
    properties: properties::Known,
    interrupt: Interrupt,
    cluster: Cluster,
}

impl Session {
    /// Says something on standard error, unless `-q` was given.
    fn say(&self, message: &str) {
        if self.arguments.verbosity > 0 {
            messages::note(&format!("% {message}"));
        }
    }
}

/// Runs it. Returns the exit code: 0 or 1, as kcat has no others.
pub fn main(arguments: &[OsString]) -> i32 {
    match run(arguments) {
        Ok(()) | Err(Stop::Said) => 0,
        Err(stop) => stop.tell(),
    }
}

fn run(arguments: &[OsString]) -> Result<(), Stop> {
    let arguments = Arguments::read(arguments)?;
    let (properties, known, notes) = properties::gather(&arguments)?;
    let config = Config::from_properties(properties)?.with_timeout(arguments.timeout);
    let interrupt = Interrupt::install().map_err(|e| Failure::Io("cannot watch for Ctrl-C".to_owned(), e))?;
    let session = Session {
        cluster: Cluster::connect_with(config)?,
        arguments,
        properties: known,
        interrupt,
    };
    notes.iter().for_each(|note| session.say(note));
    let warnings = session.cluster.as_async().warnings();
    warnings.iter().for_each(|warning| session.say(warning));
    let result = match session.arguments.mode {
        Mode::Consume => consume::run(&session),
        Mode::Produce => produce::run(&session),
        Mode::List => list::run(&session),
        Mode::Query => query::run(&session),
    };
    // Ctrl-C is how a consumer that follows is ended: kcat ends with 0.
    if session.interrupt.happened() && session.arguments.mode == Mode::Consume {
        return Ok(());
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kcat(line: &str) -> bool {
        let all: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        arguments(&all).is_some()
    }

    #[test]
    fn flags_of_kcat_are_told_from_flags_before_a_command() {
        for line in [
            "kaframe -b localhost:9092 -t orders -C -e",
            "kaframe -L -b localhost",
            "kaframe -Ce -b x -t y",
            "kaframe -blocalhost -t foo",
            "kaframe -q -X a=b -Q -t foo:0:0",
            "kaframe -qt foo",
            "kaframe -P -t read read",
            "/usr/bin/kcat -V",
            "kafkacat",
        ] {
            assert!(kcat(line), "{line}");
        }
        for line in [
            "kaframe",
            "kaframe read foo -o 5 -e",
            "kaframe -b localhost:9092 read foo",
            "kaframe -b -t",
            "kaframe -q -b x head foo",
            "kaframe -h",
            "kaframe -V",
            "kaframe --help",
            "kaframe --color never read foo",
            "kaframe -X a=b topics list",
            "kaframe -",
        ] {
            assert!(!kcat(line), "{line}");
        }
    }
}
