//! Topic configurations: names, defaults, what is a valid value. One table, from which validation, defaults and DescribeConfigs come.
//!
//! All of Kafka's topic configurations that tools show are known; those that change what this broker does are read in
//! [`TopicRules`]. Retention and compaction are stored and shown but not carried out.

use std::collections::BTreeMap;

use kaframe_wire::batch::Compression;

use crate::version::KafkaVersion;

/// What a value must look like. Numbers as in Kafka's `ConfigDef.Type`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Boolean,
    /// Whole number of at least this.
    Int(i64),
    Long(i64),
    Double,
    /// One of these.
    Choice(&'static [&'static str]),
    /// A list, separated by commas, of any of these (of anything when empty).
    List(&'static [&'static str]),
}

impl Kind {
    /// Number of the type in a DescribeConfigs response.
    pub(crate) fn code(self) -> i8 {
        match self {
            Kind::Boolean => 1,
            Kind::Choice(_) => 2,
            Kind::Int(_) => 3,
            Kind::Long(_) => 5,
            Kind::Double => 6,
            Kind::List(_) => 7,
        }
    }

    fn accepts(self, value: &str) -> bool {
        match self {
            Kind::Boolean => matches!(value, "true" | "false"),
            Kind::Int(min) => value.parse::<i32>().is_ok_and(|number| i64::from(number) >= min),
            Kind::Long(min) => value.parse::<i64>().is_ok_and(|number| number >= min),
            Kind::Double => value.parse::<f64>().is_ok_and(|number| (0.0..=1.0).contains(&number)),
            Kind::Choice(choices) => choices.contains(&value),
            Kind::List(choices) => {
                value.is_empty() || choices.is_empty() || value.split(',').all(|item| choices.contains(&item.trim()))
            }
        }
    }
}

/// One topic configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    default: &'static str,
}

impl Definition {
    /// The default in this pose. Kafka 4.0 lowered one of them (KIP-1030).
    pub(crate) fn default_in(&self, version: KafkaVersion) -> &'static str {
        if self.name == TIMESTAMP_AFTER && version < KafkaVersion::V4_1 {
            FOREVER
        } else {
            self.default
        }
    }
}

const FOREVER: &str = "9223372036854775807";
pub(crate) const TIMESTAMP_AFTER: &str = "message.timestamp.after.max.ms";
pub(crate) const TIMESTAMP_BEFORE: &str = "message.timestamp.before.max.ms";
pub(crate) const TIMESTAMP_TYPE: &str = "message.timestamp.type";
pub(crate) const MAX_MESSAGE_BYTES: &str = "max.message.bytes";
pub(crate) const CLEANUP_POLICY: &str = "cleanup.policy";
pub(crate) const COMPRESSION: &str = "compression.type";

const fn define(name: &'static str, kind: Kind, default: &'static str) -> Definition {
    Definition { name, kind, default }
}

/// By name, as DescribeConfigs lists them.
pub(crate) const TOPIC_CONFIGS: &[Definition] = &[
    define(CLEANUP_POLICY, Kind::List(&["delete", "compact"]), "delete"),
    define(
        COMPRESSION,
        Kind::Choice(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
        "producer",
    ),
    define("delete.retention.ms", Kind::Long(0), "86400000"),
    define("file.delete.delay.ms", Kind::Long(0), "60000"),
    define("flush.messages", Kind::Long(1), FOREVER),
    define("flush.ms", Kind::Long(0), FOREVER),
    define("follower.replication.throttled.replicas", Kind::List(&[]), ""),
    define("index.interval.bytes", Kind::Int(0), "4096"),
    define("leader.replication.throttled.replicas", Kind::List(&[]), ""),
    define("local.retention.bytes", Kind::Long(-2), "-2"),
    define("local.retention.ms", Kind::Long(-2), "-2"),
    define("max.compaction.lag.ms", Kind::Long(1), FOREVER),
    define(MAX_MESSAGE_BYTES, Kind::Int(0), "1048588"),
    define(TIMESTAMP_AFTER, Kind::Long(0), "3600000"),
    define(TIMESTAMP_BEFORE, Kind::Long(0), FOREVER),
    define(
        TIMESTAMP_TYPE,
        Kind::Choice(&["CreateTime", "LogAppendTime"]),
        "CreateTime",
    ),
    define("min.cleanable.dirty.ratio", Kind::Double, "0.5"),
    define("min.compaction.lag.ms", Kind::Long(0), "0"),
    define("min.insync.replicas", Kind::Int(1), "1"),
    define("preallocate", Kind::Boolean, "false"),
    define("remote.storage.enable", Kind::Boolean, "false"),
    define("retention.bytes", Kind::Long(-1), "-1"),
    define("retention.ms", Kind::Long(-1), "604800000"),
    define("segment.bytes", Kind::Int(14), "1073741824"),
    define("segment.index.bytes", Kind::Int(4), "10485760"),
    define("segment.jitter.ms", Kind::Long(0), "0"),
    define("segment.ms", Kind::Long(1), "604800000"),
    define("unclean.leader.election.enable", Kind::Boolean, "false"),
];

/// The definition of a topic configuration.
pub(crate) fn definition(name: &str) -> Option<&'static Definition> {
    TOPIC_CONFIGS.iter().find(|definition| definition.name == name)
}

