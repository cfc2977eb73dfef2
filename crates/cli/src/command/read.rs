//! `kaframe read`, `head` and `tail`: one read, three ways to say how much.

use std::path::Path;

use clap::Args;
use kaframe::blocking::Scan;
use kaframe::number::counted;
use kaframe::{ErrorKind, FileOptions, Report, Table};

use super::follow;
use super::outcome::{judge, tell};
use super::prepared::Prepared;
use crate::Context;
use crate::exit::Failure;
use crate::flag::columns::Columns;
use crate::flag::connection::Connection;
use crate::flag::file::ToFile;
use crate::flag::order::Order;
use crate::flag::output::{Format, ProgressFlag, Rows};
use crate::flag::range::{Range, count};
use crate::flag::running::Running;
use crate::render::{self, Renderer};
use crate::{messages, terminal};

/// Rows that `read` shows on a terminal when nobody said how many.
const SCREENFUL: u64 = 20;
/// Rows that `head` and `tail` give when nobody said how many.
const HEAD: u64 = 10;
/// A result of at most so many records and bytes is read as a table, in (partition, offset) order and with the types of all its records; a
/// larger one is streamed in bounded memory.
const SMALL_RECORDS: u64 = 10_000;
const SMALL_BYTES: u64 = 256 << 20;

/// Read a topic, or a chosen part of it, up to now, and stop.
#[derive(Args, Debug)]
pub struct Read {
    #[command(flatten)]
    reading: Reading,
    /// At most so many records, exactly so many if they exist
    #[arg(
        short = 'n',
        long = "limit",
        visible_short_alias = 'c',
        value_name = "N",
        allow_negative_numbers = true,
        value_parser = count,
        help_heading = "Which records"
    )]
    limit: Option<u64>,
    /// The newest so many records
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        value_parser = count,
        help_heading = "Which records",
        conflicts_with = "limit"
    )]
    tail: Option<u64>,
    /// Only the last record of each key; a key whose last record is a tombstone, or does not pass `--where`, has none
    #[arg(long, help_heading = "Which records", conflicts_with_all = ["limit", "tail"])]
    latest_by_key: bool,
    /// Go on with new records as they are written, until Ctrl-C
    #[arg(long, help_heading = "Which records", conflicts_with = "latest_by_key")]
    follow: bool,
}

/// The first records.
#[derive(Args, Debug)]
pub struct Head {
    #[command(flatten)]
    reading: Reading,
    /// How many
    #[arg(short = 'n', long = "limit", visible_short_alias = 'c', value_name = "N", default_value_t = HEAD, allow_negative_numbers = true, value_parser = count, help_heading = "Which records")]
    limit: u64,
}

/// The newest records.
#[derive(Args, Debug)]
pub struct Tail {
    #[command(flatten)]
    reading: Reading,
    /// How many
    #[arg(short = 'n', long = "tail", visible_short_alias = 'c', value_name = "N", default_value_t = HEAD, allow_negative_numbers = true, value_parser = count, help_heading = "Which records")]
    tail: u64,
    /// Go on with new records as they are written, until Ctrl-C
    #[arg(long, help_heading = "Which records")]
    follow: bool,
}

/// What the three have in common.
#[derive(Args, Debug)]
struct Reading {
    /// Topic, or several of them; quoted, "ord*" stands for all that match
    #[arg(required = true, value_name = "TOPIC", add = crate::completion::topics())]
    topics: Vec<String>,
    #[command(flatten)]
    range: Range,
    #[command(flatten)]
    order: Order,
    #[command(flatten)]
    columns: Columns,
    #[command(flatten)]
    rows: Rows,
    #[command(flatten)]
    file: ToFile,
    #[command(flatten)]
    progress: ProgressFlag,
    #[command(flatten)]
    running: Running,
    #[command(flatten)]
    connection: Connection,
}

impl Read {
    /// Runs it.
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let screenful = self.limit.is_none()
            && self.tail.is_none()
            && !self.latest_by_key
            && self.reading.file.output.is_none()
            && !self.follow
            && terminal::stdout_is_terminal()
            && self.reading.rows.format() == Format::Table;
        let limit = if screenful { Some(SCREENFUL) } else { self.limit };
        self.reading.run(
            context,
            Asked {
                limit,
                tail: self.tail,
                screenful,
                latest_by_key: self.latest_by_key,
                follow: self.follow,
            },
        )
    }
}

impl Head {
    /// Runs it.
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let limit = Some(self.limit);
        self.reading.run(
            context,
            Asked {
                limit,
                ..Asked::default()
            },
        )
    }
}

impl Tail {
    /// Runs it.
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let tail = Some(self.tail);
        self.reading.run(
            context,
            Asked {
                tail,
                follow: self.follow,
                ..Asked::default()
            },
        )
    }
}

/// In what the three differ.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    limit: Option<u64>,
    tail: Option<u64>,
    /// The limit is what fits a screen, nobody asked for it.
    screenful: bool,
    latest_by_key: bool,
    follow: bool,
}

