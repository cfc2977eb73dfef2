//! A constant as an instant, as fine as it was written.

use std::sync::Arc;

use arrow_schema::{DataType, TimeUnit};
use datafusion::common::ScalarValue;

/// An instant since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instant {
    count: i64,
    unit: TimeUnit,
}

pub(crate) fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

impl Instant {
    /// Of a timestamp, or of the text of one; without a zone it is in this one.
    pub(crate) fn of(value: &ScalarValue, zone: Option<&Arc<str>>) -> Option<Instant> {
        // Nanoseconds end in 2262; microseconds do not.
        [TimeUnit::Nanosecond, TimeUnit::Microsecond]
            .into_iter()
            .find_map(|unit| {
                let cast = value.cast_to(&DataType::Timestamp(unit, zone.cloned())).ok()?;
                match cast {
                    ScalarValue::TimestampNanosecond(Some(count), _)
                    | ScalarValue::TimestampMicrosecond(Some(count), _) => Some(Instant { count, unit }),
                    _ => None,
                }
            })
    }

    /// The last whole one of a coarser unit that is not behind it.
    pub(crate) fn floor(self, unit: TimeUnit) -> i64 {
        self.count.div_euclid(self.parts(unit))
    }

    pub(crate) fn is_whole(self, unit: TimeUnit) -> bool {
        self.count.rem_euclid(self.parts(unit)) == 0
    }

    fn parts(self, unit: TimeUnit) -> i64 {
        (per_second(self.unit) / per_second(unit)).max(1)
    }
}
