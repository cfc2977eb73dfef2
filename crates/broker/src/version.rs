//! Which Kafka the broker poses as: the APIs it advertises and the versions it answers.
//!
//! The table holds what the real brokers advertise to clients; what is served is the part of it that the message crate can encode,
//! so the oldest versions of some APIs are missing. Sources: ApiVersions replies and message definitions of the releases named.

use std::fmt;
use std::str::FromStr;

use kaframe_wire::message::ApiKey;

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

    /// Lowest and highest version that this pose serves of an API, `None` when it does not serve it.
    pub(crate) fn range(self, api_key: i16) -> Option<(i16, i16)> {
        let (key, ranges) = SERVED.iter().find(|(key, _)| *key as i16 == api_key)?;
        let (min, max) = ranges[self as usize]?;
        let encodable = key.valid_versions();
        let (min, max) = (min.max(encodable.min), max.min(encodable.max));
        (min <= max).then_some((min, max))
    }

    /// Every API this pose serves: key, lowest, highest version, by key.
    pub(crate) fn served(self) -> Vec<(i16, i16, i16)> {
        SERVED
            .iter()
            .filter_map(|(key, _)| self.range(*key as i16).map(|(min, max)| (*key as i16, min, max)))
            .collect()
    }
}

type Range = Option<(i16, i16)>;

const fn to(min: i16, max: i16) -> Range {
    Some((min, max))
}

/// API, then its range in 0.11, 2.8, 3.9 and 4.1, in the order of [`KafkaVersion::ALL`].
#[rustfmt::skip]
const SERVED: &[(ApiKey, [Range; 4])] = &[
    (ApiKey::Produce,                [to(0, 3), to(0, 9),  to(0, 11), to(3, 13)]),
    (ApiKey::Fetch,                  [to(0, 5), to(0, 12), to(0, 17), to(4, 18)]),
    (ApiKey::ListOffsets,            [to(0, 2), to(0, 6),  to(0, 9),  to(1, 10)]),
    (ApiKey::Metadata,               [to(0, 4), to(0, 11), to(0, 12), to(0, 13)]),
    (ApiKey::OffsetCommit,           [to(0, 3), to(0, 8),  to(0, 9),  to(2, 9)]),
    (ApiKey::OffsetFetch,            [to(0, 3), to(0, 7),  to(0, 9),  to(1, 9)]),
    (ApiKey::FindCoordinator,        [to(0, 1), to(0, 3),  to(0, 6),  to(0, 6)]),
    (ApiKey::JoinGroup,              [to(0, 2), to(0, 7),  to(0, 9),  to(0, 9)]),
    (ApiKey::Heartbeat,              [to(0, 1), to(0, 4),  to(0, 4),  to(0, 4)]),
    (ApiKey::LeaveGroup,             [to(0, 1), to(0, 4),  to(0, 5),  to(0, 5)]),
    (ApiKey::SyncGroup,              [to(0, 1), to(0, 5),  to(0, 5),  to(0, 5)]),
    (ApiKey::DescribeGroups,         [to(0, 1), to(0, 5),  to(0, 5),  to(0, 6)]),
    (ApiKey::ListGroups,             [to(0, 1), to(0, 4),  to(0, 5),  to(0, 5)]),
    (ApiKey::ApiVersions,            [to(0, 1), to(0, 3),  to(0, 4),  to(0, 4)]),
    (ApiKey::CreateTopics,           [to(0, 2), to(0, 7),  to(0, 7),  to(2, 7)]),
    (ApiKey::DeleteTopics,           [to(0, 1), to(0, 6),  to(0, 6),  to(1, 6)]),
    (ApiKey::DeleteRecords,          [to(0, 0), to(0, 2),  to(0, 2),  to(0, 2)]),
    (ApiKey::InitProducerId,         [to(0, 0), to(0, 4),  to(0, 5),  to(0, 5)]),
    (ApiKey::OffsetForLeaderEpoch,   [to(0, 0), to(0, 4),  to(0, 4),  to(2, 4)]),
    (ApiKey::AddPartitionsToTxn,     [to(0, 0), to(0, 3),  to(0, 5),  to(0, 5)]),
    (ApiKey::AddOffsetsToTxn,        [to(0, 0), to(0, 3),  to(0, 4),  to(0, 4)]),
    (ApiKey::EndTxn,                 [to(0, 0), to(0, 3),  to(0, 4),  to(0, 5)]),
    (ApiKey::TxnOffsetCommit,        [to(0, 0), to(0, 3),  to(0, 4),  to(0, 5)]),
    (ApiKey::DescribeConfigs,        [to(0, 0), to(0, 4),  to(0, 4),  to(1, 4)]),
    (ApiKey::AlterConfigs,           [to(0, 0), to(0, 2),  to(0, 2),  to(0, 2)]),
    (ApiKey::CreatePartitions,       [None,     to(0, 3),  to(0, 3),  to(0, 3)]),
    (ApiKey::DeleteGroups,           [None,     to(0, 2),  to(0, 2),  to(0, 2)]),
    (ApiKey::IncrementalAlterConfigs, [None,    to(0, 1),  to(0, 1),  to(0, 1)]),
    (ApiKey::OffsetDelete,           [None,     to(0, 0),  to(0, 0),  to(0, 0)]),
    (ApiKey::DescribeCluster,        [None,     to(0, 0),  to(0, 1),  to(0, 2)]),
    (ApiKey::DescribeProducers,      [None,     to(0, 0),  to(0, 0),  to(0, 0)]),
    (ApiKey::ConsumerGroupHeartbeat, [None,     None,      None,      to(0, 1)]),
];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poses_serve_only_what_can_be_encoded() {
        assert_eq!(KafkaVersion::V0_11.range(ApiKey::Fetch as i16), Some((4, 5)));
        assert_eq!(KafkaVersion::V0_11.range(ApiKey::OffsetForLeaderEpoch as i16), None);
        assert_eq!(KafkaVersion::V2_8.range(ApiKey::Fetch as i16), Some((4, 12)));
        assert_eq!(KafkaVersion::V3_9.range(ApiKey::Fetch as i16), Some((4, 17)));
        assert_eq!(KafkaVersion::V4_1.range(ApiKey::Fetch as i16), Some((4, 18)));
        assert_eq!(KafkaVersion::V2_8.range(ApiKey::ConsumerGroupHeartbeat as i16), None);
        assert_eq!(KafkaVersion::V4_1.range(9999), None);
    }

    #[test]
    fn names_round_trip() {
        for version in KafkaVersion::ALL {
            assert_eq!(version.to_string().parse::<KafkaVersion>().unwrap(), version);
        }
        assert!("5.0".parse::<KafkaVersion>().is_err());
    }
}
