//! JoinGroup v0-9, SyncGroup v0-5, Heartbeat v0-4, LeaveGroup v0-5, ConsumerGroupHeartbeat v0-1
//!
//! * This broker has no group membership: all of them answer GROUP_AUTHORIZATION_FAILED, the code that makes every known client
//!   stop and say so, where retriable codes would have it ask for ever. Committed offsets work without membership.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, HeartbeatRequest, HeartbeatResponse,
    JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse, SyncGroupRequest, SyncGroupResponse,
};

use super::{Context, text};

const REFUSED: i16 = ErrorCode::GROUP_AUTHORIZATION_FAILED.0;

pub(super) fn join(context: &Context<'_>, request: JoinGroupRequest) -> JoinGroupResponse {
    tracing::warn!(group = %request.group_id.0, "the embedded broker has no group membership: assign partitions instead");
    let response = JoinGroupResponse::default()
        .with_error_code(REFUSED)
        .with_generation_id(-1);
    // Only from version 7 on may the name of the protocol be null.
    let protocol = (context.version < 7).then(|| text(""));
    response.with_protocol_name(protocol).with_member_id(request.member_id)
}

pub(super) fn sync(_: &Context<'_>, _: SyncGroupRequest) -> SyncGroupResponse {
    SyncGroupResponse::default().with_error_code(REFUSED)
}

pub(super) fn heartbeat(_: &Context<'_>, _: HeartbeatRequest) -> HeartbeatResponse {
    HeartbeatResponse::default().with_error_code(REFUSED)
}

pub(super) fn leave(_: &Context<'_>, _: LeaveGroupRequest) -> LeaveGroupResponse {
    LeaveGroupResponse::default().with_error_code(REFUSED)
}

pub(super) fn consumer_heartbeat(_: &Context<'_>, _: ConsumerGroupHeartbeatRequest) -> ConsumerGroupHeartbeatResponse {
    ConsumerGroupHeartbeatResponse::default()
        .with_error_code(REFUSED)
        .with_error_message(Some(text(
            "the embedded broker has no group membership: assign partitions instead",
        )))
}
