//! From bounds to a plan: asks the leaders once, then decides by rule.
//!
//! Order matters: log starts first, then ends (both only grow, so a start is never above its end), then times, which are cut to
//! the two. What the broker answered is gathered in [`Answers`]; everything after that is pure and lives in `rules.rs`.
//! Rules: ListOffsets (KIP-79, KIP-396), last stable offset (KIP-98).

mod bookmark;
mod group;
pub(crate) mod narrow;
mod rules;

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt};
use kaframe_client::{Client, ClientError, Isolation, OffsetQuery, TopicMetadata};
use kaframe_wire::ErrorCode;

use crate::bound::{Bound, Bounds};
use crate::error::{Error, ErrorKind, Result};
use crate::filter::Conditions;
use crate::options::{IsolationLevel, Late, ScanOptions};
use crate::plan::{PartitionPlan, Plan};
use crate::topics::Topics;

/// What the leader of one partition answered.
#[derive(Debug, Clone, Default)]
struct Answers {
    leader_epoch: i32,
    log_start: i64,
    high_watermark: i64,
    /// End at the isolation level: last stable offset or high watermark.
    end: i64,
    start_time: Option<TimeAnswer>,
    end_time: Option<TimeAnswer>,
    /// `end` by time plus what may be late.
    late_time: Option<TimeAnswer>,
}

/// The first record at or after a time, if there is one.
#[derive(Debug, Clone, Copy, Default)]
struct TimeAnswer {
    offset: Option<i64>,
    timestamp: Option<i64>,
}

/// Topics that are asked about at the same time.
const TOPICS_AT_ONCE: usize = 16;

/// Resolves what to read. Reads no data.
pub(crate) async fn resolve(client: &Client, topics: &Topics, options: &ScanOptions) -> Result<Plan> {
    rules::check_options(options)?;
    let names = topics.resolve(client).await?;
    rules::check_topics(options, &names)?;
    let conditions = Conditions::of(&options.filter);
    if let Bounds::Bookmark(bookmark) = &options.start {
        bookmark::check_topics(bookmark, &names)?;
    }
    // Owned, not borrowed: with borrowed items the compiler cannot show that the futures may move between threads.
    let each: Vec<_> = names
        .iter()
        .map(|name| (client.clone(), name.clone(), options.of_topic(name)))
        .collect();
    let resolving = each
        .into_iter()
        .enumerate()
        .map(|(topic, (client, name, options))| async move { one_topic(&client, topic, &name, &options).await });
    let resolved: Vec<(TopicMetadata, Vec<PartitionPlan>)> = futures::stream::iter(resolving)
        .buffered(TOPICS_AT_ONCE)
        .try_collect()
        .await?;
    let (topics_found, partitions): (Vec<_>, Vec<_>) = resolved.into_iter().unzip();
    Ok(Plan {
        topics: topics_found,
        several: topics.several(),
        cluster_id: client.cluster_id(),
        bootstrap_servers: client.bootstrap_servers(),
        isolation_level: options.isolation_level,
        limit: options.limit,
        tail: options.tail,
        order: options.order,
        estimate: None,
        partitions: partitions.into_iter().flatten().collect(),
        conditions: conditions.shown,
    })
}

/// Resolves one topic, the bounds being those of this topic.
async fn one_topic(
    client: &Client,
    topic: usize,
    name: &str,
    options: &ScanOptions,
) -> Result<(TopicMetadata, Vec<PartitionPlan>)> {
    let metadata = client
        .topic(name)
        .await
        .map_err(|error| Error::from(error).with_topic(name))?;
    let conditions = Conditions::of(&options.filter);
    let partitions = chosen_partitions(&metadata, options)?;
    let partitions = narrow::partitions(name, partitions, &conditions.implied);
    let (options, standing) = group::resolve(client, &metadata, &partitions, options).await?;
    let options = &options;
    let place = match &options.start {
        Bounds::Bookmark(bookmark) => bookmark.topics.first().map(|place| (bookmark, place)),
        _ => None,
    };
    if let Some((bookmark, place)) = place {
        let now = client.cluster_id();
        bookmark::check_identity(place, bookmark.cluster_id.as_deref(), &metadata, now.as_deref())?;
    }
    let mut answers = ask(client, &metadata, &partitions, options).await?;
    if let Some((_, place)) = place {
        bookmark::check_log(
            client,
            place,
            &standing.what(),
            &metadata,
            &answers,
            options.allow_partial,
        )
        .await?;
    }
    ask_times(client, &metadata, options, &mut answers).await?;
    let mut partitions = rules::ranges(topic, name, &answers, options)?;
    narrow::narrow(
        client,
        &metadata,
        &conditions.implied,
        options.isolation_level,
        &mut partitions,
    )
    .await?;
    standing.note(&mut partitions);
    Ok((metadata, partitions))
}

