//! `latest_by_key`: the last record of each key, as a compacted topic would hold it; a tombstone as the last leaves no row.
//!
//! A key belongs to its partition: "last" is the highest offset there, and a key that is in two partitions gives two rows, which the report warns of. Splits
//! finish in any order, so the table of last offsets decides: what a split brings is cut at once to the rows that are last so far, and rows that are overtaken
//! later are swept out when they are as many as those that stay. So memory holds a row or two a key, not all rows. Records without a key have no place here.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, BooleanArray};

use crate::chunk::Chunk;
use crate::columns::MetaColumn;
use crate::engine::JobResult;
use crate::error::{Error, Result};
use crate::memory::Guard;
use crate::number::counted;
use crate::topic_partition::TopicPartition;

/// The last record of a key so far.
#[derive(Debug, Clone, Copy)]
struct Last {
    offset: i64,
    tombstone: bool,
}

/// Memory of an entry beside the bytes of its key.
const ENTRY_BYTES: u64 = 64;
/// Overtaken rows that are worth a sweep, at least.
const SWEEP_ROWS: usize = 10_000;

#[derive(Debug, Default)]
struct State {
    last: HashMap<TopicPartition, HashMap<Box<[u8]>, Last>>,
    /// Rows that are in a chunk and no longer last.
    overtaken: HashSet<(TopicPartition, i64)>,
    /// Rows in chunks, overtaken ones included.
    held: usize,
    /// Records without a key, by split.
    keyless: BTreeMap<(TopicPartition, i64), u64>,
}

/// What is last, while splits come in.
#[derive(Debug, Default)]
pub(crate) struct Latest(Mutex<State>);

impl Latest {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves in a split only the rows that are last so far. A split that is decoded again keeps what it kept.
    pub(crate) fn absorb(&self, guard: Option<&Guard>, result: &mut JobResult) -> Result<()> {
        let Some(mut chunk) = result.chunk.take() else {
            return Ok(());
        };
        let (Some(identity), Some(offsets)) = (chunk.identity.take(), chunk.meta(MetaColumn::Offset)) else {
            return Err(Error::internal("the latest by key without keys and offsets"));
        };
        let offsets = offsets.as_primitive::<Int64Type>().clone();
        let mut state = self.state();
        let State {
            last,
            overtaken,
            held,
            keyless,
        } = &mut *state;
        let last = last.entry(result.partition).or_default();
        let (mut keep, mut without, mut new_bytes) = (vec![false; chunk.rows], 0u64, 0u64);
        // From the back: the first that is seen of a key is its last in this split.
        for row in (0..chunk.rows).rev() {
            if identity.keys.is_null(row) {
                without += 1;
                continue;
            }
            let (key, offset) = (identity.keys.value(row), offsets.value(row));
            let found = Last {
                offset,
                tombstone: identity.tombstones[row],
            };
            match last.get_mut(key) {
                Some(known) if known.offset > offset => continue,
                Some(known) if known.offset == offset => {}
                Some(known) => {
                    if !known.tombstone {
                        overtaken.insert((result.partition, known.offset));
                    }
                    *known = found;
                }
                None => {
                    new_bytes += key.len() as u64 + ENTRY_BYTES;
                    last.insert(key.into(), found);
                }
            }
            keep[row] = !found.tombstone;
        }
        keyless.insert((result.partition, result.range.start), without);
        *held += keep.iter().filter(|keep| **keep).count();
        drop(state);
        leave(result, chunk, keep)?;
        if let Some(guard) = guard {
            let now = result.chunk.as_ref().map_or(0, |chunk| chunk.memory());
            guard.grow(result.charged, now + new_bytes, 0)?;
            result.charged = now;
        }
        Ok(())
    }

