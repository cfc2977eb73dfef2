//! `kaframe plan`: what a read would read. Asks for offsets, and reads no data but for `--sample`.

use clap::Args;

use super::prepared::Prepared;
use crate::Context;
use crate::exit::Failure;
use crate::flag::connection::Connection;
use crate::flag::order::Order;
use crate::flag::range::Range;
use crate::flag::running::Timeout;
use crate::render::{print_json, print_line};

/// What a read would read: offsets, partitions, splits.
#[derive(Args, Debug)]
pub struct Plan {
    /// Topic, or several of them; quoted, "ord*" stands for all that match
    #[arg(required = true, value_name = "TOPIC", add = crate::completion::topics())]
    topics: Vec<String>,
    #[command(flatten)]
    range: Range,
    #[command(flatten)]
    timeout: Timeout,
    /// At most so many records
    #[arg(
        short = 'n',
        long = "limit",
        visible_short_alias = 'c',
        value_name = "N",
        help_heading = "Which records"
    )]
    limit: Option<u64>,
    /// The newest so many records
    #[arg(long, value_name = "N", help_heading = "Which records", conflicts_with = "limit")]
    tail: Option<u64>,
    #[command(flatten)]
    order: Order,
    /// Look at one batch of each partition, and estimate bytes, memory, seconds and the span of timestamps
    #[arg(long, help_heading = "Running")]
    sample: bool,
    /// As one JSON object
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Plan {
    /// Runs it.
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let mut prepared = Prepared::new(context, &self.range)?;
        (prepared.options.limit, prepared.options.tail) = (self.limit, self.tail);
        self.order.apply(&mut prepared.options)?;
        prepared.options.timeout = self.timeout.timeout;
        let cluster = context.cluster_within(&self.connection, &self.timeout)?;
        let scan = prepared.scan(&cluster, &self.topics)?;
        let plan = match self.sample {
            true => scan.sampled_plan()?,
            false => scan.plan().clone(),
        };
        match self.json {
            true => print_json(&plan),
            false => print_line(&plan.to_string()),
        }
    }
}
