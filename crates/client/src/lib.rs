//! Talks to Kafka brokers: connections, metadata, retries, offsets, fetch, produce, topic administration.
//!
//! tokio and sockets live here; Arrow does not, and neither does the meaning of a read: what a bound is, when a partition is done, which records are wanted.
//! It looks where a consumer group stands and joins none: no commits, no transactions of its own. PLAINTEXT only.
//!
//! - [`ClientConfig`], [`Client`]: reach a cluster, ask about topics and offsets, create and delete topics
//! - [`PartitionFetcher`]: read one partition, through failures and moves of its leader
//! - [`Producer`]: write batches so that none is there twice
//! - [`ClientError`]: what was asked, what came back, where
//!
//! Everything is driven by the caller's own awaits. There are no background tasks, so nothing outlives its handle; dropping a future half-way closes the
//! connection it was using and harms no other. Retries happen inside, until something moves or the caller's limit without progress is reached.
//!
//! Inside, each API has one file with pure functions that build its request and check its answer, and thin code around them that sends. From the bottom:
//! `transport` (bytes), `connection` (one request, one answer), `cluster` (brokers and their idle connections), `offsets`, `epoch`, `group`, `admin`, `fetch`, `produce`
//! (one API each), `retry` (whether and when again), `client` (the face).

mod address;
mod admin;
mod answer;
mod any;
mod authentication;
mod client;
mod cluster;
mod config;
mod connection;
mod epoch;
mod error;
mod fetch;
mod group;
mod listing;
mod metadata;
mod nearest;
mod offsets;
mod printable;
mod produce;
mod properties;
mod retry;
mod stagger;
mod throttle;
mod topic;
mod transport;

pub use admin::{ConfigEntry, ConfigOrigin, NewTopic};
pub use client::Client;
pub use config::ClientConfig;
pub use error::{ClientError, ConnectCause};
pub use fetch::{FetchOptions, Fetched, PartitionFetcher};
pub use group::GroupOffset;
pub use listing::{ClusterListing, ListedBroker, ListedPartition, ListedTopic};
pub use produce::{Produced, Producer, ProducerOptions, Receipt};
pub use topic::{AbortedTransaction, EpochEnd, Isolation, ListedOffset, OffsetQuery, PartitionMetadata, TopicMetadata};

/// The result of everything here that can fail.
pub type Result<T, E = ClientError> = std::result::Result<T, E>;
