//! The hook for tests: sees every request, delays, replaces or drops replies, and edits logs behind the protocol's back.

use std::time::Duration;

use bytes::Bytes;

/// A request as a rule sees it, before it is handled.
#[derive(Clone, Debug)]
pub struct Intercepted {
    /// Kafka's number of the API, such as 1 for Fetch.
    pub api_key: i16,
    /// Version of the request.
    pub api_version: i16,
    /// Node id of the broker that received it.
    pub broker: i32,
    /// Number of the connection, from 1, in order of acceptance over all brokers.
    pub connection: u64,
    /// How many requests of this API were received up to this one, itself included.
    pub count_of_api: u64,
    /// Correlation id, for replies written by hand.
    pub correlation_id: i32,
    /// Body of the request, behind its header.
    pub body: Bytes,
}

/// What happens to a request that a rule looked at.
#[derive(Clone, Debug)]
pub enum Action {
    /// Handled as if there were no rule; the next rule is asked.
    Pass,
    /// Handled, and the reply is held back for so long.
    Delay(Duration),
    /// Not handled; these bytes are the body of the reply, behind a correct header.
    ReplaceBody(Bytes),
    /// Not handled; these bytes are written as they are, length prefix included.
    ReplaceFrame(Bytes),
    /// Not handled; the connection is closed.
    Drop,
    /// Not handled and never answered; the connection stays open.
    Silence,
    /// Handled, but the reply is written in pieces of `bytes` bytes, one piece `every` so often.
    Drip {
        /// Size of one piece.
        bytes: usize,
        /// Pause before each piece.
        every: Duration,
    },
}

/// Names one rule of [`Control::intercept`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RuleId(pub(crate) u64);

/// What [`Control::make_hole`] leaves where the removed records were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hole {
    /// An empty batch that covers the range, as compaction keeps for the state of a producer.
    EmptyBatch,
    /// Nothing at all.
    Nothing,
}

/// A handle to script a running broker. Cheap to clone; harmless once the broker has stopped.
#[derive(Clone)]
pub struct Control {}

#[allow(unused_variables)]
impl Control {
    /// Adds a rule that sees every request. Rules are asked in order of addition; the first answer other than [`Action::Pass`] counts.
    pub fn intercept(
        &self,
        rule: impl Fn(&Intercepted) -> Action + Send + Sync + 'static,
    ) -> RuleId {
        todo!()
    }
    /// Removes all rules.
    pub fn clear(&self) {
        todo!()
    }
    /// Every request received so far, as (API key, version), in order of arrival.
    pub fn requests(&self) -> Vec<(i16, i16)> {
        todo!()
    }
    /// Appends a batch as it is, after giving it the next offset and the leader epoch. Returns its base offset.
    pub fn append_raw(&self, topic: &str, partition: i32, batch: Bytes) -> i64 {
        todo!()
    }
    /// Appends bytes without touching them: the base offset in them counts.
    pub fn append_exact(&self, topic: &str, partition: i32, batch: Bytes) {
        todo!()
    }
    /// Moves the log start offset, as DeleteRecords or retention do.
    pub fn set_log_start(&self, topic: &str, partition: i32, offset: i64) {
        todo!()
    }
    /// Removes the records in `[start, end)`.
    pub fn make_hole(&self, topic: &str, partition: i32, start: i64, end: i64, hole: Hole) {
        todo!()
    }
    /// Flips a bit of the batch that holds this offset, so that its checksum is wrong.
    pub fn corrupt(&self, topic: &str, partition: i32, offset: i64) {
        todo!()
    }
    /// Makes another broker the leader; the leader epoch goes up by one.
    pub fn set_leader(&self, topic: &str, partition: i32, broker_id: i32) {
        todo!()
    }
    /// Raises the leader epoch as an election does.
    pub fn bump_leader_epoch(&self, topic: &str, partition: i32) {
        todo!()
    }
    /// Cuts the log off at this offset, as an unclean election does; the leader epoch goes up by one.
    pub fn truncate(&self, topic: &str, partition: i32, offset: i64) {
        todo!()
    }
    /// Deletes the topic and creates it again, empty, with a new id.
    pub fn recreate_topic(&self, topic: &str) {
        todo!()
    }
    /// Pins the high watermark below the end of the log; `None` lets it follow the end again.
    pub fn set_high_watermark(&self, topic: &str, partition: i32, offset: Option<i64>) {
        todo!()
    }
    /// Changes the address that a broker advertises in Metadata.
    pub fn advertise(&self, broker_id: i32, host: &str, port: u16) {
        todo!()
    }
}
