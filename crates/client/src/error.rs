//! What can go wrong between this process and a broker: one type, with the question that was asked, what came back, and where.
//!
//! It holds facts, not advice, save for a `hint` where the fact alone does not tell a reader what to do next. Names that a broker sent are escaped before
//! they enter an error (see `printable`), and no setting that can hold a secret is ever named with its value. Which of these are tried again is decided in
//! `retry`, not here: an error that leaves this crate is final.

use std::fmt;
use std::time::Duration;

use kaframe_wire::{ErrorCode, ForeignPeer, WireError};

/// Any failure of the client. `Display` is one sentence or two, ready for a user.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// A setting is wrong, or asks for something that this build does not have, or the broker is too old or too new for it.
    #[error("{detail}")]
    Config {
        /// What is wrong and what would be right.
        detail: String,
    },

    /// No broker could be reached: every address that was tried, with its reason.
    #[error("{}", connect_text(what, attempts, hint.as_deref()))]
    Connect {
        /// What the connection was for: "bootstrap", "leader of orders-3, broker 2", ...
        what: String,
        /// Address (`host:port`, with the IP address where it was resolved) and reason, in the order tried.
        attempts: Vec<(String, String)>,
        /// What kind of failure it was in the end.
        cause: ConnectCause,
        /// What to do about it, where that is known.
        hint: Option<String>,
    },

    /// Something that is not a plaintext Kafka listener answered.
    #[error("{addr} is {peer}, not a plaintext Kafka listener{}", not_kafka_hint(*peer))]
    NotKafka {
        /// `host:port` that was asked.
        addr: String,
        /// What it looks like.
        peer: ForeignPeer,
    },

    /// The broker broke the protocol: bytes that make no sense, an answer to a question nobody asked.
    #[error("protocol error from {broker}: {detail}")]
    Protocol {
        /// What made no sense, with API and version.
        detail: String,
        /// The broker, with id and address.
        broker: String,
    },

    /// A budget was exceeded by what a broker sent.
    #[error("{what} of {size} bytes from {broker} exceeds the limit of {limit} bytes")]
    Limit {
        /// What was too large, and the setting that bounds it.
        what: String,
        /// The size announced or reached.
        size: u64,
        /// The limit in force.
        limit: u64,
        /// The broker, with id and address.
        broker: String,
    },

    /// The topic does not exist (or may not be seen).
    #[error("topic {topic:?} does not exist on {cluster}{}", nearest_text(nearest))]
    NotFound {
        /// The name asked for.
        topic: String,
        /// Existing names that look alike, nearest first, at most three.
        nearest: Vec<String>,
        /// The bootstrap servers asked.
        cluster: String,
    },

    /// The topic has no such partition.
    #[error("topic {topic:?} has no partition {partition}: it has {count}, numbered from 0")]
    UnknownPartition {
        /// The topic.
        topic: String,
        /// The partition asked for.
        partition: i32,
        /// How many there are.
        count: usize,
    },

    /// An access-control list says no.
    #[error("not authorised: {what}; {hint}")]
    Authorization {
        /// What was refused, with the broker's error code.
        what: String,
        /// The missing permission.
        hint: String,
    },

    /// The broker did not accept who we are.
    #[error("authentication failed at {broker}: {detail}")]
    Authentication {
        /// The broker's own words.
        detail: String,
        /// The broker, with id and address.
        broker: String,
    },

    /// The offset asked for lies outside the partition's log, as its leader says.
    #[error("{}", out_of_range_text(topic, *partition, *offset, *log_start, *end, broker))]
    OffsetOutOfRange {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The offset asked for.
        offset: i64,
        /// The leader's log start offset, asked afresh; `None` if it would not say.
        log_start: Option<i64>,
        /// The leader's end of the log (high watermark), asked afresh; `None` if it would not say.
        end: Option<i64>,
        /// The leader, with id and address.
        broker: String,
    },

    /// The log was truncated below the position already reached: what was read is no longer there.
    #[error(
        "{topic}-{partition} was truncated under the read: it had reached offset {position} (leader epoch {epoch}), but {broker} says that epoch ends at {epoch_end}"
    )]
    Truncated {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The position reached.
        position: i64,
        /// The leader epoch of the last batch read.
        epoch: i32,
        /// Where the present leader says that this epoch (or the last one before it) ends.
        epoch_end: i64,
        /// The leader, with id and address.
        broker: String,
    },

    /// A topic of that name is there, but it is another one than before.
    #[error("topic {topic:?} was deleted and created again: its id was {expected}, {found}")]
    TopicRecreated {
        /// The topic.
        topic: String,
        /// The id known before.
        expected: String,
        /// What was found instead ("is now ...", "is no longer known to ...").
        found: String,
    },

    /// Nothing moved for as long as the caller is willing to wait.
    #[error("{}", no_progress_text(topic.as_deref(), *partition, *waited, what, broker, *offset))]
    NoProgress {
        /// The topic, where one was concerned.
        topic: Option<String>,
        /// The partition, where one was concerned.
        partition: Option<i32>,
        /// How long nothing moved.
        waited: Duration,
        /// What was waited for, and the last failure seen meanwhile.
        what: String,
        /// The broker last asked, with id and address; empty if there was none.
        broker: String,
        /// The position reached.
        offset: Option<i64>,
    },

    /// The broker answered with an error code that has no variant of its own.
    #[error("{}", broker_text(*code, api, topic.as_deref(), *partition, broker, message))]
    Broker {
        /// The code, with Kafka's name for it.
        code: ErrorCode,
        /// The API asked, with version ("Fetch v17").
        api: String,
        /// The topic, where one was concerned.
        topic: Option<String>,
        /// The partition, where one was concerned.
        partition: Option<i32>,
        /// The broker, with id and address.
        broker: String,
        /// The broker's own words, or the meaning of the code.
        message: String,
    },

    /// A write was sent and no answer tells whether the records are in the log.
    #[error("it is not known whether {records} records for {topic}-{partition} were written: {detail}")]
    UnknownOutcome {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// How many records the batch held.
        records: i32,
        /// What happened.
        detail: String,
    },

    /// A batch is not written, since a batch before it in its partition failed, or the producer was closed before its turn came.
    #[error("{records} records for {topic}-{partition} are not written: {detail}")]
    HeldBack {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// How many records the batch held.
        records: i32,
        /// What held it back.
        detail: String,
    },

    /// A batch is larger than the broker or the client accepts; nothing of it was written.
    #[error("a batch of {size} bytes for {topic}-{partition} is too large: {limit}")]
    TooLarge {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// Bytes of the batch as sent.
        size: usize,
        /// The limit that it broke, with its setting.
        limit: String,
    },

    /// Bytes of a record batch are damaged, or in a form that cannot be read.
    #[error("corrupt data in {topic}-{partition} at offset {offset} from {broker}: {detail}")]
    Corrupt {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The offset asked for.
        offset: i64,
        /// The broker, with id and address.
        broker: String,
        /// What is wrong.
        detail: String,
    },
}

