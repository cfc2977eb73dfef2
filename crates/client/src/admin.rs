//! Topic administration.

use std::collections::BTreeMap;

/// A topic to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopic {
    /// The name.
    pub name: String,
    /// How many partitions; -1 for the broker's default.
    pub partitions: i32,
    /// How many copies of each; -1 for the broker's default.
    pub replication_factor: i16,
    /// Topic configuration.
    pub configs: BTreeMap<String, String>,
}
