//! Runs a plan to its end as a table: sample, read, one schema, rows in order, every offset accounted for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use futures::StreamExt;
use kaframe_client::{Client, TopicMetadata};
use kaframe_codec::{Shape, TopLevel, ValueFormat};

use crate::account::Account;
use crate::assemble::Layout;
use crate::chunk::{ChunkPlan, ColumnPlan};
use crate::columns::{MetaColumn, Selection};
use crate::engine::{self, Context, Job, JobResult};
use crate::error::{Error, ErrorKind, Result};
use crate::filter::{self, Conditions, Settled, SievePlan};
use crate::malformed::{self, Malformed, excerpt};
use crate::memory::{self, Guard};
use crate::options::{OnError, ScanOptions};
use crate::order::{self, Order, Timed};
use crate::plan::Plan;
use crate::sample::{self, Sampled};
use crate::scan::cancellable;
use crate::split;
use crate::summary::{self, Summary};
use crate::table::Table;
use crate::topic_partition::TopicPartition;
use crate::{latest, limit, progress, tail, widen};

/// Bytes of records that a split should hold: large enough to be worth a connection, small enough that all cores stay busy.
const SPLIT_BYTES: u64 = 32 << 20;

/// The same of a stream: what comes before its turn waits in memory.
pub(crate) const STREAM_SPLIT_BYTES: u64 = 8 << 20;

/// Offsets of a split, at least, where one is as good as two.
const SMALL_SPLIT: u64 = 50_000;

/// Reads a plan.
pub(crate) async fn read(mut context: Context, options: &ScanOptions) -> Result<Table> {
    let started = Instant::now();
    let selection = Selection::from_options(options, context.plan.several)?;
    let max = options.max_result_bytes.unwrap_or_else(memory::default_max_result);
    context.guard = Some(Guard::new(max, context.plan.to_string()));
    let context = Arc::new(context);
    let (client, plan) = (context.client.clone(), context.plan.clone());
    let reading = progress::reported(&context, options, started, rows(&context, &selection, options));
    let policies = async { Ok(cleanup_policies(&client, &plan).await) };
    let both = futures::future::try_join(reading, policies).await;
    context.fetchers.clear();
    let (rows, cleanup_policies) = both?;
    let added = cancellable(&context.cancel, async { Ok(added_partitions(&context, options).await) }).await?;
    let Selected {
        sampled,
        mut results,
        chunks,
        plan_start,
    } = rows;
    drop_behind_gaps(&mut results);
    let decoded: u64 = results.iter().map(|result| result.decoded).sum();
    check_decoded(&context.plan, &sampled, &results)?;
    let layout = Layout::new(&chunks, decoded > 0, sampled.value_shape.as_ref())?;
    let batches = assemble(&layout, &mut results, options.order, context.guard.as_ref())?;
    let errors = malformed::table(
        &context.plan,
        results.iter().flat_map(|result| result.malformed.listed()),
    );
    let summary = Summary {
        plan: &context.plan,
        options,
        sampled: &sampled,
        results: &results,
        layout: &layout,
        read_from: &plan_start,
        cleanup_policies,
        added: &added,
        elapsed: started.elapsed(),
    };
    summary.check()?;
    let mut report = summary.report();
    if let Some(sieve) = &chunks.sieve {
        report.warnings.extend(sieve.warnings()?);
    }
    if let Some(latest) = &context.latest {
        report.warnings.extend(latest.warnings());
    }
    let rows: u64 = batches.iter().map(|batch| batch.num_rows() as u64).sum();
    if rows != report.delivered() {
        return Err(Error::internal(format!(
            "{} records counted as delivered, {rows} rows",
            report.delivered()
        )));
    }
    let next_start = summary.next_start();
    Ok(Table {
        schema: layout.schema.clone(),
        batches,
        errors,
        report,
        next_start,
    })
}

/// The rows of all results, in the order that was asked for.
pub(crate) fn assemble(
    layout: &Layout,
    results: &mut [JobResult],
    order: Order,
    guard: Option<&Guard>,
) -> Result<Vec<RecordBatch>> {
    let chunks = results
        .iter_mut()
        .filter_map(|result| result.chunk.take().filter(|chunk| chunk.rows > 0));
    if order == Order::Partition {
        return chunks.map(|chunk| layout.assemble(chunk)).collect();
    }
    let timed = chunks.map(|chunk| {
        let times = order::times(&chunk)?;
        let batch = layout.assemble(chunk)?;
        Ok(Timed { batch, times })
    });
    order::sorted(timed.collect::<Result<_>>()?, guard)
}