impl Reading {
    fn run(self, context: &Context, asked: Asked) -> Result<(), Failure> {
        let asks_bytes = self.range.predicate.is_some() && self.rows.format().raw().is_some();
        self.print(context, asked).map_err(|failure| match failure {
            Failure::Error(error) if asks_bytes && error.kind() == ErrorKind::Schema => error
                .with_hint(
                    "templates (-f with a %) and -J take values as they are, without fields: there --where tests metadata such as _key and _offset; \
                     for fields print -f ndjson",
                )
                .into(),
            other => other,
        })
    }

    fn print(self, context: &Context, asked: Asked) -> Result<(), Failure> {
        let Asked { limit, tail, .. } = asked;
        let mut prepared = Prepared::new(context, &self.range)?
            .columns(&self.columns)?
            .running(&self.running)?;
        (prepared.options.limit, prepared.options.tail) = (limit, tail);
        self.order.apply(&mut prepared.options)?;
        if let Some(path) = self.file.output.clone() {
            if asked.latest_by_key || asked.follow {
                return Err(Failure::usage(
                    "neither the latest of each key nor what is followed is written to a file with -w",
                    "print it: -f parquet > FILE",
                ));
            }
            return self.write_file(context, &path, prepared);
        }
        let format = match asked.follow {
            true => follow::format(&self.rows)?,
            false => self.rows.format(),
        };
        format.check()?;
        if let Some(needs) = format.raw() {
            self.columns.none_for_bytes()?;
            needs.apply(&mut prepared.options);
        }
        let bar = prepared.bar(self.progress.progress, format.collects());
        prepared.options.max_result_bytes = if format.collects() || asked.latest_by_key {
            None
        } else {
            Some(SMALL_BYTES)
        };
        let cluster = context.cluster_within(&self.connection, &self.running.timeout)?;
        let scan = prepared.scan(&cluster, &self.topics)?;
        if asked.follow {
            bar.clear();
            return follow::print(&scan, format);
        }
        let result = match asked.latest_by_key {
            true => print_table(&scan, &scan.latest_by_key()?, format),
            false => print(&scan, format, limit.or(tail)),
        };
        bar.clear();
        let report = result?;
        if asked.screenful {
            say_how_to_get_the_rest(&report);
        }
        tell(&report, context);
        judge(&report, self.running.strict)
    }
}

impl Reading {
    /// The rows go to a file and not to standard output.
    fn write_file(self, context: &Context, path: &Path, mut prepared: Prepared) -> Result<(), Failure> {
        let format = match self.rows.format {
            None => None,
            Some(format) => Some(format.of_file().ok_or_else(|| {
                Failure::usage(
                    "rows in this format are not written to a file with -w",
                    "print them instead: > FILE",
                )
            })?),
        };
        let files = FileOptions {
            format,
            overwrite: self.file.force,
            ..FileOptions::default()
        };
        let bar = prepared.bar(self.progress.progress, true);
        let cluster = context.cluster_within(&self.connection, &self.running.timeout)?;
        let written = prepared.scan(&cluster, &self.topics)?.write_file(path, files);
        bar.clear();
        let written = written?;
        super::export::say(&written, path, context);
        tell(&written.report, context);
        judge(&written.report, self.running.strict)
    }
}

fn print(scan: &Scan, format: Format, limit: Option<u64>) -> Result<Report, Failure> {
    let offsets: u64 = scan.plan().partitions.iter().map(|p| p.range.len()).sum();
    if !format.collects() && limit.map_or(offsets, |limit| limit.min(offsets)) > SMALL_RECORDS {
        return stream(scan, format);
    }
    match table(scan, format) {
        // Few records, but large ones.
        Err(Failure::Error(error)) if error.kind() == ErrorKind::ResultTooLarge && !format.collects() => {
            stream(scan, format)
        }
        result => result,
    }
}

/// The renderer of a format. The envelope names brokers, which the plan knows.
fn renderer(scan: &Scan, format: Format) -> Box<dyn Renderer> {
    if format != Format::Envelope {
        return render::to_stdout(format);
    }
    // By partition alone: where there are several topics, the leader is left unknown.
    let topics = scan.plan().topics.iter().filter(|_| !scan.plan().several);
    let partitions = topics.flat_map(|topic| &topic.partitions);
    render::enveloped(partitions.map(|p| (p.id, p.leader.unwrap_or(-1))).collect(), b"\n")
}

fn table(scan: &Scan, format: Format) -> Result<Report, Failure> {
    print_table(scan, &scan.read()?, format)
}

fn print_table(scan: &Scan, table: &Table, format: Format) -> Result<Report, Failure> {
    let mut out = renderer(scan, format);
    out.begin(&table.schema())?;
    for batch in table.batches() {
        out.batch(batch)?;
    }
    out.end()?;
    Ok(table.report().clone())
}

fn stream(scan: &Scan, format: Format) -> Result<Report, Failure> {
    let mut stream = scan.stream()?;
    let mut out = renderer(scan, format);
    out.begin(&stream.schema())?;
    for batch in &mut stream {
        out.batch(&batch?)?;
    }
    out.end()?;
    Ok(stream.report())
}

fn say_how_to_get_the_rest(report: &Report) {
    let rest: u64 = report.partitions.iter().map(|p| p.not_read).sum();
    if rest > 0 {
        messages::note(&format!(
            "the first {SCREENFUL} rows; {} behind them: -n N for more, -f ndjson (or a pipe) for all",
            counted(rest, "offset lies", "offsets lie")
        ));
    }
}
