//! What one batch of each partition tells of a plan: how many bytes, how much memory, how long, from when to when. An estimate, and called one.
//!
//! The batch at the front of each range is fetched, alone, and decoded as the read would decode it. What may not be read, or is damaged, leaves the figures
//! unknown: the plan is as good without them.

use std::fmt;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt};
use kaframe_client::{Fetched, OffsetQuery};
use kaframe_wire::batch::{DEFAULT_MAX_DECOMPRESSED, Scratch, TimestampType};
use serde::{Serialize, Serializer};

use crate::account::Account;
use crate::chunk::{ChunkBuilder, ChunkPlan};
use crate::columns::Selection;
use crate::engine::{Context, LONG_WAIT, SHORT_WAIT, workers};
use crate::error::{Error, ErrorKind, Result};
use crate::number::{self, bytes, counted, grouped};
use crate::options::ScanOptions;
use crate::plan::{PartitionPlan, Plan};
use crate::resolve::isolation;
use crate::sample::{self, Sampled};
use crate::topic_partition::TopicPartition;
use crate::transaction::AbortFilter;
use crate::walk::{self, KeptBatch, Seen};
use crate::window::Window;
use crate::{decode, reader, tail, time};

/// A broker gives one batch whole, however little is asked for (KIP-74).
const ONE_BATCH: i32 = 1;
/// Batches without a record of the read (markers, aborted ones) that are passed before a partition counts as not looked at.
const PASSED: usize = 8;
/// Decoding is repeated for so long, since one batch may take no longer than the clock ticks.
const DECODE_FOR: Duration = Duration::from_millis(3);

/// What one batch of each partition tells of a plan. `None` is unknown.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// Batches that were looked at: one of each partition, as far as there is one.
    pub batches: u64,
    /// Records in them that the read would look at.
    pub records: u64,
    /// Bytes that are fetched.
    pub bytes: Option<u64>,
    /// Bytes of a table of it; of no more than that where conditions leave rows out.
    pub memory: Option<u64>,
    /// How long a read takes.
    pub seconds: Option<f64>,
    /// `CreateTime`, `LogAppendTime`, or both.
    pub timestamp_type: Option<String>,
    /// The least timestamp at the front of a partition, in ms since 1970.
    #[serde(serialize_with = "as_text")]
    pub first_time: Option<i64>,
    /// The largest timestamp of the partitions, as far as the plan reads to their ends; at most the end by time.
    #[serde(serialize_with = "as_text")]
    pub last_time: Option<i64>,
    /// Why a partition could not be looked at.
    pub unknown: Option<String>,
}

/// A time as text, as everywhere in JSON.
fn as_text<S: Serializer>(ms: &Option<i64>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    ms.map(time::format).serialize(serializer)
}

/// What a plan says of these things, with or without an estimate.
pub(crate) struct Shown<'a>(pub(crate) Option<&'a Estimate>, pub(crate) &'a Plan);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown(estimate, plan) = *self;
        let Some(estimate) = estimate else {
            return f.write_str(
                "\n  bytes, memory, seconds and times are unknown: a sample (sample=True, --sample) estimates them",
            );
        };
        let known = |text: Option<String>| text.unwrap_or_else(|| "unknown".to_owned());
        let at_most = match plan.conditions.is_empty() {
            true => "",
            false => ", if every record passes",
        };
        write!(
            f,
            "\n  bytes    {}",
            known(estimate.bytes.map(|b| format!("about {} to fetch", bytes(b))))
        )?;
        let memory = estimate
            .memory
            .map(|b| format!("about {} as a table{at_most}", bytes(b)));
        write!(f, "\n  memory   {}", known(memory))?;
        let seconds = estimate
            .seconds
            .map(|s| format!("about {}", number::duration(Duration::from_secs_f64(s))));
        write!(f, "\n  seconds  {}", known(seconds))?;
        let moment = |ms: Option<i64>| known(ms.map(time::format));
        write!(f, "\n  times    {}", moment(estimate.first_time))?;
        if estimate.last_time.is_some() || estimate.first_time.is_some() {
            write!(f, " to {}", moment(estimate.last_time))?;
        }
        if let Some(kind) = &estimate.timestamp_type {
            write!(f, ", {kind}")?;
        }
        match estimate.batches {
            0 => f.write_str("\n  no record to look at")?,
            1 => write!(
                f,
                "\n  an estimate from one batch of {}",
                counted(estimate.records, "record", "records")
            )?,
            batches => write!(
                f,
                "\n  an estimate from one batch of each of {} partitions, {} records",
                grouped(batches),
                grouped(estimate.records)
            )?,
        }
        if let Some(reason) = &estimate.unknown {
            write!(f, "\n  not looked at: {reason}")?;
        }
        Ok(())
    }
}

