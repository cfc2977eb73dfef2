//! AddOffsetsToTxn: v0-4
//!
//! * v2: PRODUCER_FENCED instead of INVALID_PRODUCER_EPOCH.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse};

use super::{Context, check_coordinator, fenced_code};
use crate::transactions::ProducerName;

pub(super) fn handle(context: &Context<'_>, request: AddOffsetsToTxnRequest) -> AddOffsetsToTxnResponse {
    let mut cluster = context.shared.cluster();
    let id = &request.transactional_id.0;
    let producer = ProducerName {
        id: request.producer_id.0,
        epoch: request.producer_epoch,
    };
    let outcome = check_coordinator(&cluster, context.node, id)
        .and_then(|()| cluster.transactions.add(id, producer, [], Some(&request.group_id.0)));
    let code = outcome
        .err()
        .map_or(ErrorCode::NONE, |code| fenced_code(code, context.version, 2));
    AddOffsetsToTxnResponse::default().with_error_code(code.0)
}
