//! DeleteRecords v0 to v2: moves log start offsets forward, asked of the partitions' leaders.

use std::collections::BTreeMap;

use futures::future::join_all;
use kaframe_wire::ErrorCode;
use kaframe_wire::message::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kaframe_wire::message::{DeleteRecordsRequest, DeleteRecordsResponse};

use crate::Result;
use crate::answer::{Answer, denied};
use crate::client::{Client, Retrying};
use crate::error::ClientError;
use crate::metadata::topic_name;
use crate::offsets::{gone, needs_refresh};
use crate::retry::{Verdict, verdict};
use crate::topic::TopicMetadata;

/// Deletes records; see [`Client::delete_records`]. Asking twice does no harm: the log start only moves forward.
pub(crate) async fn delete_records(client: &Client, topic: &TopicMetadata, before: &[(i32, i64)]) -> Result<()> {
    let mut retrying = Retrying::new(client, "the partitions' leaders to delete records").about(&topic.name, None);
    let limit = i32::try_from(client.config().request_timeout.as_millis()).unwrap_or(i32::MAX);
    let mut open: BTreeMap<i32, i64> = before.iter().copied().collect();
    while !open.is_empty() {
        let known = client.current(topic)?;
        let mut by_leader: BTreeMap<i32, Vec<(i32, i64)>> = BTreeMap::new();
        let mut failure = None;
        for (partition, offset) in &open {
            let described = client.partition(&known.topic, *partition)?;
            match client.leader(&known.topic, described) {
                Ok(leader) => by_leader.entry(leader).or_default().push((*partition, *offset)),
                Err(error) => failure = Some(error),
            }
        }
        let deadline = retrying.deadline();
        let asked = by_leader.iter().map(|(leader, partitions)| async move {
            let whose = format!(
                "leader of {}-{}",
                topic.name,
                partitions.first().map_or(-1, |first| first.0)
            );
            let build = |_| Ok(request(&topic.name, partitions, limit));
            client.cluster().ask(*leader, &whose, build, deadline).await
        });
        for (partitions, answer) in by_leader.values().zip(join_all(asked).await) {
            match answer {
                Ok(answer) => {
                    for (partition, offset) in partitions {
                        match check(&answer, &topic.name, *partition, *offset)? {
                            None => drop(open.remove(partition)),
                            Some(error) => failure = Some(error),
                        }
                    }
                }
                Err(error) => failure = Some(error),
            }
        }
        if let Some(error) = failure {
            let stale = needs_refresh(&error);
            if let Err(last) = retrying.failed(error).await {
                return Err(gone(client, topic, last).await);
            }
            if stale {
                client.refresh(topic, known.at, retrying.deadline()).await?;
            }
        }
    }
    client.cluster().quota.succeeded();
    Ok(())
}

fn request(topic: &str, partitions: &[(i32, i64)], limit_ms: i32) -> DeleteRecordsRequest {
    let partitions = partitions.iter().map(|(index, offset)| {
        DeleteRecordsPartition::default()
            .with_partition_index(*index)
            .with_offset(*offset)
    });
    let topic = DeleteRecordsTopic::default()
        .with_name(topic_name(topic))
        .with_partitions(partitions.collect());
    DeleteRecordsRequest::default()
        .with_topics(vec![topic])
        .with_timeout_ms(limit_ms)
}

/// `None` if it is done, an error that may pass, or an error for good.
fn check(
    answer: &Answer<DeleteRecordsResponse>,
    topic: &str,
    partition: i32,
    offset: i64,
) -> Result<Option<ClientError>> {
    let named = answer
        .body
        .topics
        .iter()
        .filter(|result| result.name.0.as_str() == topic);
    let Some(result) = named
        .flat_map(|result| &result.partitions)
        .find(|result| result.partition_index == partition)
    else {
        return Err(answer.nonsense(format!("no word about partition {partition}")));
    };
    match ErrorCode(result.error_code) {
        ErrorCode::NONE => Ok(None),
        code @ ErrorCode::TOPIC_AUTHORIZATION_FAILED => Err(denied(topic, code, "DELETE")),
        ErrorCode::OFFSET_OUT_OF_RANGE => Err(ClientError::OffsetOutOfRange {
            topic: topic.to_owned(),
            partition,
            offset,
            log_start: None,
            end: None,
            broker: answer.peer.to_string(),
        }),
        code => {
            let error = answer.refused(code, Some(topic), Some(partition), None);
            if verdict(code) == Verdict::Final {
                Err(error)
            } else {
                Ok(Some(error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_encodes() {
        for version in 0..=2 {
            let request = request("foo", &[(0, 10), (1, -1)], 5000);
            kaframe_wire::frame::encode_request(version, 1, "test", &request).unwrap();
        }
    }
}
