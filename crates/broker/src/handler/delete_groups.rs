//! DeleteGroups: v0-2
//!
//! * Forgets all offsets of a group; an unknown one is GROUP_ID_NOT_FOUND.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::delete_groups_response::DeletableGroupResult;
use kaframe_wire::message::{DeleteGroupsRequest, DeleteGroupsResponse};

use super::{Context, check_coordinator};

pub(super) fn handle(context: &Context<'_>, request: DeleteGroupsRequest) -> DeleteGroupsResponse {
    let mut cluster = context.shared.cluster();
    let results = request
        .groups_names
        .into_iter()
        .map(|id| {
            let code = match check_coordinator(&cluster, context.node, &id.0) {
                Err(code) => code,
                Ok(()) if cluster.groups.delete(&id.0) => ErrorCode::NONE,
                Ok(()) => ErrorCode::GROUP_ID_NOT_FOUND,
            };
            DeletableGroupResult::default()
                .with_group_id(id)
                .with_error_code(code.0)
        })
        .collect();
    DeleteGroupsResponse::default().with_results(results)
}
