//! The client against peers that are no Kafka brokers, or broken ones: an error of the right kind, in time, and nothing reserved for what a stranger promises.

use std::time::{Duration, Instant};

use kaframe_client::{Client, ClientConfig, ClientError, ConnectCause};
use kaframe_wire::message::api_versions_response::ApiVersion;
use kaframe_wire::message::metadata_response::MetadataResponseBroker;
use kaframe_wire::message::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, BrokerId, MetadataRequest, MetadataResponse, StrBytes,
};
use kaframe_wire::{ErrorCode, ForeignPeer, frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Starts a peer that treats every connection in the same way; gives its address. It ends with the test's runtime.
async fn peer<F, Fut>(treat: F) -> String
where
    F: Fn(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(treat(stream));
        }
    });
    address
}

/// A peer that waits for a request and then writes these bytes.
async fn answering(bytes: impl Into<Vec<u8>>) -> String {
    let bytes = bytes.into();
    peer(move |mut stream| {
        let bytes = bytes.clone();
        async move {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(&bytes).await;
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    })
    .await
}

fn config(servers: &str) -> ClientConfig {
    ClientConfig {
        timeout: Duration::from_secs(2),
        request_timeout: Duration::from_secs(1),
        connect_timeout: Duration::from_secs(1),
        ..ClientConfig::new(servers)
    }
}

/// The error of connecting, which must come within the limit.
async fn refusal(servers: &str, limit: Duration) -> ClientError {
    let started = Instant::now();
    let error = Client::connect(config(servers)).await.unwrap_err();
    assert!(started.elapsed() < limit, "{:?}: {error}", started.elapsed());
    error
}

const AT_ONCE: Duration = Duration::from_millis(500);

/// Reads one request: API key, version, correlation id.
async fn request(stream: &mut TcpStream) -> Option<(i16, i16, i32)> {
    let length = stream.read_i32().await.ok()?;
    let mut body = vec![0; usize::try_from(length).ok()?];
    stream.read_exact(&mut body).await.ok()?;
    let int16 = |at: usize| i16::from_be_bytes([body[at], body[at + 1]]);
    Some((
        int16(0),
        int16(2),
        i32::from_be_bytes([body[4], body[5], body[6], body[7]]),
    ))
}

fn api_versions(ranges: &[(ApiKey, i16, i16)]) -> ApiVersionsResponse {
    let entries = ranges.iter().map(|(key, low, high)| {
        ApiVersion::default()
            .with_api_key(*key as i16)
            .with_min_version(*low)
            .with_max_version(*high)
    });
    ApiVersionsResponse::default().with_api_keys(entries.collect())
}

/// A broker that answers ApiVersions as Kafka 2.2 did to a version it does not know, and Metadata with a host of our choice.
async fn old_broker(host: &'static str) -> String {
    peer(move |mut stream| async move {
        while let Some((api, version, correlation)) = request(&mut stream).await {
            let reply = match (ApiKey::try_from(api), version) {
                (Ok(ApiKey::ApiVersions), 3..) => {
                    let refused = ApiVersionsResponse::default().with_error_code(ErrorCode::UNSUPPORTED_VERSION.0);
                    frame::encode_response::<ApiVersionsRequest>(0, correlation, &refused)
                }
                (Ok(ApiKey::ApiVersions), _) => {
                    let ranges = api_versions(&[(ApiKey::ApiVersions, 0, 2), (ApiKey::Metadata, 0, 7)]);
                    frame::encode_response::<ApiVersionsRequest>(version, correlation, &ranges)
                }
                _ => {
                    let broker = MetadataResponseBroker::default()
                        .with_node_id(BrokerId(1))
                        .with_host(StrBytes::from_static_str(host))
                        .with_port(9092);
                    let metadata = MetadataResponse::default()
                        .with_brokers(vec![broker])
                        .with_cluster_id(Some(StrBytes::from_static_str("old\u{1b}[2J")));
                    frame::encode_response::<MetadataRequest>(version, correlation, &metadata)
                }
            };
            if stream.write_all(&reply.unwrap()).await.is_err() {
                return;
            }
        }
    })
    .await
}

#[tokio::test]
async fn other_servers_are_recognised() {
    for (bytes, expected, words) in [
        (
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            ForeignPeer::Http,
            "an HTTP server",
        ),
        (
            b"\x15\x03\x01\x00\x02\x02\x46",
            ForeignPeer::Tls,
            "TLS is not built in yet",
        ),
        (b"\x16\x03\x03\x00\x50", ForeignPeer::Tls, "a TLS endpoint"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", ForeignPeer::Ssh, "an SSH server"),
        (b"220 mail.example ESMTP\r\n", ForeignPeer::Smtp, "an SMTP server"),
    ] {
        let address = answering(bytes).await;
        let error = refusal(&address, AT_ONCE).await;
        assert!(
            matches!(&error, ClientError::NotKafka { peer, .. } if *peer == expected),
            "{error}"
        );
        assert!(
            error.to_string().contains(words) && error.to_string().contains(&address),
            "{error}"
        );
    }
}

#[tokio::test]
async fn frames_that_make_no_sense_are_refused_at_once() {
    let protocol = [
        vec![0x80, 0, 0, 0, 1, 2, 3, 4],
        vec![0, 0, 0, 0],
        // A frame of ten bytes for another request.
        vec![0, 0, 0, 10, 0, 0, 9, 9, 0, 0, 0, 0, 0, 0],
        // The right correlation id, and an array of two thousand million entries in no bytes.
        vec![0, 0, 0, 11, 0, 0, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x07],
        vec![0xaa; 700],
    ];
    for bytes in protocol {
        let error = refusal(&answering(bytes.clone()).await, AT_ONCE).await;
        assert!(matches!(error, ClientError::Protocol { .. }), "{bytes:?}: {error}");
    }
    let error = refusal(&answering(i32::MAX.to_be_bytes()).await, AT_ONCE).await;
    assert!(
        matches!(
            error,
            ClientError::Limit {
                size: 2_147_483_647,
                limit: 1_048_576,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_peer_that_hangs_up_is_refused_at_once_with_a_hint() {
    let address = peer(|stream| async move { drop(stream) }).await;
    let error = refusal(&address, AT_ONCE).await;
    assert!(
        matches!(
            error,
            ClientError::Connect {
                cause: ConnectCause::Refused,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("TLS or SASL listener"), "{error}");
}

#[tokio::test]
async fn a_closed_port_is_refused_at_once_and_all_are_listed() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let http = answering(&b"HTTP/1.1 400\r\n"[..]).await;
    let error = refusal(
        &format!("{closed},no-such-host.invalid:9092,{http}"),
        Duration::from_secs(2),
    )
    .await;
    let ClientError::Connect { attempts, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(attempts.len(), 3);
    for words in ["connection refused", "does not resolve", "an HTTP server"] {
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn silence_and_drops_of_bytes_end_with_the_request() {
    let silent = peer(|stream| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
    });
    let dripping = peer(|mut stream| async move {
        let _ = stream.write_all(&1000_i32.to_be_bytes()).await;
        while stream.write_all(&[0]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    for address in [silent.await, dripping.await] {
        let error = refusal(&address, Duration::from_millis(1500)).await;
        assert!(
            matches!(
                error,
                ClientError::Connect {
                    cause: ConnectCause::Silent,
                    ..
                }
            ),
            "{error}"
        );
        assert!(
            error.to_string().contains("no answer to ApiVersions v3 in time"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn an_old_broker_is_asked_again_in_the_oldest_version() {
    let address = old_broker("localhost").await;
    let client = Client::connect(config(&address)).await.unwrap();
    assert_eq!(
        client.cluster_id().as_deref(),
        Some("old\\u{1b}[2J"),
        "what a broker sends is escaped"
    );
}

#[tokio::test]
async fn a_broker_without_what_is_needed_is_told_by_api() {
    let bytes = |ranges: &[(ApiKey, i16, i16)]| {
        frame::encode_response::<ApiVersionsRequest>(3, 1, &api_versions(ranges))
            .unwrap()
            .to_vec()
    };
    let old = refusal(&answering(bytes(&[(ApiKey::Metadata, 0, 3)])).await, AT_ONCE).await;
    assert!(
        old.to_string()
            .contains("Metadata v0 to v3, this client v4 to v13: the broker is too old"),
        "{old}"
    );
    let none = refusal(&answering(bytes(&[])).await, AT_ONCE).await;
    assert!(
        matches!(none, ClientError::Config { .. }) && none.to_string().contains("does not offer Metadata"),
        "{none}"
    );
}
