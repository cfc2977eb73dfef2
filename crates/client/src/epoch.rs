//! OffsetForLeaderEpoch: where a leader epoch ends in the present leader's log (KIP-320).
//!
//! After a change of leader the new one may lack what the old one had given out. If the epoch of the last batch that was read ends below the position reached,
//! the log was truncated under the reader. An undefined answer (-1) proves nothing: the leader has just forgotten epochs that old.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
use kaframe_wire::message::{BrokerId, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};
use tokio::time::Instant;

use crate::Result;
use crate::answer::{Answer, denied};
use crate::client::{Client, Retrying};
use crate::metadata::topic_name;
use crate::offsets::{gone, needs_refresh};
use crate::topic::{EpochEnd, TopicMetadata};

/// Asks until there is an answer; see [`Client::end_offset_for_leader_epoch`].
pub(crate) async fn end_offset(client: &Client, topic: &TopicMetadata, partition: i32, epoch: i32) -> Result<EpochEnd> {
    let mut retrying = Retrying::new(client, "the end of a leader epoch from the partition's leader")
        .about(&topic.name, Some(partition));
    loop {
        let known = client.current(topic)?;
        let error = match attempt(client, &known.topic, partition, epoch, retrying.deadline()).await {
            Ok(end) => {
                client.cluster().quota.succeeded();
                return Ok(end);
            }
            Err(error) => error,
        };
        let stale = needs_refresh(&error);
        if let Err(last) = retrying.failed(error).await {
            return Err(gone(client, topic, last).await);
        }
        if stale {
            client.refresh(topic, known.at, retrying.deadline()).await?;
        }
    }
}

async fn attempt(
    client: &Client,
    topic: &TopicMetadata,
    partition: i32,
    epoch: i32,
    deadline: Instant,
) -> Result<EpochEnd> {
    let described = client.partition(topic, partition)?;
    let leader = client.leader(topic, described)?;
    let whose = format!("leader of {}-{partition}", topic.name);
    let build = |_| Ok(build(&topic.name, partition, epoch, described.leader_epoch));
    let answer = client.cluster().ask(leader, &whose, build, deadline).await?;
    check(&answer, &topic.name, partition)
}

fn build(topic: &str, partition: i32, epoch: i32, current_epoch: i32) -> OffsetForLeaderEpochRequest {
    let partition = OffsetForLeaderPartition::default()
        .with_partition(partition)
        .with_current_leader_epoch(current_epoch)
        .with_leader_epoch(epoch);
    OffsetForLeaderEpochRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_topics(vec![
            OffsetForLeaderTopic::default()
                .with_topic(topic_name(topic))
                .with_partitions(vec![partition]),
        ])
}

fn check(answer: &Answer<OffsetForLeaderEpochResponse>, topic: &str, partition: i32) -> Result<EpochEnd> {
    let mut partitions = answer
        .body
        .topics
        .iter()
        .filter(|found| found.topic.0.as_str() == topic)
        .flat_map(|found| &found.partitions);
    let Some(end) = partitions.find(|end| end.partition == partition) else {
        let code = ErrorCode::LEADER_NOT_AVAILABLE;
        return Err(answer.refused(code, Some(topic), Some(partition), Some("left out of the answer")));
    };
    match ErrorCode(end.error_code) {
        ErrorCode::NONE => Ok(EpochEnd {
            leader_epoch: end.leader_epoch,
            end_offset: end.end_offset,
        }),
        code @ ErrorCode::TOPIC_AUTHORIZATION_FAILED => Err(denied(topic, code, "DESCRIBE")),
        code => Err(answer.refused(code, Some(topic), Some(partition), None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::connection::Peer;
    use crate::error::ClientError;
    use kaframe_wire::message::offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult};

    fn checked(ends: &[(i32, i16, i32, i64)]) -> Result<EpochEnd> {
        let ends = ends.iter().map(|(partition, code, epoch, end)| {
            EpochEndOffset::default()
                .with_partition(*partition)
                .with_error_code(*code)
                .with_leader_epoch(*epoch)
                .with_end_offset(*end)
        });
        let topic = OffsetForLeaderTopicResult::default()
            .with_topic(topic_name("foo"))
            .with_partitions(ends.collect());
        let answer = Answer {
            body: OffsetForLeaderEpochResponse::default().with_topics(vec![topic]),
            peer: Peer {
                id: Some(1),
                address: Address {
                    host: "b".into(),
                    port: 1,
                },
            },
            api: "OffsetForLeaderEpoch v4".into(),
        };
        check(&answer, "foo", 3)
    }

    #[test]
    fn takes_the_partition_that_was_asked() {
        let end = EpochEnd {
            leader_epoch: 2,
            end_offset: 50,
        };
        assert_eq!(checked(&[(1, 0, 9, 9), (3, 0, 2, 50), (3, 0, 1, 1)]), Ok(end));
        assert!(matches!(checked(&[(1, 0, 9, 9)]), Err(ClientError::Broker { .. })));
        assert!(matches!(
            checked(&[(3, 29, -1, -1)]),
            Err(ClientError::Authorization { .. })
        ));
        assert!(matches!(checked(&[(3, 75, -1, -1)]), Err(ClientError::Broker { .. })));
    }

    #[test]
    fn every_version_encodes() {
        for version in 2..=4 {
            kaframe_wire::frame::encode_request(version, 1, "test", &build("foo", 3, 1, 2)).unwrap();
        }
    }
}
