//! Talks to Kafka brokers: connections, metadata, retries, offsets, fetch, produce, topic administration.
//!
//! tokio and sockets live here; Arrow does not. Everything is driven by the caller's own awaits: there are no background tasks, dropping a future or a handle closes what it was
//! using and leaves nothing behind.

// An error is built once per failed read and matched by its variants; boxing it would only make every match harder to read.
#![allow(clippy::todo)]

mod admin;
mod client;
mod config;
mod error;
mod fetch;
mod produce;
mod topic;

pub use admin::NewTopic;
pub use client::Client;
pub use config::ClientConfig;
pub use error::{ClientError, ConnectCause};
pub use fetch::{FetchOptions, Fetched, PartitionFetcher};
pub use produce::{Produced, Producer, ProducerOptions};
pub use topic::{
    AbortedTransaction, EpochEnd, Isolation, ListedOffset, OffsetQuery, PartitionMetadata, TopicMetadata,
};

/// The result of everything here that can fail.
pub type Result<T, E = ClientError> = std::result::Result<T, E>;
