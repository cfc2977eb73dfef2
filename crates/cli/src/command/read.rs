//! `kaframe read`, `head` and `tail`: one read, three ways to say how much.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;
use kaframe::blocking::{Cluster, Scan};
use kaframe::{Bound, Bounds, ErrorKind, FileOptions, Report, ScanOptions, Table};

use super::follow;
use crate::Context;
use crate::exit::Failure;
use crate::flag::columns::Columns;
use crate::flag::connection::Connection;
use crate::flag::file::ToFile;
use crate::flag::order::Order;
use crate::flag::output::{Format, ProgressFlag, Rows};
use crate::flag::range::{FromLogStart, Range, count};
use crate::flag::running::Running;
use crate::render::{self, Renderer, thousands};
use crate::{messages, progress, terminal};

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
    /// Only the last record of each key; a key whose last record is a tombstone has none
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
        let Asked { limit, tail, .. } = asked;
        let mut options = ScanOptions {
            limit,
            tail,
            cancel: context.interrupt.token(),
            ..ScanOptions::default()
        };
        let from_log_start = self.range.apply(&mut options)?;
        self.order.apply(&mut options)?;
        self.columns.apply(&mut options)?;
        self.running.apply(&mut options)?;
        if let Some(path) = self.file.output.clone() {
            if asked.latest_by_key || asked.follow {
                return Err(Failure::usage(
                    "neither the latest of each key nor what is followed is written to a file with -w",
                    "print it: -f parquet > FILE",
                ));
            }
            return self.write_file(context, &path, options, from_log_start);
        }
        let format = match asked.follow {
            true => follow::format(&self.rows)?,
            false => self.rows.format(),
        };
        format.check()?;
        if let Some(needs) = format.raw() {
            self.columns.none_for_bytes()?;
            needs.apply(&mut options);
        }
        let bar = progress::Bar::new(self.progress.progress, format.collects());
        options.progress = bar.callback();
        options.max_result_bytes = if format.collects() || asked.latest_by_key {
            None
        } else {
            Some(SMALL_BYTES)
        };
        let cluster = context.cluster_within(&self.connection, &self.running.timeout)?;
        resolve_from_log_start(&cluster, &self.topics, from_log_start, &mut options)?;
        let scan = cluster.scan(self.topics, options)?;
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
    fn write_file(
        self,
        context: &Context,
        path: &Path,
        mut options: ScanOptions,
        from_log_start: FromLogStart,
    ) -> Result<(), Failure> {
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
        let bar = progress::Bar::new(self.progress.progress, true);
        options.progress = bar.callback();
        let cluster = context.cluster_within(&self.connection, &self.running.timeout)?;
        resolve_from_log_start(&cluster, &self.topics, from_log_start, &mut options)?;
        let written = cluster
            .scan(self.topics, options)
            .and_then(|scan| scan.write_file(path, files));
        bar.clear();
        let written = written?;
        super::export::say(&written, path, context);
        tell(&written.report, context);
        judge(&written.report, self.running.strict)
    }
}

/// `-o +N` counts from the log start, which only a plan knows.
pub(super) fn resolve_from_log_start(
    cluster: &Cluster,
    topics: &[String],
    from: FromLogStart,
    options: &mut ScanOptions,
) -> Result<(), Failure> {
    let FromLogStart::Start(behind) = from else {
        return Ok(());
    };
    let whole = ScanOptions {
        partitions: options.partitions.clone(),
        timeout: options.timeout,
        cancel: options.cancel.clone(),
        ..ScanOptions::default()
    };
    let scan = cluster.scan(topics, whole)?;
    let plan = scan.plan();
    let mut starts: BTreeMap<String, Bounds> = BTreeMap::new();
    for p in &plan.partitions {
        let start = p.range.start.saturating_add(behind);
        // Behind the end there is nothing, which is what was asked for; an offset there would be an error.
        let bound = if start >= p.range.end {
            Bound::Latest
        } else {
            Bound::Offset(start)
        };
        let topic = starts.entry(plan.topic(p.at()).name.clone());
        if let Bounds::PerPartition(map) = topic.or_insert_with(|| Bounds::PerPartition(BTreeMap::new())) {
            map.insert(p.partition, bound);
        }
    }
    options.start = Bounds::PerTopic(starts);
    Ok(())
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
            "the first {SCREENFUL} rows; {} offsets lie behind them: -n N for more, -f ndjson (or a pipe) for all",
            thousands(rest)
        ));
    }
}

/// The report, as long as was asked for: its first line, what is missing or is no record, and all of it where nothing was delivered.
pub(super) fn tell(report: &Report, context: &Context) {
    if context.output.quiet {
        return;
    }
    tell_report(report, context);
    if report.malformed > 0 {
        messages::hint("--metadata _partition,_offset,_error shows where and why; --on-error raise stops at the first");
    }
}

pub(super) fn tell_report(report: &Report, context: &Context) {
    let text = report.to_string();
    if context.output.verbose || report.delivered() == 0 {
        return messages::note(&text);
    }
    // That a limit leaves offsets behind it is no news.
    let news = report.offsets() > report.delivered() + report.partitions.iter().map(|p| p.not_read).sum::<u64>();
    let told = |line: &&str| {
        !line.starts_with(' ') || (news && line.starts_with("  the other offsets")) || line.starts_with("  missing")
    };
    messages::note(&text.lines().filter(told).collect::<Vec<_>>().join("\n"));
    report.warnings.iter().for_each(|warning| messages::warning(warning));
}

/// Rows are out; is that all there is to it?
pub(super) fn judge(report: &Report, strict: bool) -> Result<(), Failure> {
    if !report.complete {
        let lost: u64 = report.partitions.iter().map(|p| p.lost).sum();
        return Err(Failure::Incomplete(format!(
            "the read is incomplete: {} offsets are lost or were not reached",
            thousands(lost)
        )));
    }
    if strict && report.malformed > 0 {
        return Err(Failure::Incomplete(format!(
            "{} malformed, and --strict was given",
            match report.malformed {
                1 => "1 value is".to_owned(),
                many => format!("{} values are", thousands(many)),
            }
        )));
    }
    Ok(())
}
