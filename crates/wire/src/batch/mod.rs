//! Record batches: what lies in a partition's log, in the records of a Fetch response and of a Produce request.
//!
//! - [`Walk`] goes over the batches of a byte slice by their headers alone
//! - [`Batch`] is one of them: check its CRC, iterate its records
//! - [`BatchBuilder`] writes one; [`restamp`], [`control_batch`], [`empty_batch_like`] are what a broker does to them
//!
//! ```
//! use kaframe_wire::batch::{BatchBuilder, Compression, DEFAULT_MAX_DECOMPRESSED, ProducerStamp, Scratch, Walk};
//!
//! let mut builder = BatchBuilder::new(Compression::Zstd);
//! builder.push(1_732_266_000_000, Some(b"key"), Some(b"value"), &[(b"trace", None)]);
//! let bytes = builder.finish(ProducerStamp::NONE)?;
//!
//! let mut scratch = Scratch::default(); // kept from batch to batch
//! for batch in Walk::new(&bytes) {
//!     let batch = batch?;
//!     batch.verify_crc()?;
//!     for record in batch.records(&mut scratch, DEFAULT_MAX_DECOMPRESSED)? {
//!         assert_eq!(record?.value, Some(&b"value"[..]));
//!     }
//! }
//! # Ok::<(), kaframe_wire::WireError>(())
//! ```
//!
//! Formats: v2 (magic 2, Kafka 0.11 and later) is read and written, v0 and v1 are read; they may stand side by side in
//! one slice. v2: <https://kafka.apache.org/documentation/#recordbatch>, KIP-98 and KIP-534; v0 and v1:
//! <https://kafka.apache.org/documentation/#messageset>, KIP-31 and KIP-32.
//!
//! Not here: which records a reader gives (isolation, bounds, order of offsets from one batch to the next).

mod builder;
mod checksum;
mod control;
mod entry;
mod header;
mod legacy;
mod record;
mod records;
mod rewrite;
mod walk;

pub use crate::compress::{Compression, Scratch};
pub use builder::{BatchBuilder, ProducerStamp, SealedBatch};
pub use control::{ControlType, control_batch};
pub use entry::Batch;
pub use header::{Header, TimestampType};
pub use record::{Headers, HeadersIter, Record};
pub use records::Records;
pub use rewrite::{empty_batch_like, restamp};
pub use walk::Walk;

/// The most bytes that one batch may decompress to, unless the caller says otherwise: 256 MiB.
pub const DEFAULT_MAX_DECOMPRESSED: usize = 256 << 20;
