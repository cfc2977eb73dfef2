//! What is in a topic, at a glance: one pass over a stream, in bounded memory, with a gatherer on every core.
//!
//! Per column its type, nulls, different values, extremes, frequent values and spread; for the topic its records over time, by partition, their sizes
//! and how evenly keys lie. Batches are dealt to the gatherers in turn and joined at the end. Counts, extremes and histograms are exact; where
//! different values are many, their number and the counts of frequent ones are estimates and say so.

mod column;
mod columns;
mod distinct;
mod frequent;
mod histogram;
mod kind;
mod text;

use std::time::Duration;

use arrow_array::RecordBatch;
use serde::Serialize;
use tokio::sync::mpsc;

pub use column::{ColumnSummary, TopValue};
pub use histogram::Histogram;

use crate::blocking;
use crate::engine::workers;
use crate::error::{Error, ErrorKind, Result};
use crate::report::Report;
use crate::scan::Scan;
use columns::Columns;

/// Batches on their way to a gatherer.
const WAITING: usize = 2;
const KEY: &str = "_key";
const TIMESTAMP: &str = "_timestamp";

/// What is in a topic, or the part of it that a scan names. Its text ([`std::fmt::Display`], [`Summary::text`]) is what users see.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Topic.
    pub topic: String,
    /// Records.
    pub records: u64,
    /// Bytes fetched for them, as they were on the wire (compressed, if they are).
    pub bytes_fetched: u64,
    /// Time it took.
    pub elapsed: Duration,
    /// Partitions, by topic and number, with their records.
    pub partitions: Vec<PartitionRecords>,
    /// Timestamps of the records; `None` where the scan leaves them out.
    pub time: Option<ColumnSummary>,
    /// Keys; `None` where the scan leaves them out.
    pub key: Option<ColumnSummary>,
    /// Columns of the values, in their order; fields of nested ones by their path.
    pub columns: Vec<ColumnSummary>,
    /// The report of the read underneath.
    pub report: Report,
}

/// A partition of a summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartitionRecords {
    /// Its topic.
    pub topic: String,
    /// Partition.
    pub partition: i32,
    /// Its records.
    pub records: u64,
}

impl Scan {
    /// Reads it all once and tells what is in it. Records are not kept.
    ///
    /// # Errors
    /// What a stream can fail with.
    pub async fn summarize(&self) -> Result<Summary> {
        let mut stream = self.stream().await?;
        let mut senders = Vec::new();
        let mut gatherers = Vec::new();
        for _ in 0..workers() {
            let (sender, mut receiver) = mpsc::channel::<RecordBatch>(WAITING);
            senders.push(sender);
            gatherers.push(tokio::task::spawn_blocking(move || {
                let mut columns = Columns::default();
                while let Some(batch) = receiver.blocking_recv() {
                    gather(&mut columns, &batch);
                }
                columns
            }));
        }
        // The columns of an empty topic are columns too.
        let mut columns = Columns::default();
        gather(&mut columns, &RecordBatch::new_empty(stream.schema()));
        let mut turn = 0;
        while let Some(batch) = stream.next().await {
            let lost = |_| Error::new(ErrorKind::Internal, "a gatherer of the summary has stopped");
            senders[turn].send(batch?).await.map_err(lost)?;
            turn = (turn + 1) % senders.len();
        }
        drop(senders);
        for gatherer in gatherers {
            let gathered = gatherer.await.map_err(|failed| {
                Error::new(
                    ErrorKind::Internal,
                    format!("a gatherer of the summary failed: {failed}"),
                )
            })?;
            columns.merge(gathered);
        }
        Ok(Summary::new(columns.finish(), stream.report()))
    }
}

fn gather(columns: &mut Columns, batch: &RecordBatch) {
    let schema = batch.schema();
    for (field, array) in schema.fields().iter().zip(batch.columns()) {
        // Places are counted by the report, better.
        if !matches!(field.name().as_str(), "_partition" | "_offset" | "_topic") {
            columns.add(field.name(), array);
        }
    }
}

impl Summary {
    fn new(mut columns: Vec<ColumnSummary>, report: Report) -> Summary {
        let mut take = |name: &str| {
            let index = columns.iter().position(|column| column.name == name)?;
            Some(columns.remove(index))
        };
        let (time, key) = (take(TIMESTAMP), take(KEY));
        // What a stream keeps for fields that do not fit is no column of anybody's while nothing is in it.
        columns.retain(|column| column.name != kaframe_codec::EXTRA || column.values > 0);
        Summary {
            topic: report.topic_names(),
            records: report.delivered(),
            bytes_fetched: report.bytes_fetched,
            elapsed: report.elapsed,
            partitions: report
                .partitions
                .iter()
                .map(|partition| PartitionRecords {
                    topic: partition.topic.clone(),
                    partition: partition.partition,
                    records: partition.delivered,
                })
                .collect(),
            time,
            key,
            columns,
            report,
        }
    }
}

