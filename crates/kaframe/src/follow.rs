//! `follow`: a scan that goes on with the records that come after it, until it is dropped or cancelled.
//!
//! It runs in rounds: each is a plan from where the last one ended to where the partitions end now, read like any other, so every promise of a read holds in
//! each, and what is told between them is a bookmark. Between rounds the ends are asked for a few times a second; now and then the topics are looked up again,
//! so new partitions (and topics that a pattern matches) join from their start. Leaders that move are the client's affair.
//!
//! The schema is fixed when the first values are seen; before that there is nothing to give and no schema.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use kaframe_client::OffsetQuery;

use crate::bookmark::Bookmark;
use crate::bound::{Bound, Bounds};
use crate::error::{Error, ErrorKind, Result};
use crate::malformed::{self, Room};
use crate::number::grouped;
use crate::options::ScanOptions;
use crate::order::Order;
use crate::report::{LostRange, Report};
use crate::resolve::isolation;
use crate::scan::{Decided, Scan, cancellable};
use crate::stream::RecordBatchStream;

/// Between two questions for the ends: a new record is on the screen well within a second.
const EVERY: Duration = Duration::from_millis(200);
/// Between two looks at what topics and partitions there are.
const METADATA_EVERY: Duration = Duration::from_secs(5);
/// Records before the end that are looked at where the first round has no value to tell the format by.
const LOOK_BACK: i64 = 1000;
/// Rounds whose malformed values are kept, and warnings: a follower may run for months.
const KEPT: usize = 1000;

/// What following comes to next.
#[derive(Debug, Clone)]
pub enum Followed {
    /// Rows.
    Batch(RecordBatch),
    /// All that was there when it last looked is given; [`Follow::next_start`] is its end. What comes is yet to be written, or was a moment ago.
    CaughtUp,
}

/// A scan that goes on with new records. Dropping it stops it.
#[derive(Debug)]
pub struct Follow {
    /// The present round's plan; its options are those of every round.
    scan: Scan,
    /// The present plan was not read yet.
    pending: bool,
    running: Option<RecordBatchStream>,
    decided: Option<Decided>,
    /// Behind what was given by finished rounds.
    bookmark: Option<Bookmark>,
    /// What finished rounds account for.
    report: Option<Report>,
    errors: VecDeque<RecordBatch>,
    /// Malformed values that were listed and are not any more.
    forgotten: u64,
    /// Partitions that ended at bytes that nobody can read.
    unreadable: BTreeSet<(String, i32)>,
    looked_up: Instant,
    /// Rows that may still be given.
    left: Option<u64>,
    ended: bool,
}

impl Follow {
    /// From the plan of a scan on.
    pub(crate) fn start(scan: Scan) -> Result<Follow> {
        let options = scan.options();
        if options.end != Bounds::One(Bound::Latest) {
            return Err(
                Error::config("what is followed has no end").with_hint("leave end out, or scan instead of follow")
            );
        }
        if options.order == Order::Timestamp {
            return Err(Error::config(
                "what is followed comes as it is written: order=timestamp makes no sense with it",
            )
            .with_hint("leave order out"));
        }
        Ok(Follow {
            left: options.limit,
            decided: None,
            pending: true,
            running: None,
            bookmark: None,
            report: None,
            errors: VecDeque::new(),
            forgotten: 0,
            unreadable: BTreeSet::new(),
            looked_up: Instant::now(),
            ended: false,
            scan,
        })
    }

    /// Schema of every batch; `None` until the first values are seen.
    pub fn schema(&self) -> Option<SchemaRef> {
        self.decided.as_ref().map(|decided| decided.layout.schema.clone())
    }

