//! Asks any broker: the first that answers.
//!
//! An address whose packets are swallowed is found out only by waiting, so the next one is tried beside it. Only connecting is done side by side; what is
//! asked is asked of one broker at a time, since it may have effects.

use kaframe_wire::message::Request;
use tokio::time::Instant;

use crate::Result;
use crate::answer::Answer;
use crate::cluster::{Cluster, exchange};
use crate::connection::{Connection, Peer};
use crate::error::{ClientError, ConnectCause};
use crate::stagger::Stagger;
use crate::throttle::Throttled;

impl Cluster {
    /// Asks any broker, trying each address once; those with a connection at hand come first.
    pub async fn ask_any<R>(
        &self,
        build: impl Fn(i16) -> Result<R>,
        what: &str,
        deadline: Instant,
    ) -> Result<Answer<R::Response>>
    where
        R: Request,
        R::Response: Throttled,
    {
        let until = deadline.min(Instant::now() + self.config.request_timeout);
        let candidates = self.candidates().into_iter().enumerate();
        let mut attempts = Stagger::new(candidates.map(|(index, peer)| async move {
            let reached = self.reach(&peer, what, until).await;
            (index, peer, reached)
        }));
        let mut failures = Vec::new();
        while let Some((index, peer, reached)) = attempts.next().await {
            let answer = match reached {
                Ok(mut connection) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    let share = (left / (attempts.left() as u32 + 1)).min(self.config.request_timeout);
                    let answer = exchange(&mut connection, &build, Instant::now() + share).await;
                    answer.inspect(|_| self.give_back(connection))
                }
                Err(error) => Err(error),
            };
            match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => failures.push((index, peer, error)),
            }
        }
        Err(together(what, failures))
    }

    async fn reach(&self, peer: &Peer, what: &str, until: Instant) -> Result<Connection> {
        match self.take_idle(&peer.address).await {
            Some(connection) => Ok(connection),
            None => self.open(peer, what, until).await,
        }
    }
}

/// The failures of one round as one error. A single address keeps its own; of several, all are listed, and the most hopeful cause decides whether it is
/// worth another round.
fn together(what: &str, mut failures: Vec<(usize, Peer, ClientError)>) -> ClientError {
    if failures.len() == 1 {
        return failures.remove(0).2;
    }
    failures.sort_by_key(|(index, ..)| *index);
    let mut worst = ConnectCause::Unresolved;
    let (mut attempts, mut hint) = (Vec::new(), None);
    for (_, peer, error) in failures {
        match error {
            ClientError::Connect {
                attempts: those,
                cause,
                hint: this,
                ..
            } => {
                worst = most_hopeful(worst, cause);
                attempts.extend(those);
                hint = hint.or(this);
            }
            other => {
                worst = most_hopeful(worst, ConnectCause::Refused);
                attempts.push((peer.address.to_string(), other.to_string()));
            }
        }
    }
    ClientError::Connect {
        what: what.to_owned(),
        attempts,
        cause: worst,
        hint,
    }
}

fn most_hopeful(a: ConnectCause, b: ConnectCause) -> ConnectCause {
    let rank = |cause| match cause {
        ConnectCause::Unresolved => 0,
        ConnectCause::Refused => 1,
        ConnectCause::Silent => 2,
        ConnectCause::Lost => 3,
    };
    if rank(a) >= rank(b) { a } else { b }
}
