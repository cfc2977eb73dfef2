//! The two checksums: CRC-32C over a v2 batch from its attributes on, CRC-32 (IEEE) over a v0 or v1 entry from its magic
//! byte on. Both run at memory speed on hardware that has instructions for them.

use super::header::{LEGACY_CRC_FROM, V2_CRC_FROM};

/// Of a whole v2 batch.
pub(super) fn v2(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes.get(V2_CRC_FROM..).unwrap_or_default())
}

/// Of a whole v0 or v1 entry.
pub(super) fn legacy(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes.get(LEGACY_CRC_FROM..).unwrap_or_default())
}
