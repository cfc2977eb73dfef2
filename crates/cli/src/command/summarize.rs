//! `kaframe summarize`: what is in a topic, at a glance.

use clap::Args;

use super::outcome::judge;
use super::prepared::Prepared;
use crate::Context;
use crate::exit::Failure;
use crate::flag::columns::Columns;
use crate::flag::connection::Connection;
use crate::flag::output::ProgressFlag;
use crate::flag::range::{Range, count};
use crate::flag::running::Running;
use crate::render::{print_json, print_line};
use crate::terminal;

/// Columns where standard output is no terminal.
const WIDTH: usize = 120;

/// What is in a topic: columns, types, nulls, frequent values, records over time and by partition.
#[derive(Args, Debug)]
pub struct Summarize {
    /// Topic, or several of them; quoted, "ord*" stands for all that match
    #[arg(required = true, value_name = "TOPIC", add = crate::completion::topics())]
    topics: Vec<String>,
    #[command(flatten)]
    range: Range,
    #[command(flatten)]
    columns: Columns,
    /// At most so many records, from the front
    #[arg(
        short = 'n',
        long = "limit",
        visible_short_alias = 'c',
        value_name = "N",
        value_parser = count,
        help_heading = "Which records"
    )]
    limit: Option<u64>,
    /// As one JSON object, with everything that was counted
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    progress: ProgressFlag,
    #[command(flatten)]
    running: Running,
    #[command(flatten)]
    connection: Connection,
}

impl Summarize {
    /// Runs it.
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let mut prepared = Prepared::new(context, &self.range)?
            .columns(&self.columns)?
            .running(&self.running)?;
        prepared.options.limit = self.limit;
        let bar = prepared.bar(self.progress.progress, true);
        let cluster = context.cluster_within(&self.connection, &self.running.timeout)?;
        let result = prepared.scan(&cluster, &self.topics)?.summarize();
        bar.clear();
        let summary = result?;
        if self.json {
            print_json(&summary)?;
        } else {
            print_line(&summary.text(terminal::width().unwrap_or(WIDTH)))?;
        }
        judge(&summary.report, self.running.strict)
    }
}
