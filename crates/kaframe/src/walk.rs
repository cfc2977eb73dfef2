//! Walks the batch headers of one response: what is there, what is passed without being decoded, where the next fetch starts. Pure.
//!
//! It decompresses nothing and cuts no record, so that the next Fetch can be on its way before that begins. What is left to decode
//! comes back as [`KeptBatch`]es; every other offset up to the new position is in the account.
//! Rules: next offset by `baseOffset + lastOffsetDelta + 1` of whole batches (KAFKA-5443), a last batch may be cut (KIP-74), batches
//! may start before the position, gaps are legal, control batches are never records.

use kaframe_wire::WireError;
use kaframe_wire::batch::{Batch, Header, TimestampType, Walk};

use crate::account::Account;
use crate::transaction::AbortFilter;
use crate::window::Window;

/// A batch whose records have to be looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeptBatch {
    /// Where it lies in the response.
    pub(crate) bytes: (usize, usize),
    /// First offset wanted of it.
    pub(crate) from: i64,
    /// The offset behind the last wanted of it.
    pub(crate) to: i64,
    /// What the walk has counted before it, so that a read may stop inside.
    pub(crate) before: Account,
}

/// A batch that cannot be read, passed by its header.
#[derive(Debug)]
pub(crate) struct BadBatch {
    /// Offsets of the range that it holds.
    pub(crate) from: i64,
    /// The offset behind the last.
    pub(crate) to: i64,
    /// What is wrong.
    pub(crate) error: WireError,
}

/// What a walk saw beside records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Leader epoch of the last batch; -1 before any.
    pub(crate) last_epoch: i32,
    /// Batches with timestamps of the producer, or none.
    pub(crate) create_time: bool,
    /// Batches with timestamps of the broker.
    pub(crate) log_append_time: bool,
}

impl Seen {
    /// Nothing yet.
    pub(crate) fn nothing() -> Seen {
        Seen {
            last_epoch: -1,
            create_time: false,
            log_append_time: false,
        }
    }

    /// Adds what was seen behind.
    pub(crate) fn then(&mut self, later: Seen) {
        if later.last_epoch >= 0 {
            self.last_epoch = later.last_epoch;
        }
        self.create_time |= later.create_time;
        self.log_append_time |= later.log_append_time;
    }
}

/// Where a walk of a response ended.
#[derive(Debug)]
pub(crate) struct Walked {
    /// Batches to decode, in offset order.
    pub(crate) kept: Vec<KeptBatch>,
    /// The next offset to fetch.
    pub(crate) position: i64,
    /// The walk stopped at the position, before the end of the response.
    pub(crate) stop: Option<Stop>,
    /// Bytes of a last batch that the size of the response cut.
    pub(crate) cut: usize,
    /// Whole batches in the response, those outside the range included.
    pub(crate) whole: usize,
}

/// Why a walk stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A batch is damaged; its header tells how to pass it.
    Bad(BadBatch),
    /// Nothing behind the position can be trusted.
    Broken(WireError),
}

/// Walks a response for the offsets `[position, end)`.
pub(crate) fn walk(
    records: &[u8],
    aborts: &mut AbortFilter<'_>,
    (mut position, end): (i64, i64),
    window: &Window,
    account: &mut Account,
    seen: &mut Seen,
) -> Walked {
    let mut kept = Vec::new();
    let mut whole = 0;
    let mut behind = None;
    let mut batches = Walk::new(records);
    while position < end {
        let Some(batch) = batches.next() else { break };
        let broken = |error| Some(Stop::Broken(error));
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => {
                return Walked {
                    kept,
                    position,
                    stop: broken(error),
                    cut: 0,
                    whole,
                };
            }
        };
        let header = batch.header;
        let last = header.last_offset();
        let base = if header.is_legacy() {
            position.min(last)
        } else {
            header.base_offset
        };
        if let Some(detail) = implausible(&header, behind) {
            return Walked {
                kept,
                position,
                stop: broken(WireError::Protocol { detail }),
                cut: 0,
                whole,
            };
        }
        whole += 1;
        behind = Some(last);
        if last < position {
            // The fetch offset lies behind this batch: only its markers count.
            aborts.drops(&batch);
            continue;
        }
        let (from, to) = (base.clamp(position, end), (last + 1).min(end));
        if let Err(error) = batch.verify_crc() {
            account.absent += (from - position) as u64;
            let stop = Some(Stop::Bad(BadBatch { from, to, error }));
            return Walked {
                kept,
                position: from,
                stop,
                cut: 0,
                whole,
            };
        }
        account.absent += (from - position) as u64;
        position = to.max(position);
        if from >= to {
            // It starts at or behind the end.
            break;
        }
        note(&header, seen);
        let offsets = (to - from) as u64;
        if aborts.drops(&batch) {
            account.aborted += offsets;
        } else if header.is_control() {
            account.control += offsets;
        } else if header.record_count == 0 && !header.is_legacy() {
            account.absent += offsets;
        } else if let Some(records) = passed_by_time(&header, window, from, to) {
            account.filtered += records;
            account.absent += offsets - records;
        } else {
            kept.push(KeptBatch {
                bytes: (batch.position, header.length),
                from,
                to,
                before: *account,
            });
        }
    }
    // Only an iteration that came to its end knows of a cut tail.
    let cut = if position < end { batches.cut_tail() } else { 0 };
    Walked {
        kept,
        position,
        stop: None,
        cut,
        whole,
    }
}

/// Offsets that run backwards, or out of what an offset can be. `behind` is the last offset of the batch before.
fn implausible(header: &Header, behind: Option<i64>) -> Option<String> {
    let last = header.last_offset();
    // Of an old batch the header knows the last offset only.
    let base = if header.is_legacy() { last } else { header.base_offset };
    if base < 0 || last < base || last == i64::MAX {
        return Some(format!(
            "a batch with base offset {base} and last offset delta {}",
            header.last_offset_delta
        ));
    }
    behind
        .filter(|behind| base <= *behind)
        .map(|behind| format!("a batch at offset {base} comes behind one that ends at offset {behind}"))
}

fn note(header: &Header, seen: &mut Seen) {
    seen.last_epoch = if header.is_legacy() {
        seen.last_epoch
    } else {
        header.partition_leader_epoch
    };
    match header.timestamp_type() {
        TimestampType::LogAppendTime => seen.log_append_time = true,
        TimestampType::CreateTime | TimestampType::NoTimestampType => {
            // Markers carry the coordinator's time and are not rows.
            seen.create_time |= !header.is_control();
        }
    }
}

/// How many records of `[from, to)` the header alone rules out by time; `None` where they must be looked at. A compacted batch that the
/// range cuts is looked at too: the header does not tell where its holes are.
fn passed_by_time(header: &Header, window: &Window, from: i64, to: i64) -> Option<u64> {
    if !window.misses(header) {
        return None;
    }
    let span = header.last_offset() - header.base_offset + 1;
    let count = i64::from(header.record_count);
    let inside = to - from == span;
    if count == span {
        Some((to - from) as u64)
    } else {
        (inside && (0..span).contains(&count)).then_some(count as u64)
    }
}

/// The batch that a walk kept, again.
pub(crate) fn batch_at<'a>(records: &'a [u8], kept: &KeptBatch) -> Result<Batch<'a>, WireError> {
    let (at, length) = kept.bytes;
    let entry = at.checked_add(length).and_then(|end| records.get(at..end));
    Batch::parse(entry.unwrap_or_default())
}
