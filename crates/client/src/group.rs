//! FindCoordinator and OffsetFetch: where a consumer group stands in a topic. Only looked at: nothing here joins a group or commits.
//!
//! Every attempt asks for the coordinator afresh: it moves with its partition of Kafka's own topic, and this is asked once a scan. An offset that waits for the
//! end of a transaction is not waited for; what the group had committed before it is the answer.
//!
//! Truth: `FindCoordinatorRequest.json` (4: several keys at once) and `OffsetFetchRequest.json` (8: several groups at once) in Apache Kafka.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kaframe_wire::message::{
    FindCoordinatorRequest, FindCoordinatorResponse, GroupId, OffsetFetchRequest, OffsetFetchResponse, StrBytes,
};
use tokio::time::Instant;

use crate::Result;
use crate::answer::{Answer, denied};
use crate::client::{Client, Retrying};
use crate::error::ClientError;
use crate::metadata::topic_name;

/// From this version on FindCoordinator takes and answers several keys.
const SEVERAL_KEYS: i16 = 4;
/// From this version on OffsetFetch takes and answers several groups.
const SEVERAL_GROUPS: i16 = 8;

/// What a group has committed for a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupOffset {
    /// Partition.
    pub partition: i32,
    /// The next offset the group will read; `None` where it has committed none.
    pub offset: Option<i64>,
    /// Leader epoch of the last record before it; -1 where it is not known.
    pub leader_epoch: i32,
}

/// Asks until there is an answer; see [`Client::group_offsets`].
pub(crate) async fn offsets(client: &Client, group: &str, topic: &str, partitions: &[i32]) -> Result<Vec<GroupOffset>> {
    let mut retrying = Retrying::new(client, "the offsets of a group from its coordinator").about(topic, None);
    loop {
        match attempt(client, group, topic, partitions, retrying.deadline()).await {
            Ok(offsets) => {
                client.cluster().quota.succeeded();
                return Ok(offsets);
            }
            Err(error) => retrying.failed(error).await?,
        }
    }
}

