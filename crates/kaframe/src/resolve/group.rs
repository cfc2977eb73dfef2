//! Where a consumer group stands, as a start or an end. Looked at only: the group is not joined and nothing is committed.
//!
//! A start is then what a bookmark is: offsets with leader epochs, which must still be in the log. A partition for which the group has committed nothing is one
//! it has read nothing of: it stands at the log start there, so that a start leaves nothing out and an end takes nothing in; a note says so. A group that has
//! committed nothing for the whole topic is an error: most likely its name is misspelt.

use std::collections::BTreeMap;

use kaframe_client::{Client, GroupOffset, TopicMetadata};

use crate::bookmark::{Bookmark, BookmarkPartition, BookmarkTopic};
use crate::bound::{Bound, Bounds};
use crate::error::{Error, ErrorKind, Result};
use crate::options::ScanOptions;
use crate::plan::PartitionPlan;

/// Groups that bound a read of one topic.
#[derive(Debug, Default)]
pub(super) struct Standing {
    start: Option<String>,
    /// By partition: the group that has committed nothing there.
    nothing: Vec<(i32, String)>,
}

impl Standing {
    /// What the start is, for errors.
    pub(super) fn what(&self) -> String {
        match &self.start {
            Some(group) => format!("the offset of group {group:?}"),
            None => "the bookmark".to_owned(),
        }
    }

    /// Says in the plan where a group has committed nothing.
    pub(super) fn note(&self, partitions: &mut [PartitionPlan]) {
        for plan in partitions {
            for (_, group) in self
                .nothing
                .iter()
                .filter(|(partition, _)| *partition == plan.partition)
            {
                plan.notes.push(format!(
                    "group {group:?} has committed no offset here: it is taken to stand at the log start"
                ));
            }
        }
    }
}

/// The same options with groups replaced by where they stand in the topic.
pub(super) async fn resolve(
    client: &Client,
    topic: &TopicMetadata,
    partitions: &[i32],
    options: &ScanOptions,
) -> Result<(ScanOptions, Standing)> {
    let (mut options, mut standing) = (options.clone(), Standing::default());
    if let Bounds::Group(group) = options.start.clone() {
        let places = ask(client, &group, topic, partitions, &mut standing).await?;
        let places = places.iter().filter_map(|place| {
            Some(BookmarkPartition {
                partition: place.partition,
                offset: place.offset?,
                leader_epoch: place.leader_epoch,
            })
        });
        let place = BookmarkTopic {
            topic: topic.name.clone(),
            topic_id: None,
            partitions: places.collect(),
        };
        options.start = Bounds::Bookmark(Bookmark {
            cluster_id: None,
            topics: vec![place],
        });
        standing.start = Some(group);
    }
    if let Bounds::Group(group) = options.end.clone() {
        let places = ask(client, &group, topic, partitions, &mut standing).await?;
        let bound = |place: &GroupOffset| (place.partition, place.offset.map_or(Bound::Earliest, Bound::Offset));
        options.end = Bounds::PerPartition(places.iter().map(bound).collect::<BTreeMap<_, _>>());
    }
    Ok((options, standing))
}

async fn ask(
    client: &Client,
    group: &str,
    topic: &TopicMetadata,
    partitions: &[i32],
    standing: &mut Standing,
) -> Result<Vec<GroupOffset>> {
    let places = client.group_offsets(group, topic, partitions).await?;
    if places.iter().all(|place| place.offset.is_none()) {
        let message = format!(
            "group {group:?} has committed no offset for topic {:?}: it stands nowhere in it",
            topic.name
        );
        return Err(Error::new(ErrorKind::OffsetOutOfRange, message)
            .with_topic(&topic.name)
            .with_hint("check the name of the group, or start at earliest; offsets of a group that is gone expire"));
    }
    let without = places.iter().filter(|place| place.offset.is_none());
    standing
        .nothing
        .extend(without.map(|place| (place.partition, group.to_owned())));
    Ok(places)
}
