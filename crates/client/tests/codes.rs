//! What a reader makes of the error codes and hints in a Fetch response.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use kaframe_broker::{Action, Broker, KafkaVersion};
use kaframe_client::{ClientError, PartitionFetcher};
use kaframe_wire::message::fetch_response::{FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint, PartitionData};
use kaframe_wire::message::{BrokerId, Encodable, FetchResponse, StrBytes, TopicName};
use support::*;
use uuid::Uuid;

/// A Fetch response about `foo-0`, as a body in this version.
fn response(version: i16, id: Uuid, data: PartitionData, whole: impl Fn(FetchResponse) -> FetchResponse) -> Bytes {
    let topic = FetchableTopicResponse::default().with_partitions(vec![data]);
    let topic = if version > 12 {
        topic.with_topic_id(id)
    } else {
        topic.with_topic(TopicName(StrBytes::from_static_str("foo")))
    };
    let mut body = BytesMut::new();
    whole(FetchResponse::default().with_responses(vec![topic]))
        .encode(&mut body, version)
        .unwrap();
    body.freeze()
}

/// Has broker `on` answer the first `times` Fetch requests with what `data` makes; counts all it gets.
fn answer(
    broker: &Broker,
    id: Uuid,
    on: i32,
    times: u32,
    data: impl Fn() -> PartitionData + Send + Sync + 'static,
    whole: impl Fn(FetchResponse) -> FetchResponse + Send + Sync + 'static,
) -> Arc<AtomicU32> {
    let seen = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&seen);
    broker.control().intercept(move |request| {
        if request.api_key == FETCH && request.broker == on && counted.fetch_add(1, Ordering::SeqCst) < times {
            Action::ReplaceBody(response(request.api_version, id, data(), &whole))
        } else {
            Action::Pass
        }
    });
    seen
}

fn unchanged(response: FetchResponse) -> FetchResponse {
    response
}

