//! Which failures are tried again, how soon, and for how long.
//!
//! Three bounds hold at once: a pause with full jitter between attempts (100 ms doubling to 1 s), a quota per cluster that slows retries down to one a second
//! when most of them fail, and the caller's no-progress limit, after which the last failure is told. Authentication, permissions, settings and data are never
//! tried again. Nothing here talks to a broker.

use std::sync::Mutex;
use std::time::Duration;

use kaframe_wire::ErrorCode;
use rand::RngExt;
use tokio::time::Instant;

use crate::error::{ClientError, ConnectCause};

const BACKOFF_FIRST: Duration = Duration::from_millis(100);
const BACKOFF_MOST: Duration = Duration::from_secs(1);
/// Full jitter may draw almost nothing; below this a loop of failures would keep a core busy.
const BACKOFF_LEAST: Duration = Duration::from_millis(10);

/// How long a topic that is there may be unknown to a broker: a restarting broker has not heard of any topic yet, a young topic is not known everywhere.
pub(crate) const UNKNOWN_TOPIC_PATIENCE: Duration = Duration::from_secs(10);
/// How often an error that the broker itself cannot explain is tried again.
const UNEXPLAINED_ATTEMPTS: u32 = 3;

/// What an error code calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Ask the leader again, after looking up who that is.
    FindLeader,
    /// Ask the same broker again after a pause.
    Again,
    /// Ask again, but only a few times.
    Unexplained,
    /// Final.
    Final,
}

/// What an error code of a partition, a topic or a whole answer calls for.
pub(crate) fn verdict(code: ErrorCode) -> Verdict {
    match code {
        ErrorCode::NOT_LEADER_OR_FOLLOWER
        | ErrorCode::FENCED_LEADER_EPOCH
        | ErrorCode::UNKNOWN_LEADER_EPOCH
        | ErrorCode::REPLICA_NOT_AVAILABLE
        | ErrorCode::KAFKA_STORAGE_ERROR
        | ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
        | ErrorCode::UNKNOWN_TOPIC_ID
        | ErrorCode::INCONSISTENT_TOPIC_ID
        | ErrorCode::LEADER_NOT_AVAILABLE
        | ErrorCode::NOT_CONTROLLER => Verdict::FindLeader,
        ErrorCode::OFFSET_NOT_AVAILABLE
        | ErrorCode::BROKER_NOT_AVAILABLE
        | ErrorCode::COORDINATOR_LOAD_IN_PROGRESS
        | ErrorCode::COORDINATOR_NOT_AVAILABLE
        | ErrorCode::NOT_COORDINATOR
        | ErrorCode::REQUEST_TIMED_OUT
        | ErrorCode::NETWORK_EXCEPTION
        | ErrorCode::NOT_ENOUGH_REPLICAS
        | ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND
        | ErrorCode::CONCURRENT_TRANSACTIONS
        | ErrorCode::FETCH_SESSION_ID_NOT_FOUND
        | ErrorCode::INVALID_FETCH_SESSION_EPOCH
        | ErrorCode::THROTTLING_QUOTA_EXCEEDED => Verdict::Again,
        ErrorCode::UNKNOWN_SERVER_ERROR | ErrorCode::CORRUPT_MESSAGE => Verdict::Unexplained,
        _ => Verdict::Final,
    }
}

/// The pause before an attempt.
fn backoff(attempt: u32, exhausted: bool) -> Duration {
    let most = BACKOFF_FIRST.saturating_mul(1 << attempt.min(10)).min(BACKOFF_MOST);
    let (least, most) = if exhausted {
        (BACKOFF_MOST, BACKOFF_MOST * 2)
    } else {
        (BACKOFF_LEAST, most)
    };
    rand::rng().random_range(least..=most)
}

/// Tokens shared by everything that talks to one cluster. A retry costs, a success gives back; without tokens retries go on, but slowly, so that many readers
/// do not keep a dying cluster from coming back.
#[derive(Debug)]
pub(crate) struct Quota {
    tokens: Mutex<u32>,
}

const QUOTA_FULL: u32 = 500;
const QUOTA_RETRY: u32 = 5;
const QUOTA_SILENCE: u32 = 10;

impl Quota {
    pub fn new() -> Self {
        Self {
            tokens: Mutex::new(QUOTA_FULL),
        }
    }

    /// Pays for a retry; `false` if there is nothing left to pay with.
    fn pay(&self, cost: u32) -> bool {
        let mut tokens = self.tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match tokens.checked_sub(cost) {
            Some(left) => {
                *tokens = left;
                true
            }
            None => false,
        }
    }

    pub fn succeeded(&self) {
        let mut tokens = self.tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *tokens = (*tokens + 1).min(QUOTA_FULL);
    }
}

/// The attempts at one thing: how many, since when, and what went wrong last.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    failures: u32,
    refusals: u32,
    unexplained: u32,
    unknown_topic_since: Option<Instant>,
    /// What the last failure was, for the error that ends it all.
    pub last: Option<ClientError>,
}

impl Attempts {
    /// How often it failed so far.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Decides over a failure: the pause before the next attempt, or the error that is final.
    pub fn failed(&mut self, error: ClientError, quota: &Quota) -> Result<Duration, ClientError> {
        let silent = matches!(
            error,
            ClientError::Connect {
                cause: ConnectCause::Silent,
                ..
            }
        );
        if !self.may_go_on(&error) {
            return Err(error);
        }
        self.last = Some(error);
        let pause = backoff(
            self.failures,
            !quota.pay(if silent { QUOTA_SILENCE } else { QUOTA_RETRY }),
        );
        self.failures += 1;
        Ok(pause)
    }

