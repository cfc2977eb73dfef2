//! CreateTopics: v2-7
//!
//! * Any broker answers, as with KRaft; the topic is there when the answer arrives.
//! * -1 for partitions and replication factor takes the default, 1.
//! * v5: configurations in the answer. v7: the topic id.

use std::collections::{BTreeMap, HashSet};

use kaframe_wire::ErrorCode;
use kaframe_wire::message::create_topics_request::CreatableTopic;
use kaframe_wire::message::create_topics_response::{CreatableTopicConfigs, CreatableTopicResult};
use kaframe_wire::message::{CreateTopicsRequest, CreateTopicsResponse};

use super::{Context, text};
use crate::cluster::{Cluster, NewTopic, Refusal};
use crate::config::TOPIC_CONFIGS;

pub(super) fn handle(context: &Context<'_>, request: CreateTopicsRequest) -> CreateTopicsResponse {
    let mut cluster = context.shared.cluster();
    let mut seen = HashSet::new();
    let twice: HashSet<String> = request
        .topics
        .iter()
        .filter(|topic| !seen.insert(topic.name.0.to_string()))
        .map(|topic| topic.name.0.to_string())
        .collect();
    let topics = request
        .topics
        .into_iter()
        .map(|topic| {
            let answer = CreatableTopicResult::default().with_name(topic.name.clone());
            let outcome = if twice.contains(topic.name.0.as_str()) {
                Err((ErrorCode::INVALID_REQUEST, "Duplicate topic name.".to_owned()))
            } else {
                create(&mut cluster, &topic, request.validate_only, context.version)
            };
            match outcome {
                Ok(created) => created,
                Err((code, reason)) => answer
                    .with_error_code(code.0)
                    .with_error_message(Some(text(&reason)))
                    .with_num_partitions(-1)
                    .with_replication_factor(-1),
            }
        })
        .collect();
    CreateTopicsResponse::default().with_topics(topics)
}

fn create(
    cluster: &mut Cluster,
    topic: &CreatableTopic,
    validate_only: bool,
    version: i16,
) -> Result<CreatableTopicResult, Refusal> {
    let configs: BTreeMap<String, String> = topic
        .configs
        .iter()
        .filter_map(|config| Some((config.name.to_string(), config.value.as_ref()?.to_string())))
        .collect();
    let mut assignments: Vec<_> = topic.assignments.iter().collect();
    assignments.sort_by_key(|assignment| assignment.partition_index);
    if assignments
        .iter()
        .enumerate()
        .any(|(at, assignment)| assignment.partition_index != at as i32)
    {
        let reason = "partitions should be a consecutive 0-based integer sequence".to_owned();
        return Err((ErrorCode::INVALID_REPLICA_ASSIGNMENT, reason));
    }
    let new = NewTopic {
        name: topic.name.0.to_string(),
        partitions: topic.num_partitions,
        replication_factor: topic.replication_factor,
        assignments: assignments
            .iter()
            .map(|assignment| assignment.broker_ids.iter().map(|broker| broker.0).collect())
            .collect(),
        configs: configs.clone(),
    };
    let created = cluster.create_topic(new, validate_only)?;
    let answer = CreatableTopicResult::default()
        .with_name(topic.name.clone())
        .with_error_message(None);
    if version < 5 {
        return Ok(answer);
    }
    let kafka = cluster.version;
    let shown = TOPIC_CONFIGS
        .iter()
        .map(|definition| {
            let set = configs.get(definition.name);
            let value = set.map_or_else(|| definition.default_in(kafka), String::as_str);
            CreatableTopicConfigs::default()
                .with_name(text(definition.name))
                .with_value(Some(text(value)))
                .with_config_source(if set.is_some() { 1 } else { 5 })
        })
        .collect();
    let answer = answer
        .with_num_partitions(created.partitions)
        .with_replication_factor(created.replication_factor)
        .with_configs(Some(shown));
    Ok(if version >= 7 && !validate_only {
        answer.with_topic_id(created.id)
    } else {
        answer
    })
}