/// Partitions that topics have got since the plan was made, where the whole of them was asked for: a plan is frozen, so they are only told.
pub(crate) async fn added_partitions(context: &Context, options: &ScanOptions) -> Vec<String> {
    if options.partitions.is_some() || options.limit.is_some() || options.tail.is_some() {
        return Vec::new();
    }
    let several = context.plan.several;
    // Owned, not borrowed: with borrowed items the compiler cannot show that the futures may move between threads.
    let asked: Vec<(Client, TopicMetadata)> = context
        .plan
        .topics
        .iter()
        .map(|topic| (context.client.clone(), topic.clone()))
        .collect();
    let ask = |(client, topic): (Client, TopicMetadata)| async move {
        // What was read is read; whoever reads on will hear what is wrong.
        let now = tokio::time::timeout(POLICY_WAIT, client.topic(&topic.name)).await;
        let now = now.ok().and_then(Result::ok).map_or(Vec::new(), |now| now.partitions);
        let new = now
            .into_iter()
            .map(|p| p.id)
            .filter(|id| topic.partition(*id).is_none());
        new.map(|id| {
            if several {
                format!("{}-{id}", topic.name)
            } else {
                id.to_string()
            }
        })
        .collect::<Vec<String>>()
    };
    let added: Vec<Vec<String>> = futures::stream::iter(asked.into_iter().map(ask))
        .buffered(POLICIES_AT_ONCE)
        .collect()
        .await;
    added.concat()
}

/// Topics that are asked at the same time about what is only told along.
const POLICIES_AT_ONCE: usize = 16;
/// How long to wait for what is only told along.
const POLICY_WAIT: Duration = Duration::from_secs(2);

/// The cleanup policies of the topics, where they may be asked and are answered soon.
pub(crate) async fn cleanup_policies(client: &Client, plan: &Plan) -> Vec<Option<String>> {
    // Owned, not borrowed: with borrowed items the compiler cannot show that the futures may move between threads.
    let asked: Vec<(Client, String)> = plan
        .topics
        .iter()
        .map(|topic| (client.clone(), topic.name.clone()))
        .collect();
    let ask = |(client, name): (Client, String)| async move {
        let configs = tokio::time::timeout(POLICY_WAIT, client.topic_configs(&name)).await;
        configs.ok()?.ok()?.remove("cleanup.policy")?
    };
    futures::stream::iter(asked.into_iter().map(ask))
        .buffered(POLICIES_AT_ONCE)
        .collect()
        .await
}

/// What was read.
pub(crate) struct Selected {
    pub(crate) sampled: Sampled,
    /// In (partition, offset) order.
    pub(crate) results: Vec<JobResult>,
    /// With the final shapes.
    pub(crate) chunks: Arc<ChunkPlan>,
    /// Where a tail began to read.
    pub(crate) plan_start: summary::ReadFrom,
}

async fn rows(context: &Arc<Context>, selection: &Selection, options: &ScanOptions) -> Result<Selected> {
    let sampled = sampled(context, selection, options).await?;
    let mut chunks = chunk_plan(&context.plan, selection, options, &sampled, false)?;
    if context.latest.is_some() {
        (chunks.identity, chunks.order) = (true, true);
        if chunks.on_error == OnError::Skip {
            chunks.on_error = OnError::Null;
        }
    }
    let mut selected = select(context, options, sampled, Arc::new(chunks)).await?;
    if let Some(latest) = &context.latest {
        latest.sweep(&mut selected.results, true)?;
    }
    selected.chunks = widen::unify(context, &selected.chunks, &mut selected.results).await?;
    if context.latest.is_some() {
        latest::settle_malformed(&mut selected.results, options.on_error == OnError::Skip)?;
    }
    if let Some(tail) = options.tail {
        tail::keep_newest(&mut selected.results, tail, options.on_error == OnError::Skip)?;
    }
    Ok(selected)
}

/// Looks at the front of the plan, until it is cancelled.
pub(crate) async fn sampled(context: &Context, selection: &Selection, options: &ScanOptions) -> Result<Sampled> {
    cancellable(&context.cancel, sample_fronts(context, selection, options, false)).await
}