    /// Takes overtaken rows out of the splits, when there are enough of them or `all` are to go.
    pub(crate) fn sweep(&self, results: &mut [JobResult], all: bool) -> Result<()> {
        let mut state = self.state();
        let State { overtaken, held, .. } = &mut *state;
        if overtaken.is_empty() || !all && (overtaken.len() < SWEEP_ROWS || overtaken.len() * 2 < *held) {
            return Ok(());
        }
        for result in results {
            let Some(chunk) = result.chunk.take() else { continue };
            let Some(offsets) = chunk.meta(MetaColumn::Offset) else {
                return Err(Error::internal("the latest by key without offsets"));
            };
            let offsets = offsets.as_primitive::<Int64Type>();
            let mut gone = |offset: &i64| overtaken.remove(&(result.partition, *offset));
            let keep: Vec<bool> = offsets.values().iter().map(|offset| !gone(offset)).collect();
            *held -= keep.iter().filter(|keep| !**keep).count();
            leave(result, chunk, keep)?;
        }
        Ok(())
    }

    /// What the user should know: records without a key, keys in more than one partition.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let state = self.state();
        let mut warnings = Vec::new();
        let without: u64 = state.keyless.values().sum();
        if without > 0 {
            let records = counted(without, "record has", "records have");
            warnings.push(format!(
                "{records} no key and so no place among the latest by key: left out"
            ));
        }
        let twice = in_several_partitions(&state.last);
        if twice > 0 {
            let keys = counted(twice, "key is", "keys are");
            warnings.push(format!(
                "{keys} in more than one partition, with a row for each: the topic got more partitions, or its producers choose them differently"
            ));
        }
        warnings
    }
}

/// Keys with a row in more than one partition of a topic.
fn in_several_partitions(last: &HashMap<TopicPartition, HashMap<Box<[u8]>, Last>>) -> u64 {
    if last.len() < 2 {
        return 0;
    }
    let mut rows: HashMap<(usize, &[u8]), u32> = HashMap::new();
    for (partition, keys) in last {
        for (key, _) in keys.iter().filter(|(_, last)| !last.tombstone) {
            *rows.entry((partition.topic, key)).or_default() += 1;
        }
    }
    rows.values().filter(|rows| **rows > 1).count() as u64
}

/// Drops rows of a split, which then count as filtered.
fn leave(result: &mut JobResult, chunk: Chunk, keep: Vec<bool>) -> Result<()> {
    let rows = chunk.rows;
    let chunk = if keep.iter().all(|keep| *keep) {
        chunk
    } else {
        chunk.filter(&BooleanArray::from(keep))?
    };
    let dropped = (rows - chunk.rows) as u64;
    result.account.delivered -= dropped;
    result.account.filtered += dropped;
    result.chunk = Some(chunk);
    Ok(())
}

/// Malformed values concern the rows that are left. With `skip` these are no rows either, as in any read; they were kept so far so that an older record of the
/// same key does not pass for the last.
pub(crate) fn settle_malformed(results: &mut [JobResult], skip: bool) -> Result<()> {
    for result in results
        .iter_mut()
        .filter(|result| result.malformed.listed().next().is_some())
    {
        let Some(chunk) = result.chunk.take() else { continue };
        let Some(offsets) = chunk.meta(MetaColumn::Offset) else {
            return Err(Error::internal("the latest by key without offsets"));
        };
        let left: HashSet<i64> = offsets.as_primitive::<Int64Type>().values().iter().copied().collect();
        result.malformed.retain(|malformed| left.contains(&malformed.offset));
        if !skip {
            result.chunk = Some(chunk);
            continue;
        }
        let bad: HashSet<i64> = result.malformed.listed().map(|malformed| malformed.offset).collect();
        let offsets = offsets.as_primitive::<Int64Type>().clone();
        let filtered = result.account.filtered;
        leave(
            result,
            chunk,
            offsets.values().iter().map(|offset| !bad.contains(offset)).collect(),
        )?;
        // What was left out here is not outside of what was asked for, it is malformed.
        result.account.skipped += result.account.filtered - filtered;
        result.account.filtered = filtered;
    }
    Ok(())
}
