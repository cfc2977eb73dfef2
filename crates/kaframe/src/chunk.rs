//! The columns of one split while they grow: records in, arrays out. Pure: it knows no socket and no offset arithmetic.

use std::sync::Arc;

use arrow_array::builder::LargeBinaryBuilder;
use arrow_array::{Array, ArrayRef, BooleanArray, LargeBinaryArray};
use kaframe_codec::{Columns, Decoder, DecoderOptions, Ready, Shape, TopLevel, ValueFormat, decoder};
use kaframe_wire::batch::{Record, TimestampType};

use crate::columns::{MetaColumn, Selection};
use crate::error::{Error, Result};
use crate::filter::SievePlan;
use crate::malformed::Malformed;
use crate::metadata_columns::{MetadataBuilders, RecordMeta};
use crate::options::OnError;
use crate::topic_partition::TopicPartition;

/// How the chunks of a read are made; the same for all of its splits.
#[derive(Debug, Clone)]
pub(crate) struct ChunkPlan {
    /// Names of the plan's topics.
    pub(crate) topics: Arc<[Arc<str>]>,
    pub(crate) selection: Selection,
    /// `None`: no value is decoded, there are no value columns.
    pub(crate) value: Option<ColumnPlan>,
    /// `None`: no key is decoded.
    pub(crate) key: Option<ColumnPlan>,
    pub(crate) on_error: OnError,
    /// Shapes never change: what does not fit goes to `_extra`.
    pub(crate) fixed: bool,
    /// Offset and timestamp are kept even if no column asks for them.
    pub(crate) order: bool,
    /// The bytes of keys, and which values are null, are kept beside the columns.
    pub(crate) identity: bool,
    /// What rows have to pass.
    pub(crate) sieve: Option<SievePlan>,
    /// A value is read no further than the selected columns go.
    pub(crate) no_further: bool,
    /// Bytes of an offset on the wire, where the sample knows.
    pub(crate) bytes_per_offset: Option<u64>,
    /// Rows are only counted: batches whose header tells how many they give are not opened.
    pub(crate) by_header: bool,
    /// Rows are counted and thrown away.
    pub(crate) discard: bool,
}

/// How values or keys are decoded.
#[derive(Debug, Clone)]
pub(crate) struct ColumnPlan {
    pub(crate) format: ValueFormat,
    /// The shape to start from, where one is known.
    pub(crate) start: Option<Shape>,
    /// What JSON may stand at the top.
    pub(crate) top: TopLevel,
}

impl ChunkPlan {
    /// Name of the topic of a partition.
    pub(crate) fn topic(&self, partition: TopicPartition) -> &Arc<str> {
        &self.topics[partition.topic]
    }

    /// A decoder of values, if any are decoded.
    pub(crate) fn value_decoder(&self, rows: usize) -> Option<Box<dyn Decoder>> {
        let plan = self.value.as_ref()?;
        Some(decoder(&DecoderOptions {
            format: plan.format,
            start: plan.start.clone(),
            fixed: self.fixed,
            select: self.selection.paths(),
            no_further: self.no_further,
            capacity_rows: rows,
            strict: self.on_error == OnError::Raise,
            top: plan.top,
        }))
    }

    /// A decoder of keys, if any are decoded.
    pub(crate) fn key_decoder(&self, rows: usize) -> Option<Box<dyn Decoder>> {
        let plan = self.key.as_ref()?;
        Some(decoder(&DecoderOptions {
            format: plan.format,
            start: plan.start.clone(),
            // A key is one column: what does not fit a fixed shape is malformed, it has no `_extra` to go to.
            fixed: false,
            select: None,
            no_further: false,
            capacity_rows: rows,
            strict: self.on_error == OnError::Raise,
            top: plan.top,
        }))
    }
}

/// Finished arrays of a run of rows.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) value: Option<Columns>,
    pub(crate) key: Option<Columns>,
    pub(crate) meta: Vec<(MetaColumn, ArrayRef)>,
    /// Where it was asked for, and until it was used.
    pub(crate) identity: Option<Identity>,
    pub(crate) rows: usize,
}

/// What tells which record of a key a row is.
#[derive(Debug)]
pub(crate) struct Identity {
    /// Keys as they were in the record.
    pub(crate) keys: LargeBinaryArray,
    /// Whether the value is null.
    pub(crate) tombstones: Vec<bool>,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// A row.
    Row,
    /// Left out, since it is malformed.
    Skipped,
}

/// What became of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// It is appended, or there are no value columns.
    Fine,
    /// It is malformed, for this reason.
    Malformed(String),
    /// It is malformed, and its row is left out.
    Skipped,
}

