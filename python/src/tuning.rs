//! How reads of this process are run, instead of what is measured: for tests only, so it is in the private module and nowhere else.

use kaframe::Tuning;
use pyo3::prelude::*;

/// Fixes how every scan from now on is run; what is not given is measured again.
#[pyfunction]
#[pyo3(signature = (*, offsets_per_split=None, connections=None, decoders=None, fetch_bytes=None, memory_limit=None))]
pub(crate) fn tune(
    offsets_per_split: Option<u64>,
    connections: Option<usize>,
    decoders: Option<usize>,
    fetch_bytes: Option<i32>,
    memory_limit: Option<u64>,
) {
    kaframe::tune(Tuning {
        offsets_per_split,
        connections,
        decoders,
        fetch_bytes,
        memory_limit,
    });
}
