//! The one error type of the crate: what was asked, what came back, where, and apart from that what to do next.
//!
//! [`ErrorKind`] is the one table from which the command's exit codes and Python's exception classes come. How errors of the crates
//! below become errors of this one stands in `error/`.

mod from_client;

use std::any::Any;
use std::fmt;

use crate::write::WriteReport;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a panic said, for the error that becomes of it.
pub fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

/// What kind of failure it is. One row per kind: exit code of the command and class name in Python.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Anything without a class of its own, a bug of this crate among them.
    Internal,
    /// What the caller asked for makes no sense, or brokers are not named.
    Config,
    /// Records that the plan promised are gone, or the topic is another one than before.
    DataLoss,
    /// No such topic or partition.
    TopicNotFound,
    /// A column that is asked for does not exist.
    Schema,
    /// The broker does not let us in, or not do this.
    Auth,
    /// The transport's security failed.
    Tls,
    /// No broker could be reached.
    Connect,
    /// No progress for longer than the time limit.
    ReadTimeout,
    /// The table would become larger than allowed.
    ResultTooLarge,
    /// A start offset that the partition does not have.
    OffsetOutOfRange,
    /// Values that are not in the format asked for.
    Decode,
    /// The broker broke the protocol.
    Protocol,
    /// A record batch whose bytes are bad.
    Corrupt,
    /// A budget was exceeded, such as the size of a frame or of a decompressed batch.
    Limit,
    /// Whether records were written cannot be known.
    UnknownOutcome,
    /// The operating system said no.
    Io,
    /// The caller cancelled.
    Cancelled,
}

impl ErrorKind {
    /// Exit code of the command.
    pub fn exit_code(self) -> i32 {
        match self {
            ErrorKind::Config => 2,
            ErrorKind::DataLoss => 3,
            ErrorKind::TopicNotFound | ErrorKind::Schema => 4,
            ErrorKind::Auth | ErrorKind::Tls => 5,
            ErrorKind::Connect | ErrorKind::ReadTimeout => 6,
            ErrorKind::ResultTooLarge => 7,
            ErrorKind::Cancelled => 130,
            ErrorKind::Internal
            | ErrorKind::OffsetOutOfRange
            | ErrorKind::Decode
            | ErrorKind::Protocol
            | ErrorKind::Corrupt
            | ErrorKind::Limit
            | ErrorKind::UnknownOutcome
            | ErrorKind::Io => 1,
        }
    }

    /// Name of the class in Python. `Io` and `Cancelled` are builtins there.
    pub fn python_name(self) -> &'static str {
        match self {
            ErrorKind::Internal => "KaframeError",
            ErrorKind::Config => "ConfigError",
            ErrorKind::DataLoss => "DataLossError",
            ErrorKind::TopicNotFound => "TopicNotFoundError",
            ErrorKind::Schema => "SchemaError",
            ErrorKind::Auth => "AuthError",
            ErrorKind::Tls => "TlsError",
            ErrorKind::Connect => "ConnectError",
            ErrorKind::ReadTimeout => "ReadTimeoutError",
            ErrorKind::ResultTooLarge => "ResultTooLargeError",
            ErrorKind::OffsetOutOfRange => "OffsetOutOfRangeError",
            ErrorKind::Decode => "DecodeError",
            ErrorKind::Protocol => "ProtocolError",
            ErrorKind::Corrupt => "CorruptError",
            ErrorKind::Limit => "LimitError",
            ErrorKind::UnknownOutcome => "UnknownOutcomeError",
            ErrorKind::Io => "OSError",
            ErrorKind::Cancelled => "KeyboardInterrupt",
        }
    }
}

#[derive(Debug, Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    topic: Option<String>,
    partition: Option<i32>,
    offset: Option<i64>,
    broker: Option<String>,
    write_report: Option<Box<WriteReport>>,
}

/// An error: its kind, a message that says what was asked, what came back and where, and a hint that says what to do.
///
/// `Display` prints the message alone; print [`Error::hint`] after it.
#[derive(Debug, Clone)]
pub struct Error(Box<Inner>);

impl Error {
    /// An error of a kind with its message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            hint: None,
            topic: None,
            partition: None,
            offset: None,
            broker: None,
            write_report: None,
        }))
    }

    /// A [`ErrorKind::Config`] error.
    pub fn config(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Config, message)
    }

    /// An [`ErrorKind::Internal`] error: a promise of this crate was broken by this crate.
    pub(crate) fn internal(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Internal, format!("internal error: {}", message.into()))
            .with_hint("this is a bug of kaframe; please report it with the plan of the read")
    }

    /// The error of a read or write that its caller cancelled.
    pub fn cancelled() -> Error {
        Error::new(ErrorKind::Cancelled, "cancelled")
    }

    /// Adds what to do next.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds the topic.
    pub fn with_topic(mut self, topic: impl Into<String>) -> Error {
        self.0.topic = Some(topic.into());
        self
    }

    /// Adds the partition.
    pub fn with_partition(mut self, partition: i32) -> Error {
        self.0.partition = Some(partition);
        self
    }

    /// Adds the offset.
    pub fn with_offset(mut self, offset: i64) -> Error {
        self.0.offset = Some(offset);
        self
    }

    /// Adds the broker, as `host:port` or as the broker names itself.
    pub fn with_broker(mut self, broker: impl Into<String>) -> Error {
        self.0.broker = Some(broker.into());
        self
    }

    /// Replaces the message.
    pub(crate) fn with_message(mut self, message: impl Into<String>) -> Error {
        self.0.message = message.into();
        self
    }

    /// Adds what became of the rows of a write.
    pub(crate) fn with_write_report(mut self, report: WriteReport) -> Error {
        self.0.write_report = Some(Box::new(report));
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What was asked, what came back and where.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do next, if there is advice.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The topic it happened on.
    pub fn topic(&self) -> Option<&str> {
        self.0.topic.as_deref()
    }

    /// The partition it happened on.
    pub fn partition(&self) -> Option<i32> {
        self.0.partition
    }

    /// The offset it happened at.
    pub fn offset(&self) -> Option<i64> {
        self.0.offset
    }

    /// What became of the rows, where a write failed after it had taken some: written, not written, unknown.
    pub fn write_report(&self) -> Option<&WriteReport> {
        self.0.write_report.as_deref()
    }

    /// The broker that answered, or did not.
    pub fn broker(&self) -> Option<&str> {
        self.0.broker.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}
