//! Loads a chosen part of a Kafka topic into Arrow: typed columns, complete or an error.
//!
//! The way of a read: [`Bound`] (what the caller says) → [`Plan`] (resolved offset ranges, printable) → [`Split`]s (ranges of one
//! partition, the unit of parallel work) → [`Scan`] (runs them) → [`Table`] with a [`Report`] that accounts for every offset, or a
//! [`RecordBatchStream`] of any size in bounded memory.
//!
//! ```no_run
//! # async fn example() -> kaframe::Result<()> {
//! use kaframe::{Cluster, ScanOptions};
//! let cluster = Cluster::connect("localhost:9092").await?;
//! let table = cluster.read("orders", ScanOptions::default().start("-1h")?).await?;
//! println!("{}", table.report());
//! # Ok(()) }
//! ```
//! The same verbs without async are in [`blocking`].

mod account;
mod admin;
mod assemble;
pub mod blocking;
mod bookmark;
mod bound;
mod cancel;
mod chunk;
mod cluster;
mod columns;
mod config;
mod count;
mod decode;
mod engine;
mod error;
mod estimate;
mod file;
mod filter;
mod follow;
mod info;
mod latest;
mod limit;
mod listing;
mod malformed;
mod memory;
mod merge;
mod metadata_columns;
pub mod number;
mod options;
mod order;
mod outlet;
mod pace;
mod plan;
mod progress;
mod reader;
mod report;
mod resolve;
mod sample;
mod scan;
mod split;
mod stream;
mod summarize;
mod summary;
mod table;
mod tail;
mod time;
mod topic_partition;
mod topics;
mod transaction;
mod tuning;
mod walk;
mod widen;
mod window;
mod worker;
mod write;

pub use admin::{NewTopic, PartitionDescription, TopicDescription, TopicInfo};
pub use bookmark::{Bookmark, BookmarkPartition, BookmarkTopic};
pub use bound::{Bound, Bounds, OffsetRange};
pub use cancel::CancelToken;
pub use cluster::Cluster;
pub use columns::is_metadata;
pub use config::Config;
pub use count::Count;
pub use error::{Error, ErrorKind, Result, panic_text};
pub use estimate::Estimate;
pub use file::{Exported, FileCompression, FileFormat, FileOptions, FileSource, Written, WrittenFile};
pub use filter::{Answered, Condition, Filter, Implied, Mask};
pub use follow::{Follow, Followed};
pub use info::{ConfigEntry, ConfigOrigin, Info, PartitionInfo};
pub use kaframe_codec::ValueFormat;
pub use listing::{ClusterListing, ListedBroker, ListedPartition, ListedTopic, OffsetAtTime};
pub use options::{IsolationLevel, Late, Metadata, OnError, ScanOptions};
pub use order::Order;
pub use plan::{PartitionPlan, Plan};
pub use progress::{Progress, ProgressFn};
pub use report::{LostRange, PartitionReport, Report, TopicReport};
pub use scan::{Narrow, Scan};
pub use split::Split;
pub use stream::RecordBatchStream;
pub use summarize::{ColumnSummary, Histogram, PartitionRecords, Summary, TopValue};
pub use table::Table;
pub use topic_partition::TopicPartition;
pub use topics::Topics;
#[doc(hidden)]
pub use tuning::{Tuning, tune};
pub use write::{
    Compression, EncodeFormat, KeyHash, PartitionWrite, RowRanges, WriteOptions, WriteProgress, WriteProgressFn,
    WriteReport, Writer,
};

/// The Arrow types that appear in this crate's signatures.
pub mod arrow {
    pub use arrow_array::{self as array, RecordBatch};
    pub use arrow_schema::{self as schema, Schema, SchemaRef};
}
