//! Completion in shells: the program itself is asked, with what stands on the line, and asks the brokers for topics.
//!
//! The protocol is clap_complete's: `COMPLETE=bash kaframe -- words` prints what could come next. Nothing is printed and nothing fails where no broker is
//! named or none answers within a second: a completion is a convenience.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use clap::CommandFactory;
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use kaframe::Config;
use kaframe::blocking::Cluster;

use crate::Cli;

/// How long a shell may wait for topics.
const PATIENCE: Duration = Duration::from_secs(1);

/// Answers a shell and ends the process, if it was a shell that asked.
pub fn answer() {
    CompleteEnv::with_factory(Cli::command).complete();
}

/// Completes names of topics.
pub fn topics() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| candidates(current).unwrap_or_default())
}

fn candidates(current: &OsStr) -> Option<Vec<CompletionCandidate>> {
    let typed = current.to_str()?;
    let config = match servers(std::env::args_os()) {
        Some(servers) => Config::new(&servers).ok()?,
        None => Config::from_env().ok()?,
    };
    let topics = Cluster::connect_with(config.with_timeout(PATIENCE))
        .ok()?
        .topics()
        .ok()?;
    let fits =
        |topic: &kaframe::TopicInfo| topic.name.starts_with(typed) && (!topic.internal || typed.starts_with('_'));
    Some(
        topics
            .into_iter()
            .filter(fits)
            .map(|topic| CompletionCandidate::new(topic.name))
            .collect(),
    )
}

/// The brokers that the line being typed names.
fn servers(arguments: impl Iterator<Item = OsString>) -> Option<String> {
    let mut arguments = arguments.skip_while(|argument| argument != "--").skip(1);
    while let Some(argument) = arguments.next() {
        let text = argument.to_str()?;
        for name in ["--bootstrap-servers", "--bootstrap-server", "--brokers"] {
            if text == name {
                return arguments.next()?.into_string().ok();
            }
            if let Some(value) = text.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
                return Some(value.to_owned());
            }
        }
        match text.strip_prefix("-b") {
            Some("") => return arguments.next()?.into_string().ok(),
            Some(value) => return Some(value.trim_start_matches('=').to_owned()),
            None => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::servers;

    #[test]
    fn brokers_are_taken_from_the_line() {
        let of = |line: &str| servers(line.split(' ').map(Into::into));
        assert_eq!(of("kaframe -- kaframe -b a:1 read or"), Some("a:1".to_owned()));
        assert_eq!(of("kaframe -- kaframe read or -ba:1"), Some("a:1".to_owned()));
        assert_eq!(
            of("kaframe -- kaframe read --bootstrap-servers=a:1 or"),
            Some("a:1".to_owned())
        );
        assert_eq!(of("kaframe -- kaframe read or"), None);
    }
}