/// The batch at the front of a partition's range.
struct Front {
    partition: TopicPartition,
    fetched: Fetched,
    kept: KeptBatch,
    window: Window,
}

/// Looks at one batch of each partition.
pub(crate) async fn estimate(context: &Context, selection: &Selection, options: &ScanOptions) -> Result<Estimate> {
    let plan = &context.plan;
    // Owned, not borrowed: with borrowed items the compiler cannot show that the futures may move between threads.
    let partitions: Vec<PartitionPlan> = plan
        .partitions
        .iter()
        .filter(|p| !p.range.is_empty())
        .cloned()
        .collect();
    let looking = partitions.into_iter().map(|partition| async move {
        match front(context, &partition).await {
            Ok(front) => Ok((front, None)),
            Err(error) if leaves_unknown(&error) => Ok((None, Some(error.message().to_owned()))),
            Err(error) => Err(error),
        }
    });
    let looked: Vec<(Option<Front>, Option<String>)> = futures::stream::iter(looking)
        .buffered(workers() * 4)
        .try_collect()
        .await?;
    let unknown = looked.iter().find_map(|(_, reason)| reason.clone());
    let fronts: Vec<Front> = looked.into_iter().filter_map(|(front, _)| front).collect();
    let mut estimate = judge(context, selection, options, &fronts)?;
    estimate.unknown = unknown.or(estimate.unknown);
    estimate.last_time = last_time(context, options).await?;
    Ok(estimate)
}

/// A read would fail, or go on, by its own rules; a plan is only the poorer.
fn leaves_unknown(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Auth | ErrorKind::DataLoss | ErrorKind::Corrupt | ErrorKind::Limit | ErrorKind::OffsetOutOfRange
    )
}

async fn front(context: &Context, plan: &PartitionPlan) -> Result<Option<Front>> {
    let range = tail::first_window(plan.range, context.plan.tail.unwrap_or(u64::MAX));
    let window = Window::of(plan);
    let mut fetcher = context.fetcher(plan.at()).await?;
    let (mut position, mut wait) = (range.start, SHORT_WAIT);
    for _ in 0..PASSED {
        fetcher.request(position, ONE_BATCH, wait).await?;
        let fetched = fetcher.response().await?;
        let mut aborts = AbortFilter::new(&fetched.aborted);
        let (mut account, mut seen) = (Account::default(), Seen::nothing());
        let bounds = (position, range.end);
        let walked = walk::walk(&fetched.records, &mut aborts, bounds, &window, &mut account, &mut seen);
        if let Some(kept) = walked.kept.first().copied() {
            fetcher.progressed();
            context.fetchers.put(plan.at(), fetcher);
            return Ok(Some(Front {
                partition: plan.at(),
                fetched,
                kept,
                window,
            }));
        }
        if walked.position >= range.end || walked.stop.is_some() {
            break;
        }
        if walked.position == position {
            wait = LONG_WAIT;
        }
        position = walked.position;
    }
    Ok(None)
}

fn judge(context: &Context, selection: &Selection, options: &ScanOptions, fronts: &[Front]) -> Result<Estimate> {
    let plan = &context.plan;
    let mut scratch = Scratch::default();
    let (mut values, mut keys) = (Vec::new(), Vec::new());
    let mut estimate = Estimate::default();
    let (mut wire, mut offsets) = (0u64, 0u64);
    let (mut create_time, mut append_time) = (false, false);
    let mut usable: Vec<&Front> = Vec::new();
    for front in fronts {
        let batch = walk::batch_at(&front.fetched.records, &front.kept).map_err(unreadable)?;
        if let Err(damaged) = decode::verify(&batch, &mut scratch) {
            estimate.unknown = Some(format!("a batch cannot be read: {damaged}"));
            continue;
        }
        let records = batch
            .records(&mut scratch, DEFAULT_MAX_DECOMPRESSED)
            .map_err(unreadable)?;
        for record in records {
            let record = record.map_err(unreadable)?;
            let wanted = (front.kept.from..front.kept.to).contains(&record.offset);
            if !wanted || !front.window.holds(record.timestamp) {
                continue;
            }
            estimate.records += 1;
            let time = record.timestamp;
            estimate.first_time = estimate.first_time.into_iter().chain(time).min();
            values.extend(record.value.map(<[u8]>::to_vec));
            keys.extend(record.key.map(<[u8]>::to_vec));
        }
        match batch.header.timestamp_type() {
            TimestampType::LogAppendTime => append_time = true,
            _ => create_time = true,
        }
        estimate.batches += 1;
        wire += batch.header.length as u64;
        // The whole batch is fetched; where the range cuts it its records still stand for those behind.
        offsets += if batch.header.is_legacy() {
            1
        } else {
            batch.header.last_offset_delta.max(0) as u64 + 1
        };
        usable.push(front);
    }
    if estimate.batches == 0 {
        let nothing = plan.offsets() == 0;
        (estimate.bytes, estimate.memory) = (nothing.then_some(0), nothing.then_some(0));
        return Ok(estimate);
    }
    estimate.timestamp_type = Some(match (create_time, append_time) {
        (true, true) => "CreateTime and LogAppendTime".to_owned(),
        (false, true) => "LogAppendTime".to_owned(),
        _ => "CreateTime".to_owned(),
    });
    let counted = plan.limit.or(plan.tail).unwrap_or(u64::MAX);
    let to_read = plan.offsets().min(counted);
    let share = |part: u64, of: u64| (u128::from(part) * u128::from(to_read) / u128::from(of.max(1))) as u64;
    let fetched = share(wire, offsets);
    estimate.bytes = Some(fetched);
    let sampled = sample::judged(selection, options, &values, &keys);
    let chunks = reader::chunk_plan(plan, selection, options, &sampled, false)?;
    let (memory, took) = decoded(&chunks, &sampled, &usable)?;
    estimate.memory = Some(share(memory, offsets));
    estimate.seconds = Some(seconds(
        context,
        took.as_secs_f64() * to_read as f64 / offsets.max(1) as f64,
        fetched,
    ));
    Ok(estimate)
}