    fn may_go_on(&mut self, error: &ClientError) -> bool {
        let unknown_topic = matches!(
            error,
            ClientError::Broker {
                code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
                    | ErrorCode::UNKNOWN_TOPIC_ID
                    | ErrorCode::INCONSISTENT_TOPIC_ID,
                ..
            }
        );
        if unknown_topic {
            let since = *self.unknown_topic_since.get_or_insert_with(Instant::now);
            return since.elapsed() < UNKNOWN_TOPIC_PATIENCE;
        }
        match error {
            ClientError::Connect {
                cause: ConnectCause::Lost | ConnectCause::Silent,
                ..
            } => true,
            // A broker that has never been reached: once more, because the cluster may have moved on meanwhile, then it is final.
            ClientError::Connect {
                cause: ConnectCause::Refused | ConnectCause::Unresolved,
                ..
            } => {
                self.refusals += 1;
                self.refusals < 2
            }
            ClientError::Broker { code, .. } => match verdict(*code) {
                Verdict::FindLeader | Verdict::Again => {
                    self.unknown_topic_since = None;
                    true
                }
                Verdict::Unexplained => {
                    self.unexplained += 1;
                    self.unexplained < UNEXPLAINED_ATTEMPTS
                }
                Verdict::Final => false,
            },
            _ => false,
        }
    }
}

/// The no-progress limit of one operation that is awaited in one go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    started: Instant,
    limit: Duration,
}

impl Patience {
    pub fn new(limit: Duration) -> Self {
        Self {
            started: Instant::now(),
            limit,
        }
    }

    pub fn deadline(&self) -> Instant {
        self.started + self.limit
    }

    pub fn waited(&self) -> Duration {
        self.started.elapsed()
    }

    /// Whether a pause still leaves time for an attempt after it.
    pub fn allows(&self, pause: Duration) -> bool {
        Instant::now() + pause < self.deadline()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broker(code: ErrorCode) -> ClientError {
        ClientError::Broker {
            code,
            api: "Fetch v17".into(),
            topic: None,
            partition: None,
            broker: "b".into(),
            message: String::new(),
        }
    }

    fn connect(cause: ConnectCause) -> ClientError {
        ClientError::Connect {
            what: "b".into(),
            attempts: Vec::new(),
            cause,
            hint: None,
        }
    }

    #[test]
    fn pauses_stay_between_their_bounds() {
        for attempt in 0..40 {
            for _ in 0..50 {
                let pause = backoff(attempt, false);
                assert!((BACKOFF_LEAST..=BACKOFF_MOST).contains(&pause));
                assert!(attempt > 0 || pause <= BACKOFF_FIRST);
                assert!(backoff(attempt, true) >= BACKOFF_MOST);
            }
        }
    }

    #[test]
    fn the_quota_slows_down_and_recovers() {
        let quota = Quota::new();
        let paid = (0..1000).filter(|_| quota.pay(QUOTA_RETRY)).count();
        assert_eq!(paid, 100);
        for _ in 0..QUOTA_RETRY {
            quota.succeeded();
        }
        assert!(quota.pay(QUOTA_RETRY) && !quota.pay(QUOTA_RETRY));
    }

    #[test]
    fn codes_are_sorted_by_name() {
        let quota = Quota::new();
        let goes_on = |code: ErrorCode| Attempts::default().failed(broker(code), &quota).is_ok();
        for code in [3, 5, 6, 7, 9, 14, 41, 56, 70, 74, 75, 78, 100, 103, -1] {
            assert!(goes_on(ErrorCode(code)), "{}", ErrorCode(code));
        }
        for code in [1, 10, 17, 29, 31, 35, 42, 43, 45, 47, 58, 76, 87, 90, 32767] {
            assert!(!goes_on(ErrorCode(code)), "{}", ErrorCode(code));
        }
    }

    #[test]
    fn what_cannot_be_explained_is_not_tried_for_ever() {
        let (quota, mut attempts) = (Quota::new(), Attempts::default());
        let tries = (0..10).take_while(|_| attempts.failed(broker(ErrorCode::UNKNOWN_SERVER_ERROR), &quota).is_ok());
        assert_eq!(tries.count(), 2);
    }

    #[test]
    fn a_broker_never_reached_gets_one_more_round_and_a_lost_one_many() {
        let (quota, mut attempts) = (Quota::new(), Attempts::default());
        assert!(attempts.failed(connect(ConnectCause::Refused), &quota).is_ok());
        assert!(attempts.failed(connect(ConnectCause::Unresolved), &quota).is_err());
        let mut attempts = Attempts::default();
        assert!((0..100).all(|_| attempts.failed(connect(ConnectCause::Lost), &quota).is_ok()));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_topic_is_given_ten_seconds() {
        let (quota, mut attempts) = (Quota::new(), Attempts::default());
        let unknown = || broker(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        assert!(attempts.failed(unknown(), &quota).is_ok());
        tokio::time::advance(Duration::from_secs(9)).await;
        assert!(attempts.failed(unknown(), &quota).is_ok());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(attempts.failed(unknown(), &quota).is_err());
    }

    #[test]
    fn data_and_permissions_are_never_tried_again() {
        let quota = Quota::new();
        for error in [
            ClientError::config("x"),
            ClientError::protocol("b", "x"),
            ClientError::Authorization {
                what: "x".into(),
                hint: "y".into(),
            },
        ] {
            assert!(Attempts::default().failed(error, &quota).is_err());
        }
    }
}
