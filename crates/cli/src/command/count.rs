//! `kaframe count`: how many records, exactly, by the headers of batches; or at most how many, by offsets alone.

use clap::Args;

use super::outcome::{judge, tell_report};
use super::prepared::Prepared;
use crate::Context;
use crate::exit::Failure;
use crate::flag::connection::Connection;
use crate::flag::output::ProgressFlag;
use crate::flag::range::Range;
use crate::flag::running::Running;
use crate::render::print_line;

/// How many records: exact, by the headers of batches.
#[derive(Args, Debug)]
pub struct Count {
    /// Topic, or several of them; quoted, "ord*" stands for all that match
    #[arg(required = true, value_name = "TOPIC", add = crate::completion::topics())]
    topics: Vec<String>,
    /// Fetch nothing and print the number of offsets: there are at most so many records
    #[arg(long)]
    at_most: bool,
    #[command(flatten)]
    range: Range,
    #[command(flatten)]
    progress: ProgressFlag,
    #[command(flatten)]
    running: Running,
    #[command(flatten)]
    connection: Connection,
}

impl Count {
    /// Runs it.
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let mut prepared = Prepared::new(context, &self.range)?.running(&self.running)?;
        let bar = prepared.bar(self.progress.progress, true);
        let cluster = context.cluster_within(&self.connection, &self.running.timeout)?;
        let scan = prepared.scan(&cluster, &self.topics)?;
        if self.at_most {
            return print_line(&format!("at most {}", scan.count_at_most().records));
        }
        let count = scan.count();
        bar.clear();
        let count = count?;
        print_line(&count.records.to_string())?;
        let Some(report) = &count.report else { return Ok(()) };
        if !context.output.quiet {
            tell_report(report, context);
        }
        judge(report, self.running.strict)
    }
}
