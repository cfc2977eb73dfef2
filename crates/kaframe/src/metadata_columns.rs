//! Grows the metadata columns of a chunk that come from each record: offset, timestamp, timestamp type, headers, error, tombstone.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, LargeBinaryBuilder, LargeListBuilder, LargeStringBuilder, StructBuilder,
    TimestampMillisecondBuilder,
};
use arrow_array::{ArrayRef, Int32Array, Int64Array, LargeStringArray};
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use kaframe_wire::batch::{Headers, TimestampType};

use crate::columns::{MetaColumn, Selection};

/// Type of a metadata column; that of `_key` depends on its format and is not asked here.
pub(crate) fn field(column: MetaColumn) -> Field {
    let (data_type, nullable) = match column {
        MetaColumn::Key | MetaColumn::TimestampType | MetaColumn::Error => (DataType::LargeUtf8, true),
        MetaColumn::Topic => (DataType::LargeUtf8, false),
        MetaColumn::Partition => (DataType::Int32, false),
        MetaColumn::Offset => (DataType::Int64, false),
        MetaColumn::Timestamp => (DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())), true),
        MetaColumn::Headers => {
            let item = Field::new("item", DataType::Struct(header_fields()), true);
            (DataType::LargeList(Arc::new(item)), false)
        }
        MetaColumn::Tombstone => (DataType::Boolean, false),
    };
    Field::new(column.name(), data_type, nullable)
}

fn header_fields() -> Fields {
    vec![
        Field::new("key", DataType::LargeUtf8, false),
        Field::new("value", DataType::LargeBinary, true),
    ]
    .into()
}

/// What a record gives to the metadata columns, beside its key.
pub(crate) struct RecordMeta<'a> {
    pub(crate) offset: i64,
    pub(crate) timestamp: Option<i64>,
    pub(crate) timestamp_type: TimestampType,
    pub(crate) headers: Headers<'a>,
    pub(crate) tombstone: bool,
    pub(crate) error: Option<&'a str>,
}

/// Builders of the columns that are in the result.
pub(crate) struct MetadataBuilders {
    topic: Option<Arc<str>>,
    partition: Option<i32>,
    offsets: Option<Vec<i64>>,
    timestamps: Option<TimestampMillisecondBuilder>,
    timestamp_types: Option<LargeStringBuilder>,
    headers: Option<LargeListBuilder<StructBuilder>>,
    errors: Option<LargeStringBuilder>,
    tombstones: Option<BooleanBuilder>,
    header_bytes: usize,
    rows: usize,
}

impl MetadataBuilders {
    /// For the columns of a selection. With `order` offset and timestamp are kept in any case.
    pub(crate) fn new(selection: &Selection, order: bool, topic: &Arc<str>, partition: i32, rows: usize) -> Self {
        let needs = |column| selection.needs(column);
        let headers = || {
            let item = Field::new("item", DataType::Struct(header_fields()), true);
            let key = Box::new(LargeStringBuilder::new());
            let value = Box::new(LargeBinaryBuilder::new());
            LargeListBuilder::new(StructBuilder::new(header_fields(), vec![key, value])).with_field(item)
        };
        MetadataBuilders {
            topic: needs(MetaColumn::Topic).then(|| topic.clone()),
            partition: needs(MetaColumn::Partition).then_some(partition),
            offsets: (order || needs(MetaColumn::Offset)).then(|| Vec::with_capacity(rows)),
            timestamps: (order || needs(MetaColumn::Timestamp))
                .then(|| TimestampMillisecondBuilder::with_capacity(rows).with_timezone("UTC")),
            timestamp_types: needs(MetaColumn::TimestampType).then(LargeStringBuilder::new),
            headers: needs(MetaColumn::Headers).then(headers),
            errors: needs(MetaColumn::Error).then(LargeStringBuilder::new),
            tombstones: needs(MetaColumn::Tombstone).then(BooleanBuilder::new),
            header_bytes: 0,
            rows: 0,
        }
    }

