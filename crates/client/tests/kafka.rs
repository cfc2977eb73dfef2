//! The client against a real Apache Kafka, where one is named: `KAFRAME_TEST_KAFKA=127.0.0.1:9092 cargo test -p kaframe-client --test kafka -- --ignored`.
//!
//! Ignored, not passed, without it: a test of a live broker that returns early would claim what it did not see.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kaframe_client::{
    Client, ClientConfig, ClientError, FetchOptions, Isolation, NewTopic, OffsetQuery, PartitionFetcher, Producer,
    ProducerOptions, TopicMetadata,
};
use kaframe_wire::batch::{Compression, DEFAULT_MAX_DECOMPRESSED, Scratch, Walk};

fn servers() -> String {
    std::env::var("KAFRAME_TEST_KAFKA").expect("KAFRAME_TEST_KAFKA names a broker")
}

async fn client() -> Client {
    Client::connect(ClientConfig::new(&servers()))
        .await
        .expect("the broker answers")
}

fn unique(name: &str) -> String {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    format!("{name}-{}-{}", std::process::id(), now.as_nanos())
}

async fn fresh_topic(client: &Client, name: &str, partitions: i32) -> TopicMetadata {
    // As Kafka has it by default; a server for tests may take more.
    let limit = ("max.message.bytes".to_owned(), "1048588".to_owned());
    let name = unique(name);
    let topic = NewTopic {
        name: name.clone(),
        partitions,
        replication_factor: 1,
        configs: BTreeMap::from([limit]),
    };
    client.create_topic(&topic).await.unwrap();
    client.topic(&name).await.unwrap()
}

const OPTIONS: FetchOptions = FetchOptions {
    isolation: Isolation::ReadCommitted,
    max_wait: Duration::from_millis(500),
    max_bytes: 4 << 20,
};

#[tokio::test]
#[ignore = "needs a real Kafka"]
async fn topics_come_and_go() {
    let client = client().await;
    assert!(client.cluster_id().is_some());
    let topic = fresh_topic(&client, "topics", 3).await;
    assert_eq!(topic.partitions.len(), 3);
    assert!(topic.id.is_some() && topic.partitions.iter().all(|p| p.leader.is_some()));
    assert!(client.topics().await.unwrap().iter().any(|t| t.name == topic.name));

    let again = NewTopic {
        name: topic.name.clone(),
        partitions: 1,
        replication_factor: 1,
        configs: BTreeMap::new(),
    };
    let exists = client.create_topic(&again).await.unwrap_err().to_string();
    assert!(exists.contains("TOPIC_ALREADY_EXISTS"), "{exists}");

    let configs = client.topic_configs(&topic.name).await.unwrap();
    assert_eq!(configs["cleanup.policy"].as_deref(), Some("delete"));

    client.delete_topic(&topic.name).await.unwrap();
    let gone = client.topic(&topic.name).await.unwrap_err();
    assert!(matches!(gone, ClientError::NotFound { .. }), "{gone}");
    let gone = client.delete_topic(&topic.name).await.unwrap_err();
    assert!(matches!(gone, ClientError::NotFound { .. }), "{gone}");
}

#[tokio::test]
#[ignore = "needs a real Kafka"]
async fn a_misspelt_topic_is_not_created_and_its_neighbours_are_offered() {
    let client = client().await;
    let topic = fresh_topic(&client, "orders", 1).await;
    let misspelt = topic.name.replacen("orders", "odrers", 1);
    let started = Instant::now();
    let error = client.topic(&misspelt).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    let ClientError::NotFound { nearest, .. } = &error else {
        panic!("{error}")
    };
    assert!(nearest.contains(&topic.name), "{nearest:?}");
    assert!(client.topics().await.unwrap().iter().all(|t| t.name != misspelt));
    client.delete_topic(&topic.name).await.unwrap();
}

