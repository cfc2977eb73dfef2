//! Settings of a client; each names its Java property.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::Result;

/// How to reach a cluster and how patient to be with it. Plain data: nothing is contacted before [`crate::Client::connect`].
#[derive(Debug, Clone, PartialEq)]
pub struct ClientConfig {
    /// `host:port` of the brokers to ask first (`bootstrap.servers`).
    pub bootstrap_servers: Vec<String>,
    /// The name under which brokers log this client (`client.id`).
    pub client_id: String,
    /// Longest time without progress of any kind before an operation gives up. No Java property: Kafka's own limit, `default.api.timeout.ms`, bounds the whole call.
    pub timeout: Duration,
    /// Longest wait for the answer to one request (`request.timeout.ms`).
    pub request_timeout: Duration,
    /// Longest wait for a name to resolve or a connection to stand, per address (`socket.connection.setup.timeout.ms`).
    pub connect_timeout: Duration,
    /// Largest response frame accepted, in bytes (librdkafka: `receive.message.max.bytes`).
    pub max_frame: usize,
    /// What was odd about the properties this was made from: unknown keys with the nearest known name, keys that have no use here.
    pub warnings: Vec<String>,
}

impl ClientConfig {
    /// Settings for these brokers (`host:port`, separated by commas), everything else by default.
    pub fn new(servers: &str) -> Self {
        Self {
            bootstrap_servers: servers.split(',').map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect(),
            client_id: "kaframe".to_owned(),
            timeout: Duration::from_secs(60),
            request_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            max_frame: kaframe_wire::frame::DEFAULT_MAX_FRAME,
            warnings: Vec::new(),
        }
    }

    /// Settings from properties as librdkafka, the Java client or kafka-python spell them.
    ///
    /// # Errors
    /// [`crate::ClientError::Config`] for a value that does not parse, no bootstrap servers, or a security protocol other than PLAINTEXT.
    pub fn from_properties(properties: &BTreeMap<String, String>) -> Result<Self> {
        let _ = properties;
        todo!()
    }
}
