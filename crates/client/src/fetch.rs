//! One partition, read over a connection of its own.

use std::time::Duration;

use bytes::Bytes;

use crate::topic::{AbortedTransaction, Isolation, TopicMetadata};
use crate::{Client, Result};

/// How to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchOptions {
    /// Whether open and aborted transactions are seen.
    pub isolation: Isolation,
    /// How long a broker may hold an empty answer back.
    pub max_wait: Duration,
    /// Soft limit of one response, in bytes.
    pub max_bytes: i32,
}

/// A partition being read.
#[derive(Debug)]
pub struct PartitionFetcher {}

impl PartitionFetcher {
    /// Connects to the partition's leader.
    pub async fn open(client: &Client, topic: &TopicMetadata, partition: i32, options: FetchOptions) -> Result<Self> {
        let _ = (client, topic, partition, options);
        todo!()
    }
    /// Sends a Fetch; does not wait for the answer.
    pub async fn request(&mut self, offset: i64, max_bytes: i32, max_wait: Duration) -> Result<()> {
        let _ = (offset, max_bytes, max_wait);
        todo!()
    }
    /// The answer to the outstanding request.
    pub async fn response(&mut self) -> Result<Fetched> {
        todo!()
    }
    /// The caller's position has moved.
    pub fn progressed(&mut self) {}
    /// How long nothing has moved.
    pub fn since_progress(&self) -> Duration {
        todo!()
    }
    /// The broker now asked, with id and address.
    pub fn broker(&self) -> String {
        todo!()
    }
    /// The leader epoch now known.
    pub fn leader_epoch(&self) -> i32 {
        todo!()
    }
    /// Asks the leader whether the log still agrees with what was read.
    pub async fn check_truncation(&mut self, position: i64, last_seen_epoch: i32) -> Result<()> {
        let _ = (position, last_seen_epoch);
        todo!()
    }
}

/// One Fetch response of one partition.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// Record batches as they lie in the log; the last one may be cut.
    pub records: Bytes,
    /// Aborted transactions, ascending by first offset; empty when reading uncommitted.
    pub aborted: Vec<AbortedTransaction>,
    /// The high watermark.
    pub high_watermark: i64,
    /// The last stable offset, if the broker says.
    pub last_stable_offset: Option<i64>,
    /// The log start offset, if the broker says (Fetch v5).
    pub log_start_offset: Option<i64>,
    /// How long the broker asked us to be quiet.
    pub throttled: Duration,
    /// Whether the leader answered (not a follower).
    pub from_leader: bool,
    /// The leader epoch this was asked at, -1 if unknown.
    pub leader_epoch: i32,
}