async fn attempt(
    client: &Client,
    group: &str,
    topic: &str,
    partitions: &[i32],
    deadline: Instant,
) -> Result<Vec<GroupOffset>> {
    let build = |version| Ok(find(version, group));
    let answer = client
        .cluster()
        .ask_any(build, "any broker for the group's coordinator", deadline)
        .await?;
    let (broker, host, port) = coordinator(&answer, group)?;
    client.cluster().learn_broker(broker, &host, port);
    let build = |version| Ok(fetch(version, group, topic, partitions));
    let whose = format!("coordinator of group {group:?}");
    let answer = client.cluster().ask(broker, &whose, build, deadline).await?;
    committed(&answer, group, topic, partitions)
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn find(version: i16, group: &str) -> FindCoordinatorRequest {
    let request = FindCoordinatorRequest::default().with_key_type(0);
    if version >= SEVERAL_KEYS {
        request.with_coordinator_keys(vec![text(group)])
    } else {
        request.with_key(text(group))
    }
}

/// Id and address of the coordinator.
fn coordinator(answer: &Answer<FindCoordinatorResponse>, group: &str) -> Result<(i32, String, i32)> {
    let body = &answer.body;
    let several = body.coordinators.iter().find(|found| found.key.as_str() == group);
    let (code, said, id, host, port) = match several {
        Some(found) => (
            found.error_code,
            &found.error_message,
            found.node_id,
            &found.host,
            found.port,
        ),
        None if body.coordinators.is_empty() => (
            body.error_code,
            &body.error_message,
            body.node_id,
            &body.host,
            body.port,
        ),
        None => return Err(answer.nonsense(format!("names no coordinator of group {group:?}"))),
    };
    match ErrorCode(code) {
        ErrorCode::NONE if id.0 >= 0 => Ok((id.0, host.to_string(), port)),
        ErrorCode::NONE => Err(answer.nonsense(format!("broker {} as coordinator", id.0))),
        code => Err(refused(answer, code, group, said.as_deref())),
    }
}

fn fetch(version: i16, group: &str, topic: &str, partitions: &[i32]) -> OffsetFetchRequest {
    let group_id = GroupId(text(group));
    if version >= SEVERAL_GROUPS {
        let topic = OffsetFetchRequestTopics::default()
            .with_name(topic_name(topic))
            .with_partition_indexes(partitions.to_vec());
        let group = OffsetFetchRequestGroup::default()
            .with_group_id(group_id)
            .with_topics(Some(vec![topic]));
        return OffsetFetchRequest::default().with_groups(vec![group]);
    }
    let topic = OffsetFetchRequestTopic::default()
        .with_name(topic_name(topic))
        .with_partition_indexes(partitions.to_vec());
    OffsetFetchRequest::default()
        .with_group_id(group_id)
        .with_topics(Some(vec![topic]))
}

/// One offset a partition, in the order asked.
fn committed(
    answer: &Answer<OffsetFetchResponse>,
    group: &str,
    topic: &str,
    partitions: &[i32],
) -> Result<Vec<GroupOffset>> {
    let body = &answer.body;
    let of_group = body.groups.iter().find(|found| found.group_id.0.as_str() == group);
    let code = ErrorCode(of_group.map_or(body.error_code, |found| found.error_code));
    // A group that does not exist stands nowhere, as one that has committed nothing.
    if !code.is_none() && code != ErrorCode::GROUP_ID_NOT_FOUND {
        return Err(refused(answer, code, group, None));
    }
    let new = of_group.into_iter().flat_map(|found| &found.topics);
    let new = new
        .filter(|found| found.name.0.as_str() == topic)
        .flat_map(|found| &found.partitions)
        .map(|p| {
            (
                p.partition_index,
                p.committed_offset,
                p.committed_leader_epoch,
                p.error_code,
            )
        });
    let old = body.topics.iter().filter(|found| found.name.0.as_str() == topic);
    let old = old.flat_map(|found| &found.partitions).map(|p| {
        (
            p.partition_index,
            p.committed_offset,
            p.committed_leader_epoch,
            p.error_code,
        )
    });
    let found: Vec<(i32, i64, i32, i16)> = new.chain(old).collect();
    let one = |partition: &i32| {
        let place = found.iter().find(|(found, ..)| found == partition);
        let Some((_, offset, leader_epoch, code)) = place else {
            if code == ErrorCode::GROUP_ID_NOT_FOUND {
                return Ok((-1, -1));
            }
            let said = Some("left out of the answer");
            return Err(answer.refused(
                ErrorCode::COORDINATOR_NOT_AVAILABLE,
                Some(topic),
                Some(*partition),
                said,
            ));
        };
        match ErrorCode(*code) {
            ErrorCode::NONE | ErrorCode::UNKNOWN_TOPIC_OR_PARTITION => Ok((*offset, *leader_epoch)),
            code @ ErrorCode::TOPIC_AUTHORIZATION_FAILED => Err(denied(topic, code, "DESCRIBE")),
            code => Err(refused(answer, code, group, None)),
        }
    };
    partitions
        .iter()
        .map(|partition| {
            let (offset, leader_epoch) = one(partition)?;
            Ok(GroupOffset {
                partition: *partition,
                offset: Some(offset).filter(|offset| *offset >= 0),
                leader_epoch,
            })
        })
        .collect()
}

fn refused<T>(answer: &Answer<T>, code: ErrorCode, group: &str, said: Option<&str>) -> ClientError {
    if code == ErrorCode::GROUP_AUTHORIZATION_FAILED {
        return ClientError::Authorization {
            what: format!("group {group:?}: {code}"),
            hint: format!("where it stands needs DESCRIBE on group {group:?}"),
        };
    }
    answer.refused(code, None, None, said.filter(|said| !said.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::connection::Peer;
    use kaframe_wire::message::BrokerId;
    use kaframe_wire::message::find_coordinator_response::Coordinator;
    use kaframe_wire::message::offset_fetch_response::{
        OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
        OffsetFetchResponseTopic, OffsetFetchResponseTopics,
    };

    fn answer<T>(body: T) -> Answer<T> {
        let address = Address {
            host: "b".into(),
            port: 1,
        };
        Answer {
            body,
            peer: Peer { id: Some(1), address },
            api: "OffsetFetch v9".into(),
        }
    }

    fn new(code: i16, partitions: &[(i32, i64, i16)]) -> Answer<OffsetFetchResponse> {
        let partitions = partitions.iter().map(|(partition, offset, code)| {
            OffsetFetchResponsePartitions::default()
                .with_partition_index(*partition)
                .with_committed_offset(*offset)
                .with_error_code(*code)
        });
        let topic = OffsetFetchResponseTopics::default()
            .with_name(topic_name("foo"))
            .with_partitions(partitions.collect());
        let group = OffsetFetchResponseGroup::default()
            .with_group_id(GroupId(text("g")))
            .with_error_code(code)
            .with_topics(vec![topic]);
        answer(OffsetFetchResponse::default().with_groups(vec![group]))
    }

    fn offsets(answer: &Answer<OffsetFetchResponse>) -> Result<Vec<Option<i64>>> {
        let found = committed(answer, "g", "foo", &[0, 1])?;
        Ok(found.iter().map(|found| found.offset).collect())
    }

    #[test]
    fn offsets_come_in_the_order_asked() {
        let answered = new(0, &[(1, -1, 0), (7, 3, 0), (0, 5, 0)]);
        assert_eq!(offsets(&answered).unwrap(), [Some(5), None]);
        let partition = OffsetFetchResponsePartition::default().with_committed_offset(9);
        let second = OffsetFetchResponsePartition::default()
            .with_partition_index(1)
            .with_committed_offset(-1);
        let topic = OffsetFetchResponseTopic::default()
            .with_name(topic_name("foo"))
            .with_partitions(vec![partition, second]);
        let old = answer(OffsetFetchResponse::default().with_topics(vec![topic]));
        assert_eq!(offsets(&old).unwrap(), [Some(9), None]);
    }

    #[test]
    fn what_is_missing_or_refused_is_no_offset() {
        assert!(matches!(
            offsets(&new(0, &[(0, 5, 0)])),
            Err(ClientError::Broker { .. })
        ));
        assert!(matches!(offsets(&new(30, &[])), Err(ClientError::Authorization { .. })));
        assert!(matches!(offsets(&new(16, &[])), Err(ClientError::Broker { .. })));
        assert_eq!(offsets(&new(69, &[])).unwrap(), [None, None]);
        let denied = new(0, &[(0, -1, 29), (1, -1, 29)]);
        assert!(matches!(offsets(&denied), Err(ClientError::Authorization { .. })));
    }

    #[test]
    fn the_coordinator_of_old_and_new_answers() {
        let old = FindCoordinatorResponse::default()
            .with_node_id(BrokerId(2))
            .with_host(text("h"))
            .with_port(9);
        assert_eq!(coordinator(&answer(old), "g").unwrap(), (2, "h".to_owned(), 9));
        let of = |key: &str, code| {
            Coordinator::default()
                .with_key(text(key))
                .with_node_id(BrokerId(3))
                .with_host(text("h"))
                .with_port(9)
                .with_error_code(code)
        };
        let several = |found| answer(FindCoordinatorResponse::default().with_coordinators(found));
        assert_eq!(coordinator(&several(vec![of("x", 15), of("g", 0)]), "g").unwrap().0, 3);
        assert!(matches!(
            coordinator(&several(vec![of("x", 0)]), "g"),
            Err(ClientError::Protocol { .. })
        ));
        assert!(matches!(
            coordinator(&several(vec![of("g", 15)]), "g"),
            Err(ClientError::Broker { .. })
        ));
        assert!(matches!(
            coordinator(&several(vec![of("g", 30)]), "g"),
            Err(ClientError::Authorization { .. })
        ));
    }

    #[test]
    fn every_version_encodes() {
        for version in 0..=6 {
            kaframe_wire::frame::encode_request(version, 1, "test", &find(version, "g")).unwrap();
        }
        for version in 1..=9 {
            kaframe_wire::frame::encode_request(version, 1, "test", &fetch(version, "g", "foo", &[0])).unwrap();
        }
    }
}
