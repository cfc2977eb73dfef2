//! OffsetFetch: v1-9
//!
//! * v2: `null` topics mean all that the group committed. v7: with `require_stable`, an offset that waits for the end of a
//!   transaction is UNSTABLE_OFFSET_COMMIT. v8: several groups at once. v9: members (ignored, there are none).
//! * No commit is offset -1, not an error.

use std::collections::BTreeMap;

use kaframe_wire::ErrorCode;
use kaframe_wire::message::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions, OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
};
use kaframe_wire::message::{OffsetFetchRequest, OffsetFetchResponse};

use super::{Context, check_coordinator, text, topic_name};
use crate::cluster::Cluster;
use crate::groups::Committed;

/// One partition of the answer, whatever its version.
struct Row {
    partition: i32,
    committed: Committed,
    code: ErrorCode,
}

type Rows = BTreeMap<String, Vec<Row>>;

pub(super) fn handle(context: &Context<'_>, request: OffsetFetchRequest) -> OffsetFetchResponse {
    let cluster = context.shared.cluster();
    let stable = context.version >= 7 && request.require_stable;
    if context.version < 8 {
        let asked = request.topics.map(|topics| {
            topics
                .into_iter()
                .map(|topic| (topic.name.0.to_string(), topic.partition_indexes))
                .collect()
        });
        let (code, rows) = look_up(&cluster, context.node, &request.group_id.0, asked, stable);
        return OffsetFetchResponse::default()
            .with_error_code(if context.version >= 2 { code.0 } else { 0 })
            .with_topics(rows.into_iter().map(old_topic).collect());
    }
    let groups = request
        .groups
        .into_iter()
        .map(|group| {
            let asked = group.topics.map(|topics| {
                topics
                    .into_iter()
                    .map(|topic| (topic.name.0.to_string(), topic.partition_indexes))
                    .collect()
            });
            let (code, rows) = look_up(&cluster, context.node, &group.group_id.0, asked, stable);
            OffsetFetchResponseGroup::default()
                .with_group_id(group.group_id)
                .with_error_code(code.0)
                .with_topics(rows.into_iter().map(new_topic).collect())
        })
        .collect();
    OffsetFetchResponse::default().with_groups(groups)
}

fn look_up(
    cluster: &Cluster,
    node: i32,
    group: &str,
    asked: Option<Vec<(String, Vec<i32>)>>,
    stable: bool,
) -> (ErrorCode, Rows) {
    let mut rows = Rows::new();
    if let Err(code) = check_coordinator(cluster, node, group) {
        return (code, rows);
    }
    let asked = asked.unwrap_or_else(|| {
        let offsets = cluster.groups.offsets(group);
        offsets
            .into_iter()
            .flatten()
            .map(|((topic, partition), _)| (topic.clone(), vec![*partition]))
            .collect()
    });
    for (topic, partitions) in asked {
        for partition in partitions {
            let pending = stable && cluster.transactions.has_pending_offset(group, &topic, partition);
            let known = cluster.groups.committed(group, &topic, partition).filter(|_| !pending);
            let none = Committed {
                offset: -1,
                leader_epoch: -1,
                metadata: Some(String::new()),
            };
            rows.entry(topic.clone()).or_default().push(Row {
                partition,
                committed: known.cloned().unwrap_or(none),
                code: if pending {
                    ErrorCode::UNSTABLE_OFFSET_COMMIT
                } else {
                    ErrorCode::NONE
                },
            });
        }
    }
    (ErrorCode::NONE, rows)
}

fn old_topic((name, rows): (String, Vec<Row>)) -> OffsetFetchResponseTopic {
    let partition = |row: Row| {
        OffsetFetchResponsePartition::default()
            .with_partition_index(row.partition)
            .with_committed_offset(row.committed.offset)
            .with_committed_leader_epoch(row.committed.leader_epoch)
            .with_metadata(Some(text(row.committed.metadata.as_deref().unwrap_or_default())))
            .with_error_code(row.code.0)
    };
    OffsetFetchResponseTopic::default()
        .with_name(topic_name(&name))
        .with_partitions(rows.into_iter().map(partition).collect())
}

fn new_topic((name, rows): (String, Vec<Row>)) -> OffsetFetchResponseTopics {
    let partition = |row: Row| {
        OffsetFetchResponsePartitions::default()
            .with_partition_index(row.partition)
            .with_committed_offset(row.committed.offset)
            .with_committed_leader_epoch(row.committed.leader_epoch)
            .with_metadata(Some(text(row.committed.metadata.as_deref().unwrap_or_default())))
            .with_error_code(row.code.0)
    };
    OffsetFetchResponseTopics::default()
        .with_name(topic_name(&name))
        .with_partitions(rows.into_iter().map(partition).collect())
}