#[tokio::test]
#[ignore = "needs a real Kafka"]
async fn an_empty_partition_has_bounds_and_nothing_to_fetch() {
    let client = client().await;
    let topic = fresh_topic(&client, "empty", 2).await;
    let queries = [
        (1, OffsetQuery::Earliest),
        (1, OffsetQuery::Latest),
        (0, OffsetQuery::AtTime(0)),
        (0, OffsetQuery::LocalLogStart),
        (0, OffsetQuery::MaxTimestamp),
    ];
    let listed = client
        .list_offsets(&topic, &queries, Isolation::ReadCommitted)
        .await
        .unwrap();
    let offsets: Vec<_> = listed.iter().map(|l| (l.partition, l.offset)).collect();
    assert_eq!(
        offsets,
        [(1, Some(0)), (1, Some(0)), (0, None), (0, Some(0)), (0, None)]
    );

    let mut fetcher = PartitionFetcher::open(&client, &topic, 0, OPTIONS).await.unwrap();
    fetcher.request(0, 1 << 20, Duration::from_millis(100)).await.unwrap();
    let fetched = fetcher.response().await.unwrap();
    assert!(fetched.records.is_empty() && fetched.from_leader);
    assert_eq!((fetched.high_watermark, fetched.log_start_offset), (0, Some(0)));

    fetcher.request(5, 1 << 20, Duration::from_millis(100)).await.unwrap();
    let error = fetcher.response().await.unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::OffsetOutOfRange {
                offset: 5,
                log_start: Some(0),
                end: Some(0),
                ..
            }
        ),
        "{error}"
    );
    let error = PartitionFetcher::open(&client, &topic, 9, OPTIONS).await.unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::UnknownPartition {
                partition: 9,
                count: 2,
                ..
            }
        ),
        "{error}"
    );
    client.delete_topic(&topic.name).await.unwrap();
}

#[tokio::test]
#[ignore = "needs a real Kafka"]
async fn what_is_written_is_read_back() {
    let client = client().await;
    let topic = fresh_topic(&client, "written", 2).await;
    for compression in [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ] {
        let options = ProducerOptions {
            compression,
            ..ProducerOptions::default()
        };
        let producer = Producer::open(&client, &topic.name, options).await.unwrap();
        let send = |partition: i32, from: i32| {
            let mut batch = producer.batch();
            for i in from..from + 100 {
                let value = format!("{{\"number\": {i}}}");
                batch.push(
                    1_700_000_000_000 + i64::from(i),
                    Some(b"key"),
                    Some(value.as_bytes()),
                    &[(b"h", None)],
                );
            }
            producer.produce(partition, batch)
        };
        let (first, other, second) = tokio::join!(send(0, 0), send(1, 0), send(0, 100));
        let (first, other, second) = (first.unwrap(), other.unwrap(), second.unwrap());
        assert_eq!(first.records, 100);
        assert_eq!(second.base_offset, first.base_offset + 100, "in the order of the calls");
        assert_eq!(other.partition, 1);
        assert_eq!(other.log_append_time, None);
    }
    let end = client
        .list_offsets(&topic, &[(0, OffsetQuery::Latest)], Isolation::ReadCommitted)
        .await
        .unwrap();
    assert_eq!(end[0].offset, Some(1000));
    let by_time = [
        (0, OffsetQuery::AtTime(1_700_000_000_150)),
        (0, OffsetQuery::MaxTimestamp),
    ];
    let by_time = client
        .list_offsets(&topic, &by_time, Isolation::ReadCommitted)
        .await
        .unwrap();
    assert_eq!(
        (by_time[0].offset, by_time[0].timestamp),
        (Some(150), Some(1_700_000_000_150))
    );
    assert_eq!(by_time[1].timestamp, Some(1_700_000_000_199));

    let mut fetcher = PartitionFetcher::open(&client, &topic, 0, OPTIONS).await.unwrap();
    fetcher.request(0, 1 << 20, Duration::from_millis(500)).await.unwrap();
    let fetched = fetcher.response().await.unwrap();
    let mut scratch = Scratch::default();
    let mut numbers = Vec::new();
    for batch in Walk::new(&fetched.records) {
        let batch = batch.unwrap();
        batch.verify_crc().unwrap();
        for record in batch.records(&mut scratch, DEFAULT_MAX_DECOMPRESSED).unwrap() {
            let record = record.unwrap();
            assert_eq!(record.key, Some(&b"key"[..]));
            numbers.push(String::from_utf8(record.value.unwrap().to_vec()).unwrap());
        }
    }
    assert_eq!(numbers.len(), 1000);
    assert_eq!(numbers[150], "{\"number\": 150}");

    client.delete_records(&topic, &[(0, 400)]).await.unwrap();
    fetcher.request(399, 1 << 20, Duration::from_millis(500)).await.unwrap();
    let error = fetcher.response().await.unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::OffsetOutOfRange {
                offset: 399,
                log_start: Some(400),
                end: Some(1000),
                ..
            }
        ),
        "{error}"
    );
    client.delete_topic(&topic.name).await.unwrap();
}

