//! What a scan or a read is asked for: which records, which columns, how to run.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use kaframe_codec::ValueFormat;

use crate::bound::{Bound, Bounds};
use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::order::Order;
use crate::progress::ProgressFn;

/// Which records of transactions are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IsolationLevel {
    /// All records, those of open and aborted transactions too; a read ends at the high watermark.
    ReadUncommitted,
    /// Only records of committed transactions and those outside any; a read ends at the last stable offset.
    #[default]
    ReadCommitted,
}

impl FromStr for IsolationLevel {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "read_committed" => Ok(IsolationLevel::ReadCommitted),
            "read_uncommitted" => Ok(IsolationLevel::ReadUncommitted),
            _ => Err(Error::config(format!(
                "isolation level is read_committed or read_uncommitted, not {text:?}"
            ))),
        }
    }
}

impl fmt::Display for IsolationLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            IsolationLevel::ReadCommitted => "read_committed",
            IsolationLevel::ReadUncommitted => "read_uncommitted",
        })
    }
}

/// How far behind an `end` by time a read looks for records that are older than their place in the log says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// On to the first offset at or after `end` plus this.
    Within(Duration),
    /// To the end of the partition: exact.
    Scan,
}

impl Default for Late {
    fn default() -> Self {
        Late::Within(Duration::from_secs(300))
    }
}

impl FromStr for Late {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "scan" {
            return Ok(Late::Scan);
        }
        crate::time::parse_duration(text)
            .map(Late::Within)
            .ok_or_else(|| Error::config(format!("late is a duration such as 5m, or scan, not {text:?}")))
    }
}

/// Which metadata columns come with the value's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Metadata {
    /// `_key`, `_partition`, `_offset`, `_timestamp`.
    #[default]
    Default,
    /// None.
    None,
    /// These, in this order.
    Only(Vec<String>),
}

/// What happens with a value that is not in the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// The row stays, its fields are null, and it is listed in the errors.
    #[default]
    Null,
    /// The read fails at the first one.
    Raise,
    /// The row is left out and counted, and it is listed in the errors.
    Skip,
}

impl FromStr for OnError {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "null" => Ok(OnError::Null),
            "raise" => Ok(OnError::Raise),
            "skip" => Ok(OnError::Skip),
            _ => Err(Error::config(format!("on_error is null, raise or skip, not {text:?}"))),
        }
    }
}

/// What a scan or a read is asked for. `ScanOptions::default()` is the whole topic, up to now.
#[derive(Clone)]
pub struct ScanOptions {
    /// Where to start.
    pub start: Bounds,
    /// Where to end.
    pub end: Bounds,
    /// How far behind an `end` by time to look.
    pub late: Late,
    /// Only these partitions.
    pub partitions: Option<Vec<i32>>,
    /// Conditions that a row must pass, all of them. In other places this is called `where`.
    pub filter: Vec<Arc<dyn Filter>>,
    /// At most so many records that pass, from the front.
    pub limit: Option<u64>,
    /// Only the newest so many records that pass.
    pub tail: Option<u64>,
    /// Which records of transactions are seen.
    pub isolation_level: IsolationLevel,
    /// Format of keys; `None` looks at them.
    pub key_format: Option<ValueFormat>,
    /// Format of values; `None` looks at them.
    pub value_format: Option<ValueFormat>,
    /// Exactly these columns in this order; nested paths with dots, metadata names too.
    pub columns: Option<Vec<String>>,
    /// Which metadata columns come, where `columns` is not given.
    pub metadata: Metadata,
    /// What happens with a malformed value.
    pub on_error: OnError,
    /// In which order rows come. It says nothing about which: `limit` and `tail` choose them as they do without it.
    pub order: Order,
    /// Rows of a record batch of a stream, at most.
    pub batch_size: usize,
    /// Bytes that are fetched and decoded but not yet taken, of a stream.
    pub memory_limit: u64,
    /// Bytes of a table, at most; `None` is half of the memory that is free.
    pub max_result_bytes: Option<u64>,
    /// How long to wait without progress of any kind.
    pub timeout: Duration,
    /// Go on where records are lost, and list the ranges.
    pub allow_partial: bool,
    /// Called while the read runs.
    pub progress: Option<ProgressFn>,
    /// Stops the read.
    pub cancel: CancelToken,
}

impl Default for ScanOptions {
    fn default() -> Self {
        ScanOptions {
            start: Bounds::One(Bound::Earliest),
            end: Bounds::One(Bound::Latest),
            late: Late::default(),
            partitions: None,
            filter: Vec::new(),
            limit: None,
            tail: None,
            isolation_level: IsolationLevel::default(),
            key_format: None,
            value_format: None,
            columns: None,
            metadata: Metadata::default(),
            on_error: OnError::default(),
            order: Order::default(),
            batch_size: 65_536,
            memory_limit: 1 << 30,
            max_result_bytes: None,
            timeout: Duration::from_secs(60),
            allow_partial: false,
            progress: None,
            cancel: CancelToken::new(),
        }
    }
}

impl fmt::Debug for ScanOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanOptions")
            .field("start", &self.start)
            .field("end", &self.end)
            .field("partitions", &self.partitions)
            .field("filter", &self.filter)
            .field("limit", &self.limit)
            .field("tail", &self.tail)
            .finish_non_exhaustive()
    }
}

impl ScanOptions {
    /// The same for one topic of several: with its bounds only.
    pub(crate) fn of_topic(&self, name: &str) -> ScanOptions {
        ScanOptions {
            start: self.start.of_topic(name, Bound::Earliest),
            end: self.end.of_topic(name, Bound::Latest),
            ..self.clone()
        }
    }

    /// Sets the start from text, see [`Bound`]; also `group:NAME`.
    pub fn start(mut self, text: &str) -> Result<Self> {
        self.start = text.parse()?;
        Ok(self)
    }

    /// Sets the end from text, see [`Bound`]; also `group:NAME`.
    pub fn end(mut self, text: &str) -> Result<Self> {
        self.end = text.parse()?;
        Ok(self)
    }

    /// Sets the start.
    pub fn start_at(mut self, start: impl Into<Bounds>) -> Self {
        self.start = start.into();
        self
    }

    /// Sets the end.
    pub fn end_at(mut self, end: impl Into<Bounds>) -> Self {
        self.end = end.into();
        self
    }

    /// Adds a condition that rows must pass.
    pub fn filter(mut self, filter: Arc<dyn Filter>) -> Self {
        self.filter.push(filter);
        self
    }

    /// Sets the limit.
    pub fn limit(mut self, records: u64) -> Self {
        self.limit = Some(records);
        self
    }

    /// Sets the tail.
    pub fn tail(mut self, records: u64) -> Self {
        self.tail = Some(records);
        self
    }

    /// Sets the order.
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Sets the columns.
    pub fn columns<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.columns = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the format of values.
    pub fn value_format(mut self, format: ValueFormat) -> Self {
        self.value_format = Some(format);
        self
    }
}
