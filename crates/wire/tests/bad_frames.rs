//! Frames from a peer that is hostile, broken or not Kafka at all. Bodies by hand: `src/guard/tests`.

use bytes::{Bytes, BytesMut};
use kaframe_wire::frame::*;
use kaframe_wire::message::*;
use kaframe_wire::{ForeignPeer, WireError};

/// W-01, W-02, W-05.
#[test]
fn lengths() {
    let read = |length: i32| body_length(length.to_be_bytes(), DEFAULT_MAX_FRAME);
    for length in [i32::MIN, -1, 0, 3] {
        assert!(matches!(read(length), Err(WireError::Protocol { .. })), "{length}");
    }
    assert_eq!(read(4), Ok(4));
    assert_eq!(read(100_000_000), Ok(100_000_000));
    assert_eq!(
        read(i32::MAX),
        Err(WireError::Limit {
            what: "frame",
            size: 2_147_483_647,
            limit: 100_000_000
        })
    );
    assert!(
        body_length(1_048_577i32.to_be_bytes(), 1 << 20).is_err(),
        "the caller's cap"
    );
}

/// W-03, W-04: the answers of other servers, read as a length.
#[test]
fn other_protocols() {
    for (first, peer, name) in [
        ([0x15, 3, 1, 0], ForeignPeer::Tls, "a TLS endpoint"),
        ([0x16, 3, 3, 0], ForeignPeer::Tls, "a TLS endpoint"),
        (*b"HTTP", ForeignPeer::Http, "an HTTP server"),
        (*b"SSH-", ForeignPeer::Ssh, "an SSH server"),
        (*b"220 ", ForeignPeer::Smtp, "an SMTP server"),
    ] {
        let error = body_length(first, DEFAULT_MAX_FRAME).expect_err("not Kafka");
        assert_eq!(error, WireError::NotKafka { peer });
        assert!(error.to_string().contains(name), "{error}");
    }
}

fn api_versions_response(version: i16, correlation_id: i32) -> Bytes {
    let body = ApiVersionsResponse::default().with_error_code(35);
    unprefixed(encode_response::<ApiVersionsRequest>(version, correlation_id, &body).expect("encode"))
}

fn unprefixed(frame: BytesMut) -> Bytes {
    let length = body_length(*frame.first_chunk().expect("a length"), DEFAULT_MAX_FRAME).expect("a length");
    assert_eq!(length + 4, frame.len());
    frame.freeze().slice(4..)
}

/// W-07, W-05: only the response that was asked for, and all of it.
#[test]
fn correlation_ids() {
    let frame = api_versions_response(3, 7);
    assert_eq!(response_correlation_id(&frame), Ok(7));
    let response = decode_response::<ApiVersionsRequest>(3, 7, frame.clone()).expect("decode");
    assert_eq!(response.error_code, 35);
    let error = decode_response::<ApiVersionsRequest>(3, 8, frame.clone()).expect_err("another one");
    assert!(error.to_string().contains("correlation id 7 to request 8"), "{error}");
    for end in 0..frame.len() {
        let cut = decode_response::<ApiVersionsRequest>(3, 7, frame.slice(..end));
        assert!(matches!(cut, Err(WireError::Protocol { .. })), "cut at {end}");
    }
}

/// The header of an ApiVersions response has no tagged fields in any version; that of others has from their flexible one on.
#[test]
fn response_headers() {
    assert_eq!(api_versions_response(4, 1)[4..6], 35i16.to_be_bytes());
    let metadata = MetadataResponse::default();
    let frame = unprefixed(encode_response::<MetadataRequest>(12, 9, &metadata).expect("encode"));
    assert_eq!(frame[4], 0, "no tagged fields in the header");
    assert_eq!(decode_response::<MetadataRequest>(12, 9, frame.clone()), Ok(metadata));
    // Unknown tagged fields in the header are stepped over, lying ones are not believed.
    let tagged = [&frame[..4], &[1, 9, 2, 0xaa, 0xbb], &frame[5..]].concat();
    assert!(decode_response::<MetadataRequest>(12, 9, tagged.into()).is_ok());
    let lying = [&frame[..4], &[1, 9, 0xff, 0xff, 0x03], &frame[5..]].concat();
    assert!(decode_response::<MetadataRequest>(12, 9, lying.into()).is_err());
}

