//! The Kafka protocol as bytes: frames, message bodies, record batches, compression, checksums.
//!
//! Pure functions over slices. No sockets, no async, no Arrow, no thread. Nothing that a peer sends can make this crate
//! panic, loop for ever or reserve more memory than the bytes at hand justify.
//!
//! - [`frame`]: length prefix, headers, guarded decoding of bodies
//! - [`message`]: the message types by name
//! - [`batch`]: record batches v0, v1, v2, read and (v2) written
//! - [`ErrorCode`]: the error codes of the protocol
//! - [`WireError`]: what can be wrong with bytes

pub mod batch;
mod code;
mod compress;
mod error;
pub mod frame;
mod guard;
pub mod message;
mod varint;

pub use code::ErrorCode;
pub use error::{ForeignPeer, WireError};
