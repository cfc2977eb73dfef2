//! What binds closer, and what is unknown: conditions answered as SQL's three-valued logic says, as PostgreSQL and DuckDB do.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Int64Array, RecordBatch};

use crate::rows::{by_query, passes};

/// Every combination of three booleans, and numbers of which some are null.
fn rows() -> RecordBatch {
    let of = |n: i64| [None, Some(false), Some(true)][(n % 3) as usize];
    let number = |n: i64| (n % 5 != 4).then_some(n % 5);
    let columns: [(&str, ArrayRef); 6] = [
        ("_offset", Arc::new(Int64Array::from_iter_values(0..27))),
        ("a", Arc::new(BooleanArray::from_iter((0..27).map(of)))),
        ("b", Arc::new(BooleanArray::from_iter((0..27).map(|n| of(n / 3))))),
        ("c", Arc::new(BooleanArray::from_iter((0..27).map(|n| of(n / 9))))),
        ("n", Arc::new(Int64Array::from_iter((0..27).map(number)))),
        ("m", Arc::new(Int64Array::from_iter((0..27).map(|n| number(n / 5))))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap()
}

/// The same rows as another way of writing it.
fn same(rows: &RecordBatch, condition: &str, meant: &str) {
    let expected = by_query(rows, &format!("select _offset from t where {meant} order by _offset")).unwrap();
    passes(rows, condition, &expected);
}

#[test]
fn the_operand_of_distinct_from_ends_before_what_binds_weaker() {
    let rows = rows();
    for distinct in [
        "is distinct from",
        "is not distinct from",
        "IS  NOT /* so */ DISTINCT\nFROM",
    ] {
        for (condition, meant) in [
            ("a ~ b and c", "(a ~ b) and c"),
            ("a ~ b or c", "(a ~ b) or c"),
            ("a ~ true and n = 1", "(a ~ true) and (n = 1)"),
            ("a ~ b or b and c", "(a ~ b) or (b and c)"),
            ("a ~ b and b or c", "((a ~ b) and b) or c"),
            ("c and a ~ b or c is null", "(c and (a ~ b)) or (c is null)"),
            ("c or a ~ b and b", "c or ((a ~ b) and b)"),
            ("not a ~ b and c", "(not (a ~ b)) and c"),
            ("a ~ not b and c", "(a ~ (not b)) and c"),
            ("a ~ b and b ~ c or a", "((a ~ b) and (b ~ c)) or a"),
            ("n ~ m + 1 and c", "(n ~ (m + 1)) and c"),
            ("a ~ n = m and c", "(a ~ (n = m)) and c"),
            ("a ~ n between 1 and 2 and c", "(a ~ (n between 1 and 2)) and c"),
            ("(a ~ b and c) or b", "((a ~ b) and c) or b"),
            ("a ~ (b and c)", "a ~ (b and c)"),
            (
                "case when a ~ b or c then c else b end",
                "case when (a ~ b) or c then c else b end",
            ),
            ("a ~ b ~ c and b", "((a ~ b) ~ c) and b"),
            ("a ~ b is null or c", "((a ~ b) is null) or c"),
        ] {
            same(&rows, &condition.replace('~', distinct), &meant.replace('~', distinct));
        }
    }
}

#[test]
fn the_operand_of_distinct_from_ends_in_every_part_of_a_query() {
    let rows = rows();
    for (query, meant) in [
        (
            "select count(*) from t join t as u on t.a is distinct from u.a and t._offset = u._offset + 1",
            "select count(*) from t join t as u on (t.a is distinct from u.a) and (t._offset = u._offset + 1)",
        ),
        (
            "select count(*) from t where exists (select 1 from t as u where u.n is distinct from t.n or u.c)",
            "select count(*) from t where exists (select 1 from t as u where (u.n is distinct from t.n) or u.c)",
        ),
        (
            "select sum(case when a is not distinct from b and c then 1 else 0 end) from t",
            "select sum(case when (a is not distinct from b) and c then 1 else 0 end) from t",
        ),
    ] {
        assert_eq!(
            by_query(&rows, query).unwrap(),
            by_query(&rows, meant).unwrap(),
            "{query}"
        );
    }
}

/// Lists as chains of comparisons, which say the same.
fn chain(column: &str, list: &[&str], negated: bool) -> String {
    let (op, by) = if negated { ("<>", " and ") } else { ("=", " or ") };
    let parts: Vec<String> = list
        .iter()
        .map(|item| format!("coalesce({column}, null) {op} {item}"))
        .collect();
    format!("({})", parts.join(by))
}

#[test]
fn a_null_in_a_list_stays_unknown() {
    let rows = rows();
    let lists: [&[&str]; 10] = [
        &["0"],
        &["1"],
        &["2", "null"],
        &["null"],
        &["1", "2", "3", "0", "null"],
        &["1", "2", "3", "7", "8"],
        &["3", "nullif(1, 1)"],
        &["1", "cast(null as bigint)", "2", "3"],
        &["m", "1", "2", "8", "9"],
        &["m + 1", "null", "1"],
    ];
    for left in lists {
        for right in lists {
            for (left_not, right_not, op, not) in [
                ("not", "not", "or", ""),
                ("not", "not", "and", ""),
                ("", "", "and", ""),
                ("", "", "and", "not "),
                ("", "", "or", "not "),
                ("", "not", "and", "not "),
                ("not", "", "or", "not "),
            ] {
                let (l, r) = (left.join(", "), right.join(", "));
                let condition = format!("{not}(n {left_not} in ({l}) {op} n {right_not} in ({r}))");
                let chains = (
                    chain("n", left, left_not == "not"),
                    chain("n", right, right_not == "not"),
                );
                same(&rows, &condition, &format!("{not}({} {op} {})", chains.0, chains.1));
            }
        }
    }
}

#[test]
fn a_long_list_with_members_of_rows_is_no_deep_tree() {
    let rows = rows();
    let many = ["m, _offset"; 5_000].join(", ");
    same(&rows, &format!("n in ({many}, 1)"), "(n = m or n = _offset or n = 1)");
}
