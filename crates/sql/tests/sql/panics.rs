//! What would panic inside of the engine ends as an error.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use kaframe::ErrorKind;

use crate::rows::{by_query, by_where};

fn rows() -> RecordBatch {
    let offsets: ArrayRef = Arc::new(Int64Array::from_iter_values(0..10));
    RecordBatch::try_from_iter([("_offset", offsets)]).unwrap()
}

#[test]
fn decimals_of_a_negative_scale_are_refused() {
    let rows = rows();
    for condition in [
        "cast(_offset as decimal(5,-2)) = 0",
        "_offset::numeric(5,-2) = 0",
        "_offset > 0 and try_cast(_offset as decimal(5, -2)) in (0, 100)",
    ] {
        let query = format!("select _offset from t where {condition}");
        let asked = [
            ("where", by_where(&rows, condition)),
            ("the query", by_query(&rows, &query)),
        ];
        for (what, answer) in asked {
            let error = answer.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{condition}: {error}");
            let message = error.message();
            assert!(
                message.starts_with(what) && message.contains("(5,-2)"),
                "{condition}: {error}"
            );
            assert!(error.hint().unwrap().contains("round(x, -2)"), "{condition}: {error}");
        }
    }
    assert_eq!(by_where(&rows, "cast(_offset as decimal(5, 2)) = 3").unwrap(), [3]);
}

#[test]
fn what_panics_is_an_internal_error() {
    let rows = rows();
    let condition = "arrow_cast(_offset, 'Decimal128(5, -2)') = 0";
    let error = by_where(&rows, condition).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
    assert!(error.message().contains(condition), "{error}");
    let error = by_query(&rows, &format!("select _offset from t where {condition}")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
}
