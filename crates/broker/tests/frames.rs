//! Raw frames: what is answered, in which order, and what closes the connection.

mod support;

use std::io::Write;
use std::time::{Duration, Instant};

use kaframe_broker::KafkaVersion;
use kaframe_wire::ErrorCode;
use kaframe_wire::frame;
use kaframe_wire::message::metadata_request::MetadataRequestTopic;
use kaframe_wire::message::{ApiKey, ApiVersionsRequest, FetchRequest, MetadataRequest};
use support::{Connection, batch, broker, broker_as, fetch_request, text, topic_name, values};

fn api_versions() -> ApiVersionsRequest {
    ApiVersionsRequest::default()
        .with_client_software_name(text("test"))
        .with_client_software_version(text("1.0"))
}

#[test]
fn api_versions_lists_what_is_served() {
    let broker = broker(&[]);
    let mut connection = Connection::open(&broker);
    let response = connection.ask(3, &api_versions());
    assert_eq!(response.error_code, 0);
    let fetch = response
        .api_keys
        .iter()
        .find(|api| api.api_key == ApiKey::Fetch as i16)
        .unwrap();
    assert_eq!((fetch.min_version, fetch.max_version), (4, 18));
}

#[test]
fn api_versions_of_an_unknown_version_is_answered_in_version_0() {
    for (version, keys) in [(KafkaVersion::V4_1, 1), (KafkaVersion::V0_11, 0)] {
        let broker = broker_as(version, &[]);
        let mut connection = Connection::open(&broker);
        // Header version 2 with a body that only a later Kafka understands.
        let mut request = vec![0, 0, 0, 14, 0, 18, 0, 99, 0, 0, 0, 7, 0xff, 0xff, 0, 1, 2, 3];
        request[3] = (request.len() - 4) as u8;
        connection.stream.write_all(&request).unwrap();
        let reply = connection.frame().unwrap();
        let response = frame::decode_response::<ApiVersionsRequest>(0, 7, reply).unwrap();
        assert_eq!(response.error_code, ErrorCode::UNSUPPORTED_VERSION.0);
        assert_eq!(response.api_keys.len(), keys);
        // The connection goes on, as the client will ask again.
        assert_eq!(connection.ask(0, &ApiVersionsRequest::default()).error_code, 0);
    }
}

#[test]
fn nonsense_closes_the_connection() {
    let broker = broker(&["foo"]);
    let cases: &[(&str, &[u8])] = &[
        ("negative length", &[0x80, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 1]),
        ("length 0", &[0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 1]),
        ("shorter than a header", &[0, 0, 0, 5, 0, 3, 0, 0, 0, 0, 0, 1]),
        ("2 GiB of Metadata", &[0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 12, 0, 0, 0, 1]),
        ("more than 1 MiB of Metadata", &[0, 0x10, 0, 1, 0, 3, 0, 12, 0, 0, 0, 1]),
        ("2 GiB of Produce", &[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 9, 0, 0, 0, 1]),
        ("TLS", &[0x16, 0x03, 0x01, 0x02, 0, 1, 0, 1, 0, 0, 0, 0]),
        ("HTTP", b"GET / HTTP/1.1\r\n\r\n"),
        ("unknown API", &[0, 0, 0, 10, 0x7f, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff]),
        (
            "unknown version of Metadata",
            &[0, 0, 0, 10, 0, 3, 0, 99, 0, 0, 0, 1, 0xff, 0xff],
        ),
        (
            "2^31-1 topics in Metadata v1",
            &[0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff],
        ),
        (
            "client id longer than the frame",
            &[0, 0, 0, 10, 0, 3, 0, 1, 0, 0, 0, 1, 0x7f, 0xff],
        ),
    ];
    for (what, bytes) in cases {
        let mut connection = Connection::open(&broker);
        connection.stream.write_all(bytes).unwrap();
        assert!(connection.is_closed(), "{what}");
    }
    let mut connection = Connection::open(&broker);
    assert_eq!(
        connection
            .ask(12, &MetadataRequest::default().with_topics(None))
            .topics
            .len(),
        1
    );
}