/// The columns of one split while they grow.
pub(crate) struct ChunkBuilder<'p> {
    plan: &'p ChunkPlan,
    partition: TopicPartition,
    value: Option<Box<dyn Decoder>>,
    key: Option<Box<dyn Decoder>>,
    /// Null keys that the decoder has not been told of yet: where there are no keys, they cost nothing.
    null_keys: usize,
    meta: MetadataBuilders,
    identity: Option<(LargeBinaryBuilder, Vec<bool>)>,
    rows: usize,
    /// Rows that are in the columns but not in the result: their key turned out malformed after their value was appended.
    dropped: Vec<usize>,
    /// The offset behind the last record.
    pub(crate) next_offset: i64,
    /// Malformed values and keys that nobody has taken yet.
    pub(crate) malformed: Vec<Malformed>,
    /// Values that were decoded.
    pub(crate) decoded: u64,
    /// Values that were not.
    pub(crate) undecoded: u64,
    /// Values that were not looked at, since the sample knew of none.
    pub(crate) unexpected: u64,
    /// Headers whose key is not UTF-8.
    pub(crate) replaced_headers: bool,
}

impl<'p> ChunkBuilder<'p> {
    /// For a split of `rows` rows at most, as far as that is known.
    pub(crate) fn new(plan: &'p ChunkPlan, partition: TopicPartition, rows: usize) -> Self {
        ChunkBuilder {
            value: plan.value_decoder(rows),
            key: plan.key_decoder(rows),
            meta: MetadataBuilders::new(
                &plan.selection,
                plan.order,
                plan.topic(partition),
                partition.partition,
                rows,
            ),
            identity: plan.identity.then(Default::default),
            plan,
            partition,
            null_keys: 0,
            rows: 0,
            dropped: Vec::new(),
            next_offset: 0,
            malformed: Vec::new(),
            decoded: 0,
            undecoded: 0,
            unexpected: 0,
            replaced_headers: false,
        }
    }

    /// Appends a record as a row, or not.
    pub(crate) fn push(&mut self, record: &Record<'_>, timestamp_type: TimestampType) -> Result<Pushed> {
        match self.push_value(record)? {
            Value::Fine => self.push_rest(record, timestamp_type, None),
            Value::Malformed(reason) => self.push_malformed(record, timestamp_type, reason),
            Value::Skipped => Ok(Pushed::Skipped),
        }
    }

    /// Appends a record whose value is known to be malformed as a row of nulls.
    pub(crate) fn push_malformed(
        &mut self,
        record: &Record<'_>,
        timestamp_type: TimestampType,
        reason: String,
    ) -> Result<Pushed> {
        if let Some(decoder) = &mut self.value {
            decoder.push_null();
        }
        self.push_rest(record, timestamp_type, Some(reason))
    }

    /// Appends the value of a record, the first step of a row. A malformed one is listed, and nothing is appended.
    pub(crate) fn push_value(&mut self, record: &Record<'_>) -> Result<Value> {
        let Some(decoder) = &mut self.value else {
            return Ok(Value::Fine);
        };
        let Some(value) = record.value else {
            decoder.push_null();
            return Ok(Value::Fine);
        };
        let Err(why) = decoder.push_within(record.value_onwards(), 0..value.len()) else {
            self.decoded += 1;
            return Ok(Value::Fine);
        };
        self.undecoded += 1;
        let reason = why.to_string();
        self.reject(record.offset, reason.clone(), value, false)?;
        Ok(match self.plan.on_error {
            OnError::Skip => Value::Skipped,
            OnError::Null | OnError::Raise => Value::Malformed(reason),
        })
    }

    /// Appends everything but the value of a record.
    pub(crate) fn push_rest(
        &mut self,
        record: &Record<'_>,
        timestamp_type: TimestampType,
        mut error: Option<String>,
    ) -> Result<Pushed> {
        self.next_offset = record.offset.saturating_add(1);
        if self.value.is_none() && record.value.is_some() {
            self.unexpected += 1;
        }
        let mut drop_row = false;
        if let Some(decoder) = &mut self.key {
            match record.key {
                None => self.null_keys += 1,
                Some(key) => {
                    decoder.push_nulls(std::mem::take(&mut self.null_keys));
                    if let Err(why) = decoder.push(key) {
                        decoder.push_null();
                        let reason = format!("key: {why}");
                        self.reject(record.offset, reason.clone(), key, true)?;
                        drop_row = self.plan.on_error == OnError::Skip;
                        error.get_or_insert(reason);
                    }
                }
            }
        }
        let meta = RecordMeta {
            offset: record.offset,
            timestamp: record.timestamp,
            timestamp_type,
            headers: record.headers,
            tombstone: record.value.is_none(),
            error: error.as_deref(),
        };
        self.replaced_headers |= self.meta.push(&meta);
        if let Some((keys, tombstones)) = &mut self.identity {
            keys.append_option(record.key);
            tombstones.push(record.value.is_none());
        }
        self.rows += 1;
        if drop_row {
            self.dropped.push(self.rows - 1);
            return Ok(Pushed::Skipped);
        }
        Ok(Pushed::Row)
    }

