//! AlterConfigs: v0-2
//!
//! * Replaces everything that was set on a topic. Only topics have configurations that can change.

use std::collections::BTreeMap;

use kaframe_wire::ErrorCode;
use kaframe_wire::message::alter_configs_response::AlterConfigsResourceResponse;
use kaframe_wire::message::{AlterConfigsRequest, AlterConfigsResponse};

use super::describe_configs::TOPIC;
use super::{Context, text};
use crate::cluster::{Cluster, Refusal};
use crate::config;

pub(super) fn handle(context: &Context<'_>, request: AlterConfigsRequest) -> AlterConfigsResponse {
    let mut cluster = context.shared.cluster();
    let responses = request
        .resources
        .into_iter()
        .map(|resource| {
            let configs = resource
                .configs
                .iter()
                .filter_map(|config| Some((config.name.to_string(), config.value.as_ref()?.to_string())))
                .collect();
            let outcome = replace(
                &mut cluster,
                resource.resource_type,
                &resource.resource_name,
                configs,
                request.validate_only,
            );
            let answer = AlterConfigsResourceResponse::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name);
            match outcome {
                Ok(()) => answer.with_error_message(None),
                Err((code, reason)) => answer.with_error_code(code.0).with_error_message(Some(text(&reason))),
            }
        })
        .collect();
    AlterConfigsResponse::default().with_responses(responses)
}

/// Sets the configurations of a topic to exactly these.
///
/// # Errors
/// Kafka's code and the reason.
pub(super) fn replace(
    cluster: &mut Cluster,
    resource_type: i8,
    name: &str,
    configs: BTreeMap<String, String>,
    validate_only: bool,
) -> Result<(), Refusal> {
    if resource_type != TOPIC {
        let reason = "only configurations of topics can be changed here".to_owned();
        return Err((ErrorCode::INVALID_REQUEST, reason));
    }
    let topic = cluster.topic_mut(name).ok_or_else(|| {
        (
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            format!("The topic '{name}' does not exist."),
        )
    })?;
    for (key, value) in &configs {
        config::validate(key, value).map_err(|reason| (ErrorCode::INVALID_CONFIG, reason))?;
    }
    if !validate_only {
        topic.configs = configs;
    }
    Ok(())
}
