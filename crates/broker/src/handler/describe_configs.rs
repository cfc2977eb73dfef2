//! DescribeConfigs: v1-4
//!
//! * Topics (2) and brokers (4). Every configuration comes with its source: set on the topic, set for the broker, or default.
//! * v3: types of the values; documentation is never sent.
//! * Configurations of a broker are a handful that tools look at; they cannot be changed.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::describe_configs_request::DescribeConfigsResource;
use kaframe_wire::message::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kaframe_wire::message::{DescribeConfigsRequest, DescribeConfigsResponse};

use super::{Context, text};
use crate::cluster::{Cluster, Refusal};
use crate::config::TOPIC_CONFIGS;

pub(super) const TOPIC: i8 = 2;
pub(super) const BROKER: i8 = 4;
const SOURCE_TOPIC: i8 = 1;
const SOURCE_STATIC_BROKER: i8 = 4;
const SOURCE_DEFAULT: i8 = 5;

pub(super) fn handle(context: &Context<'_>, request: DescribeConfigsRequest) -> DescribeConfigsResponse {
    let cluster = context.shared.cluster();
    let results = request
        .resources
        .into_iter()
        .map(|resource| {
            let described = match resource.resource_type {
                TOPIC => topic(&cluster, &resource.resource_name, request.include_synonyms),
                BROKER => broker(&cluster, &resource.resource_name),
                other => Err((
                    ErrorCode::INVALID_REQUEST,
                    format!("configurations of type {other} are not served"),
                )),
            };
            let answer = DescribeConfigsResult::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone());
            match described {
                Ok(configs) => {
                    let wanted = configs.into_iter().filter(|config| is_wanted(&resource, &config.name));
                    answer.with_error_message(None).with_configs(wanted.collect())
                }
                Err((code, reason)) => answer.with_error_code(code.0).with_error_message(Some(text(&reason))),
            }
        })
        .collect();
    DescribeConfigsResponse::default().with_results(results)
}

fn is_wanted(resource: &DescribeConfigsResource, name: &str) -> bool {
    match &resource.configuration_keys {
        Some(keys) if !keys.is_empty() => keys.iter().any(|key| key.as_str() == name),
        _ => true,
    }
}

fn topic(cluster: &Cluster, name: &str, synonyms: bool) -> Result<Vec<DescribeConfigsResourceResult>, Refusal> {
    let topic = cluster.topic(name).ok_or_else(|| {
        (
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            format!("The topic '{name}' does not exist."),
        )
    })?;
    let shown = TOPIC_CONFIGS
        .iter()
        .map(|definition| {
            let default = definition.default_in(cluster.version);
            let set = topic.configs.get(definition.name).map(String::as_str);
            let mut known_by = Vec::new();
            if synonyms {
                known_by.extend(set.map(|value| synonym(definition.name, value, SOURCE_TOPIC)));
                known_by.push(synonym(definition.name, default, SOURCE_DEFAULT));
            }
            DescribeConfigsResourceResult::default()
                .with_name(text(definition.name))
                .with_value(Some(text(set.unwrap_or(default))))
                .with_config_source(if set.is_some() { SOURCE_TOPIC } else { SOURCE_DEFAULT })
                .with_config_type(definition.kind.code())
                .with_synonyms(known_by)
                .with_documentation(None)
        })
        .collect();
    Ok(shown)
}

fn synonym(name: &str, value: &str, source: i8) -> DescribeConfigsSynonym {
    DescribeConfigsSynonym::default()
        .with_name(text(name))
        .with_value(Some(text(value)))
        .with_source(source)
}

fn broker(cluster: &Cluster, name: &str) -> Result<Vec<DescribeConfigsResourceResult>, Refusal> {
    let id = name.parse().ok();
    let node = id
        .and_then(|id| cluster.node(id))
        .ok_or_else(|| (ErrorCode::INVALID_REQUEST, format!("there is no broker {name:?}")))?;
    const BOOLEAN: i8 = 1;
    const STRING: i8 = 2;
    const INT: i8 = 3;
    const LONG: i8 = 5;
    let listener = format!("PLAINTEXT://{}:{}", node.host, node.port);
    let rows = [
        ("advertised.listeners", listener, SOURCE_STATIC_BROKER, STRING),
        (
            "auto.create.topics.enable",
            cluster.auto_create_topics.to_string(),
            SOURCE_STATIC_BROKER,
            BOOLEAN,
        ),
        ("broker.id", node.id.to_string(), SOURCE_STATIC_BROKER, INT),
        ("default.replication.factor", "1".to_owned(), SOURCE_DEFAULT, INT),
        ("fetch.max.bytes", "57671680".to_owned(), SOURCE_DEFAULT, INT),
        ("log.retention.hours", "168".to_owned(), SOURCE_DEFAULT, INT),
        ("message.max.bytes", "1048588".to_owned(), SOURCE_DEFAULT, INT),
        ("node.id", node.id.to_string(), SOURCE_STATIC_BROKER, INT),
        ("num.partitions", "1".to_owned(), SOURCE_DEFAULT, INT),
        ("socket.request.max.bytes", "104857600".to_owned(), SOURCE_DEFAULT, INT),
        ("transaction.max.timeout.ms", "900000".to_owned(), SOURCE_DEFAULT, LONG),
    ];
    let row = |(name, value, source, kind): (&str, String, i8, i8)| {
        DescribeConfigsResourceResult::default()
            .with_name(text(name))
            .with_value(Some(text(&value)))
            .with_read_only(true)
            .with_config_source(source)
            .with_config_type(kind)
            .with_documentation(None)
    };
    Ok(rows.into_iter().map(row).collect())
}
