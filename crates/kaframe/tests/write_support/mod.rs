//! What the tests of writing share: a broker, and the records of a partition as they lie in its log, read below the crate under test.

#![allow(dead_code, reason = "every test binary uses its own part")]

use std::collections::BTreeMap;
use std::time::Duration;

use kaframe::{Cluster, Config};
use kaframe_broker::{Broker, BrokerOptions, TopicSpec};
use kaframe_client::{Client, ClientConfig, FetchOptions, Isolation, PartitionFetcher};
use kaframe_wire::batch::{Scratch, Walk};

/// A record as it lies in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub offset: i64,
    pub timestamp: Option<i64>,
    pub key: Option<String>,
    pub value: Option<String>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

/// A broker with these topics.
pub fn broker(topics: &[TopicSpec]) -> Broker {
    Broker::start(BrokerOptions {
        topics: topics.to_vec(),
        ..BrokerOptions::default()
    })
    .expect("a broker starts")
}

/// A cluster at it.
pub async fn cluster(broker: &Broker) -> Cluster {
    Cluster::connect(&broker.bootstrap_servers())
        .await
        .expect("the broker answers")
}

/// A cluster at it that loses patience soon.
pub async fn impatient(broker: &Broker) -> Cluster {
    let properties = [
        ("bootstrap.servers", broker.bootstrap_servers()),
        ("request.timeout.ms", "1000".to_owned()),
        ("default.api.timeout.ms", "3000".to_owned()),
    ];
    let properties: BTreeMap<String, String> = properties.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
    let config = Config::from_properties(properties).expect("properties make sense");
    Cluster::connect_with(config).await.expect("the broker answers")
}

/// All records of a partition, and how many batches they are in.
pub async fn stored(broker: &Broker, topic: &str, partition: i32) -> (Vec<Stored>, usize) {
    let client = Client::connect(ClientConfig::new(&broker.bootstrap_servers()))
        .await
        .expect("the broker answers");
    let topic = client.topic(topic).await.expect("the topic exists");
    let options = FetchOptions {
        isolation: Isolation::ReadCommitted,
        max_wait: Duration::from_millis(10),
        max_bytes: 16 << 20,
    };
    let mut fetcher = PartitionFetcher::open(&client, &topic, partition, options)
        .await
        .expect("a fetcher opens");
    let (mut records, mut batches, mut position, mut scratch) = (Vec::new(), 0, 0, Scratch::default());
    loop {
        fetcher
            .request(position, options.max_bytes, options.max_wait)
            .await
            .expect("a request is sent");
        let fetched = fetcher.response().await.expect("an answer comes");
        for batch in Walk::new(&fetched.records) {
            let batch = batch.expect("whole batches");
            batch.verify_crc().expect("a right checksum");
            for record in batch.records(&mut scratch, 256 << 20).expect("readable batches") {
                let record = record.expect("readable records");
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                records.push(Stored {
                    offset: record.offset,
                    timestamp: record.timestamp,
                    key: record.key.map(text),
                    value: record.value.map(text),
                    headers: record
                        .headers
                        .iter()
                        .map(|(k, v)| (text(k), v.map(<[u8]>::to_vec)))
                        .collect(),
                });
            }
            batches += 1;
            position = batch.header.next_offset();
        }
        fetcher.progressed();
        if position >= fetched.high_watermark {
            return (records, batches);
        }
    }
}

/// The values of all partitions of a topic.
pub async fn all_values(broker: &Broker, topic: &str, partitions: i32) -> Vec<String> {
    let mut values = Vec::new();
    for partition in 0..partitions {
        values.extend(
            stored(broker, topic, partition)
                .await
                .0
                .into_iter()
                .filter_map(|record| record.value),
        );
    }
    values
}
