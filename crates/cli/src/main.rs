//! The `kaframe` command: flags, commands, rendering. What a command does is done by the crate `kaframe`; here is only how it is asked for
//! and how the answer looks.
//!
//! Rows go to standard output, everything else to standard error. Exit codes: `exit.rs`.

mod command;
mod completion;
mod exit;
mod flag;
mod glob;
mod interrupt;
mod kcat;
mod lines;
mod messages;
mod o_range;
mod progress;
mod render;
mod terminal;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::Parser;

use command::Command;
use exit::Failure;
use flag::connection::Connection;
use flag::output::Output;

/// Loads a chosen part of a Kafka topic into rows and columns: complete, or an error
#[derive(Parser, Debug)]
#[command(name = "kaframe", version, disable_help_subcommand = true, infer_long_args = false)]
struct Cli {
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    output: Output,
    #[command(subcommand)]
    command: Command,
}

/// What every command is given beside its own flags.
struct Context {
    connection: Connection,
    output: Output,
    interrupt: interrupt::Interrupt,
}

fn main() {
    completion::answer();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let code = match kcat::arguments(&arguments) {
        Some(arguments) => kcat::main(arguments),
        None => native(&arguments),
    };
    // Threads that still wait for a socket or for standard input must not hold up the end.
    std::process::exit(code);
}

/// The command with words for commands.
fn native(arguments: &[OsString]) -> i32 {
    let result = match Cli::try_parse_from(arguments) {
        Ok(cli) => {
            terminal::set_color(cli.output.color);
            run(cli)
        }
        Err(mistake) if mistake.use_stderr() => mistake.exit(),
        // Help and version are output like any other: a full disk is no success.
        Err(help) => help
            .print()
            .and_then(|()| io::stdout().flush())
            .map_err(Failure::stdout),
    };
    match result {
        Ok(()) => 0,
        Err(failure) => {
            messages::failure(&failure);
            failure.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let interrupt = interrupt::Interrupt::later();
    if !cli.command.is_prompt() {
        interrupt.watch().map_err(Failure::no_watch)?;
    }
    let context = Context {
        connection: cli.connection,
        output: cli.output,
        interrupt,
    };
    let result = command::run(cli.command, &context);
    // A cancelled verb may end as an error of another kind, or end well a moment too late; what the user did was to interrupt.
    if context.interrupt.happened() && !matches!(result, Err(Failure::ClosedPipe)) {
        if let Err(failure) = &result {
            messages::failure(failure);
        }
        return Err(Failure::Interrupted);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn flags_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }
}
