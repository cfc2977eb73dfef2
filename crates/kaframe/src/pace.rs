//! How many connections a read keeps busy, and how much it asks for at once, by how far away the brokers are. Pure.
//!
//! As many splits are decoded at once as there are cores, each where its bytes arrive. Near brokers need no more connections than that: the
//! next answer is there before the last one is decoded. The further away they are, the more must be on its way: what the cores decode in a
//! round trip.

use std::time::Duration;

use crate::tuning::Tuning;

/// Bytes asked for in one Fetch: larger gains nothing on a fast network, smaller costs the broker.
pub(crate) const FETCH_BYTES: i32 = 4 << 20;
/// The same where a round trip is long: fewer connections for the same bytes on their way.
const FAR_FETCH_BYTES: i32 = 8 << 20;
/// From here on a round trip is long.
const FAR: Duration = Duration::from_millis(3);
/// Smallest Fetch, where memory is tight or little is left.
pub(crate) const SMALL_FETCH_BYTES: i32 = 64 << 10;
/// Bytes of records that one core decodes in a millisecond, on the wire: the fast end of what was measured.
const DECODED_PER_MS: u64 = 1 << 20;
/// Bytes on their way or being decoded, for each core, at most.
const IN_FLIGHT_PER_CORE: u64 = 32 << 20;

/// How a read runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Splits that are decoded at once.
    pub(crate) decoders: usize,
    /// Splits that are read at once, each over a connection of its own.
    pub(crate) connections: usize,
    /// Bytes asked for in one Fetch.
    pub(crate) fetch_bytes: i32,
}

impl Pace {
    /// For brokers that answer in `round_trip` and a reader that may hold `memory_limit` bytes on their way.
    pub(crate) fn of(round_trip: Option<Duration>, cores: usize, memory_limit: u64, tuning: &Tuning) -> Pace {
        let decoders = tuning.decoders.unwrap_or(cores).max(1);
        let cores = decoders as u64;
        let far = round_trip.filter(|trip| *trip >= FAR);
        // Each connection holds one response and waits for another; what is decoded needs room too.
        let room = (memory_limit / 4).min(cores * IN_FLIGHT_PER_CORE);
        let wish = if far.is_some() { FAR_FETCH_BYTES } else { FETCH_BYTES };
        let share = i32::try_from(room / cores).unwrap_or(i32::MAX);
        let fetch_bytes = tuning.fetch_bytes.unwrap_or(wish.min(share)).max(SMALL_FETCH_BYTES);
        let due = far.map_or(0, |trip| trip.as_micros() as u64 * cores * DECODED_PER_MS / 1000);
        let more = due.div_ceil(fetch_bytes as u64);
        let most = (room / fetch_bytes as u64).max(cores);
        let connections = tuning
            .connections
            .unwrap_or(usize::try_from((cores + more).min(most)).unwrap_or(decoders));
        Pace {
            decoders,
            connections: connections.max(1),
            fetch_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(ms: u64, cores: usize, memory_limit: u64) -> (usize, i32) {
        let pace = Pace::of(Some(Duration::from_millis(ms)), cores, memory_limit, &Tuning::default());
        assert_eq!(pace.decoders, cores);
        (pace.connections, pace.fetch_bytes)
    }

    #[test]
    fn only_distance_asks_for_more_connections_than_cores() {
        assert_eq!(pace(0, 2, 1 << 30), (2, FETCH_BYTES));
        assert_eq!(pace(1, 16, 1 << 30), (16, FETCH_BYTES));
        assert_eq!(pace(20, 2, 1 << 30), (7, FAR_FETCH_BYTES));
        // No further than the bytes on their way may be many.
        assert_eq!(pace(2000, 2, 1 << 30), (8, FAR_FETCH_BYTES));
        let unknown = Pace::of(None, 4, 1 << 30, &Tuning::default());
        assert_eq!((unknown.connections, unknown.fetch_bytes), (4, FETCH_BYTES));
    }

    #[test]
    fn memory_bounds_what_is_on_its_way() {
        for limit in [0, 1, 1 << 20, 16 << 20, 64 << 20, 1 << 30, u64::MAX] {
            for ms in [0, 5, 20, 1000] {
                for cores in [1, 2, 64] {
                    let (connections, fetch) = pace(ms, cores, limit);
                    let least = cores as u64 * SMALL_FETCH_BYTES as u64;
                    assert!(connections as u64 * fetch as u64 <= (limit / 4).max(least));
                    assert!(connections >= cores && fetch >= SMALL_FETCH_BYTES);
                }
            }
        }
    }
}
