//! ListOffsets: from a question about a partition to an offset, asked of the partition's leader only.
//!
//! Versions 1 to 10: 2 the isolation level, 4 the leader epoch (so that a deposed leader cannot answer with an end that is too low), 7 the largest timestamp,
//! 8 the local log start, 10 a time limit. A broker that was just elected answers OFFSET_NOT_AVAILABLE until its high watermark has caught up (KIP-207); an
//! earlier answer would cut the read short, so that is waited for.
//!
//! Truth: `ListOffsetsRequest.json` in Apache Kafka.

use std::collections::BTreeMap;

use futures::future::join_all;
use kaframe_wire::ErrorCode;
use kaframe_wire::message::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kaframe_wire::message::{BrokerId, ListOffsetsRequest, ListOffsetsResponse};
use tokio::time::Instant;

use crate::Result;
use crate::answer::{Answer, denied};
use crate::client::{Client, Retrying};
use crate::error::ClientError;
use crate::metadata::topic_name;
use crate::retry::{Verdict, verdict};
use crate::topic::{Isolation, ListedOffset, OffsetQuery, TopicMetadata};

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const LOCAL_LOG_START: i64 = -4;

/// A question on its way: which of the caller's it is, and what is asked.
#[derive(Debug, Clone, Copy)]
struct Question {
    index: usize,
    partition: i32,
    leader_epoch: i32,
    query: OffsetQuery,
    /// The log cannot be searched by time: the log start is asked instead.
    without_time: bool,
}

/// Answers all queries; see [`Client::list_offsets`].
pub(crate) async fn list(
    client: &Client,
    topic: &TopicMetadata,
    queries: &[(i32, OffsetQuery)],
    isolation: Isolation,
) -> Result<Vec<ListedOffset>> {
    let mut retrying = Retrying::new(client, "offsets from the partitions' leaders").about(&topic.name, None);
    let mut found: Vec<Option<ListedOffset>> = vec![None; queries.len()];
    let mut without_time = vec![false; queries.len()];
    loop {
        let known = client.current(topic)?;
        let (requests, mut failure) = requests(client, &known.topic, queries, &found, &without_time)?;
        let asked = requests
            .iter()
            .map(|(broker, questions)| ask(client, &known.topic, *broker, questions, isolation, retrying.deadline()));
        let mut progress = false;
        for ((_, questions), answer) in requests.iter().zip(join_all(asked).await) {
            let outcomes = match answer {
                Ok(answer) => check(&answer, topic, questions)?,
                Err(error) => {
                    failure = Some(error);
                    continue;
                }
            };
            for (question, outcome) in questions.iter().zip(outcomes) {
                match outcome {
                    Outcome::Found(listed) => found[question.index] = Some(listed),
                    Outcome::NoTimeIndex => without_time[question.index] = true,
                    Outcome::Again(error) => {
                        failure = Some(error);
                        continue;
                    }
                }
                progress = true;
            }
        }
        if found.iter().all(Option::is_some) {
            client.cluster().quota.succeeded();
            return Ok(found.into_iter().flatten().collect());
        }
        if let Some(error) = failure {
            let stale = needs_refresh(&error);
            if let Err(last) = retrying.failed(error).await {
                return Err(gone(client, topic, last).await);
            }
            if stale {
                client.refresh(topic, known.at, retrying.deadline()).await?;
            }
        } else if !progress {
            return Err(ClientError::protocol(
                client.bootstrap_servers(),
                "ListOffsets answers nothing that was asked",
            ));
        }
    }
}

/// Whether another broker may have to be asked.
pub(crate) fn needs_refresh(error: &ClientError) -> bool {
    match error {
        ClientError::Broker { code, .. } => verdict(*code) == Verdict::FindLeader,
        ClientError::Connect { .. } => true,
        _ => false,
    }
}

/// A topic that stayed unknown is one that is not there (any more).
pub(crate) async fn gone(client: &Client, topic: &TopicMetadata, error: ClientError) -> ClientError {
    match error {
        ClientError::Broker {
            code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            ..
        } => client.not_found(&topic.name).await,
        other => other,
    }
}

type Requests = Vec<(i32, Vec<Question>)>;

/// Sorts what is still open by leader. A request may name a partition once, so a partition that is asked two things gets two requests. Partitions without a
/// leader come back as the failure of this round.
fn requests(
    client: &Client,
    topic: &TopicMetadata,
    queries: &[(i32, OffsetQuery)],
    found: &[Option<ListedOffset>],
    without_time: &[bool],
) -> Result<(Requests, Option<ClientError>)> {
    let mut waves: BTreeMap<(i32, usize), Vec<Question>> = BTreeMap::new();
    let mut asked: BTreeMap<i32, usize> = BTreeMap::new();
    let mut failure = None;
    for (index, (partition, query)) in queries.iter().enumerate() {
        let described = client.partition(topic, *partition)?;
        if found[index].is_some() {
            continue;
        }
        match client.leader(topic, described) {
            Ok(leader) => {
                let wave = asked.entry(*partition).or_default();
                waves.entry((leader, *wave)).or_default().push(Question {
                    index,
                    partition: *partition,
                    leader_epoch: described.leader_epoch,
                    query: *query,
                    without_time: without_time[index],
                });
                *wave += 1;
            }
            Err(error) => failure = Some(error),
        }
    }
    Ok((
        waves
            .into_iter()
            .map(|((leader, _), questions)| (leader, questions))
            .collect(),
        failure,
    ))
}

