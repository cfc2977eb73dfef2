//! Values that are not in the format: where, why, and their bytes; the table of them.

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, Int64Builder, LargeBinaryBuilder, LargeStringBuilder};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema};

use crate::engine::JobResult;
use crate::error::{Error, ErrorKind};
use crate::plan::Plan;
use crate::topic_partition::TopicPartition;

mod list;
pub(crate) use list::{MalformedList, Room};

/// One malformed value or key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) partition: TopicPartition,
    pub(crate) offset: i64,
    pub(crate) reason: String,
    pub(crate) bytes: Vec<u8>,
}

/// What the reason begins with where the key is malformed and not the value.
pub(crate) const KEY: &str = "key: ";

impl Malformed {
    /// Whether this is about the key.
    pub(crate) fn is_key(&self) -> bool {
        self.reason.starts_with(KEY)
    }

    /// Memory it holds.
    pub(crate) fn size(&self) -> usize {
        size_of::<Malformed>() + self.reason.len() + self.bytes.len()
    }

    /// The error of a read that stops at the first one.
    pub(crate) fn into_error(self, topic: &str, format: &str) -> Error {
        Error::new(
            ErrorKind::Decode,
            format!(
                "{topic}-{} offset {}: not {format}: {}: {}",
                self.partition.partition,
                self.offset,
                self.reason,
                excerpt(&self.bytes)
            ),
        )
        .with_topic(topic)
        .with_partition(self.partition.partition)
        .with_offset(self.offset)
        .with_hint(
            "on_error=\"null\" keeps the row with nulls, on_error=\"skip\" leaves it out; both list it in the errors",
        )
    }
}

/// Bytes shown of a value in a message.
const SHOWN: usize = 64;

/// The beginning of a value, escaped: data never reaches a terminal as it is.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(SHOWN)];
    let more = if bytes.len() > SHOWN { "..." } else { "" };
    format!("b\"{}\"{more}", shown.escape_ascii())
}

/// One list for each partition, however many pieces it was read in: the room is that of a partition.
pub(crate) fn join(results: &mut [JobResult]) {
    let mut first = 0;
    for index in 1..results.len() {
        if results[index].partition != results[first].partition {
            first = index;
            continue;
        }
        let next = std::mem::take(&mut results[index].malformed);
        results[first].malformed.append(next);
    }
}

/// The table of malformed values: `partition` int32, `offset` int64, `reason` large_utf8, `value` large_binary; of several topics `topic` before
/// them.
pub(crate) fn table<'a>(plan: &Plan, rows: impl Iterator<Item = &'a Malformed>) -> RecordBatch {
    // No room in advance: following keeps many small ones.
    let mut topics = LargeStringBuilder::with_capacity(0, 0);
    let (mut partitions, mut offsets) = (Int32Builder::with_capacity(0), Int64Builder::with_capacity(0));
    let mut reasons = LargeStringBuilder::with_capacity(0, 0);
    let mut values = LargeBinaryBuilder::with_capacity(0, 0);
    for row in rows {
        if plan.several {
            topics.append_value(&plan.topic(row.partition).name);
        }
        partitions.append_value(row.partition.partition);
        offsets.append_value(row.offset);
        reasons.append_value(&row.reason);
        values.append_value(&row.bytes);
    }
    let fields = |name: &str, column: &ArrayRef| Field::new(name, column.data_type().clone(), false);
    let topics: ArrayRef = Arc::new(topics.finish());
    let columns: [(&str, ArrayRef); 5] = [
        ("topic", topics),
        ("partition", Arc::new(partitions.finish())),
        ("offset", Arc::new(offsets.finish())),
        ("reason", Arc::new(reasons.finish())),
        ("value", Arc::new(values.finish())),
    ];
    let columns = &columns[usize::from(!plan.several)..];
    let schema = Schema::new(
        columns
            .iter()
            .map(|(name, column)| fields(name, column))
            .collect::<Vec<_>>(),
    );
    let columns = columns.iter().map(|(_, column)| column.clone()).collect();
    // The builders were appended to in step, and the schema is made from their types.
    RecordBatch::try_new(Arc::new(schema), columns).expect("columns of one length")
}
