//! The same condition asked in both ways: as a `where` and as a query over a table.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use kaframe::CancelToken;
use kaframe_sql::blocking::Database;
use kaframe_sql::{DatabaseOptions, Source, compile};

/// Offsets of the rows that pass a `where`.
pub fn by_where(rows: &RecordBatch, condition: &str) -> kaframe::Result<Vec<i64>> {
    let mut passed: Vec<usize> = (0..rows.num_rows()).collect();
    for filter in compile(condition)? {
        let mask = filter.bind(&rows.schema())?.mask(rows)?;
        passed.retain(|row| mask.is_valid(*row) && mask.value(*row));
    }
    let offsets = rows["_offset"].as_primitive::<Int64Type>();
    Ok(passed.into_iter().map(|row| offsets.value(row)).collect())
}

/// The integers of the first column of an answer, over the table `t`.
pub fn by_query(rows: &RecordBatch, query: &str) -> kaframe::Result<Vec<i64>> {
    let mut database = Database::new(None, DatabaseOptions::default())?;
    database.add("t", Source::Rows(rows.schema(), vec![rows.clone()]));
    let mut answer = Vec::new();
    for batch in database.run(query, CancelToken::new())? {
        answer.extend(batch?.column(0).as_primitive::<Int64Type>().values().iter().copied());
    }
    Ok(answer)
}

/// Both ways give these.
pub fn passes(rows: &RecordBatch, condition: &str, expected: &[i64]) {
    let found = by_where(rows, condition).unwrap_or_else(|e| panic!("where {condition}: {e}"));
    assert_eq!(found, expected, "where {condition}");
    let query = format!("select _offset from t where {condition} order by _offset");
    let found = by_query(rows, &query).unwrap_or_else(|e| panic!("{query}: {e}"));
    assert_eq!(found, expected, "{query}");
    // As a value, and not as a filter: other rules see it.
    let query = format!("select _offset from (select _offset, {condition} as c from t) as x where c order by _offset");
    let found = by_query(rows, &query).unwrap_or_else(|e| panic!("{query}: {e}"));
    assert_eq!(found, expected, "{query}");
}
