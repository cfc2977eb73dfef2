//! InitProducerId: v0-5
//!
//! * Without a transactional id: a new producer id, epoch 0.
//! * With one: its producer id and the next epoch; whoever had it before is fenced and its open transaction aborted at once.
//! * v3: a producer may name itself to go on (KIP-360). v4: PRODUCER_FENCED instead of INVALID_PRODUCER_EPOCH.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::{InitProducerIdRequest, InitProducerIdResponse, ProducerId};

use super::{Context, check_coordinator, fenced_code};
use crate::shared::now_ms;
use crate::transactions::ProducerName;

pub(super) fn handle(context: &Context<'_>, request: InitProducerIdRequest) -> InitProducerIdResponse {
    let outcome = init(context, &request);
    context.shared.changed();
    match outcome {
        Ok(producer) => InitProducerIdResponse::default()
            .with_producer_id(ProducerId(producer.id))
            .with_producer_epoch(producer.epoch),
        Err(code) => InitProducerIdResponse::default()
            .with_error_code(fenced_code(code, context.version, 4).0)
            .with_producer_id(ProducerId(-1))
            .with_producer_epoch(-1),
    }
}

fn init(context: &Context<'_>, request: &InitProducerIdRequest) -> Result<ProducerName, ErrorCode> {
    let mut cluster = context.shared.cluster();
    let Some(id) = &request.transactional_id else {
        return Ok(ProducerName {
            id: cluster.transactions.new_producer_id(),
            epoch: 0,
        });
    };
    if id.0.is_empty() {
        return Err(ErrorCode::INVALID_REQUEST);
    }
    check_coordinator(&cluster, context.node, &id.0)?;
    let continues = (context.version >= 3 && request.producer_id.0 >= 0).then_some(ProducerName {
        id: request.producer_id.0,
        epoch: request.producer_epoch,
    });
    cluster.init_transactional(&id.0, request.transaction_timeout_ms, continues, now_ms())
}
