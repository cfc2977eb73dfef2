//! Frames that foreign clients and a real broker exchanged (`fixtures/PROVENANCE.md`): each is decoded, and encoded again to
//! the same bytes. A field that was read wrongly, left out or moved would show.

use bytes::Bytes;
use kaframe_wire::frame::{
    decode_request_body, decode_request_frame, decode_response, encode_request, encode_response,
    response_correlation_id,
};
use kaframe_wire::message::*;

struct Frame {
    key: i16,
    version: i16,
    is_request: bool,
    bytes: Bytes,
}

fn frames() -> Vec<Frame> {
    let lines = include_str!("fixtures/frames.txt").lines();
    let frames = lines.map(|line| {
        let [key, version, direction, hex] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let bytes: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"))
            .collect();
        Frame {
            key: key.parse().expect("a key"),
            version: version.parse().expect("a version"),
            is_request: direction == "request",
            bytes: bytes.into(),
        }
    });
    frames.collect()
}

fn again<R: Request + PartialEq>(frame: &Frame) {
    let &Frame {
        key,
        version,
        is_request,
        ref bytes,
    } = frame;
    let what = format!(
        "API {key} v{version} {}",
        if is_request { "request" } else { "response" }
    );
    let encoded = if is_request {
        let request = decode_request_frame(bytes.clone()).unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!((request.api_key, request.api_version), (key, version));
        let body: R = decode_request_body(&request).unwrap_or_else(|e| panic!("{what}: {e}"));
        let client = request.client_id.expect("every client named itself");
        encode_request(version, request.correlation_id, &client, &body)
    } else {
        let id = response_correlation_id(bytes).expect("an id");
        let body = decode_response::<R>(version, id, bytes.clone()).unwrap_or_else(|e| panic!("{what}: {e}"));
        encode_response::<R>(version, id, &body)
    };
    let encoded = encoded.unwrap_or_else(|e| panic!("{what}: {e}"));
    assert!(encoded[4..] == bytes[..], "{what}: written otherwise than it was read");

    // Cut anywhere or with any byte changed: never a panic.
    for end in 0..bytes.len() {
        let bytes = bytes.slice(..end);
        assert!(read::<R>(&Frame { bytes, ..*frame }).is_err(), "{what} cut at {end}");
    }
    for at in 4..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut bad = bytes.to_vec();
            bad[at] ^= flip;
            let _ = read::<R>(&Frame {
                bytes: bad.into(),
                ..*frame
            });
        }
    }
}

fn read<R: Request>(frame: &Frame) -> Result<(), kaframe_wire::WireError> {
    if frame.is_request {
        let request = decode_request_frame(frame.bytes.clone())?;
        return decode_request_body::<R>(&request).map(drop);
    }
    let id = response_correlation_id(&frame.bytes)?;
    decode_response::<R>(frame.version, id, frame.bytes.clone()).map(drop)
}

macro_rules! apis {
    ($($request:ident,)*) => {
        #[test]
        fn every_frame_is_written_as_it_was_read() {
            for frame in frames() {
                match frame.key {
                    $($request::KEY => again::<$request>(&frame),)*
                    other => panic!("API {other} is not read by this test"),
                }
            }
        }
    };
}

apis! {
    ProduceRequest,
    FetchRequest,
    ListOffsetsRequest,
    MetadataRequest,
    OffsetCommitRequest,
    OffsetFetchRequest,
    FindCoordinatorRequest,
    JoinGroupRequest,
    HeartbeatRequest,
    LeaveGroupRequest,
    SyncGroupRequest,
    DescribeGroupsRequest,
    ListGroupsRequest,
    ApiVersionsRequest,
    CreateTopicsRequest,
    DeleteTopicsRequest,
    DeleteRecordsRequest,
    InitProducerIdRequest,
    AddPartitionsToTxnRequest,
    AddOffsetsToTxnRequest,
    EndTxnRequest,
    TxnOffsetCommitRequest,
    DescribeConfigsRequest,
    CreatePartitionsRequest,
    DeleteGroupsRequest,
    IncrementalAlterConfigsRequest,
    ListPartitionReassignmentsRequest,
    DescribeClusterRequest,
    ConsumerGroupDescribeRequest,
    DescribeTopicPartitionsRequest,
}
