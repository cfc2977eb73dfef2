//! CreatePartitions: v0-3
//!
//! * The count only grows. Assignments in the request are ignored: leaders are dealt out round robin.

use kaframe_wire::message::create_partitions_response::CreatePartitionsTopicResult;
use kaframe_wire::message::{CreatePartitionsRequest, CreatePartitionsResponse};

use super::{Context, text};

pub(super) fn handle(context: &Context<'_>, request: CreatePartitionsRequest) -> CreatePartitionsResponse {
    let mut cluster = context.shared.cluster();
    let results = request
        .topics
        .into_iter()
        .map(|topic| {
            let answer = CreatePartitionsTopicResult::default();
            let answer = match cluster.create_partitions(&topic.name.0, topic.count, request.validate_only) {
                Ok(()) => answer.with_error_message(None),
                Err((code, reason)) => answer.with_error_code(code.0).with_error_message(Some(text(&reason))),
            };
            answer.with_name(topic.name)
        })
        .collect();
    CreatePartitionsResponse::default().with_results(results)
}
