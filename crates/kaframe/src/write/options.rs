//! How rows are written.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kaframe_codec::{EncodeFormat, ValueFormat};
use kaframe_wire::batch::Compression;

use super::partitioner::KeyHash;
use crate::cancel::CancelToken;

/// How rows are written. `WriteOptions::default()` writes values as JSON, with the keys of the column `_key` if there is one.
#[derive(Clone)]
pub struct WriteOptions {
    /// The column that gives the key; it stays in the value too. Without it the column `_key` does, if there is one.
    pub key: Option<String>,
    /// How keys become bytes; `None` writes text as UTF-8, integers as decimal text, bytes as they are.
    pub key_format: Option<ValueFormat>,
    /// How values become bytes.
    pub value_format: EncodeFormat,
    /// What batches are compressed with.
    pub compression: Compression,
    /// The partition of every record. Without it the key decides, and records without a key take turns by batch.
    pub partition: Option<i32>,
    /// How a key decides.
    pub key_hash: KeyHash,
    /// Called as rows are acknowledged.
    pub progress: Option<WriteProgressFn>,
    /// Stops the write.
    pub cancel: CancelToken,
}

impl Default for WriteOptions {
    fn default() -> Self {
        WriteOptions {
            key: None,
            key_format: None,
            value_format: EncodeFormat::Json,
            compression: Compression::None,
            partition: None,
            key_hash: KeyHash::default(),
            progress: None,
            cancel: CancelToken::new(),
        }
    }
}

impl WriteOptions {
    /// Sets the key column.
    #[must_use]
    pub fn key(mut self, column: impl Into<String>) -> Self {
        self.key = Some(column.into());
        self
    }

    /// Sets the format of values.
    #[must_use]
    pub fn value_format(mut self, format: EncodeFormat) -> Self {
        self.value_format = format;
        self
    }

    /// Sets the compression.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }
}

impl fmt::Debug for WriteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteOptions")
            .field("key", &self.key)
            .field("value_format", &self.value_format)
            .field("compression", &self.compression)
            .field("partition", &self.partition)
            .field("key_hash", &self.key_hash)
            .finish_non_exhaustive()
    }
}

/// How far a write has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteProgress {
    /// Rows that the brokers have acknowledged.
    pub rows: u64,
    /// Bytes of their keys, values and headers.
    pub bytes: u64,
    /// Time since the write began.
    pub elapsed: Duration,
}

/// Called when a batch was acknowledged, at most about ten times a second, and once at the end. It must return quickly.
pub type WriteProgressFn = Arc<dyn Fn(&WriteProgress) + Send + Sync>;