/// Reads what the options ask for, with filters whose types are final.
pub(crate) async fn select(
    context: &Arc<Context>,
    options: &ScanOptions,
    sampled: Sampled,
    mut chunks: Arc<ChunkPlan>,
) -> Result<Selected> {
    let per_split = offsets_per_split(context, &sampled);
    let limit = effective_limit(&context.plan, options);
    let (results, plan_start) = loop {
        let (mut results, plan_start) = run(context, &chunks, limit, options.tail, per_split).await?;
        results.sort_by_key(|result| (result.partition, result.range.start));
        let whole = limit.is_none() && options.tail.is_none();
        match filter::settle(context, &chunks, &mut results, whole).await? {
            Settled::Done(settled) => {
                chunks = settled;
                break (results, plan_start);
            }
            Settled::Again(wider) => {
                chunks = wider;
                forget(context, &results)?;
            }
        }
    };
    if let Some(sieve) = &chunks.sieve {
        sieve.check_columns(&results, sampled.value_shape.as_ref())?;
    }
    Ok(Selected {
        sampled,
        results,
        chunks,
        plan_start,
    })
}

/// Runs what the options ask for of the plan. Also says where a tail began to read.
async fn run(
    context: &Arc<Context>,
    chunks: &Arc<ChunkPlan>,
    limit: Option<u64>,
    tail: Option<u64>,
    per_split: u64,
) -> Result<(Vec<JobResult>, summary::ReadFrom)> {
    Ok(match (limit, tail) {
        (Some(limit), _) => (
            limit::run(context, chunks, limit, per_split).await?,
            summary::ReadFrom::default(),
        ),
        (None, Some(tail)) => {
            let tail = tail::run(context, chunks, tail, per_split).await?;
            (tail.results, tail.read_from)
        }
        (None, None) => {
            let results = engine::run(context, chunks, jobs(&context.plan, per_split)).await?;
            (results, summary::ReadFrom::default())
        }
    })
}

/// The rows of these results will be read again.
fn forget(context: &Context, results: &[JobResult]) -> Result<()> {
    let Some(guard) = &context.guard else { return Ok(()) };
    results.iter().try_for_each(|result| guard.grow(result.charged, 0, 0))
}

/// Looks at the front of the plan: of the windows of a tail, further back while there is no value in them.
pub(crate) async fn sample_fronts(
    context: &Context,
    selection: &Selection,
    options: &ScanOptions,
    needs_shape: bool,
) -> Result<Sampled> {
    let plan = &context.plan;
    let mut window = plan.tail.unwrap_or(u64::MAX).max(1);
    loop {
        let fronts: Vec<_> = plan
            .partitions
            .iter()
            .map(|p| (p.at(), tail::first_window(p.range, window)))
            .collect();
        let sampled = sample::sample(context, selection, options, &fronts, needs_shape).await?;
        let whole = plan.partitions.iter().all(|p| window >= p.range.len());
        if whole || !sampled.looked_in_vain {
            return Ok(sampled);
        }
        window = window.saturating_mul(4).max(1000);
    }
}

/// All splits of a plan as jobs.
pub(crate) fn jobs(plan: &Plan, offsets_per_split: u64) -> Vec<Job> {
    plan.cut(offsets_per_split)
        .enumerate()
        .map(|(index, (partition, range))| Job {
            index,
            partition,
            range,
            max_rows: None,
        })
        .collect()
}

/// A limit that the plan cannot reach is none: all splits may run at once.
pub(crate) fn effective_limit(plan: &Plan, options: &ScanOptions) -> Option<u64> {
    options.limit.filter(|limit| *limit < plan.offsets())
}

/// How large splits are: by the size of records where it is known, and so that every core has some.
pub(crate) fn offsets_per_split(context: &Context, sampled: &Sampled) -> u64 {
    if let Some(offsets) = context.offsets_per_split {
        return offsets;
    }
    let plan = &context.plan;
    let size = if context.stream.is_some() {
        STREAM_SPLIT_BYTES
    } else {
        SPLIT_BYTES
    };
    let by_size = sampled
        .bytes_per_offset
        .map_or(split::DEFAULT_OFFSETS, |bytes| size / bytes.max(1));
    // Of equal size, so that no worker is left with a few offsets, for which it would need a connection of its own.
    let splits = (plan.offsets() / SMALL_SPLIT).clamp(1, context.pace.connections as u64 * 4);
    let by_core = plan.offsets().div_ceil(splits);
    let offsets = by_size.min(by_core).clamp(100, 1_000_000);
    match (context.stream.is_some(), context.batch_size as u64) {
        // Whole batches, as far as there are no holes.
        (true, batch) if offsets > batch => offsets / batch * batch,
        _ => offsets,
    }
}

