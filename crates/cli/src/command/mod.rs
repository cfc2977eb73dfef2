//! The commands, one file each: flags in, verbs of the crate `kaframe`, rows and messages out.

mod broker;
mod completions;
mod count;
mod demo;
mod examples;
mod export;
mod follow;
mod info;
mod man;
mod outcome;
mod plan;
mod prepared;
mod read;
mod sql;
mod summarize;
mod topics;
mod version;
mod write;

use clap::Subcommand;
use kaframe::blocking::Cluster;

use crate::Context;
use crate::exit::Failure;
use crate::flag::connection::Connection;
use crate::flag::running::Timeout;
use crate::messages;

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Read a topic, or a chosen part of it, up to now, and stop
    #[command(alias = "cat", after_help = examples::READ)]
    Read(read::Read),
    /// The first records
    #[command(after_help = examples::HEAD)]
    Head(read::Head),
    /// The newest records
    #[command(after_help = examples::TAIL)]
    Tail(read::Tail),
    /// What is in a topic: columns, nulls, frequent values, records over time
    #[command(after_help = examples::SUMMARIZE)]
    Summarize(Box<summarize::Summarize>),
    /// Partitions, offsets, settings, time span and size of a topic
    #[command(after_help = examples::INFO)]
    Info(info::InfoCommand),
    /// Save topics as files: Parquet, Arrow, CSV or NDJSON, once or run after run
    #[command(after_help = examples::EXPORT)]
    Export(export::Export),
    /// Write records from standard input, one a line, or from files
    #[command(after_help = examples::WRITE)]
    Write(write::Write),
    /// List, create, describe and delete topics
    #[command(after_help = examples::TOPICS)]
    Topics(topics::Topics),
    /// How many records: exact, by the headers of batches
    #[command(after_help = examples::COUNT)]
    Count(count::Count),
    /// Ask topics in SQL: one query, or a prompt
    #[command(after_help = examples::SQL)]
    Sql(sql::Sql),
    /// What a read would read: offsets, partitions, splits
    #[command(after_help = examples::PLAN)]
    Plan(plan::Plan),
    /// Run a local Kafka broker in memory, until Ctrl-C
    #[command(after_help = examples::BROKER)]
    Broker(broker::Broker),
    /// Start a local broker, write 1,000 records, read them back
    #[command(after_help = examples::DEMO)]
    Demo(demo::Demo),
    /// Print what makes a shell complete commands, flags and topics
    #[command(after_help = examples::COMPLETIONS)]
    Completions(completions::Completions),
    /// Write manual pages into a folder
    #[command(hide = true)]
    Man(man::Man),
    /// The version, and what it was built for
    #[command(after_help = examples::VERSION)]
    Version(version::Version),
}

impl Command {
    /// Whether it is a prompt, which watches for Ctrl-C itself.
    pub fn is_prompt(&self) -> bool {
        matches!(self, Command::Sql(sql) if sql.is_prompt())
    }
}

/// Runs a command.
pub fn run(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Read(command) => command.run(context),
        Command::Head(command) => command.run(context),
        Command::Tail(command) => command.run(context),
        Command::Summarize(command) => command.run(context),
        Command::Info(command) => command.run(context),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
        Command::Export(command) => command.run(context),
        Command::Write(command) => command.run(context),
        Command::Topics(command) => command.run(context),
        Command::Count(command) => command.run(context),
        Command::Sql(command) => command.run(context),
        Command::Plan(command) => command.run(context),
        Command::Broker(command) => command.run(context),
        Command::Demo(command) => command.run(context),
        Command::Version(command) => command.run(),
    }
}

impl Context {
    /// Connects to the cluster that flags and environment name.
    fn cluster(&self, connection: &Connection) -> Result<Cluster, Failure> {
        self.connected(Cluster::connect_with(connection.or(&self.connection).config()?)?)
    }

    /// The same, for a command that has a time limit of its own: it holds for connecting too.
    fn cluster_within(&self, connection: &Connection, timeout: &Timeout) -> Result<Cluster, Failure> {
        let config = connection.or(&self.connection).config()?;
        self.connected(Cluster::connect_with(config.with_timeout(timeout.timeout))?)
    }

    /// Says once what is odd about the configuration.
    fn connected(&self, cluster: Cluster) -> Result<Cluster, Failure> {
        if !self.output.quiet {
            cluster
                .as_async()
                .warnings()
                .iter()
                .for_each(|warning| messages::warning(warning));
        }
        Ok(cluster)
    }
}
