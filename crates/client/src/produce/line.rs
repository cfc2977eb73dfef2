//! The batches of one partition, in order, from the moment they are handed over until their fate is known.
//!
//! Pure bookkeeping: what may be sent next, which sequence number it carries, and what an answer means for it and for those behind it. The rules:
//! - Up to five batches are on their way at once: a broker recognises the last five of a producer when they come again.
//! - Until the broker has acknowledged one, and after any failure, it is one at a time. A broker that knows nothing of a producer takes any sequence number
//!   for the first, so with two on their way the second could be written and the first then never.
//! - After a failure nothing is sent until all that is on its way has come back; then it goes out again from the oldest, the same bytes.
//! - Only the oldest batch fails for good. What a broker refuses behind a batch that was not written is refused for that reason alone.
//! - When it does, those behind it are settled too: unknown if they may have been written, else held back.

use std::collections::VecDeque;

use bytes::Bytes;
use kaframe_wire::batch::{ProducerStamp, SealedBatch};
use tokio::sync::oneshot;

use super::message::next_sequence;
use super::{Identity, Produced};
use crate::Result;
use crate::error::ClientError;

/// Batches of a partition on their way at once.
const WINDOW: usize = 5;

/// One batch on its way.
#[derive(Debug)]
pub(super) struct Parcel {
    form: Form,
    records: i32,
    size: usize,
    /// An attempt may have left it in the log.
    in_doubt: bool,
    /// The load that it is on its way with.
    load: Option<u64>,
    reply: oneshot::Sender<Result<Produced>>,
}

#[derive(Debug)]
enum Form {
    /// Not sent yet: its sequence number is not decided.
    Sealed(Option<SealedBatch>),
    /// As it was sent, and will be sent again.
    Stamped { bytes: Bytes, sequence: i32 },
}

impl Parcel {
    pub fn new(batch: SealedBatch, reply: oneshot::Sender<Result<Produced>>) -> Parcel {
        Parcel {
            records: batch.records(),
            size: batch.size_bytes(),
            form: Form::Sealed(Some(batch)),
            in_doubt: false,
            load: None,
            reply,
        }
    }

    /// Bytes of the finished batch.
    pub fn size(&self) -> usize {
        self.size
    }
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// It is in the log.
    Written {
        base_offset: i64,
        log_append_time: Option<i64>,
    },
    /// Worth another attempt.
    Again { error: ClientError, in_doubt: bool },
    /// No attempt will do better.
    Final { error: ClientError, in_doubt: bool },
}

/// What is to be done about the oldest batch of a line after an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// Nothing.
    GoOn,
    /// The oldest batch made progress: patience begins anew.
    Progress,
    /// The oldest batch failed and may be tried again: pause, or [`Line::end`].
    Retry(ClientError),
}

/// Whether a line takes batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// A batch failed; nobody has said yet that those behind it may go.
    Broken,
    /// What is in the log is not known, and so is the next sequence number.
    InDoubt,
}

/// The batches of one partition.
#[derive(Debug)]
pub(super) struct Line {
    topic: String,
    pub partition: i32,
    queue: VecDeque<Parcel>,
    /// The sequence number of the next batch that has none yet.
    next: i32,
    in_flight: usize,
    /// The broker has acknowledged the last batch that was sent.
    proven: bool,
    /// Something came back unwritten: all must be back before anything is sent.
    recovering: bool,
    /// The broker wrote a batch though it had not written the one before.
    overtaken: bool,
    /// Why the oldest batch has failed for good, while answers are still to come.
    ending: Option<ClientError>,
    state: State,
}

impl Line {
    pub fn new(topic: &str, partition: i32) -> Line {
        Line {
            topic: topic.to_owned(),
            partition,
            queue: VecDeque::new(),
            next: 0,
            in_flight: 0,
            proven: false,
            recovering: false,
            overtaken: false,
            ending: None,
            state: State::Open,
        }
    }

    /// Takes a batch behind the others, or settles it at once.
    pub fn push(&mut self, parcel: Parcel) {
        match self.state {
            State::Open if self.ending.is_none() => self.queue.push_back(parcel),
            State::InDoubt => {
                // It was not sent, but "not written" would invite a retry behind records of which nobody knows.
                let detail = "an earlier batch of this partition is in doubt, nothing more is sent to it";
                let error = self.unknown(&parcel, detail.to_owned());
                let _ = parcel.reply.send(Err(error));
            }
            State::Open | State::Broken => {
                let error = self.held_back(&parcel, "an earlier batch of this partition failed".to_owned());
                let _ = parcel.reply.send(Err(error));
            }
        }
    }

    /// Takes batches again after a failure.
    pub fn mend(&mut self) {
        if self.state == State::Broken {
            self.state = State::Open;
        }
    }

    /// Whether there is anything left to settle.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many batches are on their way.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// The size of the next batch, if one may be sent now.
    pub fn ready(&self) -> Option<usize> {
        let window = if self.proven { WINDOW } else { 1 };
        if self.ending.is_some() || self.in_flight >= window || self.recovering && self.in_flight > 0 {
            return None;
        }
        // What is on its way is always the oldest: they go out in order, and all come back before anything goes out again.
        self.queue.get(self.in_flight).map(Parcel::size)
    }

