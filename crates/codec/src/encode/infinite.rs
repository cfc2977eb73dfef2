//! Infinite numbers: JSON has no word for them, and null would be another value. (NaN is missing, and null.)
//!
//! A look over the numbers of a batch, which costs nothing beside encoding it; only where one is found is its row looked for.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float16Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, make_array};
use arrow_schema::DataType;

use crate::EncodeError;

/// The error for the first infinite number of a batch.
///
/// # Errors
/// With row and column.
pub fn refuse_infinite(batch: &RecordBatch) -> Result<(), EncodeError> {
    let schema = batch.schema();
    let first = batch.columns().iter().enumerate().filter_map(|(column, array)| {
        let rows = if anywhere(array) { array.len() } else { 0 };
        let row = (0..rows).find(|row| stands_in(array, *row))?;
        Some((row, column))
    });
    match first.min() {
        None => Ok(()),
        Some((row, column)) => Err(EncodeError {
            row: Some(row),
            column: schema.field(column).name().clone(),
            reason: "JSON has no infinite numbers; null, or a number, can stand for it (NaN is written as null)"
                .to_owned(),
        }),
    }
}

/// Whether one stands in an array, perhaps where no row shows it.
fn anywhere(array: &ArrayRef) -> bool {
    match array.data_type() {
        DataType::Float16 => array
            .as_primitive::<Float16Type>()
            .values()
            .iter()
            .any(|n| n.is_infinite()),
        DataType::Float32 => array
            .as_primitive::<Float32Type>()
            .values()
            .iter()
            .any(|n| n.is_infinite()),
        DataType::Float64 => array
            .as_primitive::<Float64Type>()
            .values()
            .iter()
            .any(|n| n.is_infinite()),
        kind if kind.is_nested() || matches!(kind, DataType::Dictionary(..) | DataType::RunEndEncoded(..)) => {
            let data = array.to_data();
            data.child_data()
                .iter()
                .any(|child| anywhere(&make_array(child.clone())))
        }
        _ => false,
    }
}

/// Whether one stands in a row.
fn stands_in(array: &ArrayRef, row: usize) -> bool {
    let in_any = |items: ArrayRef| (0..items.len()).any(|item| stands_in(&items, item));
    if array.is_null(row) {
        return false;
    }
    match array.data_type() {
        DataType::Float16 => array.as_primitive::<Float16Type>().value(row).is_infinite(),
        DataType::Float32 => array.as_primitive::<Float32Type>().value(row).is_infinite(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row).is_infinite(),
        DataType::Struct(_) => array.as_struct().columns().iter().any(|column| stands_in(column, row)),
        DataType::List(_) => in_any(array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => in_any(array.as_list::<i64>().value(row)),
        DataType::ListView(_) => in_any(array.as_list_view::<i32>().value(row)),
        DataType::LargeListView(_) => in_any(array.as_list_view::<i64>().value(row)),
        DataType::FixedSizeList(..) => in_any(array.as_fixed_size_list().value(row)),
        DataType::Map(..) => array
            .as_map()
            .value(row)
            .columns()
            .iter()
            .any(|column| in_any(column.clone())),
        DataType::Dictionary(_, values) => {
            arrow_cast::cast(&array.slice(row, 1), values).is_ok_and(|plain| stands_in(&plain, 0))
        }
        DataType::RunEndEncoded(ends, _) => match ends.data_type() {
            DataType::Int16 => stands_in(
                array.as_run::<Int16Type>().values(),
                array.as_run::<Int16Type>().get_physical_index(row),
            ),
            DataType::Int32 => stands_in(
                array.as_run::<Int32Type>().values(),
                array.as_run::<Int32Type>().get_physical_index(row),
            ),
            _ => stands_in(
                array.as_run::<Int64Type>().values(),
                array.as_run::<Int64Type>().get_physical_index(row),
            ),
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::{Float64Builder, ListBuilder};
    use arrow_array::{Float32Array, Float64Array, StructArray};
    use arrow_schema::Field;

    use super::*;

    fn refused(column: ArrayRef) -> Option<(usize, String)> {
        let batch = RecordBatch::try_from_iter_with_nullable([("f", column, true)]).unwrap();
        refuse_infinite(&batch)
            .err()
            .map(|error| (error.row.unwrap(), error.column))
    }

    #[test]
    fn where_it_stands_is_told() {
        let f = Some("f".to_owned());
        let at = |row: usize| f.clone().map(|column| (row, column));
        assert_eq!(
            refused(Arc::new(Float64Array::from(vec![1.0, f64::NAN, f64::MAX]))),
            None
        );
        assert_eq!(
            refused(Arc::new(Float64Array::from(vec![1.0, f64::NEG_INFINITY]))),
            at(1)
        );
        assert_eq!(refused(Arc::new(Float32Array::from(vec![f32::INFINITY]))), at(0));
        let inner: ArrayRef = Arc::new(Float64Array::from(vec![f64::INFINITY, 1.0, f64::INFINITY]));
        let field = Arc::new(Field::new("x", DataType::Float64, true));
        let nulls = Some(vec![false, true, true].into());
        let object = StructArray::new(vec![field].into(), vec![inner], nulls);
        // What a null object holds is no value.
        assert_eq!(refused(Arc::new(object.clone())), at(2));
        assert_eq!(refused(Arc::new(object.slice(0, 2))), None);
        let mut lists = ListBuilder::new(Float64Builder::new());
        lists.append_value([Some(1.0), None]);
        lists.append_value([Some(1.0), Some(f64::INFINITY)]);
        assert_eq!(refused(Arc::new(lists.finish())), at(1));
        let plain: ArrayRef = Arc::new(Float64Array::from(vec![2.0, f64::INFINITY, 2.0]));
        let kind = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Float64));
        assert_eq!(refused(arrow_cast::cast(&plain, &kind).unwrap()), at(1));
    }
}