/// Bytes of the columns of the batches, and how long it takes to make them.
fn decoded(chunks: &ChunkPlan, sampled: &Sampled, fronts: &[&Front]) -> Result<(u64, Duration)> {
    // With shapes that are known, as for all splits but the first.
    let mut chunks = chunks.clone();
    if let (Some(value), Some(shape)) = (&mut chunks.value, &sampled.value_shape) {
        value.start = Some(shape.clone());
    }
    let (started, mut best, mut memory) = (Instant::now(), Duration::MAX, 0);
    let mut scratch = Scratch::default();
    while best == Duration::MAX || started.elapsed() < DECODE_FOR {
        let turn = Instant::now();
        memory = 0;
        for front in fronts {
            let batch = walk::batch_at(&front.fetched.records, &front.kept).map_err(unreadable)?;
            let mut builder = ChunkBuilder::new(&chunks, front.partition, batch.header.record_count.max(0) as usize);
            let kind = batch.header.timestamp_type();
            for record in batch
                .records(&mut scratch, DEFAULT_MAX_DECOMPRESSED)
                .map_err(unreadable)?
            {
                builder.push(&record.map_err(unreadable)?, kind)?;
            }
            memory += builder.finish()?.memory();
        }
        best = best.min(turn.elapsed());
    }
    Ok((memory, best))
}

fn unreadable(error: kaframe_wire::WireError) -> Error {
    Error::new(ErrorKind::Corrupt, error.to_string())
}

/// Decoding on all cores, or fetching, whichever takes longer.
fn seconds(context: &Context, decoding: f64, fetched: u64) -> f64 {
    let plan = &context.plan;
    let trips = plan
        .partitions
        .iter()
        .filter_map(|p| context.client.round_trip(plan.topic(p.at()), p.partition));
    let trip = trips.max().unwrap_or_default().as_secs_f64();
    let in_a_trip = context.pace.connections as f64 * f64::from(context.pace.fetch_bytes);
    let fetching = fetched as f64 / in_a_trip * trip;
    (decoding / context.pace.decoders.max(1) as f64).max(fetching) + 4.0 * trip
}

/// The largest timestamp, where the plan reads to the ends of its partitions. Brokers before 3.0 do not tell.
async fn last_time(context: &Context, options: &ScanOptions) -> Result<Option<i64>> {
    let plan = &context.plan;
    if plan.limit.is_some() {
        return Ok(None);
    }
    let mut last: Option<i64> = None;
    for (index, topic) in plan.topics.iter().enumerate() {
        let of_topic = |p: &&PartitionPlan| p.topic == index && !p.range.is_empty();
        let (mut to_the_end, mut bounded) = (Vec::new(), Vec::new());
        for p in plan.partitions.iter().filter(of_topic) {
            match p.end_time {
                Some(end) if p.late_from.is_some_and(|late| late < p.high_watermark) => bounded.push(end - 1),
                _ if p.range.end >= p.last_stable_offset.unwrap_or(p.high_watermark) => {
                    to_the_end.push((p.partition, OffsetQuery::MaxTimestamp));
                }
                _ => return Ok(None),
            }
        }
        last = last.into_iter().chain(bounded).max();
        if to_the_end.is_empty() {
            continue;
        }
        let level = isolation(options.isolation_level);
        let Ok(listed) = context.client.list_offsets(topic, &to_the_end, level).await else {
            return Ok(None);
        };
        let times = listed
            .into_iter()
            .filter_map(|one| one.timestamp.filter(|time| *time >= 0));
        last = last.into_iter().chain(times).max();
    }
    Ok(last)
}
