//! `kaframe export`: topics into files, once or run after run.

use std::path::{Path, PathBuf};

use clap::Args;
use kaframe::blocking::Cluster;
use kaframe::number::{counted, grouped};
use kaframe::{FileFormat, Written};

use super::outcome::{judge, tell};
use super::prepared::Prepared;
use crate::Context;
use crate::exit::Failure;
use crate::flag::columns::Columns;
use crate::flag::connection::Connection;
use crate::flag::file::{FileFlags, parse_format};
use crate::flag::order::Order;
use crate::flag::output::ProgressFlag;
use crate::flag::range::{Range, count};
use crate::flag::running::Running;
use crate::messages;

/// Save topics as files: Parquet, Arrow, CSV or NDJSON. A file is there whole or not at all.
#[derive(Args, Debug)]
pub struct Export {
    /// Topics; several go to a folder, a file each
    #[arg(required = true)]
    topics: Vec<String>,
    /// The file, or a folder (with a slash at its end, or there already); the ending says the format
    #[arg(short = 'w', long = "output", value_name = "FILE", help_heading = "Files")]
    output: PathBuf,
    /// The format where the name does not say it: parquet, arrow, csv or ndjson
    #[arg(short = 'f', long = "format", value_name = "FORMAT", value_parser = parse_format, help_heading = "Files")]
    format: Option<FileFormat>,
    /// Remember in this file where the export stands: run it again, and only what is new is added, to a folder of files
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    state: Option<PathBuf>,
    #[command(flatten)]
    files: FileFlags,
    /// At most so many records of each topic
    #[arg(short = 'n', long = "limit", visible_short_alias = 'c', value_name = "N", allow_negative_numbers = true, value_parser = count, help_heading = "Which records")]
    limit: Option<u64>,
    #[command(flatten)]
    range: Range,
    #[command(flatten)]
    order: Order,
    #[command(flatten)]
    columns: Columns,
    #[command(flatten)]
    progress: ProgressFlag,
    #[command(flatten)]
    running: Running,
    #[command(flatten)]
    connection: Connection,
}

impl Export {
    /// Runs it.
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let cluster = context.cluster_within(&self.connection, &self.running.timeout)?;
        context.interrupt.cleans_up();
        if self.topics.len() > 1 {
            let failed = |error| Failure::Io(format!("cannot create the folder {}", self.output.display()), error);
            std::fs::create_dir_all(&self.output).map_err(failed)?;
        }
        let mut outcome = Ok(());
        for topic in &self.topics {
            let ended = self.topic(context, &cluster, topic);
            match ended {
                // The others are written all the same; the end says that not all is well.
                Err(Failure::Incomplete(message)) if self.topics.len() > 1 => {
                    messages::warning(&format!("{topic}: {message}"));
                    outcome = Err(Failure::Incomplete("not every topic is complete".to_owned()));
                }
                other => other?,
            }
        }
        outcome
    }

    fn topic(&self, context: &Context, cluster: &Cluster, topic: &String) -> Result<(), Failure> {
        let mut prepared = Prepared::new(context, &self.range)?
            .columns(&self.columns)?
            .running(&self.running)?;
        prepared.options.limit = self.limit;
        self.order.apply(&mut prepared.options)?;
        let bar = prepared.bar(self.progress.progress, true);
        let options = prepared.resolve(cluster, std::slice::from_ref(topic))?;
        let files = self.files.options(self.format);
        let path = self.path(topic);
        let written = match &self.state {
            None => cluster
                .scan(topic.as_str(), options)
                .and_then(|scan| scan.write_file(&path, files))
                .map(Some),
            Some(state) => {
                let exported = cluster.export(topic, &path, state, options, files);
                exported.map(|exported| {
                    if exported.written.files.is_empty() && !context.output.quiet {
                        messages::note(&format!(
                            "{topic}: nothing new; {} of {} are in {}",
                            counted(exported.rows, "row", "rows"),
                            counted(exported.runs, "run", "runs"),
                            path.display()
                        ));
                    }
                    Some(exported.written).filter(|written| !written.files.is_empty())
                })
            }
        };
        bar.clear();
        let Some(written) = written? else { return Ok(()) };
        say(&written, &path, context);
        tell(&written.report, context);
        judge(&written.report, self.running.strict)
    }

    /// Where a topic goes: several share the folder.
    fn path(&self, topic: &str) -> PathBuf {
        if self.topics.len() == 1 {
            return self.output.clone();
        }
        if self.state.is_some() || !self.files.partition_by.is_empty() {
            return self.output.join(topic);
        }
        let format = self.format.or_else(|| FileFormat::of_path(&self.output));
        let ending = format.unwrap_or(FileFormat::Parquet).ending();
        self.output.join(format!("{topic}.{ending}"))
    }
}

/// What was written, in a line.
pub(super) fn say(written: &Written, path: &Path, context: &Context) {
    if context.output.quiet {
        return;
    }
    let files = match written.files.len() {
        0 => "no file".to_owned(),
        1 => String::new(),
        many => format!("{} files, ", grouped(many as u64)),
    };
    messages::note(&format!(
        "{}: {files}{}, {}",
        match written.files.as_slice() {
            [one] => as_named(&one.path, path).display(),
            _ => path.display(),
        },
        counted(written.rows(), "row", "rows"),
        counted(written.bytes(), "byte", "bytes")
    ));
}

/// A file as its user names it: from where the command stands, if that is how the target was named.
fn as_named<'a>(file: &'a Path, target: &Path) -> &'a Path {
    match std::env::current_dir() {
        Ok(here) if target.is_relative() => file.strip_prefix(&here).unwrap_or(file),
        _ => file,
    }
}
