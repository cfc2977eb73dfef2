//! `kaframe write`: lines of standard input become records.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use clap::Args;
use kaframe::blocking::Cluster;
use kaframe::number::{counted, grouped};
use kaframe::{Compression, EncodeFormat, Error, FileFormat, FileSource, WriteOptions, WriteReport, Writer};

use crate::Context;
use crate::exit::Failure;
use crate::flag::columns::Formats;
use crate::flag::connection::Connection;
use crate::flag::output::ProgressFlag;
use crate::lines::{LineFormat, NO_JSON, RowsBuilder};
use crate::{messages, progress, terminal};

/// Rows and bytes that are handed over at a time.
const CHUNK_ROWS: usize = 8192;
const CHUNK_BYTES: usize = 1 << 20;
/// Lines that came slowly are not kept for longer than this.
const LINGER: Duration = Duration::from_millis(100);

/// Write records from standard input, one a line, or from files. What `kaframe read` prints on a pipe can be written.
#[derive(Args, Debug)]
pub struct Write {
    /// Topic; it must exist
    #[arg(add = crate::completion::topics())]
    topic: String,
    /// Parquet or Arrow files, folders of these, or files of lines; standard input without them
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The field of the JSON object that gives the key; it stays in the value. Without it the field _key does, which does not stay
    #[arg(long, value_name = "FIELD")]
    key: Option<String>,
    /// Formats, as key=F, value=F, or F for the value: value=json (the default), string or raw (lines as they are); key=string, raw (base64), int, long
    #[arg(short = 's', long = "format-of", value_name = "FORMAT")]
    formats: Vec<String>,
    /// Write everything into this partition
    #[arg(short, long, value_name = "N")]
    partition: Option<i32>,
    /// Compress batches: none, gzip, snappy, lz4 or zstd
    #[arg(short = 'z', long, value_name = "CODEC", default_value = "none", value_parser = parse_compression)]
    compression: Compression,
    #[command(flatten)]
    progress: ProgressFlag,
    #[command(flatten)]
    connection: Connection,
}

fn parse_compression(text: &str) -> Result<Compression, String> {
    text.parse().map_err(|_| "none, gzip, snappy, lz4 or zstd".to_owned())
}

impl Write {
    /// Runs it.
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let formats = Formats::parse(&self.formats)?;
        let json = match formats.value {
            None | Some(kaframe::ValueFormat::Json) => true,
            Some(kaframe::ValueFormat::String | kaframe::ValueFormat::Raw) => false,
            Some(other) => {
                return Err(Failure::usage(
                    format!("lines cannot be written as value={other}"),
                    "value=json, string or raw",
                ));
            }
        };
        if !json && (self.key.is_some() || formats.key.is_some()) {
            return Err(Failure::usage(
                "lines that are no JSON have no field to take a key from",
                "leave out --key and -s key=…, or write JSON",
            ));
        }
        let columns = self.files.iter().filter(|path| holds_columns(path)).count();
        if columns > 0 && columns < self.files.len() {
            return Err(Failure::usage(
                "files of columns and files of lines cannot be written in one go",
                "write the Parquet and Arrow files first, then the others",
            ));
        }
        if columns == 0 {
            self.files.iter().try_for_each(|path| holds_lines(path, json))?;
        }
        let bar = progress::Bar::new(self.progress.progress, true);
        let options = WriteOptions {
            key: self.key.clone().filter(|_| columns > 0),
            key_format: formats.key.filter(|_| columns > 0),
            value_format: match formats.value {
                Some(kaframe::ValueFormat::String) if columns > 0 => EncodeFormat::String,
                Some(kaframe::ValueFormat::Raw) => EncodeFormat::Raw,
                _ if columns > 0 => EncodeFormat::Json,
                _ => EncodeFormat::Raw,
            },
            compression: self.compression,
            partition: self.partition,
            progress: bar.write_callback(),
            cancel: context.interrupt.token(),
            ..WriteOptions::default()
        };
        let cluster = context.cluster(&self.connection)?;
        let writer = cluster.writer(&self.topic, options)?;
        let result = if columns > 0 {
            write_columns(&cluster, writer, &self.files)
        } else {
            let format = LineFormat {
                key_field: self.key,
                key: formats.key,
                json,
            };
            Input::new(&cluster, writer, format).run(self.files)
        };
        bar.clear();
        let report = result?;
        if !context.output.quiet {
            messages::note(&report.to_string());
            if context.output.verbose {
                report
                    .partitions
                    .iter()
                    .for_each(|partition| messages::note(&partition.to_string()));
            }
        }
        Ok(())
    }
}

