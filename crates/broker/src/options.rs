//! What a broker is started with.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::error::BrokerError;
use crate::version::KafkaVersion;

/// How to start the embedded broker. The default is one broker on a free port, posing as Kafka 4.1, without topics.
#[derive(Clone, Debug)]
pub struct BrokerOptions {
    /// Port of the first broker on 127.0.0.1; `None` or 0 takes any free one. Further brokers always take free ones.
    pub port: Option<u16>,
    /// How many brokers (node ids 1, 2, ...) the cluster has, each with a listener of its own.
    pub brokers: usize,
    /// Topics that exist from the start.
    pub topics: Vec<TopicSpec>,
    /// The Kafka it poses as.
    pub version: KafkaVersion,
    /// Whether a Metadata request that allows it creates an unknown topic with one partition, as Kafka does by default.
    pub auto_create_topics: bool,
}

impl Default for BrokerOptions {
    fn default() -> Self {
        Self {
            port: None,
            brokers: 1,
            topics: Vec::new(),
            version: KafkaVersion::default(),
            auto_create_topics: true,
        }
    }
}

/// A topic to create: `"foo"` (one partition) or `"foo:3"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSpec {
    /// Name, 1 to 249 characters of `[a-zA-Z0-9._-]`.
    pub name: String,
    /// Number of partitions, at least 1.
    pub partitions: i32,
    /// Topic configurations by Kafka's names, such as `message.timestamp.type`.
    pub configs: BTreeMap<String, String>,
}

impl TopicSpec {
    /// A topic without configurations of its own.
    pub fn new(name: impl Into<String>, partitions: i32) -> Self {
        Self {
            name: name.into(),
            partitions,
            configs: BTreeMap::new(),
        }
    }

    /// Sets one topic configuration.
    #[must_use]
    pub fn config(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.configs.insert(key.into(), value.into());
        self
    }
}

impl FromStr for TopicSpec {
    type Err = BrokerError;

    fn from_str(text: &str) -> Result<Self, BrokerError> {
        let (name, partitions) = match text.split_once(':') {
            None => (text, 1),
            Some((name, count)) => {
                let count = count.parse::<i32>().ok().filter(|count| *count > 0);
                let count = count.ok_or_else(|| {
                    BrokerError::Config(format!(
                        "topic {text:?}: the part behind the colon is the number of partitions, at least 1"
                    ))
                })?;
                (name, count)
            }
        };
        if name.is_empty() {
            return Err(BrokerError::Config(format!(
                "topic {text:?} has no name; write NAME or NAME:PARTITIONS"
            )));
        }
        Ok(Self::new(name, partitions))
    }
}
