//! The state that all brokers of the embedded cluster share: who the brokers are, topics by name and id, committed offsets,
//! transactions. One lock guards it ([`crate::shared`]); nothing here waits or does I/O.

use std::collections::{BTreeMap, HashMap};

use kaframe_wire::ErrorCode;
use uuid::Uuid;

use crate::config;
use crate::groups::Groups;
use crate::topic::{self, MAX_PARTITIONS, Partition, Topic};
use crate::transactions::Transactions;
use crate::version::KafkaVersion;

/// One broker as Metadata shows it.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) id: i32,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// A refusal: Kafka's code and a sentence about it.
pub(crate) type Refusal = (ErrorCode, String);

#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) id: String,
    pub(crate) version: KafkaVersion,
    pub(crate) auto_create_topics: bool,
    /// Never empty; sorted by id.
    pub(crate) nodes: Vec<Node>,
    pub(crate) groups: Groups,
    pub(crate) transactions: Transactions,
    topics: BTreeMap<String, Topic>,
    names: HashMap<Uuid, String>,
    /// Leaders are dealt out round robin.
    next_leader: usize,
}

/// What a new topic should be like.
#[derive(Debug, Default)]
pub(crate) struct NewTopic {
    pub(crate) name: String,
    /// -1 takes the default.
    pub(crate) partitions: i32,
    /// -1 takes the default.
    pub(crate) replication_factor: i16,
    /// Replicas of each partition in order; empty lets the cluster choose.
    pub(crate) assignments: Vec<Vec<i32>>,
    pub(crate) configs: BTreeMap<String, String>,
}

impl Cluster {
    pub(crate) fn new(version: KafkaVersion, auto_create_topics: bool, nodes: Vec<Node>) -> Self {
        use base64::Engine as _;
        let id = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(topic::random_id().as_bytes());
        Self {
            id,
            version,
            auto_create_topics,
            nodes,
            groups: Groups::default(),
            transactions: Transactions::default(),
            topics: BTreeMap::new(),
            names: HashMap::new(),
            next_leader: 0,
        }
    }