fn chosen_partitions(metadata: &TopicMetadata, options: &ScanOptions) -> Result<Vec<i32>> {
    let check = |partition: i32| match metadata.partition(partition) {
        Some(_) => Ok(partition),
        None => Err(Error::from(ClientError::UnknownPartition {
            topic: metadata.name.clone(),
            partition,
            count: metadata.partitions.len(),
        })),
    };
    for bounds in [&options.start, &options.end] {
        if let Bounds::PerPartition(map) = bounds {
            map.keys().try_for_each(|partition| check(*partition).map(drop))?;
        }
    }
    let mut chosen = match &options.partitions {
        None => metadata.partitions.iter().map(|p| p.id).collect(),
        Some(list) => list
            .iter()
            .map(|partition| check(*partition))
            .collect::<Result<Vec<_>>>()?,
    };
    chosen.sort_unstable();
    chosen.dedup();
    Ok(chosen)
}

async fn ask(
    client: &Client,
    metadata: &TopicMetadata,
    partitions: &[i32],
    options: &ScanOptions,
) -> Result<BTreeMap<i32, Answers>> {
    let query = |what: OffsetQuery| partitions.iter().map(move |p| (*p, what)).collect::<Vec<_>>();
    let isolation = isolation(options.isolation_level);
    let starts = client
        .list_offsets(metadata, &query(OffsetQuery::Earliest), isolation)
        .await?;
    // The high watermark is asked before the last stable offset: what lies between them is then never overstated.
    let watermarks = client
        .list_offsets(metadata, &query(OffsetQuery::Latest), Isolation::ReadUncommitted)
        .await?;
    let ends = match isolation {
        Isolation::ReadUncommitted => watermarks.clone(),
        Isolation::ReadCommitted => {
            client
                .list_offsets(metadata, &query(OffsetQuery::Latest), isolation)
                .await?
        }
    };
    let mut answers = BTreeMap::new();
    for (((partition, start), watermark), end) in partitions.iter().zip(starts).zip(watermarks).zip(ends) {
        let known = |offset: Option<i64>, what: &str| {
            offset.filter(|offset| *offset >= 0).ok_or_else(|| {
                Error::new(
                    ErrorKind::Protocol,
                    format!("the leader gave no {what} for {}-{partition}", metadata.name),
                )
                .with_topic(&metadata.name)
                .with_partition(*partition)
            })
        };
        let leader_epoch = metadata.partition(*partition).map_or(-1, |p| p.leader_epoch);
        let log_start = known(start.offset, "log start offset")?;
        let end = known(end.offset, "end")?;
        let answer = Answers {
            leader_epoch,
            log_start,
            high_watermark: known(watermark.offset, "high watermark")?.max(end),
            end: end.max(log_start),
            ..Answers::default()
        };
        answers.insert(*partition, answer);
    }
    Ok(answers)
}

/// Where an answer by time belongs.
type Slot = fn(&mut Answers) -> &mut Option<TimeAnswer>;

async fn ask_times(
    client: &Client,
    metadata: &TopicMetadata,
    options: &ScanOptions,
    answers: &mut BTreeMap<i32, Answers>,
) -> Result<()> {
    let isolation = isolation(options.isolation_level);
    let late = match options.late {
        Late::Within(late) => i64::try_from(late.as_millis()).unwrap_or(i64::MAX),
        Late::Scan => 0,
    };
    let time_of = |bounds: &Bounds, partition: i32, default: Bound, more: i64| match bounds.of(partition, default) {
        Bound::Time(ms) => Some((partition, OffsetQuery::AtTime(ms.saturating_add(more)))),
        _ => None,
    };
    let slots: [(Slot, &Bounds, i64); 3] = [
        (|a| &mut a.start_time, &options.start, 0),
        (|a| &mut a.end_time, &options.end, 0),
        (|a| &mut a.late_time, &options.end, late),
    ];
    for (slot, bounds, more) in slots {
        let queries: Vec<_> = answers
            .keys()
            .filter_map(|partition| time_of(bounds, *partition, Bound::Earliest, more))
            .collect();
        if queries.is_empty() {
            continue;
        }
        let listed = match client.list_offsets(metadata, &queries, isolation).await {
            Ok(listed) => listed,
            // Batches so old that they have no index by time: every record is tested anyway, so read all of them.
            Err(ClientError::Broker {
                code: ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT,
                ..
            }) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        for (index, (partition, _)) in queries.iter().enumerate() {
            let Some(answer) = answers.get_mut(partition) else {
                continue;
            };
            let log_start = answer.log_start;
            let is_start = std::ptr::eq(bounds, &options.start);
            *slot(answer) = Some(match listed.get(index) {
                // An offset without a time comes from batches too old for an index by time: good to start at, no end.
                Some(found) if is_start || found.timestamp.is_some() => TimeAnswer {
                    offset: found.offset,
                    timestamp: found.timestamp,
                },
                None if is_start => TimeAnswer {
                    offset: Some(log_start),
                    timestamp: None,
                },
                _ => TimeAnswer::default(),
            });
        }
    }
    Ok(())
}

pub(crate) fn isolation(level: IsolationLevel) -> Isolation {
    match level {
        IsolationLevel::ReadUncommitted => Isolation::ReadUncommitted,
        IsolationLevel::ReadCommitted => Isolation::ReadCommitted,
    }
}