fn refusing(code: i16) -> impl Fn() -> PartitionData + Send + Sync + 'static {
    move || PartitionData::default().with_error_code(code)
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_pass_are_waited_out() {
    let broker = broker(1, KafkaVersion::default());
    let client = client(&broker).await;
    write(&client, 0..30).await;
    let id = client.topic("foo").await.unwrap().id.unwrap();
    for code in [-1, 2, 3, 5, 6, 9, 56, 70, 71, 74, 75, 78, 100, 103] {
        let seen = answer(&broker, id, 1, 1, refusing(code), unchanged);
        let found = read(&client, 0, |_| ())
            .await
            .unwrap_or_else(|error| panic!("{code}: {error}"));
        assert_eq!(found.len(), 30, "{code}");
        assert!(seen.load(Ordering::SeqCst) > 1);
        broker.control().clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_stay_are_told() {
    let broker = broker(1, KafkaVersion::default());
    let client = client(&broker).await;
    write(&client, 0..30).await;
    let id = client.topic("foo").await.unwrap().id.unwrap();
    for (code, words) in [
        (29, "needs READ on topic \"foo\""),
        (76, "UNSUPPORTED_COMPRESSION_TYPE (76)"),
        (2, "corrupt data in foo-0 at offset 0"),
        (-1, "UNKNOWN_SERVER_ERROR (-1)"),
        (32767, "(32767)"),
    ] {
        answer(&broker, id, 1, u32::MAX, refusing(code), unchanged);
        let started = Instant::now();
        let error = read(&client, 0, |_| ()).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(started.elapsed() < Duration::from_secs(1), "{error}");
        broker.control().clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offset_that_only_the_code_calls_out_of_range_is_asked_again() {
    let broker = broker(1, KafkaVersion::default());
    let client = client(&broker).await;
    write(&client, 0..30).await;
    let id = client.topic("foo").await.unwrap().id.unwrap();
    answer(&broker, id, 1, 1, refusing(1), unchanged);
    assert_eq!(read(&client, 0, |_| ()).await.unwrap().len(), 30);
    broker.control().clear();
    answer(&broker, id, 1, u32::MAX, refusing(1), unchanged);
    let error = read(&client, 0, |_| ()).await.unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::OffsetOutOfRange {
                log_start: Some(0),
                end: Some(30),
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recommended_follower_is_tried_and_the_leader_has_the_last_word() {
    let broker = broker(2, KafkaVersion::default());
    let client = client(&broker).await;
    write(&client, 0..30).await;
    let topic = client.topic("foo").await.unwrap();
    let leader = topic.partitions[0].leader.unwrap();
    let follower = 3 - leader;
    let id = topic.id.unwrap();
    let elsewhere = move || {
        PartitionData::default()
            .with_preferred_read_replica(BrokerId(follower))
            .with_high_watermark(30)
    };
    answer(&broker, id, leader, 2, elsewhere, unchanged);
    // The follower has nothing good to say: an offset out of range from it proves nothing.
    let asked = answer(&broker, id, follower, u32::MAX, refusing(1), unchanged);
    let mut fetcher = PartitionFetcher::open(&client, &topic, 0, OPTIONS).await.unwrap();
    fetcher.request(0, 1 << 20, OPTIONS.max_wait).await.unwrap();
    let sent_away = fetcher.response().await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert!(
        sent_away.records.is_empty() && !sent_away.from_leader,
        "an empty answer of that kind is no end"
    );
    fetcher.request(0, 1 << 20, OPTIONS.max_wait).await.unwrap();
    let fetched = fetcher.response().await.unwrap();
    assert!(fetched.from_leader);
    assert_eq!(numbers(&fetched, &mut 0).len(), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_names_the_new_leader_is_believed_without_metadata() {
    let broker = broker(2, KafkaVersion::default());
    let client = client(&broker).await;
    write(&client, 0..30).await;
    let topic = client.topic("foo").await.unwrap();
    let (old, epoch) = (topic.partitions[0].leader.unwrap(), topic.partitions[0].leader_epoch);
    let new = 3 - old;
    let mut fetcher = PartitionFetcher::open(&client, &topic, 0, OPTIONS).await.unwrap();
    broker.control().set_leader("foo", 0, new);
    broker.control().intercept(|request| {
        if request.api_key == METADATA {
            Action::Drop
        } else {
            Action::Pass
        }
    });
    let servers = broker.bootstrap_servers();
    let port: i32 = servers
        .split(',')
        .nth(new as usize - 1)
        .unwrap()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let moved = move || {
        let leader = LeaderIdAndEpoch::default()
            .with_leader_id(BrokerId(new))
            .with_leader_epoch(epoch + 1);
        PartitionData::default().with_error_code(6).with_current_leader(leader)
    };
    let endpoint = move |response: FetchResponse| {
        let endpoint = NodeEndpoint::default()
            .with_node_id(BrokerId(new))
            .with_host(StrBytes::from_static_str("127.0.0.1"))
            .with_port(port);
        response.with_node_endpoints(vec![endpoint])
    };
    answer(&broker, topic.id.unwrap(), old, 1, moved, endpoint);
    fetcher.request(0, 1 << 20, OPTIONS.max_wait).await.unwrap();
    let fetched = fetcher.response().await.unwrap();
    assert_eq!(numbers(&fetched, &mut 0).len(), 30);
    assert_eq!((fetched.leader_epoch, fetcher.leader_epoch()), (epoch + 1, epoch + 1));
    assert!(fetcher.broker().starts_with(&format!("broker {new} (")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_reader_is_quiet_for_as_long_as_it_was_told() {
    let broker = broker(1, KafkaVersion::default());
    let client = client(&broker).await;
    write(&client, 0..30).await;
    let topic = client.topic("foo").await.unwrap();
    answer(&broker, topic.id.unwrap(), 1, 1, PartitionData::default, |response| {
        response.with_throttle_time_ms(400)
    });
    let mut fetcher = PartitionFetcher::open(&client, &topic, 0, OPTIONS).await.unwrap();
    fetcher.request(0, 1 << 20, OPTIONS.max_wait).await.unwrap();
    let throttled = fetcher.response().await.unwrap();
    assert!(throttled.records.is_empty());
    assert_eq!(throttled.throttled, Duration::from_millis(400));
    let started = Instant::now();
    fetcher.request(0, 1 << 20, OPTIONS.max_wait).await.unwrap();
    assert!(
        started.elapsed() < Duration::from_millis(100),
        "the caller goes on decoding"
    );
    assert_eq!(numbers(&fetcher.response().await.unwrap(), &mut 0).len(), 30);
    assert!(
        started.elapsed() >= Duration::from_millis(390),
        "{:?}",
        started.elapsed()
    );
}
