//! The guess which key of an object comes next, where only some keys are wanted.

use super::lead::{Lead, Separator};

/// The keys of an object, wanted or not, in the order in which they came last time: usually the lead of the next one stands
/// where it is looked for, and nothing of the key is read.
#[derive(Debug, Clone, Default)]
pub(super) struct Guesses {
    pub(super) keys: Vec<Guess>,
    pub(super) first: usize,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Guess {
    pub(super) lead: Lead,
    /// The entry of the key, if it is wanted.
    pub(super) entry: Option<usize>,
    /// The key that followed this one last time.
    pub(super) next: usize,
}

/// No key.
pub(super) const NONE: usize = usize::MAX;

/// More keys than this in one place are not remembered.
const REMEMBERED: usize = 64;

impl Guesses {
    /// A key was read whose lead is `lead`, behind the remembered key `previous`; gives its number.
    pub(super) fn learn(&mut self, lead: &[u8], entry: Option<usize>, separator: Separator, previous: usize) -> usize {
        let known = self.keys.iter().position(|key| key.lead.is(lead));
        let found = match known {
            Some(found) => found,
            None if self.keys.len() >= REMEMBERED => return NONE,
            None => {
                let mut learned = Lead::default();
                learned.learn(lead);
                if !learned.is(lead) {
                    return NONE;
                }
                self.keys.push(Guess {
                    lead: learned,
                    entry,
                    next: self.keys.len() + 1,
                });
                self.keys.len() - 1
            }
        };
        match self.keys.get_mut(previous) {
            Some(previous) => previous.next = found,
            None if separator == Separator::BRACE => self.first = found,
            None => {}
        }
        found
    }
}
