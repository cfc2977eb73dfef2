//! CreateTopics v2 to v7 and DeleteTopics v1 to v6, asked of the controller. Brokers in KRaft mode pass such requests on themselves; older ones must be
//! asked at the right place and answer NOT_CONTROLLER elsewhere.
//!
//! A controller answers when it has decided, not when every broker has heard of it, so both wait until Metadata shows the outcome: what a caller does next
//! then finds the topic, or does not.

use std::collections::BTreeMap;
use std::time::Duration;

use kaframe_wire::ErrorCode;
use kaframe_wire::message::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kaframe_wire::message::delete_topics_request::DeleteTopicState;
use kaframe_wire::message::{
    CreateTopicsRequest, CreateTopicsResponse, DeleteTopicsRequest, DeleteTopicsResponse, Request, StrBytes,
};
use tokio::time::{Instant, sleep};

use crate::Result;
use crate::answer::{Answer, denied};
use crate::client::{Client, Retrying};
use crate::error::{ClientError, ConnectCause};
use crate::metadata::topic_name;
use crate::printable::printable;
use crate::throttle::Throttled;

/// How often Metadata is asked whether a change has arrived.
const POLL: Duration = Duration::from_millis(50);
/// How long a deleted topic may still be listed before that is left alone: it is gone from the controller, brokers catch up.
const DELETE_PATIENCE: Duration = Duration::from_secs(10);

/// A topic to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopic {
    /// The name.
    pub name: String,
    /// How many partitions; -1 for the broker's default (Kafka 2.4 and later).
    pub partitions: i32,
    /// How many copies of each; -1 for the broker's default (Kafka 2.4 and later).
    pub replication_factor: i16,
    /// Topic configuration, by Kafka's names (`cleanup.policy`, ...).
    pub configs: BTreeMap<String, String>,
}

/// Creates a topic; see [`Client::create_topic`].
pub(crate) async fn create_topic(client: &Client, topic: &NewTopic) -> Result<()> {
    let mut retrying = Retrying::new(client, "the controller to create the topic").about(&topic.name, None);
    // An attempt that got no answer may have worked all the same.
    let mut perhaps_done = false;
    let limit = request_limit(client);
    loop {
        let answer = ask_controller(client, |_| Ok(create_request(topic, limit)), retrying.deadline()).await;
        let error = match answer.and_then(|answer| check_created(&answer, &topic.name)) {
            Ok(()) => break,
            Err(ClientError::Broker {
                code: ErrorCode::TOPIC_ALREADY_EXISTS,
                ..
            }) if perhaps_done => break,
            Err(error) => error,
        };
        perhaps_done |= is_ambiguous(&error);
        pause_and_find_controller(client, &mut retrying, error).await?;
    }
    client.cluster().quota.succeeded();
    wait_until_led(client, &topic.name, retrying.deadline()).await
}

/// Deletes a topic; see [`Client::delete_topic`].
pub(crate) async fn delete_topic(client: &Client, topic: &str) -> Result<()> {
    let mut retrying = Retrying::new(client, "the controller to delete the topic").about(topic, None);
    let mut perhaps_done = false;
    let limit = request_limit(client);
    loop {
        let answer = ask_controller(
            client,
            |version| Ok(delete_request(version, topic, limit)),
            retrying.deadline(),
        )
        .await;
        let error = match answer.and_then(|answer| check_deleted(&answer, topic)) {
            Ok(()) => break,
            Err(ClientError::Broker {
                code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                ..
            }) => {
                if perhaps_done {
                    break;
                }
                return Err(client.not_found(topic).await);
            }
            Err(error) => error,
        };
        perhaps_done |= is_ambiguous(&error);
        pause_and_find_controller(client, &mut retrying, error).await?;
    }
    client.cluster().quota.succeeded();
    client.cluster().forget_topic(topic);
    wait_until_gone(client, topic).await
}

fn request_limit(client: &Client) -> i32 {
    i32::try_from(client.config().request_timeout.as_millis()).unwrap_or(i32::MAX)
}

/// Whether a failed attempt may have had its effect.
fn is_ambiguous(error: &ClientError) -> bool {
    match error {
        ClientError::Connect { cause, .. } => matches!(cause, ConnectCause::Lost | ConnectCause::Silent),
        ClientError::Broker { code, .. } => {
            matches!(
                *code,
                ErrorCode::REQUEST_TIMED_OUT | ErrorCode::NETWORK_EXCEPTION | ErrorCode::UNKNOWN_SERVER_ERROR
            )
        }
        _ => false,
    }
}

async fn ask_controller<R>(
    client: &Client,
    build: impl Fn(i16) -> Result<R>,
    deadline: Instant,
) -> Result<Answer<R::Response>>
where
    R: Request,
    R::Response: Throttled,
{
    match client
        .cluster()
        .controller()
        .filter(|id| client.cluster().knows_broker(*id))
    {
        Some(controller) => {
            client
                .cluster()
                .ask(controller, "the controller", build, deadline)
                .await
        }
        None => client.cluster().ask_any(build, "the controller", deadline).await,
    }
}

async fn pause_and_find_controller(client: &Client, retrying: &mut Retrying<'_>, error: ClientError) -> Result<()> {
    retrying.failed(error).await?;
    if let Err(error) = client.cluster().describe(Some(&[]), retrying.deadline()).await {
        tracing::debug!(%error, "the controller could not be looked up");
    }
    Ok(())
}