/// Why a connection could not be had, or was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectCause {
    /// The name does not resolve.
    Unresolved,
    /// The peer refuses connections, or there is no route to it.
    Refused,
    /// Nothing answered in time.
    Silent,
    /// The connection was there and broke.
    Lost,
}

impl ClientError {
    pub(crate) fn config(detail: impl Into<String>) -> Self {
        ClientError::Config { detail: detail.into() }
    }

    pub(crate) fn protocol(broker: impl Into<String>, detail: impl Into<String>) -> Self {
        ClientError::Protocol {
            detail: detail.into(),
            broker: broker.into(),
        }
    }

    /// A failure of the bytes themselves, met while `doing` something with `broker`.
    pub(crate) fn from_wire(error: WireError, broker: &str, doing: &str) -> Self {
        match error {
            WireError::Protocol { detail } | WireError::Corrupt { detail } => {
                ClientError::protocol(broker, format!("{doing}: {detail}"))
            }
            WireError::Limit { what, size, limit } => ClientError::Limit {
                what: format!("{what} in {doing}"),
                size,
                limit,
                broker: broker.to_owned(),
            },
            WireError::UnsupportedCompression { codec } => {
                ClientError::protocol(broker, format!("{doing}: unknown compression codec {codec}"))
            }
            WireError::NotKafka { peer } => ClientError::NotKafka {
                addr: broker.to_owned(),
                peer,
            },
        }
    }
}

fn connect_text(what: &str, attempts: &[(String, String)], hint: Option<&str>) -> String {
    let mut text = format!("cannot reach {what}");
    for (index, (address, reason)) in attempts.iter().enumerate() {
        text.push_str(if index == 0 { ": " } else { "; " });
        // A broker that is named by its address needs it only once.
        if attempts.len() > 1 || !what.contains(address.as_str()) {
            text.push_str(&format!("{address}: "));
        }
        text.push_str(reason);
    }
    if let Some(hint) = hint {
        text.push_str(&format!(" ({hint})"));
    }
    text
}

fn not_kafka_hint(peer: ForeignPeer) -> &'static str {
    match peer {
        ForeignPeer::Tls => "; TLS is not built in yet: use the cluster's PLAINTEXT listener",
        _ => "; check host and port",
    }
}

fn nearest_text(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        names => {
            let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
            format!("; did you mean {}?", quoted.join(" or "))
        }
    }
}

fn out_of_range_text(
    topic: &str,
    partition: i32,
    offset: i64,
    log_start: Option<i64>,
    end: Option<i64>,
    broker: &str,
) -> String {
    let range = match (log_start, end) {
        (Some(start), Some(end)) => format!("the log is [{start}, {end})"),
        (Some(start), None) => format!("the log starts at {start}"),
        (None, Some(end)) => format!("the log ends at {end}"),
        (None, None) => "its bounds could not be had".to_owned(),
    };
    format!("offset {offset} is outside {topic}-{partition}: {range} at {broker}")
}

fn no_progress_text(
    topic: Option<&str>,
    partition: Option<i32>,
    waited: Duration,
    what: &str,
    broker: &str,
    offset: Option<i64>,
) -> String {
    let mut text = format!("no progress for {:.1} s", waited.as_secs_f64());
    match (topic, partition) {
        (Some(topic), Some(partition)) => text.push_str(&format!(" on {topic}-{partition}")),
        (Some(topic), None) => text.push_str(&format!(" on topic {topic:?}")),
        _ => {}
    }
    if let Some(offset) = offset {
        text.push_str(&format!(" at offset {offset}"));
    }
    text.push_str(&format!(": {what}"));
    if !broker.is_empty() {
        text.push_str(&format!(" (last asked: {broker})"));
    }
    text
}

fn broker_text(
    code: ErrorCode,
    api: &str,
    topic: Option<&str>,
    partition: Option<i32>,
    broker: &str,
    message: &str,
) -> String {
    let place = match (topic, partition) {
        (Some(topic), Some(partition)) => format!(" for {topic}-{partition}"),
        (Some(topic), None) => format!(" for topic {topic:?}"),
        _ => String::new(),
    };
    format!("{broker} answered {api}{place} with {code}: {message}")
}

impl fmt::Display for ConnectCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ConnectCause::Unresolved => "does not resolve",
            ConnectCause::Refused => "refused",
            ConnectCause::Silent => "no answer",
            ConnectCause::Lost => "connection lost",
        })
    }
}
