//! Writing: rows of Arrow record batches become records of a topic.
//!
//! The way of a row: its columns are told apart (`columns`), it is encoded (`encode`), given a partition (`partitioner`), gathered with others of
//! that partition (`gather`), and delivered (`deliver`), idempotent and with acks=all, several batches of a partition on their way at once. Encoding and
//! compressing is spread over the cores (`workers`). What became of every row is in the [`WriteReport`]: written,
//! not written, or, when an answer never came, unknown. Nothing here is transactional, and a process that dies and runs again may write again.
//!
//! A row is encoded once and its bytes stay shared until the broker has acknowledged it, so a batch that the broker finds too large is split and
//! sent again without encoding anew.

mod columns;
mod deliver;
mod encode;
mod gather;
mod headers;
mod options;
mod partitioner;
mod report;
pub(crate) mod workers;
mod writer;

use arrow_array::RecordBatch;
pub use kaframe_codec::EncodeFormat;
pub use kaframe_wire::batch::Compression;
pub use options::{WriteOptions, WriteProgress, WriteProgressFn};
pub use partitioner::KeyHash;
pub use report::{PartitionWrite, RowRanges, WriteReport};
pub use writer::Writer;

use crate::blocking;
use crate::cluster::Cluster;
use crate::error::Result;

impl Cluster {
    /// Writes rows as records of a topic that exists, and waits until the brokers have them all.
    ///
    /// `_key`, `_headers` and `_timestamp` become the record's own, a row whose `_tombstone` is true has no value, other metadata columns are
    /// left out, all other columns are the value.
    ///
    /// # Errors
    /// What became of the rows is in [`crate::Error::write_report`]. [`crate::ErrorKind::TopicNotFound`] when there is no such topic (it is never
    /// created here), [`crate::ErrorKind::UnknownOutcome`] when it cannot be known whether some rows were written, [`crate::ErrorKind::Limit`] for a
    /// record that the topic does not take, [`crate::ErrorKind::Schema`] for columns that cannot be written.
    pub async fn write(
        &self,
        topic: &str,
        batches: impl IntoIterator<Item = RecordBatch>,
        options: WriteOptions,
    ) -> Result<WriteReport> {
        let mut writer = self.writer(topic, options).await?;
        for batch in batches {
            writer.push(&batch).await?;
        }
        writer.finish().await
    }

    /// Opens a topic for writing piece by piece. Fails as [`Cluster::write`] does.
    pub async fn writer(&self, topic: &str, options: WriteOptions) -> Result<Writer> {
        Writer::open(self, topic, options).await
    }
}

impl blocking::Cluster {
    /// See [`Cluster::write`].
    pub fn write(
        &self,
        topic: &str,
        batches: impl IntoIterator<Item = RecordBatch>,
        options: WriteOptions,
    ) -> Result<WriteReport> {
        self.block_on(self.as_async().write(topic, batches, options))
    }

    /// See [`Cluster::writer`]. Its verbs are async: run them with [`blocking::Cluster::block_on`].
    pub fn writer(&self, topic: &str, options: WriteOptions) -> Result<Writer> {
        self.block_on(self.as_async().writer(topic, options))
    }
}
