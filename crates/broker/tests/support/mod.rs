//! A client of a few lines: one connection, frames by hand, nothing retried.

#![allow(dead_code)] // Every test file uses its own part of this.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bytes::Bytes;
use kaframe_broker::{Broker, BrokerOptions, KafkaVersion};
use kaframe_wire::batch::{Batch, BatchBuilder, Compression, DEFAULT_MAX_DECOMPRESSED, ProducerStamp, Scratch, Walk};
use kaframe_wire::frame;
use kaframe_wire::message::fetch_request::{FetchPartition, FetchTopic};
use kaframe_wire::message::fetch_response::PartitionData;
use kaframe_wire::message::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kaframe_wire::message::produce_request::{PartitionProduceData, TopicProduceData};
use kaframe_wire::message::produce_response::PartitionProduceResponse;
use kaframe_wire::message::{
    FetchRequest, ListOffsetsRequest, ProduceRequest, Request, StrBytes, TopicName, TransactionalId,
};

pub struct Connection {
    pub stream: TcpStream,
    next: i32,
}

/// A broker with these topics, posing as Kafka 4.1.
pub fn broker(topics: &[&str]) -> Broker {
    broker_as(KafkaVersion::V4_1, topics)
}

pub fn broker_as(version: KafkaVersion, topics: &[&str]) -> Broker {
    let topics = topics.iter().map(|topic| topic.parse().unwrap()).collect();
    Broker::start(BrokerOptions {
        topics,
        version,
        ..BrokerOptions::default()
    })
    .unwrap()
}

pub fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

pub fn topic_name(name: &str) -> TopicName {
    TopicName(text(name))
}

impl Connection {
    pub fn open(broker: &Broker) -> Self {
        Self::open_node(broker, 1)
    }

    /// To the broker with this node id.
    pub fn open_node(broker: &Broker, node: usize) -> Self {
        Self::at(broker.bootstrap_servers().split(',').nth(node - 1).unwrap())
    }

    pub fn at(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, next: 1 }
    }

    pub fn send<R: Request>(&mut self, version: i16, body: &R) -> i32 {
        let correlation_id = self.next;
        self.next += 1;
        let bytes = frame::encode_request(version, correlation_id, "test", body).unwrap();
        self.stream.write_all(&bytes).unwrap();
        correlation_id
    }

    pub fn receive<R: Request>(&mut self, version: i16, correlation_id: i32) -> R::Response {
        let bytes = self.frame().expect("the broker closed the connection");
        frame::decode_response::<R>(version, correlation_id, bytes).unwrap()
    }

    pub fn ask<R: Request>(&mut self, version: i16, body: &R) -> R::Response {
        let correlation_id = self.send(version, body);
        self.receive::<R>(version, correlation_id)
    }

    /// The next frame without its length, `None` when the broker closed the connection.
    pub fn frame(&mut self) -> Option<Bytes> {
        let mut prefix = [0; 4];
        self.stream.read_exact(&mut prefix).ok()?;
        let mut body = vec![0; u32::from_be_bytes(prefix) as usize];
        self.stream.read_exact(&mut body).ok()?;
        Some(Bytes::from(body))
    }

    /// Whether the broker closes the connection instead of answering.
    pub fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0; 1]), Ok(0) | Err(_))
    }

    pub fn produce(&mut self, topic: &str, partition: i32, batch: Bytes) -> PartitionProduceResponse {
        self.produce_as(9, None, topic, partition, batch)
    }

    pub fn produce_as(
        &mut self,
        version: i16,
        transactional_id: Option<&str>,
        topic: &str,
        partition: i32,
        batch: Bytes,
    ) -> PartitionProduceResponse {
        let data = PartitionProduceData::default()
            .with_index(partition)
            .with_records(Some(batch));
        let topic = TopicProduceData::default()
            .with_name(topic_name(topic))
            .with_partition_data(vec![data]);
        let request = ProduceRequest::default()
            .with_transactional_id(transactional_id.map(|id| TransactionalId(text(id))))
            .with_acks(-1)
            .with_timeout_ms(1000)
            .with_topic_data(vec![topic]);
        let mut response = self.ask(version, &request);
        response.responses.remove(0).partition_responses.remove(0)
    }

    /// One partition by name, without waiting.
    pub fn fetch(&mut self, topic: &str, partition: i32, offset: i64, read_committed: bool) -> PartitionData {
        let request = fetch_request(topic, partition, offset, read_committed);
        let mut response = self.ask(12, &request);
        response.responses.remove(0).partitions.remove(0)
    }

    pub fn list_offset(
        &mut self,
        topic: &str,
        partition: i32,
        timestamp: i64,
        read_committed: bool,
    ) -> (i16, i64, i64) {
        let asked = ListOffsetsPartition::default()
            .with_partition_index(partition)
            .with_current_leader_epoch(-1)
            .with_timestamp(timestamp);
        let topic = ListOffsetsTopic::default()
            .with_name(topic_name(topic))
            .with_partitions(vec![asked]);
        let request = ListOffsetsRequest::default()
            .with_replica_id((-1).into())
            .with_isolation_level(i8::from(read_committed))
            .with_topics(vec![topic]);
        let mut response = self.ask(9, &request);
        let found = response.topics.remove(0).partitions.remove(0);
        (found.error_code, found.offset, found.timestamp)
    }
}

pub fn fetch_request(topic: &str, partition: i32, offset: i64, read_committed: bool) -> FetchRequest {
    let asked = FetchPartition::default()
        .with_partition(partition)
        .with_current_leader_epoch(-1)
        .with_last_fetched_epoch(-1)
        .with_fetch_offset(offset)
        .with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default()
        .with_topic(topic_name(topic))
        .with_partitions(vec![asked]);
    FetchRequest::default()
        .with_replica_id((-1).into())
        .with_max_wait_ms(0)
        .with_min_bytes(1)
        .with_max_bytes(10 << 20)
        .with_isolation_level(i8::from(read_committed))
        .with_session_epoch(-1)
        .with_topics(vec![topic])
}

/// A batch of these values, one millisecond apart from `timestamp` on.
pub fn batch_at(values: &[&str], timestamp: i64, stamp: ProducerStamp) -> Bytes {
    let mut builder = BatchBuilder::new(Compression::None);
    for (at, value) in values.iter().enumerate() {
        builder.push(timestamp + at as i64, None, Some(value.as_bytes()), &[]);
    }
    builder.finish(stamp).unwrap()
}

pub fn batch(values: &[&str]) -> Bytes {
    batch_at(values, 1_700_000_000_000, ProducerStamp::NONE)
}

/// Offsets and values of all records in a record section, control batches left out.
pub fn records(section: &[u8]) -> Vec<(i64, String)> {
    let mut found = Vec::new();
    for entry in Walk::new(section) {
        let entry: Batch<'_> = entry.unwrap();
        entry.verify_crc().unwrap();
        if entry.header.is_control() {
            continue;
        }
        let mut scratch = Scratch::default();
        for record in entry.records(&mut scratch, DEFAULT_MAX_DECOMPRESSED).unwrap() {
            let record = record.unwrap();
            found.push((
                record.offset,
                String::from_utf8_lossy(record.value.unwrap_or_default()).into_owned(),
            ));
        }
    }
    found
}

/// Values only.
pub fn values(data: &PartitionData) -> Vec<String> {
    records(data.records.as_deref().unwrap_or_default())
        .into_iter()
        .map(|(_, value)| value)
        .collect()
}
