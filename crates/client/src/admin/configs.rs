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

/// The configuration of a topic; see [`Client::topic_configs`].
pub(crate) async fn describe_configs(client: &Client, topic: &str) -> Result<BTreeMap<String, Option<String>>> {
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

fn check(answer: Answer<DescribeConfigsResponse>, topic: &str) -> Result<BTreeMap<String, Option<String>>> {
    let mut results = answer.body.results.iter();
    let Some(result) = results.find(|result| result.resource_type == TOPIC && result.resource_name.as_str() == topic)
    else {
        return Err(answer.nonsense("no word about the topic that was asked"));
    };
    match ErrorCode(result.error_code) {
        ErrorCode::NONE => Ok(result
            .configs
            .iter()
            .map(|config| (config.name.to_string(), config.value.as_ref().map(ToString::to_string)))
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