/// Whether a file holds columns, by its name, or is a folder of such files.
fn holds_columns(path: &Path) -> bool {
    let format = FileFormat::of_path(path);
    path.is_dir() || matches!(format, Some(FileFormat::Parquet | FileFormat::Arrow))
}

/// Files are looked at before the first is written: a name that is mistyped leaves nothing behind.
fn holds_lines(path: &Path, json: bool) -> Result<(), Failure> {
    if json && FileFormat::of_path(path) == Some(FileFormat::Csv) {
        return Err(Failure::usage(
            format!("{} is CSV: its lines are no JSON objects", path.display()),
            "load it into a DataFrame and write that with kf.write; `-s value=string` writes lines as they are",
        ));
    }
    let missing = |error| Failure::Io(format!("cannot open {}", path.display()), error);
    path.metadata().map(drop).map_err(missing)
}

fn write_columns(cluster: &Cluster, mut writer: Writer, files: &[PathBuf]) -> Result<WriteReport, Failure> {
    for path in files {
        for batch in FileSource::open(path)? {
            // What was taken before a file that cannot be read is written.
            match batch {
                Ok(batch) => cluster.block_on(writer.push(&batch))?,
                Err(error) => {
                    let report = cluster.block_on(writer.finish())?;
                    let written = format!("{} written before it", counted(report.rows, "row is", "rows are"));
                    return Err(Failure::Input(error.message().to_owned(), written));
                }
            }
        }
    }
    Ok(cluster.block_on(writer.finish())?)
}

/// Bytes shown of a line in a message.
const SHOWN: usize = 64;

/// The beginning of a line, escaped: it may hold anything.
fn excerpt(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(&line[..line.len().min(SHOWN)]);
    let more = if line.len() > SHOWN { "…" } else { "" };
    format!("{}{more}", terminal::escape(&text))
}

/// A piece of the input: lines as they are, without their ends, and which of the files they are from.
struct Lines {
    file: usize,
    lines: Vec<Vec<u8>>,
}

/// Standard input on its way into a topic.
struct Input<'a> {
    cluster: &'a Cluster,
    writer: Writer,
    format: LineFormat,
    rows: RowsBuilder,
    /// Lines read so far, and how many of them before the file that is read now.
    line: u64,
    files: Vec<PathBuf>,
    file: usize,
    before: u64,
    /// Rows made so far, and for rows whose line is not simply one more than the row: where that begins, and by how much.
    row: u64,
    shifts: Vec<(u64, u64)>,
}

impl<'a> Input<'a> {
    fn new(cluster: &'a Cluster, writer: Writer, format: LineFormat) -> Self {
        Input {
            cluster,
            writer,
            format,
            rows: RowsBuilder::default(),
            line: 0,
            files: Vec::new(),
            file: 0,
            before: 0,
            row: 0,
            shifts: vec![(0, 1)],
        }
    }