#[tokio::test]
#[ignore = "needs a real Kafka"]
async fn a_batch_that_is_too_large_is_not_written_and_the_next_one_is() {
    let client = client().await;
    let topic = fresh_topic(&client, "large", 1).await;
    let options = ProducerOptions {
        max_request_size: 16 << 20,
        ..ProducerOptions::default()
    };
    let producer = Producer::open(&client, &topic.name, options).await.unwrap();
    for size in [3 << 20, 20 << 20] {
        let mut batch = producer.batch();
        batch.push(0, None, Some(&vec![b'x'; size]), &[]);
        let error = producer.produce(0, batch).await.unwrap_err();
        assert!(matches!(error, ClientError::TooLarge { .. }), "{error}");
    }
    let mut batch = producer.batch();
    batch.push(0, None, Some(b"small"), &[]);
    assert_eq!(producer.produce(0, batch).await.unwrap().base_offset, 0);
    client.delete_topic(&topic.name).await.unwrap();
}

#[tokio::test]
#[ignore = "needs a real Kafka"]
async fn a_recreated_topic_is_another_topic() {
    let client = client().await;
    let topic = fresh_topic(&client, "recreated", 1).await;
    let mut fetcher = PartitionFetcher::open(&client, &topic, 0, OPTIONS).await.unwrap();
    client.delete_topic(&topic.name).await.unwrap();
    let again = NewTopic {
        name: topic.name.clone(),
        partitions: 1,
        replication_factor: 1,
        configs: BTreeMap::new(),
    };
    client.create_topic(&again).await.unwrap();
    fetcher.request(0, 1 << 20, Duration::from_millis(100)).await.unwrap();
    let error = fetcher.response().await.unwrap_err();
    assert!(matches!(error, ClientError::TopicRecreated { .. }), "{error}");
    let stale = client
        .list_offsets(&topic, &[(0, OffsetQuery::Latest)], Isolation::ReadCommitted)
        .await
        .unwrap_err();
    assert!(matches!(stale, ClientError::TopicRecreated { .. }), "{stale}");
    client.delete_topic(&topic.name).await.unwrap();
}

#[tokio::test]
#[ignore = "needs a real Kafka"]
async fn a_deleted_topic_ends_a_read_within_seconds() {
    let client = client().await;
    let topic = fresh_topic(&client, "deleted", 1).await;
    let mut fetcher = PartitionFetcher::open(&client, &topic, 0, OPTIONS).await.unwrap();
    client.delete_topic(&topic.name).await.unwrap();
    let started = Instant::now();
    fetcher.request(0, 1 << 20, Duration::from_millis(100)).await.unwrap();
    let error = fetcher.response().await.unwrap_err();
    println!("{error} after {:?}", started.elapsed());
    assert!(
        matches!(error, ClientError::TopicRecreated { .. } | ClientError::NotFound { .. }),
        "{error}"
    );
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
#[ignore = "needs a real Kafka"]
async fn the_end_of_the_present_epoch_is_the_end_of_the_log() {
    let client = client().await;
    let topic = fresh_topic(&client, "epochs", 1).await;
    let producer = Producer::open(&client, &topic.name, ProducerOptions::default())
        .await
        .unwrap();
    let mut batch = producer.batch();
    batch.push(0, None, Some(b"x"), &[]);
    producer.produce(0, batch).await.unwrap();
    let epoch = topic.partitions[0].leader_epoch;
    let end = client.end_offset_for_leader_epoch(&topic, 0, epoch).await.unwrap();
    assert_eq!((end.leader_epoch, end.end_offset), (epoch, 1));
    let mut fetcher = PartitionFetcher::open(&client, &topic, 0, OPTIONS).await.unwrap();
    fetcher.check_truncation(1, epoch).await.unwrap();
    let error = fetcher.check_truncation(2, epoch).await.unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::Truncated {
                position: 2,
                epoch_end: 1,
                ..
            }
        ),
        "{error}"
    );
    client.delete_topic(&topic.name).await.unwrap();
}