    fn reject(&mut self, offset: i64, reason: String, bytes: &[u8], key: bool) -> Result<()> {
        let malformed = Malformed {
            partition: self.partition,
            offset,
            reason,
            bytes: bytes.to_vec(),
        };
        if self.plan.on_error == OnError::Raise {
            let plan = if key { &self.plan.key } else { &self.plan.value };
            let format = plan.as_ref().map_or("raw", |plan| plan.format.name());
            return Err(malformed.into_error(self.plan.topic(self.partition), format));
        }
        self.malformed.push(malformed);
        Ok(())
    }

    /// Rows that are in the result.
    pub(crate) fn rows(&self) -> usize {
        self.rows - self.dropped.len()
    }

    /// About so many rows like those so far are to come.
    pub(crate) fn expect(&mut self, more: usize, ready: Ready) {
        for decoder in [&mut self.value, &mut self.key].into_iter().flatten() {
            decoder.expect(more, ready);
        }
    }

    /// Memory that the columns hold.
    pub(crate) fn allocated_bytes(&self) -> usize {
        let of = |decoder: &Option<Box<dyn Decoder>>| decoder.as_ref().map_or(0, |d| d.allocated_bytes());
        of(&self.value) + of(&self.key) + self.null_keys * 8 + self.meta.allocated_bytes()
    }

    /// Shapes of values and keys so far.
    pub(crate) fn shapes(&self) -> (Option<Shape>, Option<Shape>) {
        (
            self.value.as_ref().map(|d| d.shape()),
            self.key.as_ref().map(|d| d.shape()),
        )
    }

    /// Whether the same records must be decoded again from [`ChunkBuilder::shapes`].
    pub(crate) fn needs_replay(&self) -> bool {
        [&self.value, &self.key]
            .into_iter()
            .flatten()
            .any(|decoder| decoder.needs_replay())
    }

    /// `NaN` and infinities that were accepted.
    pub(crate) fn special_floats(&self) -> u64 {
        [&self.value, &self.key]
            .into_iter()
            .flatten()
            .map(|decoder| decoder.special_floats())
            .sum()
    }

    /// Gives the rows so far and starts anew.
    pub(crate) fn finish(&mut self) -> Result<Chunk> {
        let rows = std::mem::take(&mut self.rows);
        if let Some(key) = &mut self.key {
            key.push_nulls(std::mem::take(&mut self.null_keys));
        }
        let chunk = Chunk {
            value: self.value.as_mut().map(|decoder| decoder.finish()),
            key: self.key.as_mut().map(|decoder| decoder.finish()),
            meta: self.meta.finish(),
            identity: self.identity.as_mut().map(|(keys, tombstones)| Identity {
                keys: keys.finish(),
                tombstones: std::mem::take(tombstones),
            }),
            rows,
        };
        if self.dropped.is_empty() {
            return Ok(chunk);
        }
        let mut keep = vec![true; rows];
        for row in self.dropped.drain(..) {
            keep[row] = false;
        }
        chunk.filter(&BooleanArray::from(keep))
    }
}

impl Chunk {
    /// Only the rows where `keep` is true; the identity is used up by then.
    pub(crate) fn filter(self, keep: &BooleanArray) -> Result<Chunk> {
        let filter = |array: &ArrayRef| {
            arrow_select::filter::filter(array, keep).map_err(|e| Error::internal(format!("rows left out: {e}")))
        };
        let rows = keep.true_count();
        let columns = |columns: Option<Columns>| {
            columns
                .map(|columns| {
                    let arrays = columns.arrays.iter().map(filter).collect::<Result<Vec<_>>>()?;
                    Ok::<_, Error>(Columns {
                        arrays,
                        rows,
                        ..columns
                    })
                })
                .transpose()
        };
        Ok(Chunk {
            value: columns(self.value)?,
            key: columns(self.key)?,
            meta: self
                .meta
                .iter()
                .map(|(column, array)| Ok((*column, filter(array)?)))
                .collect::<Result<_>>()?,
            identity: None,
            rows,
        })
    }

    /// Memory that the columns hold.
    pub(crate) fn memory(&self) -> u64 {
        let columns = [&self.value, &self.key]
            .into_iter()
            .flatten()
            .flat_map(|columns| &columns.arrays);
        let arrays = columns.chain(self.meta.iter().map(|(_, array)| array));
        arrays.map(|array| array.get_array_memory_size() as u64).sum()
    }

    /// The array of a metadata column, if it was kept.
    pub(crate) fn meta(&self, column: MetaColumn) -> Option<&ArrayRef> {
        self.meta.iter().find(|(c, _)| *c == column).map(|(_, array)| array)
    }
}
