//! Looks at the front of a read: of which format are values and keys, which fields have they, how large are they?
//!
//! Up to 1,000 non-null values from the front of the ranges, dealt over the partitions; what a short partition lacks the next ones give. Only
//! records that the read would deliver count. The responses it took are kept for the workers, so they are not fetched twice.

use std::sync::PoisonError;

use futures::{StreamExt, TryStreamExt};
use kaframe_client::{ClientError, PartitionFetcher};
use kaframe_codec::{DecoderOptions, Detection, Shape, TopLevel, ValueFormat, decoder, detect_key, detect_value};
use kaframe_wire::batch::{DEFAULT_MAX_DECOMPRESSED, Scratch};

use crate::account::Account;
use crate::bound::OffsetRange;
use crate::columns::{MetaColumn, Selection};
use crate::engine::{Context, LONG_WAIT, Prefetched, SHORT_WAIT, workers};
use crate::error::{Error, ErrorKind, Result};
use crate::filter::Conditions;
use crate::options::ScanOptions;
use crate::pace::{FETCH_BYTES, SMALL_FETCH_BYTES};
use crate::topic_partition::TopicPartition;
use crate::transaction::AbortFilter;
use crate::walk::{self, Seen, Stop, Walked};
use crate::window::Window;
use crate::worker::failure::no_progress;

/// Values looked at.
const VALUES: usize = 1000;
/// Bytes of values looked at: a thousand values may be large.
const BYTES: usize = 64 << 20;
/// Bytes asked for first where few records are wanted.
const FEW_FETCH_BYTES: i32 = 256 << 10;
/// Bytes of responses kept for the workers.
const KEPT_BYTES: usize = 16 << 20;

/// What the front of a read looks like.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sampled {
    /// Format of values: as given, or found. `None` where there is no value.
    pub(crate) value_format: Option<ValueFormat>,
    /// Format of keys: as given, or found; text where every key is null.
    pub(crate) key_format: Option<ValueFormat>,
    /// How the formats were found.
    pub(crate) detection: Option<String>,
    /// Whether JSON values are objects: then another one among them is malformed.
    pub(crate) value_top: TopLevel,
    /// Fields of the values that were looked at.
    pub(crate) value_shape: Option<Shape>,
    /// The same of keys.
    pub(crate) key_shape: Option<Shape>,
    /// Values were looked for, and none was found.
    pub(crate) looked_in_vain: bool,
    /// Bytes per offset on the wire.
    pub(crate) bytes_per_offset: Option<u64>,
}

/// Looks at the front of ranges. Where nothing has to be found out, nothing is fetched.
pub(crate) async fn sample(
    context: &Context,
    selection: &Selection,
    options: &ScanOptions,
    ranges: &[(TopicPartition, OffsetRange)],
    needs_shape: bool,
) -> Result<Sampled> {
    let conditions = Conditions::of(&options.filter);
    let needs_values = selection.needs_values() || conditions.needs_values();
    let needs_keys = selection.needs(MetaColumn::Key) || conditions.needs_keys();
    // Filters are bound to types.
    let needs_shape = needs_shape || !conditions.is_bounds_only();
    let values = needs_values && (options.value_format.is_none() || needs_shape || options.columns.is_some());
    let keys = needs_keys && (options.key_format.is_none() || needs_shape);
    let mut sampled = Sampled {
        value_format: options.value_format.filter(|_| needs_values),
        key_format: options.key_format,
        ..Sampled::default()
    };
    if !(values || keys) {
        return Ok(sampled);
    }
    let mut fronts = fronts(context, ranges, keys).await?;
    sampled.bytes_per_offset = bytes_per_offset(&fronts);
    if values {
        let dealt = deal(&mut fronts, context).await?;
        sampled.looked_in_vain = dealt.is_empty();
        judge_values(&mut sampled, &dealt, options);
    }
    if keys {
        let dealt = fronts
            .iter()
            .flat_map(|front| front.keys.iter().map(Vec::as_slice))
            .take(VALUES);
        judge_keys(&mut sampled, dealt.collect(), options);
    }
    for front in fronts {
        front.give_back(context);
    }
    Ok(sampled)
}

/// What these values and keys tell, as if a sample had found no others.
pub(crate) fn judged(selection: &Selection, options: &ScanOptions, values: &[Vec<u8>], keys: &[Vec<u8>]) -> Sampled {
    let mut sampled = Sampled {
        value_format: options.value_format.filter(|_| selection.needs_values()),
        key_format: options.key_format,
        ..Sampled::default()
    };
    if selection.needs_values() {
        judge_values(&mut sampled, values, options);
    }
    if selection.needs(MetaColumn::Key) {
        judge_keys(&mut sampled, keys.iter().map(Vec::as_slice).collect(), options);
    }
    sampled
}

