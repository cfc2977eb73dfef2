//! ListGroups: v0-5
//!
//! * Groups that committed an offset, all of them without members: state Empty (v4), type Classic (v5).

use kaframe_wire::message::list_groups_response::ListedGroup;
use kaframe_wire::message::{GroupId, ListGroupsRequest, ListGroupsResponse};

use super::{Context, text};

pub(super) fn handle(context: &Context<'_>, request: ListGroupsRequest) -> ListGroupsResponse {
    let cluster = context.shared.cluster();
    let wanted = |filter: &[kaframe_wire::message::StrBytes], value: &str| {
        filter.is_empty() || filter.iter().any(|allowed| allowed.eq_ignore_ascii_case(value))
    };
    let shown = wanted(&request.states_filter, "Empty") && wanted(&request.types_filter, "Classic");
    let groups = cluster
        .groups
        .ids()
        .filter(|id| shown && cluster.coordinator(id).id == context.node)
        .map(|id| {
            let group = ListedGroup::default().with_group_id(GroupId(text(id)));
            let group = if context.version >= 4 {
                group.with_group_state(text("Empty"))
            } else {
                group
            };
            if context.version >= 5 {
                group.with_group_type(text("Classic"))
            } else {
                group
            }
        })
        .collect();
    ListGroupsResponse::default().with_groups(groups)
}
