//! How far a read has come, for a bar or a line.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::engine::Context;
use crate::options::ScanOptions;

/// How far a read has come. Offsets are a fraction of the plan's; records and bytes only grow.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// Records delivered so far.
    pub records: u64,
    /// Bytes of records fetched so far, as they were on the wire.
    pub bytes: u64,
    /// Offsets passed so far.
    pub offsets_done: u64,
    /// Offsets that are expected to be passed: those of the plan, or as many as `limit` or `tail` ask for.
    pub offsets_total: u64,
    /// Malformed values so far.
    pub malformed: u64,
    /// Time since the read began.
    pub elapsed: Duration,
    /// Time that brokers asked us to wait (quota).
    pub throttled: Duration,
}

/// Called about ten times a second while a read runs, and once at its end; from a task of the read, so it must return quickly.
pub type ProgressFn = Arc<dyn Fn(&Progress) + Send + Sync>;

/// Time between two calls.
const EVERY: Duration = Duration::from_millis(100);

/// Runs a read and calls its progress function meanwhile.
pub(crate) async fn reported<F: Future>(
    context: &Context,
    options: &ScanOptions,
    started: Instant,
    reading: F,
) -> F::Output {
    let Some(call) = &options.progress else {
        return reading.await;
    };
    tokio::pin!(reading);
    let mut ticks = tokio::time::interval(EVERY);
    let output = loop {
        tokio::select! {
            output = &mut reading => break output,
            _ = ticks.tick() => call(&now(context, started)),
        }
    };
    call(&now(context, started));
    output
}

/// How far a read has come.
pub(crate) fn now(context: &Context, started: Instant) -> Progress {
    let counters = &context.counters;
    let of = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let plan = &context.plan;
    let asked = match (plan.limit, plan.tail) {
        // How many are read until so many pass is not known.
        _ if !plan.conditions.is_empty() => u64::MAX,
        (Some(limit), _) => limit,
        (None, Some(tail)) => tail.saturating_mul(plan.partitions.len() as u64),
        (None, None) => u64::MAX,
    };
    let total = plan.offsets().min(asked);
    Progress {
        records: of(&counters.records),
        bytes: of(&counters.bytes),
        // A split that is decoded again passes its offsets again.
        offsets_done: of(&counters.offsets).min(total),
        offsets_total: total,
        malformed: of(&counters.malformed),
        elapsed: started.elapsed(),
        throttled: Duration::from_millis(of(&counters.throttled_ms)),
    }
}