fn judge_values(sampled: &mut Sampled, values: &[Vec<u8>], options: &ScanOptions) {
    if matches!(options.value_format, None | Some(ValueFormat::Json)) {
        let detection = detect_value(values.iter().map(Vec::as_slice));
        sampled.value_top = detection.top();
        if options.value_format.is_none() {
            sampled.value_format = detection.format;
            sampled.detection = Some(describe("values", &detection));
        }
    }
    if let Some(format) = sampled.value_format {
        sampled.value_shape = Some(shape(format, sampled.value_top, values.iter().map(Vec::as_slice)));
    }
}

fn judge_keys(sampled: &mut Sampled, keys: Vec<&[u8]>, options: &ScanOptions) {
    if options.key_format.is_none() {
        let detection = detect_key(keys.iter().copied());
        sampled.key_format = detection.format;
        let text = describe("keys", &detection);
        sampled.detection = Some(match sampled.detection.take() {
            Some(values) => format!("{values}; {text}"),
            None => text,
        });
    }
    if let Some(format) = sampled.key_format {
        sampled.key_shape = Some(shape(format, TopLevel::Any, keys.into_iter()));
    }
}

fn shape<'a>(format: ValueFormat, top: TopLevel, values: impl Iterator<Item = &'a [u8]>) -> Shape {
    let mut decoder = decoder(&DecoderOptions {
        top,
        ..DecoderOptions::new(format)
    });
    for value in values {
        // A malformed one tells nothing about fields; the read itself will count it.
        let _ = decoder.push(value);
    }
    decoder.shape()
}

fn describe(what: &str, detection: &Detection) -> String {
    match detection.format {
        None => format!("{what}: none that is not null"),
        Some(format) => {
            let fits = detection.fits.iter().find(|(candidate, _)| *candidate == format);
            let fits = fits.map_or(detection.sampled, |(_, count)| *count);
            format!("{what}: {format} ({fits} of {} looked at fit)", detection.sampled)
        }
    }
}

/// The front of one partition's range.
struct Front {
    partition: TopicPartition,
    range: OffsetRange,
    position: i64,
    values: Vec<Vec<u8>>,
    keys: Vec<Vec<u8>>,
    needs_keys: bool,
    value_bytes: usize,
    wire_bytes: u64,
    first: Option<Prefetched>,
    fetcher: Option<PartitionFetcher>,
    /// The last answer was empty.
    empty: bool,
    ended: bool,
    /// The first response is kept for the workers.
    keep: bool,
}

async fn fronts(context: &Context, ranges: &[(TopicPartition, OffsetRange)], needs_keys: bool) -> Result<Vec<Front>> {
    // Owned, not borrowed: with borrowed items the compiler cannot show that the futures below may move between threads.
    let ranges: Vec<_> = ranges.iter().copied().filter(|(_, range)| !range.is_empty()).collect();
    let quota = VALUES.div_ceil(ranges.len().max(1));
    let share = (KEPT_BYTES / ranges.len().max(1)).clamp(SMALL_FETCH_BYTES as usize, FETCH_BYTES as usize) as i32;
    // A read of few records must not fetch many.
    let few = context.plan.limit.is_some() || context.plan.tail.is_some();
    let share = share
        .min(context.fetch.max_bytes)
        .min(if few { FEW_FETCH_BYTES } else { i32::MAX });
    let keep = ranges.len() <= KEPT_BYTES / SMALL_FETCH_BYTES as usize;
    let fronts = ranges.into_iter().map(|(partition, range)| async move {
        let mut front = Front {
            partition,
            range,
            position: range.start,
            values: Vec::new(),
            keys: Vec::new(),
            needs_keys,
            value_bytes: 0,
            wire_bytes: 0,
            first: None,
            fetcher: None,
            empty: false,
            ended: false,
            keep,
        };
        front.collect(context, quota, share).await?;
        Ok::<Front, Error>(front)
    });
    futures::stream::iter(fronts)
        .buffered(workers() * 4)
        .try_collect()
        .await
}

/// The values that are looked at: a share of each partition, then what is missing from those that have more.
async fn deal(fronts: &mut [Front], context: &Context) -> Result<Vec<Vec<u8>>> {
    let quota = VALUES.div_ceil(fronts.len().max(1));
    let mut taken: Vec<usize> = Vec::new();
    let mut lacking = VALUES;
    for front in fronts.iter() {
        let share = front.values.len().min(quota).min(lacking);
        lacking -= share;
        taken.push(share);
    }
    for (front, taken) in fronts.iter_mut().zip(&mut taken) {
        if lacking == 0 {
            break;
        }
        front
            .collect(context, *taken + lacking, context.fetch.max_bytes.min(FETCH_BYTES))
            .await?;
        let more = (front.values.len() - *taken).min(lacking);
        *taken += more;
        lacking -= more;
    }
    let mut values = Vec::new();
    for (front, taken) in fronts.iter_mut().zip(taken) {
        front.values.truncate(taken);
        values.append(&mut front.values);
    }
    Ok(values)
}

fn bytes_per_offset(fronts: &[Front]) -> Option<u64> {
    let offsets: u64 = fronts.iter().map(|f| (f.position - f.range.start).max(0) as u64).sum();
    let bytes: u64 = fronts.iter().map(|f| f.wire_bytes).sum();
    (offsets > 0).then(|| bytes.div_ceil(offsets).max(1))
}

