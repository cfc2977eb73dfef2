//! What the tests against the embedded broker share: starting it, writing numbered records, reading a range back.

#![allow(dead_code, reason = "each test file uses its part of this")]

use std::time::Duration;

use kaframe_broker::{Broker, BrokerOptions, KafkaVersion};
use kaframe_client::{
    Client, ClientConfig, FetchOptions, Fetched, Isolation, OffsetQuery, PartitionFetcher, Producer, ProducerOptions,
    Result,
};
use kaframe_wire::batch::{DEFAULT_MAX_DECOMPRESSED, Scratch, Walk};

pub const FETCH: i16 = 1;
pub const PRODUCE: i16 = 0;
pub const LIST_OFFSETS: i16 = 2;
pub const METADATA: i16 = 3;
pub const API_VERSIONS: i16 = 18;

pub const OPTIONS: FetchOptions = FetchOptions {
    isolation: Isolation::ReadCommitted,
    max_wait: Duration::from_millis(100),
    max_bytes: 1 << 20,
};

/// A broker with topic `foo` of one partition.
pub fn broker(brokers: usize, version: KafkaVersion) -> Broker {
    let topics = vec!["foo:1".parse().unwrap()];
    Broker::start(BrokerOptions {
        brokers,
        topics,
        version,
        ..BrokerOptions::default()
    })
    .unwrap()
}

/// Settings with little patience, so that what never comes is given up within a test.
pub fn impatient(servers: &str) -> ClientConfig {
    ClientConfig {
        timeout: Duration::from_secs(3),
        request_timeout: Duration::from_millis(500),
        connect_timeout: Duration::from_millis(500),
        ..ClientConfig::new(servers)
    }
}

pub async fn client(broker: &Broker) -> Client {
    Client::connect(impatient(&broker.bootstrap_servers())).await.unwrap()
}

/// Writes records whose values are the numbers of the range, ten to a batch, to `foo-0`.
pub async fn write(client: &Client, numbers: std::ops::Range<i32>) {
    let producer = Producer::open(client, "foo", ProducerOptions::default()).await.unwrap();
    let numbers: Vec<i32> = numbers.collect();
    for chunk in numbers.chunks(10) {
        let mut batch = producer.batch();
        for number in chunk {
            batch.push(
                1_000 + i64::from(*number),
                None,
                Some(number.to_string().as_bytes()),
                &[],
            );
        }
        producer.produce(0, batch).await.unwrap();
    }
}

/// The numbers in an answer from `position` on, and the position behind them.
pub fn numbers(fetched: &Fetched, position: &mut i64) -> Vec<i32> {
    let mut scratch = Scratch::default();
    let mut found = Vec::new();
    for batch in Walk::new(&fetched.records) {
        let batch = batch.unwrap();
        batch.verify_crc().unwrap();
        for record in batch.records(&mut scratch, DEFAULT_MAX_DECOMPRESSED).unwrap() {
            let record = record.unwrap();
            if record.offset >= *position {
                found.push(std::str::from_utf8(record.value.unwrap()).unwrap().parse().unwrap());
            }
        }
        *position = (*position).max(batch.header.next_offset());
    }
    found
}

/// Reads `foo-0` from `position` to its present end, a few batches at a time, calling `between` after every answer.
pub async fn read(client: &Client, mut position: i64, mut between: impl FnMut(i64)) -> Result<Vec<i32>> {
    let topic = client.topic("foo").await?;
    let end = client
        .list_offsets(&topic, &[(0, OffsetQuery::Latest)], Isolation::ReadCommitted)
        .await?[0]
        .offset
        .unwrap();
    let mut fetcher = PartitionFetcher::open(client, &topic, 0, OPTIONS).await?;
    let mut found = Vec::new();
    while position < end {
        fetcher.request(position, 200, OPTIONS.max_wait).await?;
        let fetched = fetcher.response().await?;
        let before = position;
        found.extend(numbers(&fetched, &mut position));
        if position > before {
            fetcher.progressed();
        }
        between(position);
    }
    Ok(found)
}
