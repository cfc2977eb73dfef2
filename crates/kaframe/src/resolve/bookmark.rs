//! Whether a bookmark still fits the topic: the same cluster, the same topic, and a log that still agrees with what was read.

use std::collections::BTreeMap;

use kaframe_client::{Client, TopicMetadata};

use super::Answers;
use crate::bookmark::Bookmark;
use crate::error::{Error, ErrorKind, Result};

/// The bookmark is of this topic, and of this very one.
pub(super) fn check_identity(bookmark: &Bookmark, metadata: &TopicMetadata, cluster_id: Option<&str>) -> Result<()> {
    if bookmark.topic != metadata.name {
        return Err(Error::config(format!(
            "the bookmark is of topic {:?}, the read of {:?}",
            bookmark.topic, metadata.name
        )));
    }
    let loss = |message: String| {
        Error::new(ErrorKind::DataLoss, message)
            .with_topic(&metadata.name)
            .with_hint("offsets of one log mean nothing in another: read from earliest, and keep the new bookmark")
    };
    if let (Some(then), Some(now)) = (bookmark.cluster_id.as_deref(), cluster_id)
        && then != now
    {
        return Err(loss(format!(
            "the bookmark is of cluster {then}, this is cluster {now}"
        )));
    }
    let now = metadata.id.map(|id| id.to_string());
    if let (Some(then), Some(now)) = (&bookmark.topic_id, &now)
        && then != now
    {
        return Err(loss(format!(
            "topic {:?} was deleted and created again since the bookmark: its id was {then}, it is {now}",
            metadata.name
        )));
    }
    Ok(())
}

/// The log still holds what comes behind the bookmark, and still agrees with what came before.
pub(super) async fn check_log(
    client: &Client,
    bookmark: &Bookmark,
    metadata: &TopicMetadata,
    answers: &BTreeMap<i32, Answers>,
    allow_partial: bool,
) -> Result<()> {
    for place in &bookmark.partitions {
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
                    "the bookmark names partition {partition}, which topic {:?} does not have",
                    metadata.name
                )));
            }
            continue;
        };
        if offset < answer.log_start && !allow_partial {
            return Err(loss(format!(
                "{}-{partition}: records {offset}..{} were deleted since the bookmark, the log starts at {}",
                metadata.name, answer.log_start, answer.log_start
            ))
            .with_hint("allow_partial reads the rest and lists what is lost"));
        }
        if offset > answer.high_watermark {
            return Err(loss(format!(
                "{}-{partition} ends at offset {}, before the bookmark's {offset}: the log was truncated since",
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
                    "{}-{partition}: leader epoch {} ends at offset {}, before the bookmark's {offset}: \
                     the log was truncated since",
                    metadata.name, place.leader_epoch, end.end_offset
                )));
            }
        }
    }
    Ok(())
}
