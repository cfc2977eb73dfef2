//! In which order rows come.

use clap::Args;
use kaframe::ScanOptions;

use crate::exit::Failure;

/// The flag for the order of rows.
#[derive(Args, Debug, Clone)]
pub struct Order {
    /// Order of the rows: partition, or timestamp over all partitions. A stream (more than some thousand rows, a file) keeps the order inside each partition and merges them
    #[arg(
        long,
        value_name = "ORDER",
        default_value = "partition",
        help_heading = "Which records"
    )]
    pub order: String,
}

impl Order {
    /// Puts it into the options of a scan.
    pub fn apply(&self, options: &mut ScanOptions) -> Result<(), Failure> {
        options.order = self.order.parse()?;
        Ok(())
    }
}
