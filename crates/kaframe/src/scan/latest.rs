//! The last record of each key of a scan. Which record that is decides the whole range; a `where` is asked of the last records alone, as if the
//! table were filtered afterwards.
//!
//! With a `where` the range is read twice: once for the places of the last records, for which no value is decoded, and once for the rows at these
//! places that pass. What a `where` would exclude by bounds of time, or by an offset to end at, is refused: the plan is narrower for it, and the last
//! record within bounds is not the last record.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::SchemaRef;

use super::Scan;
use crate::columns::MetaColumn;
use crate::engine::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::filter::{Conditions, Filter, Implied, Mask};
use crate::latest::Latest;
use crate::number::counted;
use crate::options::ScanOptions;
use crate::order::Order;
use crate::reader;
use crate::table::Table;

impl Scan {
    /// Reads the last record of each key: what a compacted topic holds. A key whose last record is a tombstone has no row, nor has a record without a key. A key
    /// belongs to its partition: one that is in two of them has two rows, and the report warns. Rows come in (topic, partition, offset) order; memory holds a row
    /// or two a key, not all rows. Filters are asked of the last records: a key whose last record does not pass has no row.
    ///
    /// # Errors
    /// `Config` with `limit`, `tail` or `allow_partial`: the last of some records is not the last of the topic; and with filters that imply times or an offset
    /// to end at, which belong into the bounds.
    pub async fn latest_by_key(&self) -> Result<Table> {
        let options = &self.0.options;
        if options.limit.is_some() || options.tail.is_some() {
            return Err(
                Error::config("latest_by_key reads all of a range: limit and tail make no sense with it")
                    .with_hint("take head() of the table it gives"),
            );
        }
        if options.allow_partial {
            return Err(
                Error::config("latest_by_key of what could be read may not be the last of a key: allow_partial makes no sense with it")
                    .with_hint("leave allow_partial out, or read the range before the damage"),
            );
        }
        let conditions = Conditions::of(&options.filter);
        let Implied {
            offset_to,
            timestamp_from,
            timestamp_to,
            ..
        } = conditions.implied;
        if offset_to.or(timestamp_from).or(timestamp_to).is_some() {
            return Err(Error::config(
                "latest_by_key with a where on times, or on an offset to end at, has two meanings: the last record within them, or the last record if it is within them",
            )
            .with_hint("for the first give start and end, for the second filter the table it gives"));
        }
        if conditions.is_bounds_only() {
            return self.latest(options).await;
        }
        self.latest_that_pass().await
    }

    async fn latest(&self, options: &ScanOptions) -> Result<Table> {
        let context = Context {
            latest: Some(Latest::default()),
            ..self.context()
        };
        reader::read(context, options).await
    }

    async fn latest_that_pass(&self) -> Result<Table> {
        let options = &self.0.options;
        let found = self
            .latest(&ScanOptions {
                filter: Vec::new(),
                columns: Some(PLACE.map(|column| column.name().to_owned()).into()),
                order: Order::Partition,
                ..options.clone()
            })
            .await?;
        let last = Arc::new(LastOfKey::at(found.batches())?);
        let mut filter: Vec<Arc<dyn Filter>> = vec![last.clone()];
        filter.extend(options.filter.iter().cloned());
        let read = ScanOptions {
            filter,
            ..options.clone()
        };
        let mut table = reader::read(self.context(), &read).await?;
        last.check_all_seen()?;
        let (first, report) = (found.report(), &mut table.report);
        report.elapsed += first.elapsed;
        report.bytes_fetched += first.bytes_fetched;
        let new = first.warnings.iter().filter(|text| !report.warnings.contains(text));
        let new: Vec<String> = new.cloned().collect();
        report.warnings.extend(new);
        Ok(table)
    }
}

/// The place of a record.
const PLACE: [MetaColumn; 3] = [MetaColumn::Topic, MetaColumn::Partition, MetaColumn::Offset];

