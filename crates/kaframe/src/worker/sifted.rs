//! Decodes what the walk kept where rows have to pass a sieve: records of many batches are gathered first, since a mask costs microseconds
//! whatever the number of its rows, and Kafka's batches may hold one record each.
//!
//! Every batch is decompressed once, into a buffer of its own that lives as long as its group. All of its records are cut before any of
//! them becomes a row, so a batch that cannot be read never leaves a part of itself behind.

use kaframe_client::Fetched;
use kaframe_wire::WireError;
use kaframe_wire::batch::{Compression, DEFAULT_MAX_DECOMPRESSED, Scratch};

use super::{Flow, SplitRun};
use crate::chunk::{Pushed, Value};
use crate::decode::Order;
use crate::engine::Counters;
use crate::error::{Error, Result};
use crate::filter::{Between, Candidate, GROUP_ROWS, Sieve, Verdict};
use crate::walk::{self, KeptBatch, Walked};

/// Bytes of records gathered, about.
const GROUP_BYTES: usize = 4 << 20;
/// Compressed batches gathered: each has a buffer.
const GROUP_COMPRESSED: usize = 128;
/// Bytes of buffers that are kept for the next group.
const KEPT_SCRATCH: usize = 32 << 20;

/// Records of some batches, and what is known of each batch.
#[derive(Default)]
struct Group<'r> {
    /// Those inside the bounds by time.
    candidates: Vec<Candidate<'r>>,
    batches: Vec<Gathered>,
    /// The batch behind them cannot be read.
    bad: Option<(KeptBatch, WireError)>,
}

/// A batch of a group.
struct Gathered {
    kept: KeptBatch,
    /// How many of the candidates are its.
    candidates: usize,
    /// It has taken a buffer.
    compressed: bool,
    /// What lies behind its last candidate.
    behind: Between,
}

