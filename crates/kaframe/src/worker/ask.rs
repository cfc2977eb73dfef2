//! What a split asks the broker for: the next bytes of its own, or the first of the next split, never more than is left of it.

use std::time::Duration;

use kaframe_client::Fetched;

use super::SplitRun;
use super::failure::Failed;
use crate::engine::SHORT_WAIT;
use crate::error::Error;
use crate::pace::SMALL_FETCH_BYTES;

impl SplitRun<'_> {
    /// Sends a Fetch for the position, unless one is on the way.
    pub(super) async fn ask(&mut self, wait: Duration) -> Result<(), Failed> {
        if self.asked {
            return Ok(());
        }
        let mut fetcher = match self.fetcher.take() {
            Some(fetcher) => fetcher,
            None => self.context.fetcher(self.job.partition).await.map_err(Failed::Open)?,
        };
        let sent = fetcher.request(self.position, self.fetch_bytes, wait).await;
        self.fetcher = Some(fetcher);
        sent.map_err(Failed::Client)?;
        self.asked = true;
        Ok(())
    }

    /// Sends the first Fetch of the next split, if that is of the same partition.
    pub(super) async fn ask_ahead(&mut self, bytes: usize, offsets: u64) {
        if self.job.max_rows.is_some() || self.asked {
            return;
        }
        let Some(mut fetcher) = self.fetcher.take() else { return };
        if let Some(job) = self.queue.next_of(self.job.partition) {
            let bytes = self.expected_bytes(bytes, offsets, job.range.len());
            // What cannot be asked now is asked, and reported, when its turn comes.
            self.asked = fetcher.request(job.range.start, bytes, SHORT_WAIT).await.is_ok();
            self.ahead = Some(job);
            if !self.asked {
                return;
            }
        }
        self.fetcher = Some(fetcher);
    }

    /// The response for the position.
    pub(super) async fn response(&mut self) -> Result<Fetched, Failed> {
        if !self.asked
            && let Some(fetched) = self.context.take_prefetched(self.job.partition, self.position)
        {
            return Ok(fetched);
        }
        self.ask(self.emptiness.wait()).await?;
        self.asked = false;
        match &mut self.fetcher {
            Some(fetcher) => fetcher.response().await.map_err(Failed::Client),
            None => Err(Failed::Open(Error::internal("no connection to read from"))),
        }
    }

    /// Asks for no more than is left of the split, as far as that can be told.
    pub(super) fn adapt_fetch_bytes(&mut self, bytes: usize, offsets: u64) {
        let left = (self.end() - self.position).max(0) as u64;
        self.fetch_bytes = self.expected_bytes(bytes, offsets, left);
    }

    /// How much to ask for where `left` offsets are wanted and `offsets` had so many bytes.
    fn expected_bytes(&self, bytes: usize, offsets: u64, left: u64) -> i32 {
        let expected = (bytes as u64).saturating_mul(left) / offsets.max(1);
        let most = i64::from(self.context.fetch.max_bytes);
        let wanted = i64::try_from(expected.saturating_add(expected / 8))
            .unwrap_or(i64::MAX)
            .saturating_add(16 << 10);
        wanted.clamp(i64::from(SMALL_FETCH_BYTES).min(most), most) as i32
    }
}
