//! EndTxn: v0-5
//!
//! * Markers are in the logs when the answer arrives. The same end asked again gets the same answer.
//! * v2: PRODUCER_FENCED instead of INVALID_PRODUCER_EPOCH. v5: the producer goes on with the next epoch (KIP-890).

use kaframe_wire::message::{EndTxnRequest, EndTxnResponse, ProducerId};

use super::{Context, check_coordinator, fenced_code};
use crate::shared::now_ms;
use crate::transactions::ProducerName;

pub(super) fn handle(context: &Context<'_>, request: EndTxnRequest) -> EndTxnResponse {
    let mut cluster = context.shared.cluster();
    let id = &request.transactional_id.0;
    let producer = ProducerName {
        id: request.producer_id.0,
        epoch: request.producer_epoch,
    };
    let bump = context.version >= 5;
    let outcome = check_coordinator(&cluster, context.node, id)
        .and_then(|()| cluster.end_transaction(id, producer, request.committed, bump, now_ms()));
    drop(cluster);
    context.shared.changed();
    match outcome {
        Ok(next) if bump => EndTxnResponse::default()
            .with_producer_id(ProducerId(next.id))
            .with_producer_epoch(next.epoch),
        Ok(_) => EndTxnResponse::default(),
        Err(code) => EndTxnResponse::default().with_error_code(fenced_code(code, context.version, 2).0),
    }
}