/// Whether a value may be set.
///
/// # Errors
/// A sentence for the error message of the response.
pub(crate) fn validate(name: &str, value: &str) -> Result<(), String> {
    let definition = definition(name).ok_or_else(|| format!("Unknown topic config name: {name}"))?;
    if definition.kind.accepts(value) {
        Ok(())
    } else {
        Err(format!(
            "Invalid value {value} for configuration {name}: expected {:?}",
            definition.kind
        ))
    }
}

/// What of a topic's configuration decides about a produced batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TopicRules {
    pub(crate) max_message_bytes: usize,
    pub(crate) log_append_time: bool,
    /// Records must have keys.
    pub(crate) compacted: bool,
    /// Batches are stored with this compression; `None` keeps that of the producer.
    pub(crate) compression: Option<Compression>,
    pub(crate) timestamp_after_max_ms: i64,
    pub(crate) timestamp_before_max_ms: i64,
}

impl TopicRules {
    /// Reads what is set, else the defaults of the pose.
    pub(crate) fn of(configs: &BTreeMap<String, String>, version: KafkaVersion) -> Self {
        let value = |name: &str| -> String {
            configs.get(name).cloned().unwrap_or_else(|| {
                definition(name).map_or_else(String::new, |definition| definition.default_in(version).to_owned())
            })
        };
        let number = |name: &str| value(name).parse::<i64>().unwrap_or(i64::MAX);
        Self {
            max_message_bytes: usize::try_from(number(MAX_MESSAGE_BYTES)).unwrap_or(usize::MAX),
            log_append_time: value(TIMESTAMP_TYPE) == "LogAppendTime",
            compacted: value(CLEANUP_POLICY)
                .split(',')
                .any(|policy| policy.trim() == "compact"),
            compression: match value(COMPRESSION).as_str() {
                "uncompressed" => Some(Compression::None),
                "gzip" => Some(Compression::Gzip),
                "snappy" => Some(Compression::Snappy),
                "lz4" => Some(Compression::Lz4),
                "zstd" => Some(Compression::Zstd),
                _ => None,
            },
            timestamp_after_max_ms: number(TIMESTAMP_AFTER),
            timestamp_before_max_ms: number(TIMESTAMP_BEFORE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_valid() {
        for definition in TOPIC_CONFIGS {
            for version in KafkaVersion::ALL {
                assert_eq!(
                    validate(definition.name, definition.default_in(version)),
                    Ok(()),
                    "{}",
                    definition.name
                );
            }
        }
    }

    #[test]
    fn bad_values_are_refused() {
        assert!(validate("message.timestamp.type", "Whenever").is_err());
        assert!(validate("retention.ms", "soon").is_err());
        assert!(validate("retention.ms", "-2").is_err());
        assert!(validate("no.such.config", "1").is_err());
        assert!(validate("cleanup.policy", "compact,delete").is_ok());
    }
}
