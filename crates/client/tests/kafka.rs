//! The client against a real Apache Kafka, where one is named: `KAFRAME_TEST_KAFKA=127.0.0.1:9092 cargo test -p kaframe-client --test kafka -- --ignored`.
//!
//! Ignored, not passed, without it: a test of a live broker that returns early would claim what it did not see.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kaframe_client::{
    Client, ClientConfig, ClientError, FetchOptions, Isolation, NewTopic, OffsetQuery, PartitionFetcher, TopicMetadata,
};
use kaframe_wire::batch::Walk;

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
    let name = unique(name);
    let topic = NewTopic {
        name: name.clone(),
        partitions,
        replication_factor: 1,
        configs: BTreeMap::new(),
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
#[ignore = "needs a real Kafka with a topic named by KAFRAME_TEST_TOPIC"]
async fn a_topic_is_read_to_its_end() {
    let client = client().await;
    let name = std::env::var("KAFRAME_TEST_TOPIC").expect("KAFRAME_TEST_TOPIC names a topic with records");
    let topic = client.topic(&name).await.unwrap();
    let (mut records, mut bytes, started) = (0, 0, Instant::now());
    for partition in &topic.partitions {
        let queries = [
            (partition.id, OffsetQuery::Earliest),
            (partition.id, OffsetQuery::Latest),
        ];
        let bounds = client
            .list_offsets(&topic, &queries, Isolation::ReadCommitted)
            .await
            .unwrap();
        let (mut position, end) = (bounds[0].offset.unwrap(), bounds[1].offset.unwrap());
        let mut fetcher = PartitionFetcher::open(&client, &topic, partition.id, OPTIONS)
            .await
            .unwrap();
        while position < end {
            fetcher
                .request(position, OPTIONS.max_bytes, OPTIONS.max_wait)
                .await
                .unwrap();
            let fetched = fetcher.response().await.unwrap();
            bytes += fetched.records.len();
            for batch in Walk::new(&fetched.records) {
                let header = batch.unwrap().header;
                records += header.record_count;
                position = header.next_offset();
            }
            fetcher.progressed();
        }
    }
    println!("{records} records, {bytes} bytes in {:?}", started.elapsed());
    assert!(records > 0);
}
