//! Control records: the markers that end a transaction (KIP-98). Key: version (int16) and type (int16). Value of a marker:
//! version (int16) and epoch of the transaction coordinator (int32).

use bytes::Bytes;

use super::builder::{Flags, seal, write_record};

/// What a control record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ControlType {
    /// The producer's open transaction is aborted: its records must not be given to `read_committed` readers.
    Abort,
    /// The producer's open transaction is committed.
    Commit,
    /// Something that only brokers care about (2 to 6: snapshots and elections of KRaft).
    Other(i16),
}

impl ControlType {
    fn number(self) -> i16 {
        match self {
            ControlType::Abort => 0,
            ControlType::Commit => 1,
            ControlType::Other(number) => number,
        }
    }
}

/// Reads the key of a control record. Versions above 0 may append fields; what stands here stays.
pub(super) fn type_of(key: &[u8]) -> Option<ControlType> {
    let [_, _, high, low] = *key.first_chunk::<4>()?;
    Some(match i16::from_be_bytes([high, low]) {
        0 => ControlType::Abort,
        1 => ControlType::Commit,
        other => ControlType::Other(other),
    })
}

/// The batch that a broker writes into every partition of a transaction when it ends: one control record, uncompressed.
pub fn control_batch(
    base_offset: i64,
    timestamp_ms: i64,
    producer_id: i64,
    producer_epoch: i16,
    control: ControlType,
    coordinator_epoch: i32,
) -> Bytes {
    let [high, low] = control.number().to_be_bytes();
    let key = [0, 0, high, low];
    let mut value = [0; 6];
    value[2..].copy_from_slice(&coordinator_epoch.to_be_bytes());
    let mut batch = super::builder::start();
    write_record(&mut batch, 0, 0, Some(&key), Some(&value), &[]);
    let flags = Flags {
        base_offset,
        attributes: super::header::TRANSACTIONAL | super::header::CONTROL,
        last_offset_delta: 0,
        base_timestamp: timestamp_ms,
        max_timestamp: timestamp_ms,
        producer_id,
        producer_epoch,
        base_sequence: -1,
        record_count: 1,
    };
    seal(&mut batch, &flags);
    Bytes::from(batch)
}
