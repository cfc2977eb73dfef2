//! Which Arrow types JSON gives, rule by rule.

mod common;

use arrow_array::Array;
use arrow_schema::DataType;
use common::{column, decode, rows_json};

#[test]
fn flat_objects_give_one_column_per_key_in_order_of_appearance() {
    let columns = decode(&[
        r#"{"number": 1, "user": "u1", "amount": 1.5, "ok": true}"#,
        r#"{"user":"u2","late":null}"#,
    ]);
    let types: Vec<_> = columns
        .fields
        .iter()
        .map(|field| (field.name().as_str(), field.data_type().clone()))
        .collect();
    assert_eq!(
        types,
        [
            ("number", DataType::Int64),
            ("user", DataType::LargeUtf8),
            ("amount", DataType::Float64),
            ("ok", DataType::Boolean),
            ("late", DataType::Null)
        ]
    );
    assert_eq!(columns.rows, 2);
    assert_eq!(
        rows_json(&columns),
        [
            r#"{"number":1,"user":"u1","amount":1.5,"ok":true,"late":null}"#,
            r#"{"number":null,"user":"u2","amount":null,"ok":null,"late":null}"#
        ]
    );
    assert_eq!(column(&columns, "number").null_count(), 1);
}
