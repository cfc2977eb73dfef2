//! Which Kafka the broker poses as: the API ranges it advertises and refuses beyond.

use std::fmt;
use std::str::FromStr;

use crate::error::BrokerError;

/// A version of Apache Kafka that the broker can pose as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(non_camel_case_types)]
pub enum KafkaVersion {
    /// Kafka 0.11: the first with record batches, transactions and headers.
    V0_11,
    /// Kafka 2.8: the last before topic ids in Fetch.
    V2_8,
    /// Kafka 3.9.
    V3_9,
    /// Kafka 4.1; refuses the protocol versions that Kafka 4.0 removed (KIP-896).
    #[default]
    V4_1,
}

impl KafkaVersion {
    /// All of them, oldest first.
    pub const ALL: [KafkaVersion; 4] = [Self::V0_11, Self::V2_8, Self::V3_9, Self::V4_1];
}

impl fmt::Display for KafkaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V0_11 => "0.11",
            Self::V2_8 => "2.8",
            Self::V3_9 => "3.9",
            Self::V4_1 => "4.1",
        })
    }
}

impl FromStr for KafkaVersion {
    type Err = BrokerError;

    fn from_str(text: &str) -> Result<Self, BrokerError> {
        Self::ALL
            .into_iter()
            .find(|version| version.to_string() == text)
            .ok_or_else(|| {
                BrokerError::Config(format!(
                    "unknown Kafka version {text:?}: the broker poses as 0.11, 2.8, 3.9 or 4.1"
                ))
            })
    }
}