/// W-08.
#[test]
fn bytes_behind_a_body_are_tolerated() {
    let frame = [&api_versions_response(3, 7)[..], b"from the future"].concat();
    assert!(decode_response::<ApiVersionsRequest>(3, 7, frame.into()).is_ok());
}

/// W-09, W-10 at the level of a whole frame: a count of two billion is refused before anything is reserved for it.
#[test]
fn lying_counts() {
    for count in [i32::MAX, 1000, -2] {
        let mut frame = 7i32.to_be_bytes().to_vec();
        frame.extend_from_slice(&count.to_be_bytes());
        frame.extend_from_slice(&[0; 20]);
        let result = decode_response::<MetadataRequest>(1, 7, frame.into());
        assert!(matches!(result, Err(WireError::Protocol { .. })), "{result:?}");
    }
    // A topic name that is not UTF-8.
    let mut frame = unprefixed(
        encode_request(
            1,
            1,
            "c",
            &MetadataRequest::default().with_topics(Some(vec![
                metadata_request::MetadataRequestTopic::default()
                    .with_name(Some(TopicName(StrBytes::from_static_str("ab")))),
            ])),
        )
        .expect("encode"),
    )
    .to_vec();
    let end = frame.len();
    frame[end - 2..].copy_from_slice(&[0xff, 0xfe]);
    let frame = decode_request_frame(frame.into()).expect("the header is right");
    assert!(matches!(
        decode_request_body::<MetadataRequest>(&frame),
        Err(WireError::Protocol { .. })
    ));
}

#[test]
fn requests_as_a_broker_sees_them() {
    for version in [0, 1, 4, 9, 12, 13] {
        let body = MetadataRequest::default().with_topics(Some(vec![]));
        let frame = unprefixed(encode_request(version, 42, "kaframe", &body).expect("encode"));
        let request = decode_request_frame(frame.clone()).expect("header");
        assert_eq!(
            (request.api_key, request.api_version, request.correlation_id),
            (3, version, 42)
        );
        assert_eq!(request.client_id.as_deref(), Some("kaframe"));
        assert_eq!(decode_request_body::<MetadataRequest>(&request), Ok(body));
        assert!(decode_request_body::<FetchRequest>(&request).is_err(), "another API");
        for end in 0..frame.len() {
            let cut = decode_request_frame(frame.slice(..end)).and_then(|r| decode_request_body::<MetadataRequest>(&r));
            assert!(
                matches!(cut, Err(WireError::Protocol { .. })),
                "v{version} cut at {end}"
            );
        }
    }
}

/// A broker must be able to answer what it does not know.
#[test]
fn unknown_apis_and_versions_have_a_header() {
    let header = |key: i16, version: i16, rest: &[u8]| {
        let bytes = [
            &key.to_be_bytes()[..],
            &version.to_be_bytes(),
            &5i32.to_be_bytes(),
            rest,
        ]
        .concat();
        decode_request_frame(bytes.into())
    };
    let request = header(999, 3, &[0xff, 0xff, 1, 2, 3]).expect("header");
    assert_eq!(
        (request.api_key, request.client_id, &request.body[..]),
        (999, None, &[1u8, 2, 3][..])
    );
    let request = header(18, 77, &[0, 1, b'x', 0, 1, 1, 0]).expect("header");
    assert_eq!(
        (
            request.api_version,
            request.correlation_id,
            request.client_id.as_deref()
        ),
        (77, 5, Some("x"))
    );
    assert!(
        header(3, 1, &[0, 9, b'x']).is_err(),
        "a client id longer than the frame"
    );
    assert!(header(3, 1, &[0xff, 0xfe]).is_err(), "a negative client id length");
    assert!(header(3, 1, &[0, 1, 0xff]).is_err(), "a client id that is not UTF-8");
    assert!(
        header(3, 9, &[0, 1, b'x']).is_err(),
        "no tagged fields in a flexible header"
    );
}

#[test]
fn what_cannot_be_written_is_refused() {
    assert!(encode_request(99, 1, "c", &MetadataRequest::default()).is_err());
    // Version 1 has no field for it, and leaving it out would create topics.
    let careful = MetadataRequest::default().with_allow_auto_topic_creation(false);
    assert!(encode_request(1, 1, "c", &careful).is_err());
    assert!(encode_request(4, 1, "c", &careful).is_ok());
}
