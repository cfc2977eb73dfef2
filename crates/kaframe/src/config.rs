//! Where the brokers are and how to talk to them.

use std::collections::BTreeMap;
use std::time::Duration;

use kaframe_client::ClientConfig;

use crate::error::{Error, Result};

const WAYS: &str = "name them as an argument (bootstrap_servers, -b), in the configuration (bootstrap.servers) or in the environment (KAFKA_BOOTSTRAP_SERVERS)";

/// Where the brokers are and how to talk to them: properties by the names that librdkafka, Java and kafka-python give them.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub(crate) properties: BTreeMap<String, String>,
    timeout: Option<Duration>,
}

impl Config {
    /// Brokers as `host:port,host:port`, everything else by default.
    pub fn new(bootstrap_servers: &str) -> Result<Config> {
        if bootstrap_servers.split(',').all(|server| server.trim().is_empty()) {
            return Err(Error::config("no brokers are named").with_hint(WAYS));
        }
        Ok(Config {
            properties: BTreeMap::from([("bootstrap.servers".to_owned(), bootstrap_servers.to_owned())]),
            timeout: None,
        })
    }

    /// From properties. Brokers missing there are taken from the environment.
    pub fn from_properties(properties: BTreeMap<String, String>) -> Result<Config> {
        let mut properties = properties;
        let named = ["bootstrap.servers", "bootstrap_servers", "metadata.broker.list"];
        if !named.iter().any(|name| properties.contains_key(*name)) {
            properties.extend(Config::from_env()?.properties);
        }
        Ok(Config {
            properties,
            timeout: None,
        })
    }

    /// Brokers from `KAFKA_BOOTSTRAP_SERVERS`.
    pub fn from_env() -> Result<Config> {
        match std::env::var("KAFKA_BOOTSTRAP_SERVERS") {
            Ok(servers) => Config::new(&servers),
            Err(_) => Err(Error::config("no brokers are named").with_hint(WAYS)),
        }
    }

    /// Longest time without progress while connecting, and for what has no limit of its own. Without it `default.api.timeout.ms` of the
    /// properties, or 60 s.
    pub fn with_timeout(mut self, timeout: Duration) -> Config {
        self.timeout = Some(timeout);
        self
    }

    /// What the client is told.
    pub(crate) fn client_config(&self) -> Result<ClientConfig> {
        let mut config = ClientConfig::from_properties(&self.properties)?;
        if let Some(timeout) = self.timeout {
            config.timeout = timeout;
        }
        Ok(config)
    }
}