async fn ask(
    client: &Client,
    topic: &TopicMetadata,
    leader: i32,
    questions: &[Question],
    isolation: Isolation,
    deadline: Instant,
) -> Result<Answer<ListOffsetsResponse>> {
    let whose = format!(
        "leader of {}-{}",
        topic.name,
        questions.first().map_or(-1, |question| question.partition)
    );
    let limit = i32::try_from(client.config().request_timeout.as_millis()).unwrap_or(i32::MAX);
    let build = |version| build(version, &topic.name, questions, isolation, limit);
    client.cluster().ask(leader, &whose, build, deadline).await
}

fn build(
    version: i16,
    topic: &str,
    questions: &[Question],
    isolation: Isolation,
    limit_ms: i32,
) -> Result<ListOffsetsRequest> {
    let partitions = questions
        .iter()
        .map(|question| {
            Ok(ListOffsetsPartition::default()
                .with_partition_index(question.partition)
                .with_current_leader_epoch(question.leader_epoch)
                .with_timestamp(timestamp(question, version)?))
        })
        .collect::<Result<_>>()?;
    Ok(ListOffsetsRequest::default()
        .with_replica_id(BrokerId(-1))
        // Version 1 is from before there were transactions: its high watermark is what a reader of committed records may see.
        .with_isolation_level(if version < 2 { 0 } else { isolation.code() })
        .with_topics(vec![
            ListOffsetsTopic::default()
                .with_name(topic_name(topic))
                .with_partitions(partitions),
        ])
        .with_timeout_ms(limit_ms))
}

/// The question as the number that stands for it on the wire.
fn timestamp(question: &Question, version: i16) -> Result<i64> {
    Ok(match question.query {
        _ if question.without_time => EARLIEST,
        OffsetQuery::Earliest => EARLIEST,
        OffsetQuery::Latest => LATEST,
        // Negative numbers are other questions; no record that counts was made before 1970.
        OffsetQuery::AtTime(ms) => ms.max(0),
        OffsetQuery::LocalLogStart if version < 8 => EARLIEST,
        OffsetQuery::LocalLogStart => LOCAL_LOG_START,
        OffsetQuery::MaxTimestamp if version < 7 => {
            return Err(ClientError::config(format!(
                "the broker speaks ListOffsets v{version}; the offset of the largest timestamp needs v7 (Kafka 3.0)"
            )));
        }
        OffsetQuery::MaxTimestamp => MAX_TIMESTAMP,
    })
}

#[derive(Debug)]
enum Outcome {
    Found(ListedOffset),
    NoTimeIndex,
    Again(ClientError),
}

