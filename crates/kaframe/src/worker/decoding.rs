//! Decodes the batches of a response into the columns of the split, or counts them, and charges what the columns hold.

use kaframe_client::Fetched;

use super::{Flow, SplitRun};
use crate::chunk::ChunkBuilder;
use crate::count;
use crate::decode::{self, Decoding, Failure};
use crate::engine::Counters;
use crate::error::{Error, Result};
use crate::malformed::Malformed;
use crate::walk::{self, KeptBatch, Walked};

impl SplitRun<'_> {
    /// Decodes what the walk kept.
    pub(super) async fn decode(&mut self, fetched: &Fetched, walked: &Walked) -> Result<Flow> {
        let context = self.context.clone();
        let coming = walked.kept.iter().map(|kept| kept.bytes.1 as u64).sum();
        match &context.stream {
            None => {
                self.charge(coming)?;
                let _turn = context.decoders.acquire().await;
                self.decode_all(fetched, walked)
            }
            Some(stream) => {
                stream.outlet.admit(self.job.index, coming).await;
                let _turn = context.decoders.acquire().await;
                // Waiting for the taker is not waiting for the broker.
                self.progressed();
                let flow = self.decode_all(fetched, walked);
                stream.outlet.release(coming);
                flow
            }
        }
    }

    fn decode_all(&mut self, fetched: &Fetched, walked: &Walked) -> Result<Flow> {
        if self.sieve.is_some() {
            return self.sift_all(fetched, walked);
        }
        for kept in &walked.kept {
            if self.context.cancel.is_cancelled() {
                return Err(Error::cancelled());
            }
            self.make_ready(kept);
            match self.decode_batch(fetched, kept) {
                Ok(None) => {}
                Ok(Some(stop)) => {
                    // What the walk counted behind the row is not read.
                    self.walked = kept.before;
                    self.walked.not_read += (self.end() - stop).max(0) as u64;
                    self.position = stop;
                    return Ok(Flow::Done);
                }
                Err(Failure::Read(error)) => return Err(error),
                Err(Failure::Batch(error)) => self.bad_batch(kept.from, kept.to, error)?,
            }
            self.charge(0)?;
        }
        Ok(Flow::On)
    }

    fn decode_batch(&mut self, fetched: &Fetched, kept: &KeptBatch) -> Result<Option<i64>, Failure> {
        let batch = walk::batch_at(&fetched.records, kept)?;
        if self.by_header
            && let Some(rows) = count::by_header(&batch.header, kept, &self.window)
        {
            self.decoded.delivered += rows;
            self.decoded.absent += (kept.to - kept.from) as u64 - rows;
            Counters::add(&self.context.counters.records, rows);
            return Ok(None);
        }
        if self.context.allow_partial {
            // Rows cannot be taken back: a batch that is to be passed if it is bad must be known to be good.
            decode::verify(&batch, self.scratch)?;
        }
        let (context, index, partition) = (self.context, self.job.index, self.job.partition);
        let delivered = self.decoded.delivered;
        let mut flush = |chunk: &mut ChunkBuilder<'_>| match &context.stream {
            Some(stream) => stream.give(index, partition, chunk),
            None => Ok(()),
        };
        let mut decoding = Decoding {
            chunk: &mut self.chunk,
            window: self.window,
            account: &mut self.decoded,
            late: &mut self.late,
            max_rows: self.job.max_rows.unwrap_or(u64::MAX),
            flush_rows: if context.stream.is_some() {
                context.batch_size
            } else {
                usize::MAX
            },
        };
        let stop = decoding.batch(&batch, kept, self.scratch, &mut flush)?;
        Counters::add(&context.counters.records, self.decoded.delivered - delivered);
        let malformed = std::mem::take(&mut self.chunk.malformed);
        self.note_malformed(malformed);
        Ok(stop)
    }

    /// Lists or counts the malformed values of the batches that were just decoded.
    pub(super) fn note_malformed(&mut self, malformed: Vec<Malformed>) {
        Counters::add(&self.context.counters.malformed, malformed.len() as u64);
        malformed.into_iter().for_each(|one| self.malformed.push(one));
    }

    /// Charges what the columns hold now; fails before the table becomes too large.
    pub(super) fn charge(&mut self, coming: u64) -> Result<()> {
        let Some(guard) = &self.context.guard else {
            return Ok(());
        };
        let now = (self.chunk.allocated_bytes() + self.malformed.bytes()) as u64;
        let before = std::mem::replace(&mut self.charged, now);
        guard
            .grow(before, now, coming)
            .map_err(|error| error.with_topic(&self.context.topic(self.job.partition).name))
    }
}
