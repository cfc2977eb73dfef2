//! Records as bytes, out of batches that were read with the formats `raw`: what templates and kcat's envelope print.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMillisecondType};
use arrow_array::{
    Array, ArrayRef, Int32Array, Int64Array, LargeBinaryArray, LargeListArray, RecordBatch, TimestampMillisecondArray,
};
use kaframe::{Metadata, ScanOptions, ValueFormat};

use super::not_printable;
use crate::exit::Failure;

/// What beside key, value and place is needed of each record. Headers and names cost memory per record, so they are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// The topic's name.
    pub topic: bool,
    /// Headers.
    pub headers: bool,
    /// Who set the timestamp.
    pub timestamp_type: bool,
}

impl Needs {
    /// Puts into the options of a scan what makes its batches readable by [`RawRecords`].
    pub fn apply(self, options: &mut ScanOptions) {
        options.key_format = Some(ValueFormat::Raw);
        options.value_format = Some(ValueFormat::Raw);
        options.columns = None;
        let mut names = vec!["_key", "_partition", "_offset", "_timestamp"];
        if self.topic {
            names.push("_topic");
        }
        if self.headers {
            names.push("_headers");
        }
        if self.timestamp_type {
            names.push("_timestamp_type");
        }
        options.metadata = Metadata::Only(names.into_iter().map(str::to_owned).collect());
    }
}

/// The columns of a batch of raw records.
pub struct RawRecords<'a> {
    values: Option<&'a LargeBinaryArray>,
    keys: Option<&'a LargeBinaryArray>,
    partitions: &'a Int32Array,
    offsets: &'a Int64Array,
    timestamps: &'a TimestampMillisecondArray,
    topics: Option<&'a ArrayRef>,
    headers: Option<&'a LargeListArray>,
    timestamp_types: Option<&'a ArrayRef>,
}

/// One record. Null is told from empty.
#[derive(Clone, Copy)]
pub struct RawRecord<'a> {
    /// Key.
    pub key: Option<&'a [u8]>,
    /// Value.
    pub value: Option<&'a [u8]>,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// Milliseconds since 1970; `None` where the record has none.
    pub timestamp: Option<i64>,
    records: &'a RawRecords<'a>,
    row: usize,
}

impl<'a> RawRecords<'a> {
    /// The columns of a batch.
    pub fn of(batch: &'a RecordBatch) -> Result<RawRecords<'a>, Failure> {
        let column = |name: &str| batch.column_by_name(name);
        let missing = |name: &str| not_printable(format!("the column {name} is missing"));
        let need = |name: &str| column(name).ok_or_else(|| missing(name));
        Ok(RawRecords {
            values: column("value")
                .map(|array| bytes("value", array))
                .transpose()?
                .flatten(),
            keys: bytes("_key", need("_key")?)?,
            partitions: need("_partition")?
                .as_primitive_opt::<Int32Type>()
                .ok_or_else(|| missing("_partition"))?,
            offsets: need("_offset")?
                .as_primitive_opt::<Int64Type>()
                .ok_or_else(|| missing("_offset"))?,
            timestamps: need("_timestamp")?
                .as_primitive_opt::<TimestampMillisecondType>()
                .ok_or_else(|| missing("_timestamp"))?,
            topics: column("_topic"),
            headers: column("_headers").and_then(|array| array.as_list_opt::<i64>()),
            timestamp_types: column("_timestamp_type"),
        })
    }

    /// One of them.
    pub fn get(&'a self, row: usize) -> RawRecord<'a> {
        fn at(array: Option<&LargeBinaryArray>, row: usize) -> Option<&[u8]> {
            array.filter(|array| array.is_valid(row)).map(|array| array.value(row))
        }
        RawRecord {
            key: at(self.keys, row),
            value: at(self.values, row),
            partition: self.partitions.value(row),
            offset: self.offsets.value(row),
            timestamp: self.timestamps.is_valid(row).then(|| self.timestamps.value(row)),
            records: self,
            row,
        }
    }
}

/// A column of bytes; one of another type has no value in it, or it is not what was asked for.
fn bytes<'a>(name: &str, array: &'a ArrayRef) -> Result<Option<&'a LargeBinaryArray>, Failure> {
    match array.as_binary_opt::<i64>() {
        Some(bytes) => Ok(Some(bytes)),
        None if array.null_count() == array.len() => Ok(None),
        None => Err(not_printable(format!(
            "the column {name} is {} and no bytes",
            array.data_type()
        ))),
    }
}

impl<'a> RawRecord<'a> {
    /// The topic's name; empty where it was not asked for.
    pub fn topic(&self) -> &'a str {
        text(self.records.topics, self.row).unwrap_or_default()
    }

    /// Who set the timestamp: `CreateTime` or `LogAppendTime`.
    pub fn timestamp_type(&self) -> Option<&'a str> {
        text(self.records.timestamp_types, self.row)
    }

    /// Calls for each header in order: its key and its value, which may be null. Returns how many there are.
    pub fn headers(&self, mut each: impl FnMut(&str, Option<&[u8]>)) -> usize {
        let Some(list) = self.records.headers.filter(|list| list.is_valid(self.row)) else {
            return 0;
        };
        let items = list.value(self.row);
        let Some(items) = items.as_struct_opt() else { return 0 };
        let (Some(keys), Some(values)) = (
            items.column(0).as_string_opt::<i64>(),
            items.column(1).as_binary_opt::<i64>(),
        ) else {
            return 0;
        };
        for index in 0..items.len() {
            each(keys.value(index), values.is_valid(index).then(|| values.value(index)));
        }
        items.len()
    }
}

fn text(array: Option<&ArrayRef>, row: usize) -> Option<&str> {
    let texts = array?.as_string_opt::<i64>()?;
    texts.is_valid(row).then(|| texts.value(row))
}
