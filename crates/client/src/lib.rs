//! Talks to Kafka brokers: connections, metadata, retries, offsets, fetch, produce, topic administration.
//!
//! tokio and sockets live here; Arrow does not. Everything is driven by the caller's own awaits: there are no background tasks, dropping a future or a handle closes what it was
//! using and leaves nothing behind.

mod address;
mod admin;
mod authentication;
mod client;
mod cluster;
mod config;
mod connection;
mod epoch;
mod error;
mod fetch;
mod metadata;
mod nearest;
mod offsets;
mod printable;
mod produce;
mod properties;
mod retry;
mod throttle;
mod topic;
mod transport;

pub use admin::NewTopic;
pub use client::Client;
pub use config::ClientConfig;
pub use error::{ClientError, ConnectCause};
pub use fetch::{FetchOptions, Fetched, PartitionFetcher};
pub use produce::{Produced, Producer, ProducerOptions};
pub use topic::{AbortedTransaction, EpochEnd, Isolation, ListedOffset, OffsetQuery, PartitionMetadata, TopicMetadata};

/// The result of everything here that can fail.
pub type Result<T, E = ClientError> = std::result::Result<T, E>;
