//! Records out of lines, gathered into a batch of rows.

use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, LargeBinaryBuilder, ListBuilder, StringBuilder, StructBuilder, TimestampMillisecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Fields};

use super::record::{Header, LineRecord};

/// Gathers rows.
pub struct RowsBuilder {
    values: LargeBinaryBuilder,
    keys: LargeBinaryBuilder,
    timestamps: TimestampMillisecondBuilder,
    headers: ListBuilder<StructBuilder>,
    rows: usize,
    bytes: usize,
}

impl Default for RowsBuilder {
    fn default() -> Self {
        let fields = Fields::from(vec![
            Field::new("key", DataType::Utf8, false),
            Field::new("value", DataType::Binary, true),
        ]);
        let header = StructBuilder::new(
            fields,
            vec![Box::new(StringBuilder::new()), Box::new(BinaryBuilder::new())],
        );
        RowsBuilder {
            values: LargeBinaryBuilder::new(),
            keys: LargeBinaryBuilder::new(),
            timestamps: TimestampMillisecondBuilder::new().with_timezone("UTC"),
            headers: ListBuilder::new(header),
            rows: 0,
            bytes: 0,
        }
    }
}

impl RowsBuilder {
    /// Adds a record.
    pub fn push(&mut self, record: &LineRecord) {
        self.push_parts(
            record.key.as_deref(),
            record.value.as_deref(),
            record.timestamp,
            &record.headers,
        );
    }

    /// Adds a record that may have no value.
    pub fn push_parts(
        &mut self,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        timestamp: Option<i64>,
        headers: &[Header<'_>],
    ) {
        self.values.append_option(value);
        self.keys.append_option(key);
        self.timestamps.append_option(timestamp);
        for (key, value) in headers {
            let entry = self.headers.values();
            if let Some(keys) = entry.field_builder::<StringBuilder>(0) {
                keys.append_value(key);
            }
            if let Some(values) = entry.field_builder::<BinaryBuilder>(1) {
                values.append_option(value.as_deref());
            }
            entry.append(true);
        }
        self.headers.append(true);
        self.rows += 1;
        self.bytes += value.map_or(0, <[u8]>::len) + key.map_or(0, <[u8]>::len);
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Bytes of keys and values.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The rows as a batch: `value`, `_key`, `_timestamp`, `_headers`. Starts anew.
    pub fn finish(&mut self) -> RecordBatch {
        (self.rows, self.bytes) = (0, 0);
        let columns: [(&str, ArrayRef); 4] = [
            ("value", Arc::new(self.values.finish())),
            ("_key", Arc::new(self.keys.finish())),
            ("_timestamp", Arc::new(self.timestamps.finish())),
            ("_headers", Arc::new(self.headers.finish())),
        ];
        // Columns of one length each by construction.
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
            .unwrap_or_else(|e| unreachable!("{e}"))
    }
}