    fn run(mut self, files: Vec<PathBuf>) -> Result<WriteReport, Failure> {
        self.files.clone_from(&files);
        let lines = read_lines(files);
        loop {
            match lines.recv_timeout(LINGER) {
                Ok(Ok(Lines { file, lines })) => {
                    if file != self.file {
                        (self.file, self.before) = (file, self.line);
                    }
                    for line in &lines {
                        self.take(line)?;
                    }
                    // Interrupted between two pieces of an endless input: the writer knows what to say.
                    self.push_if(self.rows.len() >= CHUNK_ROWS || self.rows.bytes() >= CHUNK_BYTES)?;
                }
                Ok(Err(error)) => {
                    self.flush()?;
                    return Err(Failure::Io("cannot read the lines to be written".to_owned(), error));
                }
                Err(RecvTimeoutError::Timeout) => self.flush()?,
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.push_if(true)?;
        let Input {
            cluster,
            writer,
            shifts,
            ..
        } = self;
        cluster
            .block_on(writer.finish())
            .map_err(|error| name_line(error, &shifts))
    }

    fn take(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.line += 1;
        let record = self.format.record(line).map_err(|problem| problem.0);
        let problem = match record {
            Ok(Some(record)) => {
                self.rows.push(&record);
                self.row += 1;
                return Ok(());
            }
            Ok(None) => {
                let shift = self.line + 1 - self.row;
                match self.shifts.last_mut() {
                    Some((row, last)) if *row == self.row => *last = shift,
                    _ => self.shifts.push((self.row, shift)),
                }
                return Ok(());
            }
            Err(problem) => problem,
        };
        let no_json = problem.starts_with(NO_JSON);
        self.flush()?;
        let written = match self.writer.report().rows {
            0 => "nothing is written".to_owned(),
            1 => "the record before it is written".to_owned(),
            rows => format!("the {} records before it are written", grouped(rows)),
        };
        let advice = if no_json {
            "; `-s value=string` writes lines as they are"
        } else {
            ""
        };
        Err(Failure::Input(
            format!("{}: {problem}: {}", self.place(), excerpt(line)),
            format!("{written}{advice}"),
        ))
    }

    /// Where the input stands; of several files each counts its own lines.
    fn place(&self) -> String {
        match self.files.as_slice() {
            [] | [_] => format!("line {}", self.line),
            files => format!("{} line {}", files[self.file].display(), self.line - self.before),
        }
    }

    fn push_if(&mut self, push: bool) -> Result<(), Failure> {
        if push && self.rows.len() > 0 {
            let batch = self.rows.finish();
            self.cluster
                .block_on(self.writer.push(&batch))
                .map_err(|error| name_line(error, &self.shifts))?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.push_if(true)?;
        self.cluster
            .block_on(self.writer.flush())
            .map_err(|error| name_line(error, &self.shifts))
    }
}

/// Rows count from 0 and blank lines are none, lines count from 1: where an error names rows, the first line that is not written is named too.
fn name_line(error: Error, shifts: &[(u64, u64)]) -> Failure {
    let first = error.write_report().and_then(|report| report.not_written.iter().next());
    if let Some(row) = first.map(|rows| rows.start) {
        let shift = shifts
            .iter()
            .rev()
            .find(|(from, _)| *from <= row)
            .map_or(1, |(_, shift)| *shift);
        let hint = error.hint().map_or_else(String::new, |hint| format!("{hint}; "));
        let hint = format!("{hint}row {row} is line {}", row + shift);
        return error.with_hint(hint).into();
    }
    error.into()
}

/// Reads files or standard input in a thread of its own, so that waiting for it holds up neither Ctrl-C nor lines that are ready to be sent.
fn read_lines(files: Vec<PathBuf>) -> Receiver<io::Result<Lines>> {
    let (sender, receiver) = sync_channel(4);
    std::thread::spawn(move || {
        let result = if files.is_empty() {
            send_lines(&sender, 0, io::stdin().lock())
        } else {
            files.iter().enumerate().try_for_each(|(file, path)| {
                let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
                send_lines(&sender, file, File::open(path).map_err(named)?).map_err(named)
            })
        };
        if let Err(error) = result {
            let _ = sender.send(Err(error));
        }
    });
    receiver
}

fn send_lines(sender: &SyncSender<io::Result<Lines>>, file: usize, input: impl Read) -> io::Result<()> {
    let mut input = BufReader::with_capacity(1 << 18, input);
    loop {
        let mut lines = Vec::new();
        // At least one line, then all that have already come.
        loop {
            let mut line = Vec::new();
            if input.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if line.last() == Some(&b'\n') {
                line.pop();
            }
            lines.push(line);
            if !input.buffer().contains(&b'\n') {
                break;
            }
        }
        if lines.is_empty() || sender.send(Ok(Lines { file, lines })).is_err() {
            return Ok(());
        }
    }
}
