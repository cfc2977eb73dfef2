//! DeleteTopics: v1-6
//!
//! * Gone at once; offsets that groups committed for the topic stay.
//! * v5: error messages. v6: topics by name or by id.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::delete_topics_response::DeletableTopicResult;
use kaframe_wire::message::{DeleteTopicsRequest, DeleteTopicsResponse};

use super::{Context, text, topic_name};

pub(super) fn handle(context: &Context<'_>, request: DeleteTopicsRequest) -> DeleteTopicsResponse {
    let mut cluster = context.shared.cluster();
    let mut responses = Vec::new();
    for name in request.topic_names {
        let code = outcome(cluster.delete_topic(&name.0), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        responses.push(answer(code).with_name(Some(name)));
    }
    for asked in request.topics {
        responses.push(match asked.name {
            Some(name) => {
                let id = cluster.topic(&name.0).map_or(asked.topic_id, |topic| topic.id);
                let code = outcome(cluster.delete_topic(&name.0), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
                answer(code).with_name(Some(name)).with_topic_id(id)
            }
            None => {
                let name = cluster.topic_by_id(asked.topic_id).map(|topic| topic.name.clone());
                let deleted = name.as_deref().is_some_and(|name| cluster.delete_topic(name));
                answer(outcome(deleted, ErrorCode::UNKNOWN_TOPIC_ID))
                    .with_name(name.as_deref().map(topic_name))
                    .with_topic_id(asked.topic_id)
            }
        });
    }
    drop(cluster);
    context.shared.changed();
    DeleteTopicsResponse::default().with_responses(responses)
}

fn outcome(deleted: bool, otherwise: ErrorCode) -> ErrorCode {
    if deleted { ErrorCode::NONE } else { otherwise }
}

fn answer(code: ErrorCode) -> DeletableTopicResult {
    let message = (code != ErrorCode::NONE).then(|| text(code.meaning()));
    DeletableTopicResult::default()
        .with_error_code(code.0)
        .with_error_message(message)
}
