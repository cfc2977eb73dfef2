//! DescribeConfigs v1 to v4 for one topic, asked of any broker.

use std::collections::BTreeMap;

use kaframe_wire::ErrorCode;
use kaframe_wire::message::describe_configs_request::DescribeConfigsResource;
use kaframe_wire::message::{DescribeConfigsRequest, DescribeConfigsResponse, StrBytes};

use crate::Result;
use crate::answer::{Answer, denied};
use crate::client::{Client, Retrying};
use crate::error::ClientError;

/// The kind of resource that a topic is.
const TOPIC: i8 = 2;

/// One setting of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigEntry {
    /// Name, as `cleanup.policy`.
    pub name: String,
    /// Value; `None` where the broker keeps it to itself.
    pub value: Option<String>,
    /// Who set it.
    pub origin: ConfigOrigin,
}

/// Who set a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigOrigin {
    /// The topic itself.
    Topic,
    /// The brokers, for all topics.
    Broker,
    /// Nobody.
    Default,
}

/// `ConfigSource` of Kafka's protocol: 1 is the topic's own, 5 Kafka's default, what lies between belongs to brokers.
fn origin(source: i8) -> ConfigOrigin {
    match source {
        1 => ConfigOrigin::Topic,
        5 => ConfigOrigin::Default,
        _ => ConfigOrigin::Broker,
    }
}

/// The configuration of a topic by name; see [`Client::topic_configs`].
pub(crate) async fn describe_configs(client: &Client, topic: &str) -> Result<BTreeMap<String, Option<String>>> {
    let entries = config_entries(client, topic).await?;
    Ok(entries.into_iter().map(|entry| (entry.name, entry.value)).collect())
}

/// The configuration of a topic with who set it; see [`Client::topic_config_entries`].
pub(crate) async fn config_entries(client: &Client, topic: &str) -> Result<Vec<ConfigEntry>> {
    let mut retrying = Retrying::new(client, "the topic's configuration").about(topic, None);
    loop {
        let answer = client
            .cluster()
            .ask_any(|_| Ok(request(topic)), "the cluster", retrying.deadline())
            .await;
        let error = match answer.and_then(|answer| check(answer, topic)) {
            Ok(configs) => {
                client.cluster().quota.succeeded();
                return Ok(configs);
            }
            Err(ClientError::Broker {
                code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                ..
            }) if retrying.failures() > 2 => {
                return Err(client.not_found(topic).await);
            }
            Err(error) => error,
        };
        retrying.failed(error).await?;
    }
}

fn request(topic: &str) -> DescribeConfigsRequest {
    let resource = DescribeConfigsResource::default()
        .with_resource_type(TOPIC)
        .with_resource_name(StrBytes::from_string(topic.to_owned()))
        .with_configuration_keys(None);
    DescribeConfigsRequest::default().with_resources(vec![resource])
}

fn check(answer: Answer<DescribeConfigsResponse>, topic: &str) -> Result<Vec<ConfigEntry>> {
    let mut results = answer.body.results.iter();
    let Some(result) = results.find(|result| result.resource_type == TOPIC && result.resource_name.as_str() == topic)
    else {
        return Err(answer.nonsense("no word about the topic that was asked"));
    };
    match ErrorCode(result.error_code) {
        ErrorCode::NONE => Ok(result
            .configs
            .iter()
            .map(|config| ConfigEntry {
                name: config.name.to_string(),
                value: config.value.as_ref().map(ToString::to_string),
                origin: origin(config.config_source),
            })
            .collect()),
        code @ (ErrorCode::TOPIC_AUTHORIZATION_FAILED | ErrorCode::CLUSTER_AUTHORIZATION_FAILED) => {
            Err(denied(topic, code, "DESCRIBE_CONFIGS"))
        }
        code => Err(answer.refused(code, Some(topic), None, result.error_message.as_deref())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_encodes() {
        for version in 1..=4 {
            kaframe_wire::frame::encode_request(version, 1, "test", &request("foo")).unwrap();
        }
    }
}
