//! The hook for tests: sees every request, delays, replaces or drops replies, and edits logs behind the protocol's back.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use crate::cluster::NewTopic;
use crate::shared::Shared;
use crate::topic::Partition;

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
///
/// What edits a log panics when there is no such partition: a test that edits the wrong one has to hear of it.
#[derive(Clone, Debug)]
pub struct Control {
    shared: Arc<Shared>,
}

impl Control {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Adds a rule that sees every request. Rules are asked in order of addition; the first answer other than [`Action::Pass`]
    /// counts.
    pub fn intercept(&self, rule: impl Fn(&Intercepted) -> Action + Send + Sync + 'static) -> RuleId {
        self.shared.interceptor.add(Arc::new(rule))
    }

    /// Removes one rule.
    pub fn remove(&self, rule: RuleId) {
        self.shared.interceptor.remove(rule);
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.shared.interceptor.clear();
    }

    /// The requests received so far as (API key, version), in order of arrival; the last million of them.
    pub fn requests(&self) -> Vec<(i16, i16)> {
        self.shared.interceptor.requests()
    }

    /// Appends a batch as it is, after giving it the next offset and the leader epoch. Returns its base offset. Transactional
    /// batches open transactions and end markers close them, as if a producer had sent them.
    ///
    /// # Panics
    /// Unknown partition, or bytes that have no header of a batch.
    #[track_caller]
    pub fn append_raw(&self, topic: &str, partition: i32, batch: Bytes) -> i64 {
        self.edit(topic, partition, |partition| {
            partition.log.append_unchecked(BytesMut::from(&batch[..]))
        })
        .expect("append_raw needs a whole batch")
    }

    /// Appends bytes without touching them: the offsets in them count. For holes, old formats and damage.
    ///
    /// # Panics
    /// Unknown partition.
    #[track_caller]
    pub fn append_exact(&self, topic: &str, partition: i32, batch: Bytes) {
        self.edit(topic, partition, |partition| partition.log.append_exact(batch));
    }

    /// Puts so many copies of a batch at the end of a log, each with offsets of its own, without keeping more than one in memory: a log
    /// of any size. Nothing can be appended behind them.
    ///
    /// # Panics
    /// Unknown partition, or bytes that are not one batch.
    #[track_caller]
    pub fn repeat(&self, topic: &str, partition: i32, batch: &Bytes, copies: i64) {
        self.edit(topic, partition, |partition| partition.log.repeat(batch, copies))
            .expect("repeat needs a whole batch");
    }

    /// Moves the log start offset, as DeleteRecords or retention do.
    ///
    /// # Panics
    /// Unknown partition.
    #[track_caller]
    pub fn set_log_start(&self, topic: &str, partition: i32, offset: i64) {
        self.edit(topic, partition, |partition| partition.log.move_start(offset));
    }

    /// Removes the records in `[start, end)` as compaction does; batches that keep some are written anew.
    ///
    /// # Panics
    /// Unknown partition, or a batch in the range that cannot be read.
    #[track_caller]
    pub fn make_hole(&self, topic: &str, partition: i32, start: i64, end: i64, hole: Hole) {
        self.edit(topic, partition, |partition| partition.log.make_hole(start, end, hole))
            .expect("make_hole needs batches that can be read");
    }

    /// Flips a bit of the batch that holds this offset, so that its checksum is wrong.
    ///
    /// # Panics
    /// Unknown partition, or no batch holds the offset.
    #[track_caller]
    pub fn corrupt(&self, topic: &str, partition: i32, offset: i64) {
        let found = self.edit(topic, partition, |partition| partition.log.corrupt(offset));
        assert!(found, "no batch of {topic}-{partition} holds offset {offset}");
    }

    /// Makes another broker the leader; the leader epoch goes up by one.
    ///
    /// # Panics
    /// Unknown partition.
    #[track_caller]
    pub fn set_leader(&self, topic: &str, partition: i32, broker_id: i32) {
        self.edit(topic, partition, |partition| partition.elect(broker_id));
    }

    /// Raises the leader epoch as an election of the same broker does.
    ///
    /// # Panics
    /// Unknown partition.
    #[track_caller]
    pub fn bump_leader_epoch(&self, topic: &str, partition: i32) {
        self.edit(topic, partition, |partition| partition.elect(partition.leader));
    }

    /// Cuts the log off at this offset, as an unclean election does; the leader epoch goes up by one.
    ///
    /// # Panics
    /// Unknown partition.
    #[track_caller]
    pub fn truncate(&self, topic: &str, partition: i32, offset: i64) {
        self.edit(topic, partition, |partition| {
            // Before the cut: the epochs that began behind it are forgotten by it, the new one must still be higher than they were.
            let epoch = partition.leader_epoch() + 1;
            partition.log.truncate(offset);
            partition.log.start_epoch(epoch);
        });
    }

    /// Deletes the topic and creates it again, empty, with a new id and the same partitions and configuration.
    ///
    /// # Panics
    /// Unknown topic.
    #[track_caller]
    pub fn recreate_topic(&self, topic: &str) {
        let mut cluster = self.shared.cluster();
        let known = cluster
            .topic(topic)
            .unwrap_or_else(|| panic!("there is no topic {topic}"));
        let new = NewTopic {
            name: topic.to_owned(),
            assignments: known
                .partitions
                .iter()
                .map(|partition| partition.replicas.clone())
                .collect(),
            configs: known.configs.clone(),
            ..NewTopic::default()
        };
        cluster.delete_topic(topic);
        if let Err((code, reason)) = cluster.create_topic(new, false) {
            panic!("recreating {topic}: {reason} ({code})");
        }
        drop(cluster);
        self.shared.changed();
    }

    /// Gives the topic more partitions, `count` in all, as CreatePartitions does.
    ///
    /// # Panics
    /// Unknown topic, or it has as many already.
    #[track_caller]
    pub fn grow_topic(&self, topic: &str, count: i32) {
        let grown = self.shared.cluster().create_partitions(topic, count, false);
        if let Err((code, reason)) = grown {
            panic!("more partitions for {topic}: {reason} ({code})");
        }
        self.shared.changed();
    }

    /// Holds the high watermark at an offset; `None` lets it follow the end of the log again.
    ///
    /// # Panics
    /// Unknown partition.
    #[track_caller]
    pub fn set_high_watermark(&self, topic: &str, partition: i32, offset: Option<i64>) {
        self.edit(topic, partition, |partition| partition.log.pin_high_watermark(offset));
    }

    /// Changes the address that a broker advertises in Metadata; it goes on listening where it did.
    ///
    /// # Panics
    /// Unknown broker.
    #[track_caller]
    pub fn advertise(&self, broker_id: i32, host: &str, port: u16) {
        let mut cluster = self.shared.cluster();
        let node = cluster.nodes.iter_mut().find(|node| node.id == broker_id);
        let node = node.unwrap_or_else(|| panic!("there is no broker {broker_id}"));
        node.host = host.to_owned();
        node.port = port;
    }

    #[track_caller]
    fn edit<T>(&self, topic: &str, partition: i32, edit: impl FnOnce(&mut Partition) -> T) -> T {
        let mut cluster = self.shared.cluster();
        let found = cluster.partition_mut(topic, partition);
        let result = edit(found.unwrap_or_else(|| panic!("there is no partition {partition} of topic {topic}")));
        drop(cluster);
        self.shared.changed();
        result
    }
}