impl SplitRun<'_> {
    /// What [`SplitRun::decode_all`] does, through a sieve.
    pub(super) fn sift_all(&mut self, fetched: &Fetched, walked: &Walked) -> Result<Flow> {
        let Some(mut sieve) = self.sieve.take() else {
            return Ok(Flow::On);
        };
        let mut scratches = std::mem::take(&mut self.scratches);
        let mut rest = walked.kept.as_slice();
        let mut flow = Flow::On;
        while !rest.is_empty() {
            if self.context.cancel.is_cancelled() {
                return Err(Error::cancelled());
            }
            let (group, taken) = self.gather(fetched, rest, &mut scratches);
            rest = &rest[taken..];
            flow = self.sift(&group, &mut sieve)?;
            if let Flow::Done = flow {
                break;
            }
            if let Some((kept, error)) = group.bad {
                self.bad_batch(kept.from, kept.to, error)?;
            }
            self.charge(0)?;
        }
        let held: usize = scratches.iter().map(Scratch::capacity_bytes).sum();
        if held <= KEPT_SCRATCH {
            self.scratches = scratches;
        }
        self.sieve = Some(sieve);
        Ok(flow)
    }

    /// The records of the first batches, and how many batches those are.
    fn gather<'r>(
        &self,
        fetched: &'r Fetched,
        kept: &[KeptBatch],
        scratches: &'r mut Vec<Scratch>,
    ) -> (Group<'r>, usize) {
        if scratches.len() < kept.len() {
            // Empty until something is decompressed into them.
            scratches.resize_with(kept.len(), Scratch::default);
        }
        let mut group = Group::default();
        let (mut taken, mut bytes, mut compressed) = (0, 0, 0);
        for (kept, scratch) in kept.iter().zip(scratches.iter_mut()) {
            if group.candidates.len() >= GROUP_ROWS || bytes >= GROUP_BYTES || compressed >= GROUP_COMPRESSED {
                break;
            }
            taken += 1;
            let before = group.candidates.len();
            match self.cut(&fetched.records, kept, scratch, &mut group.candidates) {
                Ok((gathered, size)) => {
                    bytes += size;
                    compressed += usize::from(gathered.compressed);
                    group.batches.push(gathered);
                }
                Err(error) => {
                    group.candidates.truncate(before);
                    group.bad = Some((*kept, error));
                    break;
                }
            }
        }
        (group, taken)
    }

    /// Cuts the records of a batch. Also says how many bytes of keys and values they have.
    fn cut<'r>(
        &self,
        records: &'r [u8],
        kept: &KeptBatch,
        scratch: &'r mut Scratch,
        candidates: &mut Vec<Candidate<'r>>,
    ) -> Result<(Gathered, usize), WireError> {
        let batch = walk::batch_at(records, kept)?;
        let timestamp_type = batch.header.timestamp_type();
        let mut order = Order::new(&batch, kept.from);
        let (before, mut bytes) = (candidates.len(), 0);
        let mut between = Between::default();
        for record in batch.records(scratch, DEFAULT_MAX_DECOMPRESSED)? {
            let record = record?;
            order.check(record.offset)?;
            if record.offset < kept.from || record.offset >= kept.to {
                continue;
            }
            between.absent += order.gap(record.offset);
            if !self.window.holds(record.timestamp) {
                between.outside += 1;
                continue;
            }
            bytes += record.value.map_or(0, <[u8]>::len) + record.key.map_or(0, <[u8]>::len);
            candidates.push(Candidate {
                record,
                timestamp_type,
                before: std::mem::take(&mut between),
            });
        }
        between.absent += order.gap(kept.to);
        let gathered = Gathered {
            kept: *kept,
            candidates: candidates.len() - before,
            compressed: !matches!(batch.header.compression(), Ok(Compression::None)),
            behind: between,
        };
        Ok((gathered, bytes))
    }

    /// Judges a group, and makes rows of those that pass.
    fn sift(&mut self, group: &Group<'_>, sieve: &mut Sieve<'_>) -> Result<Flow> {
        let mut verdicts = std::mem::take(&mut self.verdicts);
        sieve.judge(&group.candidates, &mut verdicts)?;
        let delivered = self.decoded.delivered;
        let stop = self.rows(group, &verdicts, sieve)?;
        if let Some((stop, kept)) = stop {
            // What the walk counted behind the row is not read.
            self.walked = kept.before;
            self.walked.not_read += (self.end() - stop).max(0) as u64;
            self.position = stop;
        }
        Counters::add(&self.context.counters.records, self.decoded.delivered - delivered);
        let mut malformed = std::mem::take(&mut self.chunk.malformed);
        sieve.take_malformed(&mut malformed);
        if let Some((stop, _)) = stop {
            // The group was judged further than it was read.
            malformed.retain(|one| one.offset < stop);
        }
        self.note_malformed(malformed);
        self.verdicts = verdicts;
        Ok(if stop.is_some() { Flow::Done } else { Flow::On })
    }

    /// Makes rows of those that pass. Returns the offset behind the last row and its batch, if the read is to stop there.
    fn rows(
        &mut self,
        group: &Group<'_>,
        verdicts: &[Verdict],
        sieve: &mut Sieve<'_>,
    ) -> Result<Option<(i64, KeptBatch)>> {
        let max_rows = self.job.max_rows.unwrap_or(u64::MAX);
        let mut each = group.candidates.iter().zip(verdicts);
        for batch in &group.batches {
            for (candidate, verdict) in each.by_ref().take(batch.candidates) {
                self.count_between(candidate.before);
                self.row(candidate, verdict, sieve)?;
                if self.decoded.delivered >= max_rows {
                    return Ok(Some((candidate.record.offset + 1, batch.kept)));
                }
            }
            self.count_between(batch.behind);
        }
        Ok(None)
    }

    fn count_between(&mut self, between: Between) {
        self.decoded.filtered += between.outside;
        self.decoded.absent += between.absent;
    }

    /// Makes a row of a record, or counts why not.
    fn row(&mut self, candidate: &Candidate<'_>, verdict: &Verdict, sieve: &mut Sieve<'_>) -> Result<()> {
        let Candidate {
            record, timestamp_type, ..
        } = candidate;
        let pushed = match verdict {
            Verdict::Filtered => {
                self.decoded.filtered += 1;
                return Ok(());
            }
            Verdict::Skipped => Pushed::Skipped,
            Verdict::Malformed(reason) => self.chunk.push_malformed(record, *timestamp_type, reason.clone())?,
            Verdict::Pass => match self.chunk.push_value(record)? {
                Value::Fine => self.chunk.push_rest(record, *timestamp_type, None)?,
                Value::Skipped => Pushed::Skipped,
                Value::Malformed(reason) => {
                    // Its fields are null, then, and so they are for the filters.
                    if !sieve.passes_malformed(candidate, &reason)? {
                        self.decoded.filtered += 1;
                        return Ok(());
                    }
                    self.chunk.push_malformed(record, *timestamp_type, reason)?
                }
            },
        };
        match pushed {
            Pushed::Skipped => self.decoded.skipped += 1,
            Pushed::Row => {
                self.decoded.delivered += 1;
                self.late.note(&self.window, record.offset, record.timestamp);
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Gives rows away, where they are streamed and there are enough; throws them away, where they are only counted.
    fn flush(&mut self) -> Result<()> {
        match &self.context.stream {
            Some(stream) if self.chunk.rows() >= self.context.batch_size => {
                stream.give(self.job.index, self.job.partition, &mut self.chunk)
            }
            None if self.discard && self.chunk.rows() >= self.context.batch_size => self.chunk.finish().map(drop),
            _ => Ok(()),
        }
    }
}
