//! What a split does when something cannot be read: raise it, or with `allow_partial` count it and go on.

use kaframe_client::ClientError;
use kaframe_wire::WireError;

use super::{Flow, SplitRun};
use crate::bound::OffsetRange;
use crate::engine::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::number::grouped;
use crate::report::LostRange;
use crate::topic_partition::TopicPartition;

const PARTIAL_HINT: &str = "allow_partial reads the rest and lists what is missing";

/// Why there is no response.
pub(super) enum Failed {
    /// No connection could be had.
    Open(Error),
    /// The client gave up.
    Client(ClientError),
}

impl SplitRun<'_> {
    /// A Fetch failed for good: the client has retried what can be retried.
    pub(super) fn fetch_failed(&mut self, failed: Failed) -> Result<Flow> {
        // The connection may be in the middle of something.
        self.fetcher = None;
        self.asked = false;
        let error = match failed {
            Failed::Open(error) => error,
            Failed::Client(ClientError::OffsetOutOfRange { log_start, end, .. }) => {
                return self.out_of_range(log_start, end);
            }
            Failed::Client(error) => error.into(),
        };
        match error.kind() {
            ErrorKind::ReadTimeout | ErrorKind::Connect if self.context.allow_partial => {
                self.give_up(&error);
                Ok(Flow::Done)
            }
            ErrorKind::ReadTimeout => Err(self.timed_out(&error.to_string(), error.broker())),
            _ => Err(error),
        }
    }

    pub(super) fn out_of_range(&mut self, log_start: Option<i64>, end: Option<i64>) -> Result<Flow> {
        match log_start {
            Some(log_start) if log_start > self.position => {
                self.deleted(log_start.min(self.end()), log_start)?;
            }
            _ => {
                let reason = match end {
                    Some(end) => format!("the log was truncated during the read: it ends at offset {end} now"),
                    None => "the log was truncated during the read".to_owned(),
                };
                self.gone(self.end(), reason)?;
            }
        }
        Ok(if self.position >= self.end() {
            Flow::Done
        } else {
            Flow::On
        })
    }

    /// Retention or DeleteRecords took the records up to `to`.
    pub(super) fn deleted(&mut self, to: i64, log_start: i64) -> Result<()> {
        self.gone(
            to,
            format!("deleted during the read: the log starts at offset {log_start} now"),
        )
    }

    fn gone(&mut self, to: i64, reason: String) -> Result<()> {
        if self.context.allow_partial {
            self.lose(to, reason);
            return Ok(());
        }
        let message = format!(
            "{}-{}: records {}..{to} are lost: {reason}",
            self.topic(),
            self.job.partition.partition,
            self.position
        );
        let error = Error::new(ErrorKind::DataLoss, message).with_hint(PARTIAL_HINT);
        Err(self.context.located(error, self.job.partition, self.position))
    }

    pub(super) fn lost_range(&self, range: OffsetRange, reason: String) -> LostRange {
        LostRange {
            topic: self.topic().to_owned(),
            partition: self.job.partition.partition,
            range,
            reason,
        }
    }

    fn topic(&self) -> &str {
        &self.context.topic(self.job.partition).name
    }

    /// A batch whose checksum is wrong, twice.
    pub(super) fn bad_header(&mut self, from: i64, to: i64, error: &WireError) -> Result<()> {
        if !self.context.allow_partial {
            return Err(self.bad(from, to, error));
        }
        self.position = from;
        self.lose(to, error.to_string());
        Ok(())
    }

    /// A batch that turned out bad when it was decoded, behind the walk: the position has passed it already.
    pub(super) fn bad_batch(&mut self, from: i64, to: i64, error: WireError) -> Result<()> {
        if !self.context.allow_partial {
            return Err(self.bad(from, to, &error));
        }
        let range = OffsetRange { start: from, end: to };
        self.decoded.lost += range.len();
        self.lost.push(self.lost_range(range, error.to_string()));
        Ok(())
    }

    fn bad(&self, from: i64, to: i64, error: &WireError) -> Error {
        let message = format!(
            "{}-{}: the batch of offsets {from}..{to} cannot be read: {error}",
            self.topic(),
            self.job.partition.partition
        );
        let error = Error::new(kind_of(error), message).with_hint(PARTIAL_HINT);
        let error = match &self.fetcher {
            Some(fetcher) => error.with_broker(fetcher.broker()),
            None => error,
        };
        self.context.located(error, self.job.partition, from)
    }

    /// Bytes at the position make no sense, twice, and no header tells how to pass them.
    pub(super) fn broken(&mut self, error: &WireError) -> Result<Option<Flow>> {
        let message = format!(
            "{}-{}: what the broker sent for offset {} cannot be read: {error}",
            self.topic(),
            self.job.partition.partition,
            self.position
        );
        let error = Error::new(kind_of(error), message).with_hint(PARTIAL_HINT);
        if self.context.allow_partial {
            self.give_up(&error);
            self.unreadable = true;
            return Ok(Some(Flow::Done));
        }
        Err(self.context.located(error, self.job.partition, self.position))
    }

    pub(super) fn give_up(&mut self, error: &Error) {
        self.gave_up = Some(error.to_string());
    }

    pub(super) fn timed_out(&self, what: &str, broker: Option<&str>) -> Error {
        no_progress(
            self.context,
            self.job.partition,
            (self.position, self.end()),
            what,
            broker,
        )
    }
}

/// Nothing has moved for as long as the caller is willing to wait.
pub(crate) fn no_progress(
    context: &Context,
    partition: TopicPartition,
    (position, end): (i64, i64),
    what: &str,
    broker: Option<&str>,
) -> Error {
    let message = format!(
        "no progress for {} in {}-{}: position {position} of {end} ({} offsets to go): {what}",
        crate::number::duration(context.timeout),
        context.topic(partition).name,
        partition.partition,
        grouped((end - position).max(0) as u64),
    );
    let error = Error::new(ErrorKind::ReadTimeout, message)
        .with_hint("a larger timeout waits longer; allow_partial gives what was read, and says what is missing");
    let error = match broker {
        Some(broker) => error.with_broker(broker),
        None => error,
    };
    context.located(error, partition, position)
}

/// What to call a [`WireError`] of this kind.
fn kind_of(error: &WireError) -> ErrorKind {
    match error {
        WireError::Limit { .. } => ErrorKind::Limit,
        WireError::Protocol { .. } | WireError::NotKafka { .. } => ErrorKind::Protocol,
        WireError::Corrupt { .. } | WireError::UnsupportedCompression { .. } => ErrorKind::Corrupt,
    }
}
