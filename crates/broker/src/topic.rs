//! Topics and their partitions: names, ids, leaders. What is in a partition is the business of [`crate::log`].

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::config::TopicRules;
use crate::log::Log;
use crate::version::KafkaVersion;

/// Longest name Kafka takes.
const MAX_NAME: usize = 249;
/// Most partitions of one topic: every partition costs memory before a record is in it.
pub(crate) const MAX_PARTITIONS: i32 = 10_000;

#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) id: Uuid,
    pub(crate) partitions: Vec<Partition>,
    /// Only what was set; defaults are in [`crate::config`].
    pub(crate) configs: BTreeMap<String, String>,
}

#[derive(Debug)]
pub(crate) struct Partition {
    /// Node id of the leader.
    pub(crate) leader: i32,
    pub(crate) replicas: Vec<i32>,
    pub(crate) log: Log,
}

impl Topic {
    pub(crate) fn partition(&self, index: i32) -> Option<&Partition> {
        self.partitions.get(usize::try_from(index).ok()?)
    }

    pub(crate) fn partition_mut(&mut self, index: i32) -> Option<&mut Partition> {
        self.partitions.get_mut(usize::try_from(index).ok()?)
    }

    pub(crate) fn rules(&self, version: KafkaVersion) -> TopicRules {
        TopicRules::of(&self.configs, version)
    }
}

impl Partition {
    pub(crate) fn new(replicas: Vec<i32>) -> Self {
        Self {
            leader: replicas.first().copied().unwrap_or(-1),
            replicas,
            log: Log::new(0),
        }
    }

    pub(crate) fn leader_epoch(&self) -> i32 {
        self.log.epochs().latest()
    }

    /// Elects `leader`, which becomes a replica if it was none; the epoch goes up even when it led before.
    pub(crate) fn elect(&mut self, leader: i32) {
        self.leader = leader;
        if !self.replicas.contains(&leader) {
            self.replicas.push(leader);
        }
        self.log.start_epoch(self.leader_epoch() + 1);
    }
}

/// Whether a topic may have this name.
///
/// # Errors
/// A sentence for the error message of the response, in Kafka's words.
pub(crate) fn validate_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("Topic name is invalid: the empty string is not allowed".to_owned());
    }
    if name == "." || name == ".." {
        return Err(format!("Topic name is invalid: '{name}' is not allowed"));
    }
    if name.len() > MAX_NAME {
        return Err(format!(
            "Topic name is invalid: the length of '{name}' is longer than the max allowed length {MAX_NAME}"
        ));
    }
    if !name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
    {
        return Err(format!(
            "Topic name is invalid: '{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
        ));
    }
    Ok(())
}

/// A random id. The standard library's hash keys are the source: unique is enough here, nobody has to be kept from guessing.
pub(crate) fn random_id() -> Uuid {
    use std::hash::{BuildHasher, RandomState};
    let half = || RandomState::new().hash_one(std::time::Instant::now());
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&half().to_be_bytes());
    bytes[8..].copy_from_slice(&half().to_be_bytes());
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["foo", "a.b_c-D9", &"x".repeat(249)] {
            assert_eq!(validate_name(good), Ok(()));
        }
        for bad in ["", ".", "..", "a b", "a/b", "ü", &"x".repeat(250)] {
            assert!(validate_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ids_differ() {
        assert_ne!(random_id(), random_id());
    }
}
