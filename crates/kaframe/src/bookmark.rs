//! A bookmark: where a read ended, so that the next one starts exactly behind it. JSON text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::plan::names;

/// Where a read ended, per topic and partition, with the ids that tell whether a topic is still the same one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bookmark {
    /// Id of the cluster, where it has one.
    pub cluster_id: Option<String>,
    /// The topics that were read.
    pub topics: Vec<BookmarkTopic>,
}

/// Where a read ended in one topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookmarkTopic {
    /// Topic.
    pub topic: String,
    /// Id of the topic, where the broker has ids: a recreated topic has another.
    pub topic_id: Option<String>,
    /// Next offset of each partition.
    pub partitions: Vec<BookmarkPartition>,
}

/// Next offset of one partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookmarkPartition {
    /// Partition.
    pub partition: i32,
    /// The offset behind the last one that was read.
    pub offset: i64,
    /// Leader epoch of the last record batch that was read; -1 where it is not known.
    pub leader_epoch: i32,
}

impl Bookmark {
    /// The place in one topic.
    pub fn topic(&self, name: &str) -> Option<&BookmarkTopic> {
        self.topics.iter().find(|topic| topic.topic == name)
    }

    /// Names of the topics, with commas.
    pub(crate) fn topic_names(&self) -> String {
        names(self.topics.iter().map(|topic| topic.topic.as_str()))
    }
}

impl BookmarkTopic {
    /// The place in one partition.
    pub fn partition(&self, partition: i32) -> Option<&BookmarkPartition> {
        self.partitions.iter().find(|p| p.partition == partition)
    }
}

impl fmt::Display for Bookmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Bookmark {
    type Err = Error;

    fn from_str(text: &str) -> Result<Bookmark> {
        serde_json::from_str(text).map_err(|e| Error::config(format!("this is no bookmark: {e}")))
    }
}
