//! FindCoordinator: v0-6
//!
//! * Groups (0) and transactional ids (1); share groups (2) are not served.
//! * v4: several keys at once.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::find_coordinator_response::Coordinator;
use kaframe_wire::message::{BrokerId, FindCoordinatorRequest, FindCoordinatorResponse, StrBytes};

use super::{Context, text};
use crate::cluster::Cluster;

pub(super) fn handle(context: &Context<'_>, request: FindCoordinatorRequest) -> FindCoordinatorResponse {
    let cluster = context.shared.cluster();
    let known_type = matches!(request.key_type, 0 | 1);
    if context.version >= 4 {
        let found = request
            .coordinator_keys
            .into_iter()
            .map(|key| find(&cluster, key, known_type))
            .collect();
        return FindCoordinatorResponse::default().with_coordinators(found);
    }
    let found = find(&cluster, request.key, known_type);
    FindCoordinatorResponse::default()
        .with_error_code(found.error_code)
        .with_error_message(found.error_message)
        .with_node_id(found.node_id)
        .with_host(found.host)
        .with_port(found.port)
}

fn find(cluster: &Cluster, key: StrBytes, known_type: bool) -> Coordinator {
    if !known_type {
        return Coordinator::default()
            .with_key(key)
            .with_node_id(BrokerId(-1))
            .with_port(-1)
            .with_error_code(ErrorCode::INVALID_REQUEST.0)
            .with_error_message(Some(text("only groups and transactional ids have coordinators here")));
    }
    let node = cluster.coordinator(&key);
    Coordinator::default()
        .with_node_id(BrokerId(node.id))
        .with_host(text(&node.host))
        .with_port(i32::from(node.port))
        .with_error_message(None)
        .with_key(key)
}
