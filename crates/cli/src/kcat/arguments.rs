//! kcat's flags, read as kcat reads them: by getopt, letters may be joined, a value may stand behind its letter, words may stand anywhere.

use std::ffi::{OsStr, OsString};
use std::io::{IsTerminal, Write};
use std::time::Duration;

use super::getopt;
use super::stop::Stop;
use super::value::{header, number, query, start, text};
use crate::exit::Failure;
use crate::flag::output::When;
use crate::messages;
use crate::render::Pack;
use crate::terminal;

const HELP: &str = include_str!("help.txt");

/// What kcat is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `-C`
    Consume,
    /// `-P`
    Produce,
    /// `-L`
    List,
    /// `-Q`
    Query,
}

/// Where a consumer starts, by `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// The log start.
    #[default]
    Beginning,
    /// The end.
    End,
    /// An offset.
    Offset(i64),
    /// So many before the end.
    Tail(i64),
}

/// Where properties are read from, by `-F`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Property {
    /// `-X key=value`
    One(String, String),
    /// `-F file`
    File(OsString),
}

/// The flags.
#[derive(Debug)]
pub struct Arguments {
    pub mode: Mode,
    pub topic: Option<String>,
    /// Topic, partition, time in ms of each `-t` behind `-Q`.
    pub queries: Vec<(String, i32, i64)>,
    /// `None` is any.
    pub partition: Option<i32>,
    pub brokers: Option<String>,
    pub start: Start,
    /// `-o s@`; 0 is none, as for kcat.
    pub start_time: i64,
    /// `-o e@`; 0 is none.
    pub stop_time: i64,
    pub exit_at_end: bool,
    pub go_on: bool,
    pub format: Option<Vec<u8>>,
    pub json: bool,
    pub key_pack: Option<Pack>,
    pub value_pack: Option<Pack>,
    pub delimiter: Vec<u8>,
    pub key_delimiter: Option<Vec<u8>>,
    pub fixed_key: Option<Vec<u8>>,
    /// Name and value of each `-H`.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    pub by_line: bool,
    pub tee: bool,
    pub codec: Option<String>,
    /// 0 is no limit.
    pub count: u64,
    pub null: bool,
    pub verbosity: u32,
    pub timeout: Duration,
    pub properties: Vec<Property>,
    /// `-F -` and `-F none`: read no file.
    pub no_file: bool,
    pub words: Vec<OsString>,
}

impl Default for Arguments {
    fn default() -> Self {
        Arguments {
            mode: Mode::Consume,
            topic: None,
            queries: Vec::new(),
            partition: None,
            brokers: None,
            start: Start::default(),
            start_time: 0,
            stop_time: 0,
            exit_at_end: false,
            go_on: false,
            format: None,
            json: false,
            key_pack: None,
            value_pack: None,
            delimiter: b"\n".to_vec(),
            key_delimiter: None,
            fixed_key: None,
            headers: Vec::new(),
            by_line: false,
            tee: false,
            codec: None,
            count: 0,
            null: false,
            verbosity: 1,
            // kcat waits five seconds for metadata and for ever for records.
            timeout: Duration::from_secs(5),
            properties: Vec::new(),
            no_file: false,
            words: Vec::new(),
        }
    }
}

impl Arguments {
    /// Reads them.
    pub fn read(all: &[OsString]) -> Result<Arguments, Stop> {
        let mut arguments = Arguments::default();
        let mut mode = None;
        let (options, words) = getopt::part(all)?;
        arguments.words = words;
        for (letter, value) in options {
            arguments.take(letter, value, &mut mode)?;
        }
        arguments.decide(mode)?;
        Ok(arguments)
    }

