//! `kaframe version`.

use clap::Args;

use crate::exit::Failure;
use crate::render::print_line;

/// The version, and what it was built for.
#[derive(Args, Debug)]
pub struct Version {}

impl Version {
    /// Prints it.
    pub fn run(self) -> Result<(), Failure> {
        print_line(&format!(
            "kaframe {} ({} {})",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH
        ))
    }
}
