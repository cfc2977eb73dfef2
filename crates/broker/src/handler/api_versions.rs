//! ApiVersions: v0-4
//!
//! * Lists what the pose serves, and nothing else.
//! * A version that is not served is answered in v0 with UNSUPPORTED_VERSION; from Kafka 2.4 on that answer names the range of
//!   ApiVersions itself (KIP-511).
//! * v3: name and version of the client software are checked.
//! * Features: none finalised, as in a cluster without transaction and group protocols of the second generation.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::api_versions_response::ApiVersion;
use kaframe_wire::message::{ApiKey, ApiVersionsRequest, ApiVersionsResponse};

use super::Context;
use crate::version::KafkaVersion;

pub(super) fn handle(context: &Context<'_>, request: ApiVersionsRequest) -> ApiVersionsResponse {
    let version = context.shared.cluster().version;
    if context.version >= 3
        && !(is_software_name(&request.client_software_name) && is_software_name(&request.client_software_version))
    {
        return ApiVersionsResponse::default().with_error_code(ErrorCode::INVALID_REQUEST.0);
    }
    ApiVersionsResponse::default().with_api_keys(version.served().into_iter().map(entry).collect())
}

/// The answer in v0 to a version that is not served.
pub(super) fn unsupported(version: KafkaVersion) -> ApiVersionsResponse {
    let own = version
        .served()
        .into_iter()
        .filter(|(key, ..)| *key == ApiKey::ApiVersions as i16);
    let keys = if version > KafkaVersion::V0_11 {
        own.map(entry).collect()
    } else {
        Vec::new()
    };
    ApiVersionsResponse::default()
        .with_error_code(ErrorCode::UNSUPPORTED_VERSION.0)
        .with_api_keys(keys)
}

fn entry((key, min, max): (i16, i16, i16)) -> ApiVersion {
    ApiVersion::default()
        .with_api_key(key)
        .with_min_version(min)
        .with_max_version(max)
}

/// `[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?`
fn is_software_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(inside)
}