/// Matches an answer to its questions, one outcome each. What nobody asked is ignored, what is missing is asked again, what comes twice is taken once.
fn check(answer: &Answer<ListOffsetsResponse>, topic: &TopicMetadata, questions: &[Question]) -> Result<Vec<Outcome>> {
    let partitions: Vec<_> = answer
        .body
        .topics
        .iter()
        .filter(|answered| answered.name.0.as_str() == topic.name)
        .flat_map(|answered| &answered.partitions)
        .collect();
    let mut outcomes = Vec::with_capacity(questions.len());
    for question in questions {
        let place = (Some(topic.name.as_str()), Some(question.partition));
        let Some(listed) = partitions
            .iter()
            .find(|listed| listed.partition_index == question.partition)
        else {
            let missing = ErrorCode::LEADER_NOT_AVAILABLE;
            outcomes.push(Outcome::Again(answer.refused(
                missing,
                place.0,
                place.1,
                Some("left out of the answer"),
            )));
            continue;
        };
        outcomes.push(match ErrorCode(listed.error_code) {
            ErrorCode::NONE => {
                let by_record = matches!(question.query, OffsetQuery::AtTime(_) | OffsetQuery::MaxTimestamp);
                if listed.offset < -1 || listed.offset == -1 && !by_record {
                    return Err(answer.nonsense(format!(
                        "offset {} for {}-{} ({:?})",
                        listed.offset, topic.name, question.partition, question.query
                    )));
                }
                Outcome::Found(ListedOffset {
                    partition: question.partition,
                    offset: Some(listed.offset).filter(|offset| *offset >= 0),
                    timestamp: Some(listed.timestamp).filter(|timestamp| *timestamp >= 0),
                    leader_epoch: listed.leader_epoch,
                })
            }
            ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT
                if matches!(question.query, OffsetQuery::AtTime(_)) && !question.without_time =>
            {
                Outcome::NoTimeIndex
            }
            code @ ErrorCode::TOPIC_AUTHORIZATION_FAILED => return Err(denied(&topic.name, code, "DESCRIBE")),
            code => {
                let error = answer.refused(code, place.0, place.1, None);
                if verdict(code) == Verdict::Final {
                    return Err(error);
                }
                Outcome::Again(error)
            }
        });
    }
    Ok(outcomes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::connection::Peer;
    use kaframe_wire::message::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};

    fn question(partition: i32, query: OffsetQuery) -> Question {
        Question {
            index: 0,
            partition,
            leader_epoch: 3,
            query,
            without_time: false,
        }
    }

    fn topic() -> TopicMetadata {
        TopicMetadata {
            name: "foo".into(),
            id: None,
            internal: false,
            partitions: Vec::new(),
        }
    }

    fn answer(partitions: &[(i32, i16, i64, i64)]) -> Answer<ListOffsetsResponse> {
        let partitions = partitions.iter().map(|(partition, code, offset, timestamp)| {
            ListOffsetsPartitionResponse::default()
                .with_partition_index(*partition)
                .with_error_code(*code)
                .with_offset(*offset)
                .with_timestamp(*timestamp)
        });
        let topic = ListOffsetsTopicResponse::default()
            .with_name(topic_name("foo"))
            .with_partitions(partitions.collect());
        Answer {
            body: ListOffsetsResponse::default().with_topics(vec![topic]),
            peer: Peer {
                id: Some(1),
                address: Address {
                    host: "b".into(),
                    port: 1,
                },
            },
            api: "ListOffsets v10".into(),
        }
    }

    #[test]
    fn each_query_has_its_number() {
        let number = |query, version| timestamp(&question(0, query), version);
        assert_eq!(number(OffsetQuery::Latest, 1), Ok(-1));
        assert_eq!(number(OffsetQuery::Earliest, 1), Ok(-2));
        assert_eq!(number(OffsetQuery::LocalLogStart, 8), Ok(-4));
        assert_eq!(number(OffsetQuery::LocalLogStart, 7), Ok(-2));
        assert_eq!(number(OffsetQuery::MaxTimestamp, 7), Ok(-3));
        assert!(
            number(OffsetQuery::MaxTimestamp, 6)
                .unwrap_err()
                .to_string()
                .contains("needs v7")
        );
        assert_eq!(number(OffsetQuery::AtTime(5), 1), Ok(5));
        assert_eq!(
            number(OffsetQuery::AtTime(-5), 1),
            Ok(0),
            "-5 would be another question"
        );
    }

    #[test]
    fn the_epoch_the_isolation_and_the_limit_are_sent() {
        let request = build(
            10,
            "foo",
            &[question(2, OffsetQuery::Latest)],
            Isolation::ReadCommitted,
            30_000,
        )
        .unwrap();
        assert_eq!(
            (request.isolation_level, request.timeout_ms, request.replica_id.0),
            (1, 30_000, -1)
        );
        assert_eq!(request.topics[0].partitions[0].current_leader_epoch, 3);
    }

    #[test]
    fn no_such_record_is_none_but_no_such_end_is_nonsense() {
        let by_time = [question(0, OffsetQuery::AtTime(9))];
        let found = check(&answer(&[(0, 0, -1, -1)]), &topic(), &by_time).unwrap();
        assert!(matches!(
            found[0],
            Outcome::Found(ListedOffset {
                offset: None,
                timestamp: None,
                ..
            })
        ));
        assert!(
            check(
                &answer(&[(0, 0, -1, -1)]),
                &topic(),
                &[question(0, OffsetQuery::Latest)]
            )
            .is_err()
        );
        assert!(check(&answer(&[(0, 0, -7, -1)]), &topic(), &by_time).is_err());
    }

    #[test]
    fn what_was_not_asked_is_ignored_and_what_is_missing_is_asked_again() {
        let questions = [question(0, OffsetQuery::Latest), question(1, OffsetQuery::Latest)];
        let outcomes = check(
            &answer(&[(7, 0, 1, 0), (0, 0, 5, -1), (0, 0, 6, -1)]),
            &topic(),
            &questions,
        )
        .unwrap();
        assert!(matches!(
            outcomes[0],
            Outcome::Found(ListedOffset { offset: Some(5), .. })
        ));
        assert!(matches!(outcomes[1], Outcome::Again(_)));
    }

    #[test]
    fn codes_are_told_apart() {
        let by_time = [question(0, OffsetQuery::AtTime(9))];
        let outcome = |code| check(&answer(&[(0, code, -1, -1)]), &topic(), &by_time);
        assert!(matches!(outcome(43).unwrap()[0], Outcome::NoTimeIndex));
        assert!(matches!(outcome(78).unwrap()[0], Outcome::Again(_)));
        assert!(matches!(outcome(29), Err(ClientError::Authorization { .. })));
        assert!(matches!(outcome(32767), Err(ClientError::Broker { .. })));
    }

    #[test]
    fn every_version_encodes() {
        for version in 1..=10 {
            let questions = [question(0, OffsetQuery::Latest), question(1, OffsetQuery::AtTime(7))];
            let request = build(version, "foo", &questions, Isolation::ReadCommitted, 30_000).unwrap();
            kaframe_wire::frame::encode_request(version, 1, "test", &request).unwrap();
        }
    }
}
