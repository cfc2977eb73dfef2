//! What a condition guards against is not computed: each of these would be an error if it were.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};

use crate::rows::{by_query, by_where, passes};

/// Three rows of four have `x` 0, so that no shortcut of the engine helps; text is a number where `kind` says so.
fn rows() -> RecordBatch {
    let x = |n: i64| match n % 8 {
        0 => Some(n),
        4 => None,
        n if n % 2 == 1 => Some(n),
        _ => Some(0),
    };
    let text = |n: i64| if n % 2 == 0 { n.to_string() } else { "many".to_owned() };
    let columns: [(&str, ArrayRef); 6] = [
        ("_offset", Arc::new(Int64Array::from_iter_values(0..40))),
        (
            "_partition",
            Arc::new(arrow_array::Int32Array::from_iter_values((0..40).map(|n| n / 20))),
        ),
        ("x", Arc::new(Int64Array::from_iter((0..40).map(x)))),
        (
            "flag",
            Arc::new(BooleanArray::from_iter(
                (0..40).map(|n| (x(n) == Some(0)).then_some(n % 3 == 0)),
            )),
        ),
        (
            "kind",
            Arc::new(StringArray::from_iter_values(
                (0..40).map(|n| if n % 2 == 0 { "number" } else { "word" }),
            )),
        ),
        ("text", Arc::new(StringArray::from_iter_values((0..40).map(text)))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap()
}

#[test]
fn what_is_guarded_is_not_computed() {
    let rows = rows();
    // The same, as nullif says it.
    let meant = |condition: &str| {
        by_query(
            &rows,
            &format!("select _offset from t where {condition} order by _offset"),
        )
        .unwrap()
    };
    let over = meant("100 / nullif(x, 0) > 10");
    let zero_or_over = meant("x = 0 or 100 / nullif(x, 0) > 10");
    assert!(over.len() > 3 && zero_or_over.len() > over.len());
    for condition in [
        "case when x <> 0 then 100 / x > 10 else false end",
        "case when x = 0 then false when 100 / x > 10 then true else false end",
        "case when x = 0 then 'z' when 100 / x > 10 then 'a' else 'b' end = 'a'",
        "case when x = 0 then 'z' when 100 / x > 10 then 'a' else 'b' end <> 'z' and 100 / x > 10",
        "case x when 0 then false else 100 / x > 10 end",
        "x <> 0 and 100 / x > 10",
        "100 / x > 10 and x <> 0",
        "x <> 0 and x is not null and (100 / x > 10 and x is not null)",
        "x <> 0 and 100 % x >= 0 and 100 / x > 10",
        "not (x = 0 or 100 / x <= 10)",
        "_partition >= 0 and (x <> 0 and 100 / x > 10)",
        "case when x <> 0 and 100 / x > 10 then true else false end",
        "coalesce(case when x = 0 then false end, 100 / x > 10)",
        "nvl(case when x = 0 then false end, 100 / x > 10)",
        "case when x = 0 then null else 100 / x > 10 end",
    ] {
        passes(&rows, condition, &over);
    }
    for condition in [
        "x = 0 or 100 / x > 10",
        "case when x = 0 then true else 100 / x > 10 end",
        "coalesce(case when x = 0 then true end, 100 / x > 10)",
        "not (x <> 0 and not 100 / x > 10)",
    ] {
        passes(&rows, condition, &zero_or_over);
    }
    let tens = meant("try_cast(text as bigint) > 10");
    for condition in [
        "kind = 'number' and cast(text as bigint) > 10",
        "kind = 'number' and text::int > 10",
        "case when kind = 'number' then cast(text as bigint) > 10 end",
        "kind = 'number' and cast(text as bigint) > 10 and 100 / cast(text as bigint) >= 0",
    ] {
        passes(&rows, condition, &tens);
    }
}

#[test]
fn unknown_stays_unknown() {
    let rows = rows();
    // `false and null` is false, and so is `null and false`.
    for (condition, meant) in [
        ("(x <> 0 and 100 / x > 10) is null", "x is null"),
        (
            "(flag and 100 / nullif(x, 0) > 10) is null",
            "(flag and 100 / nullif(x, 0) > 10) is null",
        ),
        ("(flag or 7 / (x + 1) >= 0) is null", "x is null"),
        ("not (flag and 7 / (x + 1) > 100)", "x is not null or flag = false"),
    ] {
        let meant = by_query(&rows, &format!("select _offset from t where {meant} order by _offset")).unwrap();
        passes(&rows, condition, &meant);
    }
}

#[test]
fn what_nothing_guards_is_an_error() {
    let rows = rows();
    for condition in ["100 / x > 10", "x >= 0 and 100 / x > 10", "x <> 0 or 100 / x > 10"] {
        let error = by_where(&rows, condition).unwrap_err();
        assert!(error.to_string().contains("ivi"), "{error}");
        let error = by_query(&rows, &format!("select _offset from t where {condition}")).unwrap_err();
        assert!(error.to_string().contains("ivi"), "{error}");
    }
}