    pub(crate) fn node(&self, id: i32) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// All topics by name.
    pub(crate) fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.topics.values()
    }

    pub(crate) fn topic(&self, name: &str) -> Option<&Topic> {
        self.topics.get(name)
    }

    pub(crate) fn topic_mut(&mut self, name: &str) -> Option<&mut Topic> {
        self.topics.get_mut(name)
    }

    pub(crate) fn topic_by_id(&self, id: Uuid) -> Option<&Topic> {
        self.topics.get(self.names.get(&id)?)
    }

    pub(crate) fn partition(&self, topic: &str, index: i32) -> Option<&Partition> {
        self.topic(topic)?.partition(index)
    }

    pub(crate) fn partition_mut(&mut self, topic: &str, index: i32) -> Option<&mut Partition> {
        self.topic_mut(topic)?.partition_mut(index)
    }

    /// Which node answers for a group or a transactional id.
    pub(crate) fn coordinator(&self, key: &str) -> &Node {
        let sum = key.bytes().fold(0_usize, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(usize::from(byte))
        });
        &self.nodes[sum % self.nodes.len()]
    }

    /// Checks what was asked and, unless `validate_only`, creates the topic.
    ///
    /// # Errors
    /// Kafka's code and the reason.
    pub(crate) fn create_topic(&mut self, new: NewTopic, validate_only: bool) -> Result<CreatedTopic, Refusal> {
        topic::validate_name(&new.name).map_err(|reason| (ErrorCode::INVALID_TOPIC_EXCEPTION, reason))?;
        if self.topics.contains_key(&new.name) {
            return Err((
                ErrorCode::TOPIC_ALREADY_EXISTS,
                format!("Topic '{}' already exists.", new.name),
            ));
        }
        let collides = |known: &&String| known.replace('.', "_") == new.name.replace('.', "_");
        if let Some(known) = self.topics.keys().find(collides) {
            let reason = format!("Topic '{}' collides with existing topic: {known}", new.name);
            return Err((ErrorCode::INVALID_TOPIC_EXCEPTION, reason));
        }
        for (name, value) in &new.configs {
            config::validate(name, value).map_err(|reason| (ErrorCode::INVALID_CONFIG, reason))?;
        }
        let replicas = self.place(&new)?;
        let created = CreatedTopic {
            id: topic::random_id(),
            partitions: replicas.len() as i32,
            replication_factor: replicas.first().map_or(1, Vec::len) as i16,
        };
        if !validate_only {
            let partitions = replicas.into_iter().map(Partition::new).collect();
            self.names.insert(created.id, new.name.clone());
            let topic = Topic {
                name: new.name.clone(),
                id: created.id,
                partitions,
                configs: new.configs,
            };
            self.topics.insert(new.name, topic);
        }
        Ok(created)
    }

    /// Replicas of each partition, leader first.
    fn place(&mut self, new: &NewTopic) -> Result<Vec<Vec<i32>>, Refusal> {
        if !new.assignments.is_empty() {
            for broker in new.assignments.iter().flatten() {
                if self.node(*broker).is_none() {
                    let reason = format!(
                        "The manual partition assignment includes broker {broker}, but no such broker is registered."
                    );
                    return Err((ErrorCode::INVALID_REPLICA_ASSIGNMENT, reason));
                }
            }
            if new.assignments.iter().any(Vec::is_empty) {
                let reason = "The manual partition assignment includes an empty replica list.".to_owned();
                return Err((ErrorCode::INVALID_REPLICA_ASSIGNMENT, reason));
            }
            return Ok(new.assignments.clone());
        }
        let count = if new.partitions == -1 { 1 } else { new.partitions };
        if !(1..=MAX_PARTITIONS).contains(&count) {
            let reason =
                format!("Number of partitions was set to an invalid value: {count}, not in 1..={MAX_PARTITIONS}.");
            return Err((ErrorCode::INVALID_PARTITIONS, reason));
        }
        let factor = if new.replication_factor == -1 {
            1
        } else {
            new.replication_factor
        };
        let nodes = self.nodes.len();
        match usize::try_from(factor) {
            Ok(factor) if (1..=nodes).contains(&factor) => Ok((0..count).map(|_| self.next_replicas(factor)).collect()),
            _ => {
                let reason = format!(
                    "Unable to replicate the partition {factor} time(s): The target replication factor of {factor} cannot be reached because only {nodes} broker(s) are registered."
                );
                Err((ErrorCode::INVALID_REPLICATION_FACTOR, reason))
            }
        }
    }

    fn next_replicas(&mut self, factor: usize) -> Vec<i32> {
        let first = self.next_leader;
        self.next_leader = (first + 1) % self.nodes.len();
        (0..factor)
            .map(|step| self.nodes[(first + step) % self.nodes.len()].id)
            .collect()
    }

    /// Adds partitions until there are `count`.
    ///
    /// # Errors
    /// Kafka's code and the reason.
    pub(crate) fn create_partitions(&mut self, name: &str, count: i32, validate_only: bool) -> Result<(), Refusal> {
        let Some(topic) = self.topics.get(name) else {
            return Err((
                ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                format!("The topic '{name}' does not exist."),
            ));
        };
        let present = topic.partitions.len() as i32;
        if count <= present {
            let reason =
                format!("The topic {name} currently has {present} partition(s); {count} would not be an increase.");
            return Err((ErrorCode::INVALID_PARTITIONS, reason));
        }
        if count > MAX_PARTITIONS {
            return Err((
                ErrorCode::INVALID_PARTITIONS,
                format!("A topic has at most {MAX_PARTITIONS} partitions."),
            ));
        }
        let factor = topic
            .partitions
            .first()
            .map_or(1, |partition| partition.replicas.len())
            .min(self.nodes.len());
        if !validate_only {
            let added: Vec<Partition> = (present..count)
                .map(|_| Partition::new(self.next_replicas(factor)))
                .collect();
            if let Some(topic) = self.topics.get_mut(name) {
                topic.partitions.extend(added);
            }
        }
        Ok(())
    }

    /// Deletes a topic. Returns whether there was one.
    pub(crate) fn delete_topic(&mut self, name: &str) -> bool {
        match self.topics.remove(name) {
            Some(topic) => self.names.remove(&topic.id).is_some(),
            None => false,
        }
    }
}

/// What was created, for the response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CreatedTopic {
    pub(crate) id: Uuid,
    pub(crate) partitions: i32,
    pub(crate) replication_factor: i16,
}
