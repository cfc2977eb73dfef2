//! Whether a broker may answer for a partition: only its leader does, and only to a client that knows the current epoch (KIP-320).

use kaframe_wire::ErrorCode;

use crate::topic::Partition;

/// Checks that `node` leads the partition and that the client's idea of the epoch (-1: none) is the current one.
///
/// # Errors
/// NOT_LEADER_OR_FOLLOWER, FENCED_LEADER_EPOCH (the client is behind) or UNKNOWN_LEADER_EPOCH (the client is ahead).
pub(crate) fn check_leader(partition: &Partition, node: i32, client_epoch: i32) -> Result<(), ErrorCode> {
    let epoch = partition.leader_epoch();
    if client_epoch >= 0 && client_epoch < epoch {
        return Err(ErrorCode::FENCED_LEADER_EPOCH);
    }
    if client_epoch > epoch {
        return Err(ErrorCode::UNKNOWN_LEADER_EPOCH);
    }
    if partition.leader == node {
        Ok(())
    } else {
        Err(ErrorCode::NOT_LEADER_OR_FOLLOWER)
    }
}