/// Whether a record is the last of its key, by its place.
struct LastOfKey {
    columns: [String; 3],
    /// By topic and partition the offsets, ascending, and whether a record was seen there.
    places: Arc<Places>,
}

type Places = HashMap<(String, i32), Vec<(i64, AtomicBool)>>;

impl LastOfKey {
    /// The records at these places, which come in the order of their offsets.
    fn at(batches: &[RecordBatch]) -> Result<LastOfKey> {
        let mut places = Places::new();
        for batch in batches {
            for (topic, partition, offset) in rows(batch)? {
                let offsets = places.entry((topic.to_owned(), partition)).or_default();
                offsets.push((offset, AtomicBool::new(false)));
            }
        }
        Ok(LastOfKey {
            columns: PLACE.map(|column| column.name().to_owned()),
            places: Arc::new(places),
        })
    }

    /// Between the two reads of the range a record may have been taken away: by compaction, since a newer one lies behind the frozen end.
    fn check_all_seen(&self) -> Result<()> {
        let gone = |((topic, partition), offsets): (&(String, i32), &Vec<(i64, AtomicBool)>)| {
            let mut unseen = offsets.iter().filter(|(_, seen)| !seen.load(Ordering::Relaxed));
            let (first, _) = unseen.next()?;
            Some((topic.clone(), *partition, *first, 1 + unseen.count() as u64))
        };
        let Some((topic, partition, offset, gone)) = self.places.iter().filter_map(gone).min() else {
            return Ok(());
        };
        let records = counted(gone, "record was", "records were");
        Err(Error::new(
            ErrorKind::DataLoss,
            format!("{records} compacted away while the latest by key were read"),
        )
        .with_topic(&topic)
        .with_partition(partition)
        .with_offset(offset)
        .with_hint("scan again: newer records of these keys lie behind the end of this scan"))
    }
}

impl fmt::Debug for LastOfKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Filter for LastOfKey {
    fn text(&self) -> &str {
        "the last record of its key"
    }

    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn implies(&self) -> Implied {
        Implied::default()
    }

    fn bind(&self, _: &SchemaRef) -> Result<Arc<dyn Mask>> {
        Ok(Arc::new(AtPlaces(self.places.clone())))
    }
}

struct AtPlaces(Arc<Places>);

impl fmt::Debug for AtPlaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the last records of {} partitions", self.0.len())
    }
}

impl Mask for AtPlaces {
    fn mask(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        // The rows of a batch are of one partition, and its offsets ascend; neither is needed for a right answer.
        let mut of = (String::new(), -1);
        let mut offsets: &[(i64, AtomicBool)] = &[];
        let mask = rows(batch)?.map(|(topic, partition, offset)| {
            if of.1 != partition || of.0 != topic {
                of = (topic.to_owned(), partition);
                offsets = self.0.get(&of).map_or(&[], Vec::as_slice);
            }
            match offsets.binary_search_by_key(&offset, |place| place.0) {
                Ok(at) => {
                    offsets[at].1.store(true, Ordering::Relaxed);
                    true
                }
                Err(_) => false,
            }
        });
        Ok(BooleanArray::from(mask.collect::<Vec<bool>>()))
    }
}

/// Topic, partition and offset of each row.
fn rows(batch: &RecordBatch) -> Result<impl Iterator<Item = (&str, i32, i64)>> {
    let column = |column: MetaColumn| {
        let found = batch.column_by_name(column.name());
        found.ok_or_else(|| Error::internal(format!("the latest by key without {}", column.name())))
    };
    let [topic, partition, offset] = PLACE;
    let topics = column(topic)?.as_string::<i64>();
    let partitions = column(partition)?.as_primitive::<Int32Type>();
    let offsets = column(offset)?.as_primitive::<Int64Type>();
    let rows = (0..batch.num_rows()).map(|row| (topics.value(row), partitions.value(row), offsets.value(row)));
    Ok(rows)
}
