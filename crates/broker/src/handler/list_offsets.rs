//! ListOffsets: v1-10
//!
//! * -1 latest: high watermark, or last stable offset for read_committed. -2 earliest: log start. -3 (v7): the record with the
//!   largest timestamp. -4 (v8) local log start: the log start, there is no other tier. -5 (v9) last tiered offset: none.
//! * A time: the first record with at least this timestamp, exactly; none behind the high watermark or (read_committed) the last
//!   stable offset. No such record is offset -1, not an error.
//! * Leaders only; v4: leader epochs are compared. v10: the timeout is ignored, nothing here is remote.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::list_offsets_request::ListOffsetsPartition;
use kaframe_wire::message::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use kaframe_wire::message::{ListOffsetsRequest, ListOffsetsResponse};

use super::Context;
use crate::cluster::Cluster;
use crate::leadership::check_leader;

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const LARGEST_TIMESTAMP: i64 = -3;
const LOCAL_START: i64 = -4;
const LAST_TIERED: i64 = -5;

pub(super) fn handle(context: &Context<'_>, request: ListOffsetsRequest) -> ListOffsetsResponse {
    let read_committed = context.version >= 2 && request.isolation_level == 1;
    let cluster = context.shared.cluster();
    let topics = request
        .topics
        .into_iter()
        .map(|topic| {
            let partitions = topic
                .partitions
                .iter()
                .map(|asked| {
                    let answer = ListOffsetsPartitionResponse::default().with_partition_index(asked.partition_index);
                    match look_up(&cluster, context, &topic.name.0, asked, read_committed) {
                        Ok((offset, timestamp, epoch)) => answer
                            .with_offset(offset)
                            .with_timestamp(timestamp)
                            .with_leader_epoch(if context.version >= 4 { epoch } else { -1 }),
                        Err(code) => answer.with_error_code(code.0).with_offset(-1).with_timestamp(-1),
                    }
                })
                .collect();
            ListOffsetsTopicResponse::default()
                .with_name(topic.name)
                .with_partitions(partitions)
        })
        .collect();
    ListOffsetsResponse::default().with_topics(topics)
}

/// Offset, timestamp and leader epoch, -1 for what there is not.
fn look_up(
    cluster: &Cluster,
    context: &Context<'_>,
    topic: &str,
    asked: &ListOffsetsPartition,
    read_committed: bool,
) -> Result<(i64, i64, i32), ErrorCode> {
    let partition = cluster
        .partition(topic, asked.partition_index)
        .ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    let epoch = if context.version >= 4 {
        asked.current_leader_epoch
    } else {
        -1
    };
    check_leader(partition, context.node, epoch)?;
    let log = &partition.log;
    let last_fetchable = if read_committed {
        log.last_stable_offset()
    } else {
        log.high_watermark()
    };
    let none = (-1, -1, -1);
    let found = match asked.timestamp {
        LATEST => return Ok((last_fetchable, -1, partition.leader_epoch())),
        EARLIEST => return Ok((log.start_offset(), -1, log.epochs().at(log.start_offset()))),
        LOCAL_START if context.version >= 8 => {
            return Ok((log.start_offset(), -1, log.epochs().at(log.start_offset())));
        }
        LAST_TIERED if context.version >= 9 => return Ok(none),
        LARGEST_TIMESTAMP if context.version >= 7 => log.with_largest_timestamp(),
        time if time >= 0 => log.first_at_or_after(time),
        _ => return Err(ErrorCode::UNSUPPORTED_VERSION),
    };
    Ok(match found.map_err(|_| ErrorCode::CORRUPT_MESSAGE)? {
        Some(found) if found.offset < last_fetchable => (found.offset, found.timestamp, found.leader_epoch),
        _ => none,
    })
}