impl blocking::Scan {
    /// See [`Scan::summarize`].
    pub fn summarize(&self) -> Result<Summary> {
        self.block_on(self.as_async().summarize())
    }
}

/// The share of the fullest partition of a topic in what an even one would have, at least 1; `None` for fewer than two partitions or no records.
pub(super) fn skew(partitions: &[PartitionRecords]) -> Option<f64> {
    let records: u64 = partitions.iter().map(|p| p.records).sum();
    let fullest = partitions.iter().map(|p| p.records).max()?;
    (partitions.len() > 1 && records > 0).then(|| fullest as f64 * partitions.len() as f64 / records as f64)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use arrow_array::{Float64Array, Int64Array, LargeStringArray, StructArray};
    use arrow_schema::{DataType, Field};

    fn columns(batches: &[RecordBatch]) -> Vec<ColumnSummary> {
        let mut all = Columns::default();
        for batch in batches {
            let mut one = Columns::default();
            gather(&mut one, batch);
            all.merge(one);
        }
        all.finish()
    }

    #[test]
    fn numbers_text_and_nested_fields() {
        let city: arrow_array::ArrayRef = Arc::new(LargeStringArray::from(vec![
            Some("Bern"),
            None,
            Some("Bern"),
            Some("Ulm"),
        ]));
        let nested: arrow_array::ArrayRef = Arc::new(StructArray::new(
            vec![Field::new("city", DataType::LargeUtf8, true)].into(),
            vec![city],
            Some(vec![true, true, true, false].into()),
        ));
        let ints: arrow_array::ArrayRef = Arc::new(Int64Array::from(vec![Some(3), Some(-5), None, Some(3)]));
        let floats: arrow_array::ArrayRef = Arc::new(Float64Array::from(vec![0.5, -0.0, 0.0, f64::NAN]));
        let batch = RecordBatch::try_from_iter([("n", ints), ("f", floats), ("user", nested)]).unwrap();
        let whole = columns(std::slice::from_ref(&batch));
        // By their text: a mean of NaN is not equal to itself.
        let parts = columns(&[batch.slice(0, 1), batch.slice(1, 3)]);
        assert_eq!(format!("{whole:?}"), format!("{parts:?}"));
        let [n, f, city] = whole.as_slice() else {
            panic!("{whole:?}")
        };
        assert_eq!((n.values, n.nulls, n.distinct, n.distinct_exact), (3, 1, Some(2), true));
        assert_eq!((n.min.as_deref(), n.max.as_deref()), (Some("-5"), Some("3")));
        assert_eq!((n.top[0].value.as_str(), n.top[0].count, n.top[0].at_most), ("3", 2, 2));
        assert_eq!(
            (f.distinct, f.min.as_deref(), f.max.as_deref()),
            (Some(3), Some("0"), Some("0.5"))
        );
        // The field of a null struct is null.
        assert_eq!((city.name.as_str(), city.values, city.nulls), ("user.city", 2, 2));
        assert_eq!(city.lengths, Some((4, 4)));
    }

    #[test]
    fn many_values_are_estimated_and_say_so() {
        let texts: Vec<String> = (0..50_000).map(|n| format!("text {n}")).collect();
        let array: arrow_array::ArrayRef = Arc::new(LargeStringArray::from(texts));
        let batch = RecordBatch::try_from_iter([("t", array)]).unwrap();
        let summary = &columns(&[batch])[0];
        let distinct = summary.distinct.unwrap();
        assert!(
            !summary.distinct_exact && distinct.abs_diff(50_000) < 2_500,
            "{distinct}"
        );
        assert!(summary.top.is_empty());
        assert_eq!(summary.histogram.as_ref().unwrap().counts.iter().sum::<u64>(), 50_000);
    }

    #[test]
    fn skew_is_the_fullest_partition_beside_an_even_one() {
        let of = |records: &[u64]| {
            let partitions = records.iter().enumerate();
            skew(
                &partitions
                    .map(|(index, records)| PartitionRecords {
                        topic: "t".to_owned(),
                        partition: index as i32,
                        records: *records,
                    })
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(of(&[10, 10]), Some(1.0));
        assert_eq!(of(&[30, 10]), Some(1.5));
        assert_eq!(of(&[30]), None);
        assert_eq!(of(&[0, 0]), None);
    }
}
