//! Rows of a batch as bytes of records: encoded once, shared until they are acknowledged.
//!
//! Pure and without state: several workers encode at once.

use arrow_array::{Array, BooleanArray, RecordBatch, TimestampMillisecondArray};
use kaframe_codec::{EncodeError, EncodeFormat, Rows, encode_key, encode_values, refuse_infinite};

use super::columns::RecordColumns;
use super::headers::{Header, HeaderColumn};
use super::options::WriteOptions;
use crate::error::{Error, ErrorKind, Result};

/// Encoded rows of one batch.
#[derive(Debug)]
pub(super) struct Encoded {
    /// Number of the first row, over the whole write.
    pub first_row: u64,
    rows: usize,
    values: Option<Rows>,
    keys: Option<Rows>,
    headers: Option<HeaderColumn>,
    timestamps: Option<TimestampMillisecondArray>,
    tombstones: Option<BooleanArray>,
    /// The time of records that bring none, in milliseconds since 1970.
    now: i64,
}

impl Encoded {
    /// Encodes a batch whose first row has the number `first_row`.
    pub fn new(batch: &RecordBatch, first_row: u64, now: i64, options: &WriteOptions) -> Result<Encoded> {
        let columns = RecordColumns::of(batch, options.key.as_deref())?;
        if let Some(timestamps) = &columns.timestamp {
            check_timestamps(timestamps, first_row)?;
        }
        let failed = |error: EncodeError| encode_error(error, first_row);
        Ok(Encoded {
            first_row,
            rows: batch.num_rows(),
            values: columns
                .value
                .map(|value| {
                    if options.value_format == EncodeFormat::Json {
                        refuse_infinite(&value)?;
                    }
                    encode_values(&value, options.value_format)
                })
                .transpose()
                .map_err(failed)?,
            keys: columns
                .key
                .map(|key| encode_key(&key, options.key_format))
                .transpose()
                .map_err(|error| EncodeError {
                    column: options.key.clone().unwrap_or_else(|| "_key".to_owned()),
                    ..error
                })
                .map_err(failed)?,
            headers: columns
                .headers
                .map(|headers| HeaderColumn::new(&headers))
                .transpose()?
                .flatten(),
            timestamps: columns.timestamp,
            tombstones: columns.tombstone,
            now,
        })
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// The key of a row.
    pub fn key(&self, row: usize) -> Option<&[u8]> {
        self.keys.as_ref().and_then(|keys| keys.get(row))
    }

    /// The value of a row; a tombstone has none.
    pub fn value(&self, row: usize) -> Option<&[u8]> {
        let tombstone = self
            .tombstones
            .as_ref()
            .is_some_and(|t| t.is_valid(row) && t.value(row));
        self.values.as_ref().filter(|_| !tombstone)?.get(row)
    }

    /// The timestamp of a row.
    pub fn timestamp(&self, row: usize) -> i64 {
        self.timestamps
            .as_ref()
            .filter(|t| t.is_valid(row))
            .map_or(self.now, |t| t.value(row))
    }

    /// The headers of a row, put into `headers`.
    pub fn headers<'a>(&'a self, row: usize, headers: &mut Vec<Header<'a>>) {
        match &self.headers {
            Some(column) => column.row(row, headers),
            None => headers.clear(),
        }
    }

    /// Bytes of a row's key, value and headers, and how many headers there are.
    pub fn payload(&self, row: usize) -> (usize, usize) {
        let mut bytes = self.key(row).map_or(0, <[u8]>::len) + self.value(row).map_or(0, <[u8]>::len);
        let mut headers = Vec::new();
        if self.headers.is_some() {
            self.headers(row, &mut headers);
            bytes += headers
                .iter()
                .map(|(key, value)| key.len() + value.map_or(0, <[u8]>::len))
                .sum::<usize>();
        }
        (bytes, headers.len())
    }
}

fn check_timestamps(timestamps: &TimestampMillisecondArray, first_row: u64) -> Result<()> {
    let before = (0..timestamps.len()).find(|row| timestamps.is_valid(*row) && timestamps.value(*row) < 0);
    let Some(row) = before else {
        return Ok(());
    };
    let message = format!(
        "row {} has a _timestamp before 1970, which Kafka does not take",
        first_row + row as u64
    );
    Err(Error::new(ErrorKind::Schema, message).with_hint("leave it null for the time of writing"))
}

/// The row is counted over the whole write, as the caller counts.
fn encode_error(error: EncodeError, first_row: u64) -> Error {
    let row = error
        .row
        .map_or_else(String::new, |row| format!(", row {}", first_row + row as u64));
    Error::new(
        ErrorKind::Schema,
        format!("column {:?}{row} cannot be written: {}", error.column, error.reason),
    )
}
