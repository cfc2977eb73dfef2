//! The end of a split: every offset accounted for, its columns finished, its connection handed on.

use super::{Ahead, SplitRun};
use crate::engine::JobResult;
use crate::error::Result;
use crate::filter::Sieve;

impl SplitRun<'_> {
    pub(super) fn finish(mut self) -> Result<(JobResult, Option<Ahead>)> {
        let range = self.job.range;
        if self.gave_up.is_some() {
            self.walked.not_read += (range.end - self.position).max(0) as u64;
        }
        let mut account = self.walked;
        account += self.decoded;
        account.check(
            &self.context.topic(self.job.partition).name,
            self.job.partition.partition,
            range,
        )?;
        let mut fetcher = self.fetcher.take();
        let ahead = self.ahead.take().map(|job| Ahead {
            job,
            fetcher: fetcher.take(),
            asked: self.asked,
        });
        if let Some(fetcher) = fetcher.filter(|_| !self.asked) {
            self.context.fetchers.put(self.job.partition, fetcher);
        }
        let rest = std::mem::take(&mut self.chunk.malformed);
        self.note_malformed(rest);
        let sifted = self.sieve.take().map(Sieve::finish);
        let (replay, special_floats) = (self.chunk.needs_replay(), self.chunk.special_floats());
        // The shape of a stream is fixed.
        let shapes = match self.context.stream {
            None => self.chunk.shapes(),
            Some(_) => (None, None),
        };
        let chunk = match &self.context.stream {
            None => Some(self.chunk.finish()?),
            Some(stream) => {
                if self.chunk.rows() > 0 {
                    stream.give(self.job.index, self.job.partition, &mut self.chunk)?;
                }
                if self.gave_up.is_some() {
                    stream.outlet.gap(self.job.index, self.job.partition);
                }
                stream.outlet.finish(self.job.index);
                None
            }
        };
        let result = JobResult {
            index: self.job.index,
            partition: self.job.partition,
            range,
            max_rows: self.job.max_rows,
            chunk,
            shapes,
            replay,
            sifted,
            account,
            stopped_at: self.position.min(range.end),
            gave_up: self.gave_up,
            unreadable: self.unreadable,
            decoded: self.chunk.decoded,
            undecoded: self.chunk.undecoded,
            unexpected: self.chunk.unexpected,
            replaced_headers: self.chunk.replaced_headers,
            malformed: self.malformed,
            special_floats,
            late: self.late,
            seen: self.seen,
            lost: self.lost,
            notes: self.notes,
            bytes: self.bytes,
            charged: self.charged,
        };
        Ok((result, ahead))
    }
}
