//! Predicates: the columns they need, what they imply, the rows they pass, and what is refused.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, LargeStringArray, RecordBatch, TimestampMillisecondArray,
};
use kaframe::{ErrorKind, Filter, Implied};
use kaframe_sql::compile;

fn one(predicate: &str) -> Arc<dyn Filter> {
    let mut filters = compile(predicate).unwrap_or_else(|e| panic!("{predicate}: {e}"));
    assert_eq!(filters.len(), 1, "{predicate}");
    filters.remove(0)
}

fn error(predicate: &str) -> (String, String) {
    let error = compile(predicate).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{predicate}: {error}");
    (error.message().to_owned(), error.hint().unwrap_or_default().to_owned())
}

/// Ten rows: `_offset` 0 to 9, `_partition` of two, times a second apart but for the last, which has none.
fn rows() -> RecordBatch {
    let times = (0..10).map(|n| (n < 9).then_some(1_767_225_600_000 + n * 1000));
    let columns: [(&str, ArrayRef); 7] = [
        (
            "_partition",
            Arc::new(Int32Array::from_iter_values((0..10).map(|n| n % 2))),
        ),
        ("_offset", Arc::new(Int64Array::from_iter_values(0..10))),
        (
            "_timestamp",
            Arc::new(times.collect::<TimestampMillisecondArray>().with_timezone("UTC")),
        ),
        (
            "country",
            Arc::new(LargeStringArray::from_iter(
                (0..10).map(|n| ["DE", "FR", "CH"].get(n % 4)),
            )),
        ),
        (
            "amount",
            Arc::new(Float64Array::from_iter_values((0..10).map(|n| f64::from(n) * 1.5))),
        ),
        (
            "user.id",
            Arc::new(Int64Array::from_iter((0..10).map(|n| (n != 3).then_some(n)))),
        ),
        ("Weird-Name", Arc::new(Int64Array::from_iter_values(0..10))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap()
}

/// Offsets of the rows that pass.
fn passing(predicate: &str) -> Vec<usize> {
    let rows = rows();
    let mut passed: Vec<usize> = (0..rows.num_rows()).collect();
    for filter in compile(predicate).unwrap() {
        let mask = filter
            .bind(&rows.schema())
            .unwrap_or_else(|e| panic!("{predicate}: {e}"))
            .mask(&rows)
            .unwrap();
        assert_eq!(mask.len(), rows.num_rows());
        passed.retain(|row| {
            use arrow_array::Array;
            mask.is_valid(*row) && mask.value(*row)
        });
    }
    passed
}

#[test]
fn conditions_are_parted_at_and() {
    let filters = compile("country = 'DE' and (amount > 1 and (_offset < 5)) and (a = 1 or b = 2)").unwrap();
    let texts: Vec<&str> = filters.iter().map(|filter| filter.text()).collect();
    assert_eq!(
        texts,
        ["country = 'DE'", "amount > 1", "(_offset < 5)", "(a = 1 OR b = 2)"]
    );
    assert_eq!(filters[3].columns(), ["a", "b"]);
}

#[test]
fn columns_are_named_as_they_are_written() {
    for (predicate, columns) in [
        ("user.id = 5", vec!["user.id"]),
        ("user['id'] = 5", vec!["user.id"]),
        ("user['address'].city = 'x'", vec!["user.address.city"]),
        ("items[1]['sku'] = 'x'", vec!["items"]),
        ("items[1].sku = 'x'", vec!["items"]),
        ("\"Weird-Name\" > 3", vec!["Weird-Name"]),
        ("userId = 1", vec!["userId"]),
        ("\"value._key\" = 'a'", vec!["value._key"]),
        ("_key like 'a%' or lower(country) = 'de'", vec!["_key", "country"]),
        ("extract(hour from _timestamp) = 5", vec!["_timestamp"]),
        ("amount between low and high", vec!["amount", "low", "high"]),
        ("case when a then b else c end", vec!["a", "b", "c"]),
        ("1 = 1", vec![]),
    ] {
        assert_eq!(one(predicate).columns(), columns, "{predicate}");
    }
}

#[test]
fn rows_pass_as_they_would_afterwards() {
    for (predicate, expected) in [
        ("_offset < 3", vec![0, 1, 2]),
        ("country = 'DE'", vec![0, 4, 8]),
        ("country is null", vec![3, 7]),
        ("country <> 'DE'", vec![1, 2, 5, 6, 9]),
        ("not country = 'DE'", vec![1, 2, 5, 6, 9]),
        ("amount > 9 and country in ('DE', 'CH')", vec![8]),
        ("amount * 2 = 9", vec![3]),
        ("user.id % 2 = 0", vec![0, 2, 4, 6, 8]),
        ("user['id'] is null", vec![3]),
        ("\"Weird-Name\" between 4 and 5", vec![4, 5]),
        ("_timestamp >= '2026-01-01T00:00:07Z'", vec![7, 8]),
        ("_timestamp < timestamp '2026-01-01 00:00:01.5'", vec![0, 1]),
        ("_timestamp < now()", vec![0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ("_timestamp > now() - interval '1 hour'", vec![]),
        ("_partition = 1 and _offset > 4", vec![5, 7, 9]),
        ("country ilike 'd%'", vec![0, 4, 8]),
        ("regexp_like(country, '^(D|F)')", vec![0, 1, 4, 5, 8, 9]),
        ("length(country) = 2 and upper(country) = 'FR'", vec![1, 5, 9]),
        ("coalesce(country, 'none') = 'none'", vec![3, 7]),
        ("cast(amount as bigint) = 3", vec![2]),
        ("amount::int = 3", vec![2]),
        ("true", (0..10).collect()),
        ("false", vec![]),
        ("null", vec![]),
        ("1 = 1 and 2 > 1", (0..10).collect()),
        ("date_part('second', _timestamp) = 2", vec![2]),
        ("_timestamp::date = date '2026-01-01'", (0..9).collect()),
    ] {
        assert_eq!(passing(predicate), expected, "{predicate}");
    }
}

fn partitions(numbers: impl IntoIterator<Item = i32>) -> Option<BTreeSet<i32>> {
    Some(numbers.into_iter().collect())
}

#[test]
fn places_follow_from_conditions() {
    let none = Implied::default;
    let day = 86_400_000;
    let first = 1_767_225_600_000; // 2026-01-01
    for (predicate, expected) in [
        (
            "_offset >= 10",
            Implied {
                offset_from: Some(10),
                exact: true,
                ..none()
            },
        ),
        (
            "_offset > 10",
            Implied {
                offset_from: Some(11),
                exact: true,
                ..none()
            },
        ),
        (
            "10 < _offset",
            Implied {
                offset_from: Some(11),
                exact: true,
                ..none()
            },
        ),
        (
            "_offset = 7",
            Implied {
                offset_from: Some(7),
                offset_to: Some(8),
                exact: true,
                ..none()
            },
        ),
        (
            "_offset between 5 and 9",
            Implied {
                offset_from: Some(5),
                offset_to: Some(10),
                exact: true,
                ..none()
            },
        ),
        (
            "not (_offset < 5)",
            Implied {
                offset_from: Some(5),
                exact: true,
                ..none()
            },
        ),
        (
            "_offset < 5.5",
            Implied {
                offset_to: Some(6),
                exact: true,
                ..none()
            },
        ),
        (
            "_offset in (3, 9)",
            Implied {
                offset_from: Some(3),
                offset_to: Some(10),
                ..none()
            },
        ),
        ("_offset < 5 or _offset > 8", none()),
        (
            "_partition = 2",
            Implied {
                partitions: partitions([2]),
                exact: true,
                ..none()
            },
        ),
        (
            "_partition in (1, 3)",
            Implied {
                partitions: partitions([1, 3]),
                exact: true,
                ..none()
            },
        ),
        (
            "_partition in (1, 3, 5, 7, 9)",
            Implied {
                partitions: partitions([1, 3, 5, 7, 9]),
                exact: true,
                ..none()
            },
        ),
        (
            "_partition < 3",
            Implied {
                partitions: partitions([0, 1, 2]),
                exact: true,
                ..none()
            },
        ),
        ("_partition > 3", none()),
        ("_partition <> 3", none()),
        (
            "_timestamp >= '2026-01-01'",
            Implied {
                timestamp_from: Some(first),
                exact: true,
                ..none()
            },
        ),
        (
            "_timestamp >= timestamp '2026-01-01'",
            Implied {
                timestamp_from: Some(first),
                exact: true,
                ..none()
            },
        ),
        (
            "_timestamp > date '2026-01-01'",
            Implied {
                timestamp_from: Some(first + 1),
                exact: true,
                ..none()
            },
        ),
        (
            "_timestamp < '2026-01-02'",
            Implied {
                timestamp_to: Some(first + day),
                ..none()
            },
        ),
        (
            "_timestamp between '2026-01-01' and '2026-01-02'",
            Implied {
                timestamp_from: Some(first),
                timestamp_to: Some(first + day + 1),
                ..none()
            },
        ),
        (
            "_timestamp >= '2026-01-01T01:00:00+01:00'",
            Implied {
                timestamp_from: Some(first),
                exact: true,
                ..none()
            },
        ),
        (
            "_offset < 10 and amount > 5",
            Implied {
                offset_to: Some(10),
                exact: true,
                ..none()
            },
        ),
        ("(_offset < 10 or amount > 5)", none()),
        (
            "(_offset < 10 and a = 1) or (_offset < 20 and b = 2)",
            Implied {
                offset_to: Some(20),
                ..none()
            },
        ),
        ("_offset % 2 = 0", none()),
        ("amount > 5", none()),
        (
            "false",
            Implied {
                partitions: partitions([]),
                exact: true,
                ..none()
            },
        ),
        (
            "_offset = 1.5",
            Implied {
                partitions: partitions([]),
                exact: true,
                ..none()
            },
        ),
        (
            "_offset < 5 and _partition = 0 or false",
            Implied {
                offset_to: Some(5),
                partitions: partitions([0]),
                exact: true,
                ..none()
            },
        ),
    ] {
        let filters = compile(predicate).unwrap();
        assert_eq!(filters[0].implies(), expected, "{predicate}");
    }
}

#[test]
fn now_is_the_time_of_compiling() {
    let implied = one("_timestamp > now() - interval '1 day'").implies();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let expected = now.as_millis() as i64 - 86_400_000;
    let from = implied.timestamp_from.unwrap();
    assert!((expected - 60_000..=expected + 1).contains(&from), "{from} {expected}");
    assert!(implied.exact);
    assert!(
        one("_timestamp > current_timestamp - interval '2' hour")
            .implies()
            .timestamp_from
            .is_some()
    );
}

#[test]
fn implied_bounds_never_cut_off_a_row_that_passes() {
    let rows = rows();
    let time = |row: usize| (row < 9).then(|| 1_767_225_600_000 + row as i64 * 1000);
    for left in [
        "_offset < 4",
        "_offset >= 3",
        "_partition = 1",
        "_timestamp < '2026-01-01T00:00:05Z'",
        "amount > 6",
    ] {
        for right in [
            "_offset > 6",
            "_partition in (0)",
            "_timestamp >= '2026-01-01T00:00:04Z'",
            "country = 'DE'",
        ] {
            for op in ["and", "or"] {
                for not in ["", "not "] {
                    let predicate = format!("{not}({left} {op} {right})");
                    let passed = passing(&predicate);
                    let filters = compile(&predicate).unwrap();
                    let implied: Vec<Implied> = filters.iter().map(|filter| filter.implies()).collect();
                    let within = |row: usize| {
                        implied.iter().all(|one| {
                            one.partitions
                                .as_ref()
                                .is_none_or(|set| set.contains(&((row % 2) as i32)))
                                && one.offset_from.is_none_or(|from| row as i64 >= from)
                                && one.offset_to.is_none_or(|to| (row as i64) < to)
                                && one
                                    .timestamp_from
                                    .is_none_or(|from| time(row).is_some_and(|time| time >= from))
                                && one.timestamp_to.is_none_or(|to| time(row).is_none_or(|time| time < to))
                        })
                    };
                    assert!(passed.iter().all(|row| within(*row)), "{predicate}: {implied:?}");
                    if implied.iter().all(|one| one.exact) {
                        let all: Vec<usize> = (0..rows.num_rows()).filter(|row| within(*row)).collect();
                        assert_eq!(passed, all, "{predicate}: {implied:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_no_condition_is_refused_with_its_place() {
    for (predicate, message, hint) in [
        ("", "where is empty", "amount"),
        ("amount >", "", ""),
        ("amount = = 3", "at character 10", ""),
        ("amount > 3 && && x", "where is not SQL", "SQL writes = for equal"),
        ("select 1", "where is", "whole queries"),
        (
            "amount > (select max(x) from t)",
            "a query inside a condition",
            "whole queries",
        ),
        (
            "id in (select id from t)",
            "a query inside a condition",
            "whole queries",
        ),
        ("exists (select 1)", "a query inside a condition", "whole queries"),
        (
            "sum(amount) > 5",
            "sum(), which needs more than one record, at character 1",
            "whole queries",
        ),
        ("row_number() over (order by x) = 1", "a window function", "kf.sql"),
        (
            "random() < 0.5",
            "random(), which gives something else each time",
            "same rows",
        ),
        ("uuid() = 'x'", "uuid()", "same rows"),
        (
            "lowr(country) = 'de'",
            "there is no function lowr(), at character 1",
            "lower",
        ),
        ("amount > $1", "a placeholder", "value itself"),
        ("amount > 1; drop table x", "", ""),
        ("amount > 1 as x", "no name", ""),
    ] {
        let (found, advice) = error(predicate);
        assert!(found.contains(message), "{predicate}: {found}");
        assert!(advice.contains(hint), "{predicate}: {advice}");
    }
}

#[test]
fn what_the_types_do_not_allow_is_said_when_they_are_known() {
    let rows = rows();
    for (predicate, message) in [
        ("amount", "where: amount is no condition, it is Float64"),
        ("country + 1", "where: country + 1"),
        ("amount and true", "where: amount"),
    ] {
        let bound = compile(predicate).and_then(|filters| filters[0].bind(&rows.schema()));
        let error = bound.unwrap_err();
        assert!(error.message().contains(message), "{predicate}: {error}");
    }
    let error = one("amout > 3").bind(&rows.schema()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(
        error.hint().unwrap().starts_with("there are amount,"),
        "{:?}",
        error.hint()
    );
    let error = one("1 / _partition > 0")
        .bind(&rows.schema())
        .unwrap()
        .mask(&rows)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(
        error.message().contains("1 / _partition > 0 cannot be computed"),
        "{error}"
    );
}

#[test]
fn hostile_predicates_end_as_errors() {
    // On a thread as small as those that run queries.
    let small = std::thread::Builder::new().stack_size(2 << 20);
    let run = small.spawn(|| {
        let deep = [
            format!("{}1{} = 1", "(".repeat(100_000), ")".repeat(100_000)),
            format!("{}true", "not ".repeat(100_000)),
            format!("a = 1{}", " or a = 1".repeat(100_000)),
            format!("1{} = 1", " + 1".repeat(100_000)),
            format!("1{} = 1", "::int".repeat(100_000)),
            format!("{}1{} = 1", "abs(".repeat(10_000), ")".repeat(10_000)),
            format!("a{} = 1", " is null".repeat(100_000)),
            format!("a = '{}'", "x".repeat(2 << 20)),
            format!("{}1 = 1", "-".repeat(100_000)),
            format!("{} 1 = 1", "- ".repeat(100_000)),
            format!("a{} = 1", "[1".repeat(100_000)),
            format!("a{} = 1", "[1]".repeat(100_000)),
            format!("a{} = 1", ".a".repeat(100_000)),
            format!("a{} = 1", "['a']".repeat(100_000)),
            format!("case {} end", "when case ".repeat(50_000)),
            "a = 'unclosed".to_owned(),
            "\u{0}".to_owned(),
            "a = 1 /* unclosed".to_owned(),
        ];
        for predicate in deep {
            if let Ok(filters) = compile(&predicate) {
                let _ = filters[0].bind(&rows().schema());
            }
        }
        // The deepest that is let through works.
        let chain = format!("_offset = 1{}", " or _offset = 3".repeat(399));
        assert_eq!(passing(&chain), [1, 3]);
        let sum = format!("_offset{} = 390", " + 1".repeat(385));
        assert_eq!(passing(&sum), [5]);
        let many: Vec<String> = (0..100_000).map(|n| n.to_string()).collect();
        assert_eq!(
            passing(&format!("_offset in ({})", many.join(","))),
            (0..10).collect::<Vec<_>>()
        );
    });
    run.unwrap().join().unwrap();
}
