//! IncrementalAlterConfigs: v0-1
//!
//! * Set (0), delete (1), append (2) and subtract (3); the last two only for lists. Only topics can be changed.

use std::collections::BTreeMap;

use kaframe_wire::ErrorCode;
use kaframe_wire::message::incremental_alter_configs_request::AlterableConfig;
use kaframe_wire::message::incremental_alter_configs_response::AlterConfigsResourceResponse;
use kaframe_wire::message::{IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse};

use super::alter_configs::replace;
use super::{Context, text};
use crate::cluster::Refusal;
use crate::config::{self, Kind};
use crate::version::KafkaVersion;

pub(super) fn handle(
    context: &Context<'_>,
    request: IncrementalAlterConfigsRequest,
) -> IncrementalAlterConfigsResponse {
    let mut cluster = context.shared.cluster();
    let version = cluster.version;
    let responses = request
        .resources
        .into_iter()
        .map(|resource| {
            let mut configs = cluster
                .topic(&resource.resource_name)
                .map_or_else(BTreeMap::new, |t| t.configs.clone());
            let changed = resource
                .configs
                .iter()
                .try_for_each(|change| apply(&mut configs, change, version));
            let (kind, name) = (resource.resource_type, &resource.resource_name);
            let outcome = changed.and_then(|()| replace(&mut cluster, kind, name, configs, request.validate_only));
            let answer = AlterConfigsResourceResponse::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name);
            match outcome {
                Ok(()) => answer.with_error_message(None),
                Err((code, reason)) => answer.with_error_code(code.0).with_error_message(Some(text(&reason))),
            }
        })
        .collect();
    IncrementalAlterConfigsResponse::default().with_responses(responses)
}

fn apply(
    configs: &mut BTreeMap<String, String>,
    change: &AlterableConfig,
    version: KafkaVersion,
) -> Result<(), Refusal> {
    let name = change.name.to_string();
    let value = change.value.as_ref().map(ToString::to_string);
    let invalid = |reason: String| (ErrorCode::INVALID_CONFIG, reason);
    let definition = config::definition(&name).ok_or_else(|| invalid(format!("Unknown topic config name: {name}")))?;
    match (change.config_operation, value) {
        (0, Some(value)) => {
            configs.insert(name, value);
        }
        (1, _) => {
            configs.remove(&name);
        }
        (operation @ (2 | 3), Some(value)) => {
            if !matches!(definition.kind, Kind::List(_)) {
                return Err(invalid(format!(
                    "Config value append or subtract is not allowed for config: {name}"
                )));
            }
            let present = configs
                .get(&name)
                .map_or_else(|| definition.default_in(version), String::as_str);
            let mut items: Vec<&str> = present.split(',').filter(|item| !item.is_empty()).collect();
            for item in value.split(',') {
                match operation {
                    2 if !items.contains(&item) => items.push(item),
                    3 => items.retain(|known| *known != item),
                    _ => {}
                }
            }
            let joined = items.join(",");
            configs.insert(name, joined);
        }
        (operation, _) => {
            let reason = format!("Unknown operation {operation} for config {name}, or a null value");
            return Err((ErrorCode::INVALID_REQUEST, reason));
        }
    }
    Ok(())
}
