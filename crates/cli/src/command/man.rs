//! `kaframe man`: manual pages, one a command, for packagers.

use std::fs;
use std::path::PathBuf;

use clap::{Args, CommandFactory};

use crate::Cli;
use crate::exit::Failure;

/// Write the manual pages into a folder.
#[derive(Args, Debug)]
pub struct Man {
    /// Folder; it is made if it is not there
    directory: PathBuf,
}

impl Man {
    /// Runs it.
    pub fn run(self) -> Result<(), Failure> {
        let failed = |e| Failure::Io(format!("cannot write manual pages to {}", self.directory.display()), e);
        fs::create_dir_all(&self.directory).map_err(failed)?;
        clap_mangen::generate_to(Cli::command(), &self.directory).map_err(failed)
    }
}
