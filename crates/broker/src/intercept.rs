//! Counts and remembers requests and asks the rules of a test what to do with each. The public face is [`crate::Control`].

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kaframe_wire::frame::RequestFrame;

use crate::control::{Action, Intercepted, RuleId};

/// How many requests are remembered; older ones are forgotten.
const REMEMBERED: usize = 1 << 20;

type Rule = Arc<dyn Fn(&Intercepted) -> Action + Send + Sync>;

#[derive(Default)]
pub(crate) struct Interceptor {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    rules: Vec<(RuleId, Rule)>,
    next_rule: u64,
    connections: u64,
    counts: HashMap<i16, u64>,
    requests: VecDeque<(i16, i16)>,
}

impl Interceptor {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, rule: Rule) -> RuleId {
        let mut inner = self.inner();
        inner.next_rule += 1;
        let id = RuleId(inner.next_rule);
        inner.rules.push((id, rule));
        id
    }

    pub(crate) fn remove(&self, id: RuleId) {
        self.inner().rules.retain(|(known, _)| *known != id);
    }

    pub(crate) fn clear(&self) {
        self.inner().rules.clear();
    }

    pub(crate) fn requests(&self) -> Vec<(i16, i16)> {
        self.inner().requests.iter().copied().collect()
    }

    /// The number of a new connection.
    pub(crate) fn connection(&self) -> u64 {
        let mut inner = self.inner();
        inner.connections += 1;
        inner.connections
    }

    /// Takes note of a request and asks the rules. They run without the lock, so a rule may use the control itself.
    pub(crate) fn ask(&self, frame: &RequestFrame, broker: i32, connection: u64) -> Action {
        let (rules, count_of_api) = {
            let mut inner = self.inner();
            if inner.requests.len() == REMEMBERED {
                inner.requests.pop_front();
            }
            inner.requests.push_back((frame.api_key, frame.api_version));
            let count = inner.counts.entry(frame.api_key).or_default();
            *count += 1;
            let count = *count;
            if inner.rules.is_empty() {
                return Action::Pass;
            }
            (
                inner
                    .rules
                    .iter()
                    .map(|(_, rule)| Arc::clone(rule))
                    .collect::<Vec<Rule>>(),
                count,
            )
        };
        let intercepted = Intercepted {
            api_key: frame.api_key,
            api_version: frame.api_version,
            broker,
            connection,
            count_of_api,
            correlation_id: frame.correlation_id,
            body: frame.body.clone(),
        };
        rules
            .iter()
            .map(|rule| rule(&intercepted))
            .find(|action| !matches!(action, Action::Pass))
            .unwrap_or(Action::Pass)
    }
}

impl fmt::Debug for Interceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interceptor")
            .field("rules", &self.inner().rules.len())
            .finish_non_exhaustive()
    }
}