    fn take(&mut self, letter: u8, value: &OsStr, mode: &mut Option<u8>) -> Result<(), Stop> {
        let bytes = || value.as_encoded_bytes().to_vec();
        let text = || text(letter, value);
        match letter {
            // The last one counts.
            b'P' | b'C' | b'L' | b'Q' => *mode = Some(letter),
            b'G' => {
                return Err(Stop::cannot(
                    "-G (consumer groups)",
                    "reads never join a group: use -C -t TOPIC, or kcat for the group",
                ));
            }
            b'M' => return Err(Stop::cannot("-M (mock cluster)", "kaframe broker starts one in memory")),
            b'U' => return Err(Stop::cannot("-U (kcat's unit tests)", "there is nothing to run")),
            b'r' => {
                return Err(Stop::cannot(
                    "-r (schema registry)",
                    "values are printed as the bytes they are",
                ));
            }
            b't' if *mode == Some(b'Q') => self.queries.push(query(&text()?)?),
            b't' => self.topic = Some(text()?),
            b'p' => self.partition = Some(number::<i32>(letter, value)?).filter(|partition| *partition != -1),
            b'b' => self.brokers = Some(text()?),
            b'z' => self.codec = Some(text()?),
            b'o' => self.offset(&text()?)?,
            b'e' => self.exit_at_end = true,
            b'E' => self.go_on = true,
            b'f' => self.format = Some(bytes()),
            b'J' => self.json = true,
            b's' => self.packs(&text()?)?,
            b'D' => self.delimiter = super::delimiter::parse(&bytes())?,
            b'K' => self.key_delimiter = Some(super::delimiter::parse(&bytes())?),
            b'k' => self.fixed_key = Some(bytes()),
            b'H' => self.headers.push(header(&text()?)?),
            b'l' => self.by_line = true,
            b'c' => self.count = number::<i64>(letter, value)?.try_into().unwrap_or(0),
            b'm' => self.timeout = Duration::from_secs(number::<u64>(letter, value)?.max(1)),
            b'Z' => self.null = true,
            b'q' => self.verbosity = 0,
            b'v' => self.verbosity += 1,
            b'T' => self.tee = true,
            b'F' if value == "-" || value == "none" => self.no_file = true,
            b'F' => self.properties.push(Property::File(value.to_owned())),
            b'X' => self.property(&text()?)?,
            b'V' => {
                crate::render::print_line(&format!("kaframe {}, in kcat mode", env!("CARGO_PKG_VERSION")))?;
                return Err(Stop::Said);
            }
            b'h' => {
                let mut out = std::io::stdout().lock();
                out.write_all(HELP.as_bytes())
                    .and_then(|()| out.flush())
                    .map_err(Failure::stdout)?;
                return Err(Stop::Said);
            }
            b'd' => messages::note("% -d: there is no librdkafka here to debug; it changes nothing"),
            // -O does nothing in kcat 1.7.1 either; -u: what was printed is never held back for longer than a batch of records.
            _ => {}
        }
        Ok(())
    }

    fn offset(&mut self, text: &str) -> Result<(), Stop> {
        let time = |text: &str| {
            text.parse::<i64>()
                .map_err(|_| Stop::Usage(format!("-o: {text:?} is no time in milliseconds")))
        };
        match text {
            "beginning" => self.start = Start::Beginning,
            "end" => self.start = Start::End,
            "stored" => {
                return Err(Stop::cannot(
                    "-o stored",
                    "offsets are stored by consumer groups; name an offset or a time (-o s@MS)",
                ));
            }
            _ => {
                if let Some(ms) = text.strip_prefix("s@") {
                    self.start_time = time(ms)?;
                } else if let Some(ms) = text.strip_prefix("e@") {
                    self.stop_time = time(ms)?;
                } else {
                    self.start = start(text)?;
                }
            }
        }
        Ok(())
    }

    fn packs(&mut self, text: &str) -> Result<(), Stop> {
        let (key, value) = match (text.strip_prefix("key="), text.strip_prefix("value=")) {
            (Some(key), _) => (Some(key), None),
            (_, Some(value)) => (None, Some(value)),
            (None, None) => (Some(text), Some(text)),
        };
        let parse = |what: &str, text: &str| {
            if text == "avro" {
                return Err(Stop::cannot("-s avro", "there is no schema registry client yet"));
            }
            let pack = Pack::parse(what, text).map_err(Stop::Fatal)?;
            if pack.asks_for_little_endian() {
                messages::note(&format!(
                    "% -s {text}: kcat 1.7.1 reads every number as big-endian, < changes nothing; so it is here"
                ));
            }
            Ok(pack)
        };
        if let Some(text) = key {
            self.key_pack = Some(parse("key", text)?);
        }
        if let Some(text) = value {
            self.value_pack = Some(parse("value", text)?);
        }
        Ok(())
    }

    fn property(&mut self, text: &str) -> Result<(), Stop> {
        match text.split_once('=') {
            Some((key, value)) => {
                self.properties.push(Property::One(key.to_owned(), value.to_owned()));
                Ok(())
            }
            None if ["list", "help", "dump"].contains(&text) => Err(Stop::cannot(
                &format!("-X {text}"),
                "the properties are those of librdkafka's CONFIGURATION.md; unknown ones are warned about",
            )),
            None => Err(Stop::Usage(format!("Expected -X property=value, not {text}"))),
        }
    }

