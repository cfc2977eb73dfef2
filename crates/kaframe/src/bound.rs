//! Where a read starts or ends: as the caller says it ([`Bound`], not yet resolved) and as offsets ([`OffsetRange`], half-open).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::bookmark::Bookmark;
use crate::error::{Error, Result};
use crate::time;

/// Where a read starts or ends in a partition, not yet resolved.
///
/// From text: `earliest`, `latest`, `500` (an offset), `-100` (so many offsets before the end of each partition), `-1h` (back from
/// now: `ms s m h d w`, also `-1h30m`), `2026-11-01`, `2026-11-01T12:00:00Z` (UTC where no zone is given), `@1732266000000` (milliseconds since 1970).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The log start offset.
    Earliest,
    /// The end of the partition at the read's isolation level, when the scan is made.
    Latest,
    /// An offset, at least 0.
    Offset(i64),
    /// So many offsets before the end of each partition.
    FromEnd(i64),
    /// The first record at or after this time, in milliseconds since 1970 UTC.
    Time(i64),
}

impl FromStr for Bound {
    type Err = Error;

    fn from_str(text: &str) -> Result<Bound> {
        let trimmed = text.trim();
        match trimmed.to_ascii_lowercase().as_str() {
            "earliest" => return Ok(Bound::Earliest),
            "latest" => return Ok(Bound::Latest),
            _ => {}
        }
        if let Ok(number) = trimmed.parse::<i64>() {
            return Bound::from_int(number);
        }
        time::parse(trimmed).map(Bound::Time)
    }
}

impl Bound {
    /// An integer as a caller means it: an offset, or below zero so many offsets before the end.
    pub fn from_int(number: i64) -> Result<Bound> {
        if number >= 0 {
            Ok(Bound::Offset(number))
        } else {
            let back = number
                .checked_neg()
                .ok_or_else(|| Error::config(format!("{number} is no offset")))?;
            Ok(Bound::FromEnd(back))
        }
    }
}

impl From<Bound> for Bounds {
    fn from(bound: Bound) -> Bounds {
        Bounds::One(bound)
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Earliest => f.write_str("earliest"),
            Bound::Latest => f.write_str("latest"),
            Bound::Offset(offset) => write!(f, "offset {offset}"),
            Bound::FromEnd(back) => write!(f, "{back} before the end"),
            Bound::Time(ms) => f.write_str(&time::format(*ms)),
        }
    }
}

/// Bounds of all partitions of a read.
#[derive(Debug, Clone, PartialEq)]
pub enum Bounds {
    /// The same for every partition.
    One(Bound),
    /// One each; partitions that are not named start at earliest and end at latest.
    PerPartition(BTreeMap<i32, Bound>),
    /// Those of each topic, by name; topics that are not named start at earliest and end at latest.
    PerTopic(BTreeMap<String, Bounds>),
    /// Where an earlier read ended; for a start only.
    Bookmark(Bookmark),
    /// Where a consumer group stands: the next offsets it will read. It is looked at, not joined.
    Group(String),
}

impl Bounds {
    /// Those of one topic; `default` where none are given. What comes back is no mapping of topics, and of a bookmark only the place in this topic.
    pub(crate) fn of_topic(&self, name: &str, default: Bound) -> Bounds {
        match self {
            Bounds::PerTopic(map) => map
                .get(name)
                .map_or(Bounds::One(default), |bounds| bounds.of_topic(name, default)),
            Bounds::Bookmark(bookmark) => match bookmark.topic(name) {
                None => Bounds::One(default),
                Some(place) => Bounds::Bookmark(Bookmark {
                    cluster_id: bookmark.cluster_id.clone(),
                    topics: vec![place.clone()],
                }),
            },
            one => one.clone(),
        }
    }

    /// The bound of one partition of the topic these are of; `default` where none is given. A bookmark is resolved elsewhere and gives its offset here.
    pub(crate) fn of(&self, partition: i32, default: Bound) -> Bound {
        match self {
            Bounds::One(bound) => *bound,
            Bounds::PerPartition(map) => map.get(&partition).copied().unwrap_or(default),
            // Resolved before: `of_topic`, and what the group's coordinator says.
            Bounds::PerTopic(_) | Bounds::Group(_) => default,
            Bounds::Bookmark(bookmark) => bookmark
                .topics
                .first()
                .and_then(|topic| topic.partition(partition))
                .map_or(default, |p| Bound::Offset(p.offset)),
        }
    }
}

/// What stands before the name of a group.
const GROUP: &str = "group:";

/// As [`Bound`], and `group:NAME`.
impl FromStr for Bounds {
    type Err = Error;

    fn from_str(text: &str) -> Result<Bounds> {
        match text.strip_prefix(GROUP) {
            None => text.parse().map(Bounds::One),
            Some("") => Err(Error::config("group: is followed by the name of a consumer group")),
            Some(name) => Ok(Bounds::Group(name.to_owned())),
        }
    }
}

/// Resolved offsets of one partition: `start` is in, `end` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffsetRange {
    /// First offset.
    pub start: i64,
    /// The offset behind the last.
    pub end: i64,
}

impl OffsetRange {
    /// Number of offsets, not of records.
    pub fn len(&self) -> u64 {
        self.end.saturating_sub(self.start).max(0) as u64
    }

    /// No offset is in it.
    pub fn is_empty(&self) -> bool {
        self.end <= self.start
    }
}

impl fmt::Display for OffsetRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.start, self.end)
    }
}