/// How chunks are made, by the options and what the sample says.
pub(crate) fn chunk_plan(
    plan: &Plan,
    selection: &Selection,
    options: &ScanOptions,
    sampled: &Sampled,
    fixed: bool,
) -> Result<ChunkPlan> {
    let conditions = Conditions::of(&options.filter);
    // A table's columns come in the order in which its own records show them, so only a stream starts from the sample; and a read of which
    // few rows, or none, may pass a filter.
    let known = fixed || !conditions.is_bounds_only();
    let start = |shape: &Option<Shape>| shape.clone().filter(|_| known);
    let value = sampled.value_format.map(|format| ColumnPlan {
        format,
        start: start(&sampled.value_shape),
        top: sampled.value_top,
    });
    let key = {
        let format = sampled.key_format.unwrap_or(ValueFormat::String);
        // A key is one column without an `_extra` beside it: in a stream JSON keys are text, which fits them all.
        let text = (fixed && format == ValueFormat::Json).then_some(Shape::JsonText);
        ColumnPlan {
            format,
            start: text.or_else(|| start(&sampled.key_shape)),
            top: TopLevel::Any,
        }
    };
    let mut chunks = ChunkPlan {
        topics: plan.topics.iter().map(|topic| topic.name.as_str().into()).collect(),
        selection: selection.clone(),
        value: value.clone().filter(|_| selection.needs_values()),
        key: selection.needs(MetaColumn::Key).then(|| key.clone()),
        on_error: options.on_error,
        fixed,
        order: options.tail.is_some() || options.order == Order::Timestamp,
        identity: false,
        sieve: None,
        no_further: false,
        bytes_per_offset: sampled.bytes_per_offset,
        by_header: false,
        discard: false,
    };
    chunks.sieve = SievePlan::new(&conditions, &chunks, value, Some(key))?;
    Ok(chunks)
}

/// Behind a place where the read gave up, nothing of that partition is in the result: the next read can start there and repeats nothing.
pub(crate) fn drop_behind_gaps(results: &mut [JobResult]) {
    let mut gap: Option<TopicPartition> = None;
    for result in results {
        if gap == Some(result.partition) {
            *result = JobResult::untouched(result.partition, result.range);
        } else if result.gave_up.is_some() {
            gap = Some(result.partition);
        }
    }
}

/// A table of nothing but nulls helps nobody, nor does one whose rows of a topic are: the format is wrong.
pub(crate) fn check_decoded(plan: &Plan, sampled: &Sampled, results: &[JobResult]) -> Result<()> {
    let unexpected = results.iter().map(|result| result.unexpected).sum::<u64>() + filter::values(results).unexpected;
    if sampled.looked_in_vain && unexpected > 0 {
        // A broker that answered empty while the front was looked at. A table without its values would be a lie.
        let message = format!(
            "{unexpected} values of {} came where none was found before",
            plan.topic_names()
        );
        return Err(Error::new(ErrorKind::Protocol, message)
            .with_topic(plan.topic_names())
            .with_hint("read again, or give value_format, so that it need not be found"));
    }
    for (topic, described) in plan.topics.iter().enumerate() {
        let of_topic = || results.iter().filter(|result| result.partition.topic == topic);
        // Values that were decoded for filters alone count too.
        let sifted = filter::values(of_topic());
        let decoded = of_topic().map(|result| result.decoded).sum::<u64>() + sifted.decoded;
        let undecoded = of_topic().map(|result| result.undecoded).sum::<u64>() + sifted.undecoded;
        if decoded == 0 && undecoded > 0 {
            let values = of_topic().flat_map(|r| r.malformed.listed()).filter(|m| !m.is_key());
            let shown: Vec<&Malformed> = values.take(3).collect();
            return Err(nothing_decodes(&described.name, sampled, undecoded, &shown));
        }
    }
    Ok(())
}

/// The error of a read in which no value decodes.
pub(crate) fn nothing_decodes(topic: &str, sampled: &Sampled, undecoded: u64, shown: &[&Malformed]) -> Error {
    let format = sampled.value_format.map_or("raw", ValueFormat::name);
    let mut message = format!("none of {undecoded} values of {topic} is {format}");
    for m in shown {
        message.push_str(&format!(
            "\n  partition {} offset {}: {}: {}",
            m.partition.partition,
            m.offset,
            m.reason,
            excerpt(&m.bytes)
        ));
    }
    let error = Error::new(ErrorKind::Decode, message)
        .with_topic(topic)
        .with_hint("leave value_format out to have it found, or use raw to get the bytes");
    match shown.first() {
        Some(first) => error
            .with_partition(first.partition.partition)
            .with_offset(first.offset),
        None => error,
    }
}

/// The terms of each partition, over all results.
pub(crate) fn account_of(results: &[JobResult], partition: TopicPartition) -> Account {
    let mut account = Account::default();
    for result in results.iter().filter(|result| result.partition == partition) {
        account += result.account;
    }
    account
}
