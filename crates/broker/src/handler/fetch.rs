//! Fetch: v4-18
//!
//! * Serves stored bytes as they are, cut at the byte limits: partitions in request order, each within its own limit, all within the
//!   limit of the request, except that the first batch of the first partition with data always comes whole (KIP-74).
//! * Waits until `min_bytes` are there or `max_wait_ms` have passed; an error in any partition ends the wait.
//! * read_committed stops at the last stable offset and lists the aborted transactions that overlap what is returned.
//! * v7: sessions are declined (session id 0), so every request is a full one; one that names a session gets
//!   FETCH_SESSION_ID_NOT_FOUND. v9: leader epochs are compared. v11: there are no racks, the leader always serves.
//! * v12: a client whose last epoch diverges from the log is told where (KIP-595). v13: topic ids; an unknown one is
//!   UNKNOWN_TOPIC_ID. v16: the current leader in NOT_LEADER_OR_FOLLOWER comes with the addresses of all brokers (KIP-951).
//! * Fetches of followers are not told apart from those of consumers. Quotas: none.

use std::time::Duration;

use kaframe_wire::ErrorCode;
use kaframe_wire::message::FetchRequest;
use kaframe_wire::message::fetch_request::{FetchPartition, FetchTopic};
use tokio::time::{Instant, timeout_at};

use super::Context;
use super::fetch_reply::{FetchAnswer, PartitionAnswer, TopicAnswer};
use crate::cluster::Cluster;
use crate::leadership::check_leader;
use crate::topic::Partition;

/// Whatever a client asks for, one answer holds no more than this (`fetch.max.bytes` of the broker).
const MAX_BYTES: usize = 55 << 20;

pub(super) async fn handle(context: &Context<'_>, request: FetchRequest) -> FetchAnswer {
    if context.version >= 7 && request.session_id != 0 {
        return FetchAnswer {
            error: ErrorCode::FETCH_SESSION_ID_NOT_FOUND,
            ..FetchAnswer::default()
        };
    }
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
    let deadline = Instant::now() + wait;
    let wanted = usize::try_from(request.min_bytes).unwrap_or(0).min(MAX_BYTES);
    loop {
        // Subscribed before the look: what is appended in between is not missed.
        let mut changes = context.shared.changes();
        let reading = Reading::new(context, &request).run(&context.shared.cluster());
        if reading.bytes >= wanted || reading.failed || request.topics.is_empty() || Instant::now() >= deadline {
            return reading.answer;
        }
        if timeout_at(deadline, changes.changed()).await.is_err() {
            return Reading::new(context, &request).run(&context.shared.cluster()).answer;
        }
    }
}

/// One look at the logs.
struct Reading<'a> {
    context: &'a Context<'a>,
    request: &'a FetchRequest,
    read_committed: bool,
    answer: FetchAnswer,
    bytes: usize,
    failed: bool,
}

impl<'a> Reading<'a> {
    fn new(context: &'a Context<'a>, request: &'a FetchRequest) -> Self {
        let read_committed = request.isolation_level == 1;
        Self {
            context,
            request,
            read_committed,
            answer: FetchAnswer::default(),
            bytes: 0,
            failed: false,
        }
    }

    fn run(mut self, cluster: &Cluster) -> Self {
        let request = self.request;
        for asked in &request.topics {
            let answer = self.topic(cluster, asked);
            self.answer.topics.push(answer);
        }
        if self.answer.names_a_leader() {
            self.answer.nodes.clone_from(&cluster.nodes);
        }
        self
    }

    fn topic(&mut self, cluster: &Cluster, asked: &FetchTopic) -> TopicAnswer {
        let by_id = self.context.version >= 13;
        let (topic, absent) = if by_id {
            (cluster.topic_by_id(asked.topic_id), ErrorCode::UNKNOWN_TOPIC_ID)
        } else {
            (cluster.topic(&asked.topic.0), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
        };
        let mut partitions = Vec::with_capacity(asked.partitions.len());
        for part in &asked.partitions {
            let partition = topic.ok_or(absent).and_then(|topic| {
                topic
                    .partition(part.partition)
                    .ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
            });
            let answer = match partition {
                Ok(partition) => self.partition(partition, part),
                Err(code) => PartitionAnswer::failed(part.partition, code),
            };
            self.failed |= answer.error != ErrorCode::NONE || answer.diverging.is_some();
            self.bytes += answer.slice.bytes;
            partitions.push(answer);
        }
        TopicAnswer {
            name: asked.topic.0.to_string(),
            id: asked.topic_id,
            partitions,
        }
    }

    fn partition(&self, partition: &Partition, asked: &FetchPartition) -> PartitionAnswer {
        let version = self.context.version;
        let client_epoch = if version >= 9 { asked.current_leader_epoch } else { -1 };
        if let Err(code) = check_leader(partition, self.context.node, client_epoch) {
            let mut answer = PartitionAnswer::failed(asked.partition, code);
            if version >= 12 {
                answer.leader = Some((partition.leader, partition.leader_epoch()));
            }
            return answer;
        }
        let log = &partition.log;
        let mut answer = PartitionAnswer {
            index: asked.partition,
            high_watermark: log.high_watermark(),
            last_stable_offset: log.last_stable_offset(),
            log_start_offset: log.start_offset(),
            ..PartitionAnswer::failed(asked.partition, ErrorCode::NONE)
        };
        if version >= 12 && asked.last_fetched_epoch >= 0 {
            let (epoch, end) = log.epochs().end_of(asked.last_fetched_epoch, log.end_offset());
            if epoch >= 0 && (epoch < asked.last_fetched_epoch || end < asked.fetch_offset) {
                answer.diverging = Some((epoch, end));
                return answer;
            }
        }
        if asked.fetch_offset < log.start_offset() || asked.fetch_offset > log.end_offset() {
            return PartitionAnswer::failed(asked.partition, ErrorCode::OFFSET_OUT_OF_RANGE);
        }
        let upper = if self.read_committed {
            answer.last_stable_offset
        } else {
            answer.high_watermark
        };
        let room = limit(self.request.max_bytes)
            .saturating_sub(self.bytes)
            .min(limit(asked.partition_max_bytes));
        answer.slice = log.slice(asked.fetch_offset, upper, room, self.bytes == 0, self.read_committed);
        answer.read_committed = self.read_committed;
        answer
    }
}

fn limit(bytes: i32) -> usize {
    usize::try_from(bytes).unwrap_or(0).min(MAX_BYTES)
}
