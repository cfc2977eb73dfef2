//! Several ways to the same end, each tried a little later than the one before: what never answers holds nobody up (the idea of "happy eyeballs",
//! RFC 8305). Knows nothing of sockets.

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::time::sleep;

/// How long a way is tried alone before the next one is tried beside it.
const HEAD_START: Duration = Duration::from_millis(300);

/// Attempts in order of preference. Those still running when it is dropped are given up.
pub(crate) struct Stagger<F> {
    waiting: VecDeque<F>,
    running: FuturesUnordered<F>,
}

impl<F: Future> Stagger<F> {
    pub fn new(attempts: impl IntoIterator<Item = F>) -> Self {
        Self {
            waiting: attempts.into_iter().collect(),
            running: FuturesUnordered::new(),
        }
    }

    /// How many have not come to an end.
    pub fn left(&self) -> usize {
        self.waiting.len() + self.running.len()
    }

    /// What the next attempt that ends came to. Who asks again was not content: the next attempt begins at once.
    pub async fn next(&mut self) -> Option<F::Output> {
        // Without the timer, whose shortest wait is a millisecond: as long as a request takes.
        self.running.extend(self.waiting.pop_front());
        loop {
            let more = !self.waiting.is_empty();
            tokio::select! {
                biased;
                Some(outcome) = self.running.next() => return Some(outcome),
                () = sleep(HEAD_START), if more => self.running.extend(self.waiting.pop_front()),
                else => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::BoxFuture;
    use tokio::time::Instant;

    fn after(millis: u64, name: &'static str) -> BoxFuture<'static, &'static str> {
        Box::pin(async move {
            sleep(Duration::from_millis(millis)).await;
            name
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_one_is_overtaken_and_a_failed_one_followed_at_once() {
        let began = Instant::now();
        let mut stagger = Stagger::new([after(60_000, "silent"), after(10, "refused"), after(20, "good")]);
        assert_eq!(stagger.next().await, Some("refused"));
        assert_eq!(began.elapsed(), Duration::from_millis(310));
        assert_eq!((stagger.next().await, stagger.left()), (Some("good"), 1));
        assert_eq!(began.elapsed(), Duration::from_millis(330));
        assert_eq!(stagger.next().await, Some("silent"));
        assert_eq!(stagger.next().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_quick_one_is_alone() {
        let mut stagger = Stagger::new([after(200, "first"), after(1, "second")]);
        assert_eq!((stagger.next().await, stagger.left()), (Some("first"), 1));
    }
}