    /// The bytes of the batch that [`Line::ready`] told of, on its way with this load from now on.
    pub fn send(&mut self, load: u64, identity: Identity) -> Option<Bytes> {
        let parcel = self.queue.get_mut(self.in_flight)?;
        if let Form::Sealed(sealed) = &mut parcel.form {
            let stamp = ProducerStamp {
                producer_id: identity.id,
                producer_epoch: identity.epoch,
                base_sequence: self.next,
                transactional: false,
            };
            parcel.form = Form::Stamped {
                bytes: sealed.take()?.stamp(stamp),
                sequence: self.next,
            };
            self.next = next_sequence(self.next, parcel.records);
        }
        let Form::Stamped { bytes, .. } = &parcel.form else {
            return None;
        };
        parcel.load = Some(load);
        self.in_flight += 1;
        self.recovering = false;
        Some(bytes.clone())
    }

    /// Takes note of what became of the batch that was on its way with `load`.
    pub fn answered(&mut self, load: u64, answer: Answer) -> Next {
        let Some(index) = self.queue.iter().position(|parcel| parcel.load == Some(load)) else {
            return Next::GoOn;
        };
        self.in_flight -= 1;
        self.queue[index].load = None;
        let next = match answer {
            Answer::Written {
                base_offset,
                log_append_time,
            } => {
                if let Some(parcel) = self.queue.remove(index) {
                    let produced = Produced {
                        partition: self.partition,
                        base_offset,
                        records: parcel.records,
                        log_append_time,
                    };
                    let _ = parcel.reply.send(Ok(produced));
                }
                self.overtaken |= index > 0;
                self.proven = !self.recovering;
                Next::Progress
            }
            Answer::Again { error, in_doubt } => {
                self.returned(index, in_doubt);
                if index == 0 && self.ending.is_none() {
                    Next::Retry(error)
                } else {
                    Next::GoOn
                }
            }
            Answer::Final { error, in_doubt } => {
                self.returned(index, in_doubt);
                if index == 0 && self.ending.is_none() {
                    self.ending = Some(error);
                }
                Next::GoOn
            }
        };
        self.settle_if_all_are_back();
        next
    }

    fn returned(&mut self, index: usize, in_doubt: bool) {
        self.queue[index].in_doubt |= in_doubt;
        self.recovering = true;
        self.proven = false;
    }

    /// Gives the oldest batch up, and with it those behind it, as soon as all that is on its way has come back.
    pub fn end(&mut self, error: ClientError) {
        if !self.queue.is_empty() && self.ending.is_none() {
            self.ending = Some(error);
        }
        self.settle_if_all_are_back();
    }

    /// Settles everything now, whether or not answers are still to come.
    pub fn abandon(&mut self, why: &str) {
        for mut parcel in std::mem::take(&mut self.queue) {
            parcel.in_doubt |= parcel.load.is_some();
            let error = if parcel.in_doubt {
                self.unknown(&parcel, why.to_owned())
            } else {
                self.held_back(&parcel, why.to_owned())
            };
            let _ = parcel.reply.send(Err(error));
        }
        self.in_flight = 0;
        self.state = State::InDoubt;
    }

    fn settle_if_all_are_back(&mut self) {
        if self.in_flight > 0 {
            return;
        }
        let Some(error) = self.ending.take() else { return };
        let mut state = if self.overtaken { State::InDoubt } else { State::Broken };
        let behind = format!("the batch before them failed: {error}");
        // If nothing of these is in the log, the next batch takes the number of the first of them.
        if let Some(Parcel {
            form: Form::Stamped { sequence, .. },
            ..
        }) = self.queue.front()
        {
            self.next = *sequence;
        }
        let mut error = Some(error);
        for parcel in std::mem::take(&mut self.queue) {
            let error = match error.take() {
                // The size of these bytes has not changed since earlier attempts, so none of them can have written them.
                Some(error @ ClientError::TooLarge { .. }) => error,
                Some(error @ ClientError::UnknownOutcome { .. }) => error,
                Some(error) if parcel.in_doubt => self.unknown(&parcel, error.to_string()),
                Some(error) => error,
                None if parcel.in_doubt => self.unknown(&parcel, behind.clone()),
                None => self.held_back(&parcel, behind.clone()),
            };
            if matches!(error, ClientError::UnknownOutcome { .. }) {
                state = State::InDoubt;
            }
            let _ = parcel.reply.send(Err(error));
        }
        self.recovering = false;
        self.state = state;
    }

    fn unknown(&self, parcel: &Parcel, detail: String) -> ClientError {
        ClientError::UnknownOutcome {
            topic: self.topic.clone(),
            partition: self.partition,
            records: parcel.records,
            detail,
        }
    }

    fn held_back(&self, parcel: &Parcel, detail: String) -> ClientError {
        ClientError::HeldBack {
            topic: self.topic.clone(),
            partition: self.partition,
            records: parcel.records,
            detail,
        }
    }
}

#[cfg(test)]
mod tests;