    /// What may only be decided when all flags are known.
    fn decide(&mut self, mode: Option<u8>) -> Result<(), Stop> {
        terminal::set_color(When::Auto);
        self.mode = match mode {
            Some(b'P') => Mode::Produce,
            Some(b'L') => Mode::List,
            Some(b'Q') => Mode::Query,
            Some(_) => Mode::Consume,
            None => {
                let (mode, name) = if std::io::stdin().is_terminal() {
                    (Mode::Consume, "Consumer")
                } else {
                    (Mode::Produce, "Producer")
                };
                if self.verbosity > 0 {
                    messages::note(&format!("% Auto-selecting {name} mode (use -P or -C to override)"));
                }
                mode
            }
        };
        match self.mode {
            Mode::Consume | Mode::Produce if self.topic.is_none() => {
                return Err(Stop::Usage("-t <topic> missing".to_owned()));
            }
            Mode::Query if self.queries.is_empty() => {
                return Err(Stop::Usage(
                    "-t <topic>:<partition>:<offset_or_timestamp> missing".to_owned(),
                ));
            }
            _ => {}
        }
        if self.mode != Mode::Consume && (self.key_pack.is_some() || self.value_pack.is_some()) {
            return Err(Stop::Fatal("-s serdes only available in the consumer".to_owned()));
        }
        if self.mode == Mode::Produce && self.delimiter.is_empty() {
            return Err(Stop::Fatal(
                "Message delimiter -D must not be empty when producing".to_owned(),
            ));
        }
        if self.mode != Mode::Produce && !self.words.is_empty() {
            return Err(Stop::Usage(
                "file/topic list only allowed in producer(-P)/kafkaconsumer(-G) mode".to_owned(),
            ));
        }
        if self.by_line && self.words.len() > 1 {
            return Err(Stop::Fatal("Only one file allowed for line mode (-l)".to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments, Stop> {
        let all: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        Arguments::read(&all)
    }

    #[test]
    fn letters_may_be_joined_and_values_attached() {
        let arguments = read("-Cet orders -blocalhost:9092 -c5 -o -10 -p 3 -J -Z").unwrap();
        assert_eq!(arguments.mode, Mode::Consume);
        assert_eq!(arguments.topic.as_deref(), Some("orders"));
        assert_eq!(arguments.brokers.as_deref(), Some("localhost:9092"));
        assert_eq!((arguments.count, arguments.start), (5, Start::Tail(10)));
        assert_eq!(arguments.partition, Some(3));
        assert!(arguments.exit_at_end && arguments.json && arguments.null);
        assert_eq!(read("-C -t x -p -1").unwrap().partition, None);
    }

    #[test]
    fn times_packs_headers_and_queries() {
        let arguments = read("-C -t x -o s@1000 -o e@2000 -s key=i -s value=s").unwrap();
        assert_eq!((arguments.start_time, arguments.stop_time), (1000, 2000));
        assert!(arguments.key_pack.is_some() && arguments.value_pack.is_some());
        let arguments = read("-P -t x -H a=1 -H b -k key one two").unwrap();
        assert_eq!(
            arguments.headers,
            [("a".to_owned(), Some(b"1".to_vec())), ("b".to_owned(), None)]
        );
        assert_eq!(arguments.words, ["one", "two"]);
        let arguments = read("-Q -t x:0:5 -t y:1:6").unwrap();
        assert_eq!(arguments.queries, [("x".to_owned(), 0, 5), ("y".to_owned(), 1, 6)]);
    }

    #[test]
    fn what_cannot_be_done_is_refused_by_name() {
        for (line, says) in [
            ("-G group topic", "consumer groups"),
            ("-M 3", "mock"),
            ("-C -t x -o stored", "stored"),
            ("-C -t x -s avro", "avro"),
            ("-X list -L", "-X list"),
        ] {
            match read(line) {
                Err(Stop::Fatal(message)) => assert!(message.contains(says), "{line}: {message}"),
                other => panic!("{line}: {other:?}"),
            }
        }
    }

    #[test]
    fn mistakes_are_mistakes() {
        // The last mode counts, as in kcat 1.7.1.
        assert_eq!(read("-P -C -t x").unwrap().mode, Mode::Consume);
        for line in [
            "-C",
            "-Q",
            "-L file",
            "-C -t x -c many",
            "-C -t x -o yesterday",
            "-y",
            "-C -t",
        ] {
            assert!(matches!(read(line), Err(Stop::Usage(_))), "{line}");
        }
        for line in ["-P -t x -l a b", "-P -t x -s i", "-P -t x -H =y", "-C -t x -s z"] {
            assert!(matches!(read(line), Err(Stop::Fatal(_))), "{line}");
        }
    }
}
