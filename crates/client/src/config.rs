//! Settings of a client, each with the Java property it stands for. Reading them from a map of properties is `properties`' business.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::address::Address;
use crate::error::ClientError;
use crate::{Result, properties};

/// How to reach a cluster and how patient to be with it. Plain data: nothing is contacted before [`crate::Client::connect`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientConfig {
    /// `host:port` of the brokers to ask first (`bootstrap.servers`). IPv6 literals in brackets; 9092 where no port is given.
    pub bootstrap_servers: Vec<String>,
    /// The name under which brokers log this client and apply quotas to it (`client.id`).
    pub client_id: String,
    /// Longest time without progress of any kind before an operation gives up. Nearest Java property: `default.api.timeout.ms`, which bounds a whole call.
    pub timeout: Duration,
    /// Longest wait for the whole answer to one request (`request.timeout.ms`).
    pub request_timeout: Duration,
    /// Longest wait for a name to resolve, and for a connection to stand, per address (`socket.connection.setup.timeout.ms`).
    pub connect_timeout: Duration,
    /// Largest response accepted, in bytes. Java has none; librdkafka's is `receive.message.max.bytes`.
    pub max_frame: usize,
    /// How long a connection may lie idle before it is not used again (`connections.max.idle.ms`); below the ten minutes after which brokers close it.
    pub max_idle: Duration,
    /// What was odd about the properties these settings were made from: unknown keys with the nearest known name, keys without a use here.
    pub warnings: Vec<String>,
}

impl ClientConfig {
    /// Settings for these brokers (`host:port`, separated by commas), everything else by default.
    pub fn new(servers: &str) -> Self {
        Self {
            bootstrap_servers: servers
                .split(',')
                .map(|s| s.trim().to_owned())
                .filter(|s| !s.is_empty())
                .collect(),
            client_id: "kaframe".to_owned(),
            timeout: Duration::from_secs(60),
            request_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            max_frame: kaframe_wire::frame::DEFAULT_MAX_FRAME,
            max_idle: Duration::from_secs(540),
            warnings: Vec::new(),
        }
    }

    /// Settings from properties as librdkafka, the Java client or kafka-python spell them. Keys that do not concern reading or writing without a group
    /// (groups, commits, serialisers, ...) are accepted; they and unknown keys are listed in [`ClientConfig::warnings`].
    ///
    /// # Errors
    /// [`ClientError::Config`] for a value that does not parse, for missing bootstrap servers, and for a security protocol other than PLAINTEXT.
    pub fn from_properties(properties: &BTreeMap<String, String>) -> Result<Self> {
        properties::read(properties)
    }

    /// The bootstrap addresses, checked.
    pub(crate) fn addresses(&self) -> Result<Vec<Address>> {
        let addresses: Vec<Address> = self
            .bootstrap_servers
            .iter()
            .map(|text| Address::from_setting(text))
            .collect::<Result<_, String>>()
            .map_err(ClientError::config)?;
        if addresses.is_empty() {
            return Err(ClientError::config("no bootstrap servers: give at least one host:port"));
        }
        Ok(addresses)
    }
}
