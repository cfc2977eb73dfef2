//! Offsets committed by groups. There are no members: whoever asks may commit and read (a "simple consumer" in Kafka's words).

use std::collections::BTreeMap;

/// One committed offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Committed {
    pub(crate) offset: i64,
    pub(crate) leader_epoch: i32,
    pub(crate) metadata: Option<String>,
}

/// Offsets by topic and partition.
pub(crate) type Offsets = BTreeMap<(String, i32), Committed>;

/// All groups that ever committed.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    by_id: BTreeMap<String, Offsets>,
}

impl Groups {
    pub(crate) fn commit(&mut self, group: &str, topic: &str, partition: i32, committed: Committed) {
        self.by_id
            .entry(group.to_owned())
            .or_default()
            .insert((topic.to_owned(), partition), committed);
    }

    /// Commits what a transaction held back.
    pub(crate) fn commit_all(&mut self, group: &str, offsets: Offsets) {
        self.by_id.entry(group.to_owned()).or_default().extend(offsets);
    }

    pub(crate) fn committed(&self, group: &str, topic: &str, partition: i32) -> Option<&Committed> {
        self.by_id.get(group)?.get(&(topic.to_owned(), partition))
    }

    /// Everything a group committed.
    pub(crate) fn offsets(&self, group: &str) -> Option<&Offsets> {
        self.by_id.get(group)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.by_id.keys().map(String::as_str)
    }

    /// Forgets a group. Returns whether it was known.
    pub(crate) fn delete(&mut self, group: &str) -> bool {
        self.by_id.remove(group).is_some()
    }

    /// Forgets one offset of a group.
    pub(crate) fn delete_offset(&mut self, group: &str, topic: &str, partition: i32) {
        if let Some(offsets) = self.by_id.get_mut(group) {
            offsets.remove(&(topic.to_owned(), partition));
        }
    }
}
