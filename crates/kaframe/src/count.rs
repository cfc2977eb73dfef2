//! How many records a scan gives, exactly: by the headers of batches. No value is decoded but for the conditions of a `where`, and no batch
//! is decompressed but those that a bound cuts.
//!
//! Every byte is fetched all the same, and every checksum is compared: offsets that hold no record (markers, aborted transactions, what
//! compaction left) are only known from the batches. What needs no bytes is [`crate::Scan::count_at_most`].

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use kaframe_wire::batch::Header;

use crate::assemble::Layout;
use crate::chunk::ChunkPlan;
use crate::columns::{MetaColumn, Selection};
use crate::engine::Context;
use crate::error::{Error, Result};
use crate::number::grouped;
use crate::options::ScanOptions;
use crate::order::Order;
use crate::progress;
use crate::reader::{self, Selected};
use crate::report::Report;
use crate::summary::Summary;
use crate::walk::KeptBatch;
use crate::window::Window;

/// How many records a scan gives. Its text is the number, or `at most` it.
#[derive(Debug, Clone)]
pub struct Count {
    /// Records.
    pub records: u64,
    /// What was accounted for on the way; `None` where it is no more than a bound, for which nothing was read.
    pub report: Option<Report>,
}

impl Count {
    /// Whether there are exactly so many, and not at most.
    pub fn is_exact(&self) -> bool {
        self.report.is_some()
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at_most = if self.is_exact() { "" } else { "at most " };
        write!(f, "{at_most}{}", grouped(self.records))
    }
}

/// Counts what a read with these options gives where malformed values keep their rows.
pub(crate) async fn count(context: Context, options: &ScanOptions) -> Result<Report> {
    let started = Instant::now();
    // Where filters ask for values, one that passes is decoded as a read would decode it: it may turn out malformed, and then it counts as nulls.
    let mut columns = options.filter.iter().flat_map(|filter| filter.columns());
    // Whether a value is malformed only decoding tells.
    let needs_values = |name: &String| MetaColumn::named(name).is_none_or(|column| column == MetaColumn::Error);
    let selection = if columns.any(needs_values) {
        Selection::from_options(options, context.plan.several)?.without_metadata()
    } else {
        Selection::Exactly(Vec::new())
    };
    let mut options = options.clone();
    // The newest n are as many as the first n.
    options.limit = options.limit.or(options.tail.take());
    options.order = Order::Partition;
    let context = Arc::new(context);
    let counting = counted(&context, &selection, &options);
    let selected = progress::reported(&context, &options, started, counting).await;
    context.fetchers.clear();
    let Selected {
        sampled,
        mut results,
        chunks,
        plan_start,
    } = selected?;
    reader::drop_behind_gaps(&mut results);
    reader::check_decoded(&context.plan, &sampled, &results)?;
    let summary = Summary {
        plan: &context.plan,
        options: &options,
        sampled: &sampled,
        results: &results,
        layout: &Layout::new(&chunks, false, None)?,
        read_from: &plan_start,
        cleanup_policies: vec![None; context.plan.topics.len()],
        added: &[],
        elapsed: started.elapsed(),
    };
    summary.check()?;
    let mut report = summary.report();
    if let Some(sieve) = &chunks.sieve {
        report.warnings.extend(sieve.warnings()?);
    }
    Ok(report)
}

async fn counted(context: &Arc<Context>, selection: &Selection, options: &ScanOptions) -> Result<Selected> {
    let sampled = reader::sampled(context, selection, options).await?;
    let chunks = reader::chunk_plan(&context.plan, selection, options, &sampled, false)?;
    let chunks = ChunkPlan {
        by_header: chunks.sieve.is_none(),
        discard: true,
        ..chunks
    };
    reader::select(context, options, sampled, Arc::new(chunks)).await
}

/// How many rows a batch gives, where its header alone tells; its other offsets hold nothing.
pub(crate) fn by_header(header: &Header, kept: &KeptBatch, window: &Window) -> Option<u64> {
    let count = u64::try_from(header.record_count).ok()?;
    let wanted = u64::try_from(kept.to - kept.from).ok()?;
    if header.is_legacy() {
        // One record without a wrapper around it.
        return (count == 1 && window.is_open()).then_some(1);
    }
    if !(window.is_open() || window.holds_all(header)) {
        return None;
    }
    let span = u64::try_from(header.last_offset_delta).ok()? + 1;
    match (count == span, wanted == span) {
        // Nothing was compacted away, so a part of it is as full as the whole.
        (true, _) => Some(wanted),
        // More records than offsets: whoever cuts them will say so.
        (false, true) => (count < span).then_some(count),
        (false, false) => None,
    }
}

/// What cannot be counted without reading all of it.
pub(crate) async fn by_reading(scan: &crate::Scan) -> Result<Report> {
    let mut stream = scan.stream().await?;
    let mut rows = 0;
    while let Some(batch) = stream.next().await {
        rows += batch?.num_rows() as u64;
    }
    let report = stream.report();
    match report.delivered() == rows {
        true => Ok(report),
        false => Err(Error::internal(format!(
            "{rows} rows, {} records counted as delivered",
            report.delivered()
        ))),
    }
}