impl Front {
    /// Goes on until there are `wanted` values, or no more.
    async fn collect(&mut self, context: &Context, wanted: usize, fetch_bytes: i32) -> Result<()> {
        while !self.ended && self.values.len() < wanted && self.value_bytes < BYTES && self.position < self.range.end {
            match self.fetch(context, fetch_bytes).await {
                Ok(()) => {}
                Err(error) => {
                    self.fetcher = None;
                    self.ended = true;
                    // What can be wrong with the data the read itself finds again, and reports with all its terms.
                    let fatal = !matches!(
                        error.kind(),
                        ErrorKind::DataLoss | ErrorKind::Corrupt | ErrorKind::Limit
                    );
                    if fatal && !context.allow_partial {
                        return Err(match error.kind() {
                            ErrorKind::ReadTimeout => {
                                let place = (self.position, self.range.end);
                                no_progress(context, self.partition, place, error.message(), error.broker())
                            }
                            _ => error,
                        });
                    }
                }
            }
        }
        Ok(())
    }

    async fn fetch(&mut self, context: &Context, fetch_bytes: i32) -> Result<()> {
        let mut fetcher = match self.fetcher.take() {
            Some(fetcher) => fetcher,
            None => context.fetcher(self.partition).await?,
        };
        let wait = if self.empty { LONG_WAIT } else { SHORT_WAIT };
        fetcher.request(self.position, fetch_bytes, wait).await?;
        let fetched = match fetcher.response().await {
            Ok(fetched) => fetched,
            // The read itself counts what is lost; here only what is left matters.
            Err(ClientError::OffsetOutOfRange {
                log_start: Some(start), ..
            }) if start > self.position && context.allow_partial => {
                self.position = start;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        self.fetcher = Some(fetcher);
        let before = self.position;
        let window = context
            .plan
            .partition(self.partition)
            .map(Window::of)
            .unwrap_or_default();
        let mut aborts = AbortFilter::new(&fetched.aborted);
        let walked = walk::walk(
            &fetched.records,
            &mut aborts,
            (self.position, self.range.end),
            &window,
            &mut Account::default(),
            &mut Seen::nothing(),
        );
        self.position = walked.position;
        self.wire_bytes += fetched.records.len() as u64;
        self.pass(&walked, before, context.allow_partial);
        let mut scratch = Scratch::default();
        for kept in &walked.kept {
            if self.is_enough() {
                break;
            }
            if self.look(&fetched.records, kept, &window, &mut scratch).is_err() && !context.allow_partial {
                self.ended = true;
                break;
            }
        }
        if let Some(fetcher) = &mut self.fetcher {
            fetcher.progressed();
        }
        if self.keep && before == self.range.start && !fetched.records.is_empty() {
            self.first = Some(Prefetched {
                partition: self.partition,
                position: before,
                fetched,
            });
        }
        Ok(())
    }

    /// Nothing more would be looked at. Where keys are null they are looked for through the whole response.
    fn is_enough(&self) -> bool {
        let keys = !self.needs_keys || self.keys.len() >= VALUES;
        self.values.len() >= VALUES && keys || self.value_bytes >= BYTES
    }

    /// What is wrong with a response the read itself looks into; here it is passed, or the front ends at it.
    fn pass(&mut self, walked: &Walked, before: i64, allow_partial: bool) {
        match &walked.stop {
            Some(Stop::Bad(bad)) if allow_partial => self.position = bad.to,
            Some(_) => self.ended = true,
            None if walked.position == before => {
                // A slow broker may answer empty once. Where there are values already, the front is long enough.
                self.ended = self.empty || !self.values.is_empty();
                self.empty = true;
            }
            None => self.empty = false,
        }
    }

    fn look(
        &mut self,
        records: &[u8],
        kept: &walk::KeptBatch,
        window: &Window,
        scratch: &mut Scratch,
    ) -> Result<(), kaframe_wire::WireError> {
        let batch = walk::batch_at(records, kept)?;
        for record in batch.records(scratch, DEFAULT_MAX_DECOMPRESSED)? {
            let record = record?;
            if self.is_enough() {
                break;
            }
            if !(kept.from..kept.to).contains(&record.offset) || !window.holds(record.timestamp) {
                continue;
            }
            if let Some(value) = record
                .value
                .filter(|_| self.values.len() < VALUES && self.value_bytes < BYTES)
            {
                self.value_bytes += value.len();
                self.values.push(value.to_vec());
            }
            if let Some(key) = record
                .key
                .filter(|_| self.needs_keys && self.keys.len() < VALUES && self.value_bytes < BYTES)
            {
                self.value_bytes += key.len();
                self.keys.push(key.to_vec());
            }
        }
        Ok(())
    }

    fn give_back(self, context: &Context) {
        if let Some(fetcher) = self.fetcher {
            context.fetchers.put(self.partition, fetcher);
        }
        if let Some(first) = self.first {
            context
                .prefetched
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(first);
        }
    }
}