    /// Appends a row. Returns whether a header's key was not UTF-8 and is shown with replacement characters.
    pub(crate) fn push(&mut self, record: &RecordMeta<'_>) -> bool {
        self.rows += 1;
        if let Some(offsets) = &mut self.offsets {
            offsets.push(record.offset);
        }
        if let Some(timestamps) = &mut self.timestamps {
            timestamps.append_option(record.timestamp);
        }
        if let Some(types) = &mut self.timestamp_types {
            types.append_option(match record.timestamp_type {
                TimestampType::CreateTime => Some("CreateTime"),
                TimestampType::LogAppendTime => Some("LogAppendTime"),
                TimestampType::NoTimestampType => None,
            });
        }
        if let Some(errors) = &mut self.errors {
            errors.append_option(record.error);
        }
        if let Some(tombstones) = &mut self.tombstones {
            tombstones.append_value(record.tombstone);
        }
        let Some(headers) = &mut self.headers else { return false };
        let (bytes, replaced) = push_headers(headers, record.headers);
        self.header_bytes += bytes;
        replaced
    }

    /// Memory that the columns hold.
    pub(crate) fn allocated_bytes(&self) -> usize {
        let row = 8 * usize::from(self.offsets.is_some())
            + 9 * usize::from(self.timestamps.is_some())
            + 21 * usize::from(self.timestamp_types.is_some())
            + 8 * usize::from(self.errors.is_some())
            + 4 * usize::from(self.partition.is_some())
            + self.topic.as_ref().map_or(0, |topic| 8 + topic.len());
        self.rows * row + self.header_bytes
    }

    /// Gives the rows so far and starts anew.
    pub(crate) fn finish(&mut self) -> Vec<(MetaColumn, ArrayRef)> {
        let rows = std::mem::take(&mut self.rows);
        self.header_bytes = 0;
        let mut columns: Vec<(MetaColumn, ArrayRef)> = Vec::new();
        if let Some(topic) = &self.topic {
            let repeated = LargeStringArray::from_iter_values(std::iter::repeat_n(topic.as_ref(), rows));
            columns.push((MetaColumn::Topic, Arc::new(repeated)));
        }
        if let Some(partition) = self.partition {
            columns.push((MetaColumn::Partition, Arc::new(Int32Array::from_value(partition, rows))));
        }
        if let Some(offsets) = &mut self.offsets {
            columns.push((MetaColumn::Offset, Arc::new(Int64Array::from(std::mem::take(offsets)))));
        }
        if let Some(timestamps) = &mut self.timestamps {
            columns.push((MetaColumn::Timestamp, Arc::new(timestamps.finish())));
        }
        if let Some(types) = &mut self.timestamp_types {
            columns.push((MetaColumn::TimestampType, Arc::new(types.finish())));
        }
        if let Some(headers) = &mut self.headers {
            columns.push((MetaColumn::Headers, Arc::new(headers.finish())));
        }
        if let Some(errors) = &mut self.errors {
            columns.push((MetaColumn::Error, Arc::new(errors.finish())));
        }
        if let Some(tombstones) = &mut self.tombstones {
            columns.push((MetaColumn::Tombstone, Arc::new(tombstones.finish())));
        }
        columns
    }
}

/// Memory of a header beside its bytes: two offsets and a bit.
const HEADER_OVERHEAD: usize = 17;

/// Returns the memory they take, and whether a key is shown with replacement characters.
fn push_headers(builder: &mut LargeListBuilder<StructBuilder>, headers: Headers<'_>) -> (usize, bool) {
    let (mut bytes, mut replaced) = (8, false);
    let items = builder.values();
    for (key, value) in headers.iter() {
        let text = String::from_utf8_lossy(key);
        replaced |= matches!(text, std::borrow::Cow::Owned(_));
        bytes += text.len() + value.map_or(0, <[u8]>::len) + HEADER_OVERHEAD;
        if let Some(keys) = items.field_builder::<LargeStringBuilder>(0) {
            keys.append_value(text);
        }
        if let Some(values) = items.field_builder::<LargeBinaryBuilder>(1) {
            values.append_option(value);
        }
        items.append(true);
    }
    builder.append(true);
    (bytes, replaced)
}
