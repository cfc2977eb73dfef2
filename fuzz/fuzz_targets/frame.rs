//! Whole frames: as a client reads responses, and as a broker reads requests. The first byte chooses what was asked.
#![no_main]

use bytes::Bytes;
use kaframe_wire::frame::{
    DEFAULT_MAX_FRAME, RequestFrame, body_length, decode_request_body, decode_request_frame, decode_response,
    response_correlation_id,
};
use kaframe_wire::message::{
    ApiVersionsRequest, CreateTopicsRequest, DescribeConfigsRequest, FetchRequest, FindCoordinatorRequest,
    InitProducerIdRequest, ListOffsetsRequest, Message, MetadataRequest, OffsetFetchRequest,
    OffsetForLeaderEpochRequest, ProduceRequest, Request,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some(prefix) = data.first_chunk::<4>() {
        let _ = body_length(*prefix, DEFAULT_MAX_FRAME);
    }
    let Some((&choice, rest)) = data.split_first() else {
        return;
    };
    let frame = Bytes::copy_from_slice(rest);
    response::<ApiVersionsRequest>(choice, &frame);
    response::<MetadataRequest>(choice, &frame);
    response::<FetchRequest>(choice, &frame);
    response::<ListOffsetsRequest>(choice, &frame);
    response::<OffsetForLeaderEpochRequest>(choice, &frame);
    response::<ProduceRequest>(choice, &frame);
    response::<DescribeConfigsRequest>(choice, &frame);
    if let Ok(request) = decode_request_frame(frame) {
        body::<ApiVersionsRequest>(&request);
        body::<MetadataRequest>(&request);
        body::<FetchRequest>(&request);
        body::<ProduceRequest>(&request);
        body::<ListOffsetsRequest>(&request);
        body::<CreateTopicsRequest>(&request);
        body::<FindCoordinatorRequest>(&request);
        body::<InitProducerIdRequest>(&request);
        body::<OffsetFetchRequest>(&request);
    }
});

/// Read in version `choice`, or if there is none such in one that it leads to.
fn response<R: Request>(choice: u8, frame: &Bytes) {
    let versions = <R as Message>::VERSIONS;
    let choice = i16::from(choice);
    let known = versions.min <= choice && choice <= versions.max;
    let version = if known {
        choice
    } else {
        versions.min + choice % (versions.max - versions.min + 1)
    };
    if let Ok(id) = response_correlation_id(frame) {
        let _ = decode_response::<R>(version, id, frame.clone());
    }
}

fn body<R: Request>(frame: &RequestFrame) {
    if frame.api_key == R::KEY {
        let _ = decode_request_body::<R>(frame);
    }
}