#[test]
fn requests_are_answered_in_order() {
    let broker = broker(&["foo"]);
    let mut connection = Connection::open(&broker);
    let waiting = fetch_request("foo", 0, 0, false).with_max_wait_ms(300);
    let first = connection.send(12, &waiting);
    let second = connection.send(12, &MetadataRequest::default().with_topics(None));
    let started = Instant::now();
    connection.receive::<FetchRequest>(12, first);
    assert!(started.elapsed() >= Duration::from_millis(250));
    connection.receive::<MetadataRequest>(12, second);
}

#[test]
fn fetch_waits_for_data_and_no_longer() {
    let broker = broker(&["foo"]);
    let mut reader = Connection::open(&broker);
    let started = Instant::now();
    let asked = reader.send(12, &fetch_request("foo", 0, 0, false).with_max_wait_ms(10_000));
    std::thread::sleep(Duration::from_millis(100));
    let mut writer = Connection::open(&broker);
    assert_eq!(writer.produce("foo", 0, batch(&["a", "b"])).error_code, 0);
    let response = reader.receive::<FetchRequest>(12, asked);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(values(&response.responses[0].partitions[0]), ["a", "b"]);

    let started = Instant::now();
    let request = fetch_request("foo", 0, 0, false)
        .with_max_wait_ms(300)
        .with_min_bytes(1 << 19);
    let response = reader.ask(12, &request);
    assert!(
        started.elapsed() >= Duration::from_millis(250),
        "min_bytes were not there"
    );
    assert_eq!(values(&response.responses[0].partitions[0]), ["a", "b"]);

    let started = Instant::now();
    let request = fetch_request("foo", 0, 99, false).with_max_wait_ms(10_000);
    let response = reader.ask(12, &request);
    assert_eq!(
        response.responses[0].partitions[0].error_code,
        ErrorCode::OFFSET_OUT_OF_RANGE.0
    );
    assert!(started.elapsed() < Duration::from_secs(5), "an error does not wait");
}

#[test]
fn metadata_creates_topics_only_where_allowed() {
    let broker = broker(&[]);
    let mut connection = Connection::open(&broker);
    let mut ask = |name: &str, create: bool| {
        let topic = MetadataRequestTopic::default().with_name(Some(topic_name(name)));
        let request = MetadataRequest::default()
            .with_topics(Some(vec![topic]))
            .with_allow_auto_topic_creation(create);
        let mut response = connection.ask(12, &request);
        response.topics.remove(0)
    };
    assert_eq!(ask("foo", false).error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0);
    assert_eq!(ask("no spaces", true).error_code, ErrorCode::INVALID_TOPIC_EXCEPTION.0);
    let created = ask("foo", true);
    assert_eq!((created.error_code, created.partitions.len()), (0, 1));
    assert_eq!(ask("foo", false).topic_id, created.topic_id);
}

#[test]
fn a_session_is_declined() {
    let broker = broker(&["foo"]);
    let mut connection = Connection::open(&broker);
    let response = connection.ask(12, &fetch_request("foo", 0, 0, false).with_session_epoch(0));
    assert_eq!((response.error_code, response.session_id), (0, 0));
    let response = connection.ask(
        12,
        &fetch_request("foo", 0, 0, false)
            .with_session_id(5)
            .with_session_epoch(1),
    );
    assert_eq!(response.error_code, ErrorCode::FETCH_SESSION_ID_NOT_FOUND.0);
    assert!(response.responses.is_empty());
}

#[test]
fn the_broker_listens_on_loopback_only_and_stops() {
    let broker = broker(&[]);
    let address = broker.bootstrap_servers();
    assert!(address.starts_with("127.0.0.1:"));
    let mut open = Connection::open(&broker);
    broker.stop();
    assert!(open.is_closed());
    assert!(std::net::TcpStream::connect(address).is_err());
}