fn create_request(topic: &NewTopic, limit_ms: i32) -> CreateTopicsRequest {
    let configs = topic.configs.iter().map(|(name, value)| {
        CreatableTopicConfig::default()
            .with_name(StrBytes::from_string(name.clone()))
            .with_value(Some(StrBytes::from_string(value.clone())))
    });
    let topic = CreatableTopic::default()
        .with_name(topic_name(&topic.name))
        .with_num_partitions(topic.partitions)
        .with_replication_factor(topic.replication_factor)
        .with_configs(configs.collect());
    CreateTopicsRequest::default()
        .with_topics(vec![topic])
        .with_timeout_ms(limit_ms)
}

fn delete_request(version: i16, topic: &str, limit_ms: i32) -> DeleteTopicsRequest {
    let request = DeleteTopicsRequest::default().with_timeout_ms(limit_ms);
    if version >= 6 {
        request.with_topics(vec![DeleteTopicState::default().with_name(Some(topic_name(topic)))])
    } else {
        request.with_topic_names(vec![topic_name(topic)])
    }
}

fn check_created(answer: &Answer<CreateTopicsResponse>, topic: &str) -> Result<()> {
    let found = answer.body.topics.iter().find(|result| result.name.0.as_str() == topic);
    let Some(result) = found else {
        return Err(answer.nonsense(format!("no word about topic {:?}", printable(topic))));
    };
    check_code(
        answer,
        ErrorCode(result.error_code),
        topic,
        result.error_message.as_deref(),
        "CREATE",
    )
}

fn check_deleted(answer: &Answer<DeleteTopicsResponse>, topic: &str) -> Result<()> {
    let mut results = answer.body.responses.iter();
    let found = results.find(|result| result.name.as_ref().is_some_and(|name| name.0.as_str() == topic));
    let Some(result) = found else {
        return Err(answer.nonsense(format!("no word about topic {:?}", printable(topic))));
    };
    check_code(
        answer,
        ErrorCode(result.error_code),
        topic,
        result.error_message.as_deref(),
        "DELETE",
    )
}

fn check_code<T>(answer: &Answer<T>, code: ErrorCode, topic: &str, said: Option<&str>, permission: &str) -> Result<()> {
    match code {
        ErrorCode::NONE => Ok(()),
        ErrorCode::TOPIC_AUTHORIZATION_FAILED | ErrorCode::CLUSTER_AUTHORIZATION_FAILED => {
            Err(denied(topic, code, permission))
        }
        code => Err(answer.refused(code, Some(topic), None, said)),
    }
}

/// Waits until Metadata names a leader for every partition.
async fn wait_until_led(client: &Client, topic: &str, deadline: Instant) -> Result<()> {
    loop {
        let found = client.cluster().fresher_topic(topic, Instant::now(), deadline).await;
        let led = found.as_ref().is_ok_and(|known| {
            !known.topic.partitions.is_empty() && known.topic.partitions.iter().all(|p| p.leader.is_some())
        });
        if led {
            return Ok(());
        }
        if Instant::now() + POLL >= deadline {
            return Err(ClientError::NoProgress {
                topic: Some(topic.to_owned()),
                partition: None,
                waited: client.timeout(),
                what: "the topic is created, but its partitions have no leaders yet".to_owned(),
                broker: client.bootstrap_servers(),
                offset: None,
            });
        }
        sleep(POLL).await;
    }
}

async fn wait_until_gone(client: &Client, topic: &str) -> Result<()> {
    let deadline = Instant::now() + DELETE_PATIENCE.min(client.timeout());
    while Instant::now() < deadline {
        match client.cluster().fresher_topic(topic, Instant::now(), deadline).await {
            Err(ClientError::Broker {
                code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                ..
            }) => break,
            _ => sleep(POLL).await,
        }
    }
    client.cluster().forget_topic(topic);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_topic() -> NewTopic {
        let configs = BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())]);
        NewTopic {
            name: "foo".into(),
            partitions: 3,
            replication_factor: 1,
            configs,
        }
    }

    #[test]
    fn the_topic_is_described_in_full() {
        let request = create_request(&new_topic(), 5000);
        let topic = &request.topics[0];
        assert_eq!(
            (topic.num_partitions, topic.replication_factor, request.timeout_ms),
            (3, 1, 5000)
        );
        assert_eq!(topic.configs[0].value.as_deref(), Some("compact"));
        assert!(!request.validate_only);
    }

    #[test]
    fn names_move_in_version_6() {
        let old = delete_request(5, "foo", 1);
        assert_eq!((old.topic_names.len(), old.topics.len()), (1, 0));
        let new = delete_request(6, "foo", 1);
        assert_eq!((new.topic_names.len(), new.topics.len()), (0, 1));
    }

    #[test]
    fn every_version_encodes() {
        for version in 2..=7 {
            kaframe_wire::frame::encode_request(version, 1, "test", &create_request(&new_topic(), 5000)).unwrap();
        }
        for version in 1..=6 {
            let request = delete_request(version, "foo", 5000);
            kaframe_wire::frame::encode_request(version, 1, "test", &request).unwrap();
        }
    }
}
