//! Idempotent writing.

use kaframe_wire::batch::{BatchBuilder, Compression};

use crate::{Client, Result};

/// How to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerOptions {
    /// What batches are compressed with (`compression.type`); for the caller, who builds them.
    pub compression: Compression,
    /// Largest request, in bytes (`max.request.size`).
    pub max_request_size: usize,
}

/// A producer for one topic: idempotent, acks=all.
#[derive(Debug)]
pub struct Producer {}

/// A batch that is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Produced {
    /// The partition.
    pub partition: i32,
    /// The offset of its first record.
    pub base_offset: i64,
    /// How many records.
    pub records: i32,
    /// The time of appending in ms, where the topic stamps records so.
    pub log_append_time: Option<i64>,
}

impl Producer {
    /// Gets a producer id and the topic's partitions.
    pub async fn open(client: &Client, topic: &str, options: ProducerOptions) -> Result<Self> {
        let _ = (client, topic, options);
        todo!()
    }
    /// How many partitions the topic has.
    pub fn partitions(&self) -> i32 {
        todo!()
    }
    /// The partition Java's default partitioner gives this key.
    pub fn partition_for_key(&self, key: &[u8]) -> i32 {
        let _ = key;
        todo!()
    }
    /// Writes one batch; per partition in the order of the calls.
    pub async fn produce(&self, partition: i32, batch: BatchBuilder) -> Result<Produced> {
        let _ = (partition, batch);
        todo!()
    }
}
