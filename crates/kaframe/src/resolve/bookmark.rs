//! Whether a bookmark still fits the topic: the same cluster, the same topic, and a log that still agrees with what was read.

use std::collections::BTreeMap;

use kaframe_client::{Client, TopicMetadata};

use super::Answers;
use crate::bookmark::{Bookmark, BookmarkTopic};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::names;

/// All topics of the bookmark are read: one that is left out, or gone, would be missing without a word.
pub(super) fn check_topics(bookmark: &Bookmark, topics: &[String]) -> Result<()> {
    match bookmark.topics.iter().find(|place| !topics.contains(&place.topic)) {
        None if bookmark.topics.is_empty() => Err(Error::config("the bookmark names no topic")),
        None => Ok(()),
        Some(missing) => Err(Error::config(format!(
            "the bookmark is of topic {}, the read of {}",
            bookmark.topic_names(),
            names(topics.iter().map(String::as_str))
        ))
        .with_topic(&missing.topic)
        .with_hint("a read from a bookmark reads all of its topics; others may be added and start at earliest")),
    }
}

/// The bookmark is of this very topic.
pub(super) fn check_identity(
    place: &BookmarkTopic,
    cluster: Option<&str>,
    metadata: &TopicMetadata,
    cluster_id: Option<&str>,
) -> Result<()> {
    let loss = |message: String| {
        Error::new(ErrorKind::DataLoss, message)
            .with_topic(&metadata.name)
            .with_hint("offsets of one log mean nothing in another: read from earliest, and keep the new bookmark")
    };
    if let (Some(then), Some(now)) = (cluster, cluster_id)
        && then != now
    {
        return Err(loss(format!(
            "the bookmark is of cluster {then}, this is cluster {now}"
        )));
    }
    let now = metadata.id.map(|id| id.to_string());
    if let (Some(then), Some(now)) = (&place.topic_id, &now)
        && then != now
    {
        return Err(loss(format!(
            "topic {:?} was deleted and created again since the bookmark: its id was {then}, it is {now}",
            metadata.name
        )));
    }
    Ok(())
}

/// The log still holds what comes behind the place, and still agrees with what came before. `what` the place is, for errors.
pub(super) async fn check_log(
    client: &Client,
    place: &BookmarkTopic,
    what: &str,
    metadata: &TopicMetadata,
    answers: &BTreeMap<i32, Answers>,
    allow_partial: bool,
) -> Result<()> {
    for place in &place.partitions {
        let (partition, offset) = (place.partition, place.offset);
        let loss = |message: String| {
            Error::new(ErrorKind::DataLoss, message)
                .with_topic(&metadata.name)
                .with_partition(partition)
                .with_offset(offset)
        };
        let Some(answer) = answers.get(&partition) else {
            if metadata.partition(partition).is_none() {
                return Err(loss(format!(
                    "{what} names partition {partition}, which topic {:?} does not have",
                    metadata.name
                )));
            }
            continue;
        };
        if offset < answer.log_start && !allow_partial {
            return Err(loss(format!(
                "{}-{partition}: records {offset}..{} were deleted since {what}, the log starts at {}",
                metadata.name, answer.log_start, answer.log_start
            ))
            .with_hint("allow_partial reads the rest and lists what is lost"));
        }
        if offset > answer.high_watermark {
            return Err(loss(format!(
                "{}-{partition} ends at offset {}, before {what} at {offset}: the log was truncated since",
                metadata.name, answer.high_watermark
            )));
        }
        if place.leader_epoch >= 0 && answer.leader_epoch > place.leader_epoch {
            let end = client
                .end_offset_for_leader_epoch(metadata, partition, place.leader_epoch)
                .await?;
            // An undefined epoch or offset (-1) proves nothing (KIP-320).
            if end.leader_epoch >= 0 && end.end_offset >= 0 && end.end_offset < offset {
                return Err(loss(format!(
                    "{}-{partition}: leader epoch {} ends at offset {}, before {what} at {offset}: \
                     the log was truncated since",
                    metadata.name, place.leader_epoch, end.end_offset
                )));
            }
        }
    }
    Ok(())
}
