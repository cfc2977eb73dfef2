//! A response that brings nothing new: a hole with nothing behind it, a slow broker, or one that will never move.
//!
//! An empty answer proves nothing by itself: a broker that waits for remote storage, throttles, or lags as a follower answers so too.
//! A hole is proven by two empty answers from the leader at its current epoch, the second one held back for long, where the position is not in
//! remote storage (not below the local log start offset) and the watermark says that the end is reached.

use std::time::{Duration, Instant};

use kaframe_client::{Fetched, OffsetQuery};

use super::{Flow, SplitRun};
use crate::engine::{LONG_WAIT, SHORT_WAIT};
use crate::error::{Error, ErrorKind, Result};
use crate::resolve::isolation;
use crate::walk::Walked;

/// Empty answers in a row at one position.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Emptiness {
    /// Those that may mean a hole.
    answers: u32,
    /// When the first of them came. The fetcher's clock runs only while it waits: a broker that answers at once, and never with anything
    /// new, would never be given up by that clock.
    since: Option<Instant>,
}

impl Emptiness {
    /// How long the next answer may be held back.
    pub(super) fn wait(&self) -> Duration {
        if self.answers > 0 { LONG_WAIT } else { SHORT_WAIT }
    }
}

/// Pause after an answer that neither moved the position nor says anything about a hole.
const STALE_PAUSE: Duration = Duration::from_millis(100);

impl SplitRun<'_> {
    /// The response moved nothing. Goes on asking, or passes a proven hole.
    pub(super) async fn nothing_new(&mut self, fetched: &Fetched, walked: &Walked) -> Result<Flow> {
        if let Some(flow) = self.watchdog(fetched)? {
            return Ok(flow);
        }
        if walked.whole == 0 && walked.cut > 0 {
            return self.grow_fetch(fetched);
        }
        if walked.whole > 0 {
            tokio::time::sleep(STALE_PAUSE).await;
            return Ok(Flow::On);
        }
        let end = self.end();
        let reached = fetched.high_watermark >= end || fetched.last_stable_offset.is_some_and(|stable| stable >= end);
        if !(reached && fetched.throttled.is_zero() && fetched.from_leader) {
            self.emptiness.answers = 0;
            if !reached && fetched.leader_epoch > self.planned_epoch() && self.is_truncated().await? {
                return self.out_of_range(None, Some(fetched.high_watermark));
            }
            tokio::time::sleep(STALE_PAUSE).await;
            return Ok(Flow::On);
        }
        self.emptiness.answers += 1;
        if self.emptiness.answers < 2 || !self.is_local().await? {
            return Ok(Flow::On);
        }
        let offsets = (end - self.position) as u64;
        self.notes.push(format!(
            "offsets {}..{end} hold nothing: the leader has no record there or behind (compaction removed them)",
            self.position
        ));
        self.walked.absent += offsets;
        self.position = end;
        Ok(Flow::Done)
    }

    /// Whether the position lies on the leader's own disk, not in remote storage.
    async fn is_local(&mut self) -> Result<bool> {
        let query = [(self.job.partition.partition, OffsetQuery::LocalLogStart)];
        let level = isolation(self.context.plan.isolation_level);
        let listed = self
            .context
            .client
            .list_offsets(self.context.topic(self.job.partition), &query, level)
            .await?;
        Ok(listed
            .first()
            .and_then(|listed| listed.offset)
            .is_some_and(|start| self.position >= start))
    }

    /// Leader epoch at which the end of the plan was taken; -1 where it is not known.
    fn planned_epoch(&self) -> i32 {
        self.context
            .plan
            .partition(self.job.partition)
            .map_or(-1, |plan| plan.leader_epoch)
    }

    /// Whether the log of a new leader ends, for the epoch of the plan, before the plan does (KIP-320): what lies between is gone for good.
    /// An undefined epoch or offset (-1) proves nothing.
    async fn is_truncated(&mut self) -> Result<bool> {
        let epoch = self.planned_epoch();
        let (topic, partition) = (self.context.topic(self.job.partition), self.job.partition.partition);
        if epoch < 0 {
            return Ok(false);
        }
        let end = self
            .context
            .client
            .end_offset_for_leader_epoch(topic, partition, epoch)
            .await?;
        Ok(end.leader_epoch >= 0 && (0..self.end()).contains(&end.end_offset))
    }

    fn watchdog(&mut self, fetched: &Fetched) -> Result<Option<Flow>> {
        let Some(fetcher) = &self.fetcher else { return Ok(None) };
        let since = *self.emptiness.since.get_or_insert_with(Instant::now);
        if fetcher.since_progress().max(since.elapsed()) < self.context.timeout {
            return Ok(None);
        }
        let what = format!(
            "{} answers without new records; high watermark {}, last stable offset {}, log start offset {}",
            fetcher.broker(),
            fetched.high_watermark,
            fetched
                .last_stable_offset
                .map_or("unknown".to_owned(), |offset| offset.to_string()),
            fetched
                .log_start_offset
                .map_or("unknown".to_owned(), |offset| offset.to_string()),
        );
        let error = self.timed_out(&what, Some(&fetcher.broker()));
        if self.context.allow_partial {
            self.give_up(&error);
            return Ok(Some(Flow::Done));
        }
        Err(error)
    }

    /// Not even one batch came whole: ask for more, as far as a frame may go.
    fn grow_fetch(&mut self, fetched: &Fetched) -> Result<Flow> {
        let limit = kaframe_wire::frame::DEFAULT_MAX_FRAME;
        let next = self.fetch_bytes.saturating_mul(2);
        if usize::try_from(next).is_ok_and(|next| next <= limit) {
            self.fetch_bytes = next;
            return Ok(Flow::On);
        }
        let error = Error::new(
            ErrorKind::Limit,
            format!(
                "{}-{}: the batch at offset {} is larger than the {} bytes that a response may have; {} bytes of it came",
                self.context.topic(self.job.partition).name,
                self.job.partition.partition,
                self.position,
                limit,
                fetched.records.len()
            ),
        );
        Err(self.context.located(error, self.job.partition, self.position))
    }
}