    /// The next batch, waited for as long as it takes; `None` only behind a `limit`. After an error there is nothing more.
    pub async fn next(&mut self) -> Option<Result<RecordBatch>> {
        loop {
            match self.step().await? {
                Ok(Followed::Batch(batch)) => return Some(Ok(batch)),
                Ok(Followed::CaughtUp) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// The same, for those who want to know when it has caught up.
    pub async fn step(&mut self) -> Option<Result<Followed>> {
        if self.ended || self.left == Some(0) {
            return None;
        }
        let next = self.advance().await;
        match (&next, &mut self.left) {
            (Ok(Followed::Batch(batch)), Some(left)) => *left = left.saturating_sub(batch.num_rows() as u64),
            (Err(_), _) => self.ended = true,
            _ => {}
        }
        Some(next)
    }

    async fn advance(&mut self) -> Result<Followed> {
        loop {
            if let Some(running) = &mut self.running {
                match running.next().await {
                    Some(batch) => return batch.map(Followed::Batch),
                    None => {
                        self.end_round();
                        return Ok(Followed::CaughtUp);
                    }
                }
            }
            if !self.begin_round().await? {
                self.wait_for_more().await?;
            }
        }
    }

    /// Starts to read the present plan, if there is something in it.
    async fn begin_round(&mut self) -> Result<bool> {
        if !self.pending || self.scan.plan().offsets() == 0 {
            return Ok(false);
        }
        if self.decided.is_none() {
            self.decided = self.decide().await?;
        }
        let Some(decided) = &self.decided else { return Ok(false) };
        self.running = Some(self.scan.stream_as(decided));
        self.pending = false;
        Ok(true)
    }

    /// The schema, from the records of the plan or from those before it. `None` while there is no value.
    async fn decide(&self) -> Result<Option<Decided>> {
        let decided = self.scan.decide_once().await?;
        if !decided.sampled.looked_in_vain {
            return Ok(Some(decided));
        }
        let before = ScanOptions {
            start: Bounds::One(Bound::FromEnd(LOOK_BACK)),
            tail: None,
            ..self.scan.options().clone()
        };
        let decided = self.scan.resolve_again(before).await?.decide_once().await?;
        Ok(Some(decided).filter(|decided| !decided.sampled.looked_in_vain))
    }

    fn end_round(&mut self) {
        let Some(running) = self.running.take() else { return };
        self.bookmark = Some(running.next_start());
        let (mut report, errors) = (running.report(), running.errors());
        for at in running.unreadable() {
            let topic = &self.scan.plan().topic(at).name;
            let of_it = |lost: &&mut LostRange| &lost.topic == topic && lost.partition == at.partition;
            if let Some(lost) = report.lost_ranges.iter_mut().rfind(of_it) {
                lost.reason.push_str("; this partition is not followed any further");
            }
            self.unreadable.insert((topic.clone(), at.partition));
        }
        match &mut self.report {
            None => self.report = Some(report),
            Some(earlier) => earlier.then(report, KEPT),
        }
        if errors.num_rows() > 0 {
            self.errors.push_back(errors);
            self.forget_errors();
        }
    }

    /// Of many rounds the last errors are kept; those that are not are counted.
    fn forget_errors(&mut self) {
        let count = |errors: &VecDeque<RecordBatch>| -> (usize, usize) {
            let bytes = errors.iter().map(RecordBatch::get_array_memory_size).sum();
            (errors.iter().map(RecordBatch::num_rows).sum(), bytes)
        };
        let (mut values, mut bytes) = count(&self.errors);
        while self.errors.len() > KEPT || (self.errors.len() > 1 && Room::OF_ROUNDS.overflows(values, bytes)) {
            let Some(oldest) = self.errors.pop_front() else { break };
            values -= oldest.num_rows();
            bytes -= oldest.get_array_memory_size();
            self.forgotten += oldest.num_rows() as u64;
        }
    }

    /// Sleeps until a partition has grown, or it is time to look the topics up; then makes the next plan.
    async fn wait_for_more(&mut self) -> Result<()> {
        let cancel = self.scan.options().cancel.clone();
        loop {
            cancellable(&cancel, async {
                tokio::time::sleep(EVERY).await;
                Ok(())
            })
            .await?;
            let due = self.looked_up.elapsed() >= METADATA_EVERY;
            if due || cancellable(&cancel, self.has_grown()).await? {
                break;
            }
        }
        self.looked_up = Instant::now();
        let first = self.scan.options();
        let options = ScanOptions {
            start: Bounds::Bookmark(self.next_start()),
            limit: self.left,
            // Of what comes later all is new.
            tail: first.tail.filter(|_| self.bookmark.is_none()),
            ..first.clone()
        };
        let scan = self.scan.resolve_again(options).await?;
        self.scan = match self.unreadable.is_empty() {
            true => scan,
            false => self.without_unreadable(&scan)?,
        };
        self.pending = true;
        Ok(())
    }

    /// What is left to follow where partitions have ended.
    fn without_unreadable(&self, scan: &Scan) -> Result<Scan> {
        let ended = |topic: &str, partition| self.unreadable.contains(&(topic.to_owned(), partition));
        let plan = scan.plan();
        if plan
            .partitions
            .iter()
            .all(|p| ended(&plan.topic(p.at()).name, p.partition))
        {
            let lost = self.report.iter().flat_map(|report| &report.lost_ranges).next_back();
            let reason = lost.map_or_else(String::new, |lost| format!(": {}", lost.reason));
            let message = format!("no partition of {} is left to follow{reason}", plan.topic_names());
            return Err(Error::new(ErrorKind::Corrupt, message)
                .with_topic(plan.topic_names())
                .with_hint("start behind what cannot be read, by offset or by time"));
        }
        Ok(scan.without(ended))
    }

    /// Whether any partition ends further than its plan.
    async fn has_grown(&self) -> Result<bool> {
        let plan = self.scan.plan();
        let level = isolation(plan.isolation_level);
        for (index, topic) in plan.topics.iter().enumerate() {
            let of_topic = plan.partitions.iter().filter(|p| p.topic == index);
            let of_topic = of_topic.filter(|p| !self.unreadable.contains(&(topic.name.clone(), p.partition)));
            let queries: Vec<_> = of_topic.clone().map(|p| (p.partition, OffsetQuery::Latest)).collect();
            let ends = self.scan.client().list_offsets(topic, &queries, level).await?;
            if of_topic
                .zip(ends)
                .any(|(p, end)| end.offset.is_some_and(|end| end > p.range.end))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Where a later read starts: exactly behind what was given.
    pub fn next_start(&self) -> Bookmark {
        match (&self.running, &self.bookmark) {
            (Some(running), _) => running.next_start(),
            (None, Some(bookmark)) => bookmark.clone(),
            (None, None) => self.scan.plan().bookmark(|_| None),
        }
    }

    /// What is accounted for so far; `None` before the first records. Of many warnings the last are kept.
    pub fn report(&self) -> Option<Report> {
        let mut report = self.report_of_rounds()?;
        if self.forgotten > 0 {
            report.malformed_not_listed += self.forgotten;
            report.warnings.push(format!(
                "the errors list the last {} malformed of {}; the others are counted",
                grouped(report.malformed - report.malformed_not_listed),
                grouped(report.malformed)
            ));
        }
        Some(report)
    }

    fn report_of_rounds(&self) -> Option<Report> {
        match (&self.report, &self.running) {
            (Some(earlier), Some(running)) => {
                let mut report = earlier.clone();
                report.then(running.report(), KEPT);
                Some(report)
            }
            (Some(report), None) => Some(report.clone()),
            (None, Some(running)) => Some(running.report()),
            (None, None) => None,
        }
    }

    /// Malformed values, as [`crate::Table::errors`]: of the present round and of those before it, as far as they are kept.
    pub fn errors(&self) -> RecordBatch {
        let none = malformed::table(self.scan.plan(), std::iter::empty());
        let running = self.running.as_ref().map(RecordBatchStream::errors);
        let all: Vec<&RecordBatch> = self.errors.iter().chain(&running).collect();
        // All are made by the same function for the same topics.
        concat_batches(&none.schema(), all).unwrap_or(none)
    }
}
