//! `kaframe completions`: what a shell has to run once so that it completes commands, flags and topics.

use std::io::{self, Write};

use clap::Args;
use clap_complete::env::Shells;

use crate::exit::Failure;

/// Print what makes a shell complete commands, flags and topics, as in: source <(kaframe completions bash)
#[derive(Args, Debug)]
pub struct Completions {
    /// bash, zsh, fish, elvish or powershell
    #[arg(value_parser = ["bash", "zsh", "fish", "elvish", "powershell"])]
    shell: String,
}

impl Completions {
    /// Runs it.
    pub fn run(self) -> Result<(), Failure> {
        let shells = Shells::builtins();
        let shell = shells
            .completer(&self.shell)
            .ok_or_else(|| Failure::usage(format!("no completions for {}", self.shell), "bash, zsh or fish"))?;
        let mut script = Vec::new();
        shell
            .write_registration("COMPLETE", "kaframe", "kaframe", "kaframe", &mut script)
            .map_err(|e| Failure::Io("cannot write the completions".to_owned(), e))?;
        let mut out = io::stdout().lock();
        out.write_all(&script)
            .and_then(|()| out.flush())
            .map_err(Failure::stdout)
    }
}
