//! DescribeGroups: v0-6
//!
//! * A group that committed offsets is Empty, any other Dead (from v6: GROUP_ID_NOT_FOUND). There are no members.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::describe_groups_response::DescribedGroup;
use kaframe_wire::message::{DescribeGroupsRequest, DescribeGroupsResponse};

use super::{Context, check_coordinator, operations, text};

pub(super) fn handle(context: &Context<'_>, request: DescribeGroupsRequest) -> DescribeGroupsResponse {
    let cluster = context.shared.cluster();
    let groups = request
        .groups
        .into_iter()
        .map(|id| {
            let known = cluster.groups.offsets(&id.0).is_some();
            let described = DescribedGroup::default()
                .with_group_state(text(if known { "Empty" } else { "Dead" }))
                .with_authorized_operations(if request.include_authorized_operations {
                    operations::GROUP
                } else {
                    operations::NOT_ASKED
                });
            let described = match check_coordinator(&cluster, context.node, &id.0) {
                Err(code) => described.with_error_code(code.0),
                Ok(()) if !known && context.version >= 6 => described
                    .with_error_code(ErrorCode::GROUP_ID_NOT_FOUND.0)
                    .with_error_message(Some(text(&format!("Group {} not found.", id.0.as_str())))),
                Ok(()) => described,
            };
            described.with_group_id(id)
        })
        .collect();
    DescribeGroupsResponse::default().with_groups(groups)
}
