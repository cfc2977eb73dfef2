//! Timestamps of milliseconds against constants that have parts of one.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, TimestampMillisecondArray};
use kaframe_sql::compile;

use crate::rows::{by_query, passes};

/// 2026-01-01 00:00:20, in milliseconds.
const START: i64 = 1_767_225_620_000;

/// Records at 24 to 27 milliseconds behind that, with these offsets, and one without a time.
fn rows() -> RecordBatch {
    let times = || TimestampMillisecondArray::from_iter((24..29).map(|n| (n < 28).then_some(START + n)));
    let columns: [(&str, ArrayRef); 3] = [
        ("_offset", Arc::new(Int64Array::from_iter_values(24..29))),
        ("_timestamp", Arc::new(times().with_timezone("UTC"))),
        ("plain", Arc::new(times())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap()
}

/// 25.5 milliseconds, or a hair more.
const CONSTANTS: [&str; 10] = [
    "'2026-01-01T00:00:20.0255Z'",
    "'2026-01-01 00:00:20.025000001'",
    "timestamp '2026-01-01 00:00:20.0255'",
    "to_timestamp('2026-01-01T00:00:20.0255Z')",
    "cast('2026-01-01T00:00:20.0255Z' as timestamp)",
    "arrow_cast('2026-01-01T00:00:20.0255Z', 'Timestamp(ns, \"UTC\")')",
    "to_timestamp_micros(1767225620025500)",
    "timestamp '2026-01-01 00:00:20.026' - interval '1 microsecond'",
    "(timestamp '2026-01-01 00:00:20.0255')",
    "concat('2026-01-01T00:00:20', '.0255Z')",
];

#[test]
fn a_part_of_a_millisecond_is_not_lost() {
    let rows = rows();
    let columns = [
        "_timestamp",
        "plain",
        "cast(_timestamp as timestamp)",
        "arrow_cast(plain, 'Timestamp(us, None)')",
    ];
    for column in columns {
        for constant in CONSTANTS {
            for (condition, expected) in [
                ("@ < C", &[24, 25][..]),
                ("@ <= C", &[24, 25]),
                ("@ > C", &[26, 27]),
                ("@ >= C", &[26, 27]),
                ("@ = C", &[]),
                ("@ <> C", &[24, 25, 26, 27]),
                ("C < @", &[26, 27]),
                ("C >= @", &[24, 25]),
                ("C = @", &[]),
                ("not @ < C", &[26, 27]),
                ("not @ = C", &[24, 25, 26, 27]),
                ("not @ <> C", &[]),
                ("@ between C and '2026-01-01T00:00:20.026Z'", &[26]),
                ("@ between '2026-01-01T00:00:20.025Z' and C", &[25]),
                ("@ not between C and '2026-01-01T00:00:20.026Z'", &[24, 25, 27]),
                ("not @ between '2026-01-01T00:00:20.025Z' and C", &[24, 26, 27]),
                ("@ in (C)", &[]),
                (
                    "@ in (C, '2026-01-01T00:00:20.024Z', '2026-01-01T00:00:20.027Z')",
                    &[24, 27],
                ),
                ("@ not in (C)", &[24, 25, 26, 27]),
                ("not @ in (C, '2026-01-01T00:00:20.024Z')", &[25, 26, 27]),
                ("@ not in (C, null)", &[]),
                ("@ is distinct from C", &[24, 25, 26, 27, 28]),
                ("@ is not distinct from C", &[]),
                ("(@ = C) is null", &[28]),
            ] {
                passes(&rows, &condition.replace('@', column).replace('C', constant), expected);
            }
        }
    }
}

#[test]
fn a_whole_millisecond_is_as_it_was() {
    let rows = rows();
    for constant in [
        "'2026-01-01T00:00:20.025Z'",
        "'2026-01-01T01:00:20.025000+01:00'",
        "timestamp '2026-01-01 00:00:20.025'",
        "to_timestamp_micros(1767225620025000)",
    ] {
        passes(&rows, &format!("_timestamp < {constant}"), &[24]);
        passes(&rows, &format!("_timestamp = {constant}"), &[25]);
        passes(&rows, &format!("{constant} <= _timestamp"), &[25, 26, 27]);
    }
    passes(&rows, "_timestamp < '2500-01-01T00:00:00.0005Z'", &[24, 25, 26, 27]);
    passes(&rows, "_timestamp > '1500-01-01T00:00:00.0005Z'", &[24, 25, 26, 27]);
}

#[test]
fn bounds_are_those_of_the_rounded_constant() {
    for (predicate, from, to) in [
        ("_timestamp < '2026-01-01T00:00:20.0255Z'", None, Some(START + 26)),
        ("_timestamp <= '2026-01-01T00:00:20.0255Z'", None, Some(START + 26)),
        ("_timestamp >= '2026-01-01T00:00:20.0255Z'", Some(START + 26), None),
        ("_timestamp > '2026-01-01T00:00:20.0255Z'", Some(START + 26), None),
        // Before 1970 too, down is towards the past.
        ("_timestamp < '1969-12-31T23:59:59.9985Z'", None, Some(-1)),
        ("_timestamp > '1969-12-31T23:59:59.9985Z'", Some(-1), None),
    ] {
        let implied = compile(predicate).unwrap()[0].implies();
        assert_eq!(
            (implied.timestamp_from, implied.timestamp_to),
            (from, to),
            "{predicate}"
        );
    }
    let never = compile("_timestamp = '2026-01-01T00:00:20.0255Z'").unwrap()[0].implies();
    assert_eq!(never.partitions, Some(Default::default()));
}

#[test]
fn constants_that_the_optimizer_moves_are_not_cut_either() {
    let rows = rows();
    let constant = "timestamp '2026-01-01 00:00:20.0255'";
    for query in [
        format!("select _offset from (select *, {constant} as c from t) as x where _timestamp < c order by 1"),
        format!("with p as (select {constant} as c) select _offset from t, p where _timestamp < c order by 1"),
        format!("select _offset from t where _timestamp < (select {constant}) order by 1"),
        format!(
            "select t._offset from t join t as u on t._offset = u._offset and u._timestamp < {constant} order by 1"
        ),
        format!("select _offset from t group by _offset, _timestamp having _timestamp < {constant} order by 1"),
        format!("select max(_offset) from t where _timestamp < {constant} group by _offset order by 1"),
        format!(
            "select _offset from t where _offset in (select _offset from t where _timestamp < {constant}) order by 1"
        ),
    ] {
        assert_eq!(by_query(&rows, &query).unwrap(), [24, 25], "{query}");
    }
}
