//! `-P`: records from standard input, parted by a delimiter, from the lines of a file (`-l`), or one from each file.
//!
//! Empty records are passed over, as kcat does; `-Z` makes empty keys and values beside a key delimiter null. The topic must exist. Keys go to partitions
//! by librdkafka's CRC-32, unless `-X partitioner=murmur2_random` asks for Java's choice.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use kaframe::{EncodeFormat, WriteOptions, Writer};

use super::Session;
use super::stop::Stop;
use crate::exit::Failure;
use crate::lines::{Header, RowsBuilder};

/// Rows and bytes that are handed over at a time, and how long slow ones wait.
const CHUNK_ROWS: usize = 8192;
const CHUNK_BYTES: usize = 1 << 20;
const LINGER: Duration = Duration::from_millis(100);
/// Bytes of one record, at most: what lies between two delimiters is held in memory.
const MOST_BYTES: usize = 64 << 20;

/// Runs it.
pub fn run(session: &Session) -> Result<(), Stop> {
    let arguments = &session.arguments;
    let topic = arguments.topic.as_deref().unwrap_or_default();
    let options = WriteOptions {
        value_format: EncodeFormat::Raw,
        compression: session.properties.compression,
        partition: arguments.partition,
        key_hash: session.properties.key_hash,
        cancel: session.interrupt.token(),
        ..WriteOptions::default()
    };
    let writer = session.cluster.writer(topic, options)?;
    let mut producer = Producer {
        session,
        writer,
        rows: RowsBuilder::default(),
        produced: 0,
    };
    let good = match arguments.words.as_slice() {
        [] => producer.stream(io::stdin()).map(|()| true),
        [path] if arguments.by_line => {
            let file = File::open(path)
                .map_err(|error| Stop::Fatal(format!("Cannot open {}: {error}", path.to_string_lossy())))?;
            producer.stream(file).map(|()| true)
        }
        paths => producer.files(paths),
    }?;
    producer.push()?;
    session.cluster.block_on(producer.writer.finish())?;
    if good {
        Ok(())
    } else {
        Err(Stop::Fatal("no file could be read".to_owned()))
    }
}

struct Producer<'a> {
    session: &'a Session,
    writer: Writer,
    rows: RowsBuilder,
    produced: u64,
}

impl Producer<'_> {
    /// Each file is one record. Returns whether any could be read.
    fn files(&mut self, paths: &[OsString]) -> Result<bool, Stop> {
        let key = self.session.arguments.fixed_key.clone();
        let mut good = 0;
        for path in paths {
            match fs::read(path) {
                Ok(bytes) => {
                    good += 1;
                    // An empty file is no record.
                    if !bytes.is_empty() {
                        self.record(key.as_deref(), Some(&bytes))?;
                    }
                }
                Err(error) => {
                    let path = path.to_string_lossy();
                    self.session.say(&format!("Failed to open {path}: {error}"));
                }
            }
        }
        if good > 0 && good < paths.len() {
            let missing = paths.len() - good;
            self.session
                .say(&format!("Failed to produce from {missing}/{} files", paths.len()));
        }
        Ok(good > 0)
    }

    /// Parts a stream by the delimiter.
    fn stream(&mut self, input: impl Read + Send + 'static) -> Result<(), Stop> {
        let delimiter = self.session.arguments.delimiter.clone();
        let pieces = read_pieces(input);
        let mut kept: Vec<u8> = Vec::new();
        loop {
            match pieces.recv_timeout(LINGER) {
                Ok(Ok(piece)) => {
                    // A delimiter may lie across two pieces.
                    let mut looked = kept.len().saturating_sub(delimiter.len() - 1);
                    kept.extend_from_slice(&piece);
                    let mut from = 0;
                    while let Some(at) = find(&kept[looked.max(from)..], &delimiter) {
                        let at = looked.max(from) + at;
                        self.split(&kept[from..at])?;
                        if self.enough() {
                            return Ok(());
                        }
                        from = at + delimiter.len();
                        looked = from;
                    }
                    kept.drain(..from);
                    if kept.len() > MOST_BYTES {
                        return Err(Stop::Fatal(format!("Input is too large, maximum size is {MOST_BYTES}")));
                    }
                }
                Ok(Err(error)) => {
                    return Err(Failure::Io("Unable to read message".to_owned(), error).into());
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.push()?;
                    self.session.cluster.block_on(self.writer.flush())?;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.split(&kept)
    }

    fn enough(&self) -> bool {
        self.session.arguments.count > 0 && self.produced >= self.session.arguments.count
    }

    /// What stands between two delimiters: key and value, or a value.
    fn split(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        if bytes.is_empty() {
            return Ok(());
        }
        let arguments = &self.session.arguments;
        let (mut key, mut value) = (None, Some(bytes));
        if let Some(delimiter) = &arguments.key_delimiter
            && let Some(at) = find(bytes, delimiter)
        {
            let (head, tail) = (&bytes[..at], &bytes[at + delimiter.len()..]);
            key = Some(head).filter(|key| !(arguments.null && key.is_empty()));
            value = Some(tail).filter(|value| !(arguments.null && value.is_empty()));
        }
        let key = key.or(arguments.fixed_key.as_deref());
        self.record(key, value)?;
        if arguments.tee {
            // What came in goes out, without the delimiter, as kcat does.
            let mut out = io::stdout().lock();
            out.write_all(bytes).map_err(Failure::stdout)?;
        }
        Ok(())
    }

    fn record(&mut self, key: Option<&[u8]>, value: Option<&[u8]>) -> Result<(), Stop> {
        let headers: Vec<Header<'_>> = self
            .session
            .arguments
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().into(), value.as_deref().map(Into::into)))
            .collect();
        self.rows.push_parts(key, value, None, &headers);
        self.produced += 1;
        if self.rows.len() >= CHUNK_ROWS || self.rows.bytes() >= CHUNK_BYTES {
            self.push()?;
        }
        Ok(())
    }

    fn push(&mut self) -> Result<(), Stop> {
        if self.rows.len() > 0 {
            let batch = self.rows.finish();
            self.session.cluster.block_on(self.writer.push(&batch))?;
        }
        Ok(())
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    let first = *what.first()?;
    let mut from = 0;
    loop {
        let at = from + bytes.get(from..)?.iter().position(|b| *b == first)?;
        if bytes[at..].starts_with(what) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// Reads in a thread of its own, so that waiting for input holds up neither Ctrl-C nor records that are ready to be sent.
fn read_pieces(mut input: impl Read + Send + 'static) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = sync_channel(4);
    std::thread::spawn(move || {
        loop {
            let mut piece = vec![0; 1 << 16];
            let read = match input.read(&mut piece) {
                Ok(0) => return,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let _ = sender.send(Err(error));
                    return;
                }
            };
            piece.truncate(read);
            if sender.send(Ok(piece)).is_err() {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn delimiters_are_found_whole() {
        assert_eq!(find(b"a;;b", b";;"), Some(1));
        assert_eq!(find(b"a;b;;c", b";;"), Some(3));
        assert_eq!(find(b"abc", b";"), None);
        assert_eq!(find(b"", b";"), None);
        assert_eq!(find(b"abc", b""), None);
    }
}
