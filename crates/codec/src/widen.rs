//! Exact casts of finished columns to a wider shape: what one split saw to what all of them saw.
//!
//! Only casts that lose nothing; a widening to JSON text is none of them, since the buffers no longer know how a value was
//! written. Those records are decoded again.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef, LargeListArray, StructArray, new_null_array};
use arrow_schema::{DECIMAL128_MAX_PRECISION, DataType};

use crate::columns::{Columns, EXTRA, VALUE};
use crate::shape::ITEM;
use crate::{Shape, StructShape};

/// Casts `columns` to the shape `to`, with its fields in its order; fields that these columns lack are null.
///
/// # Panics
/// If `columns.shape` does not widen exactly to `to`: ask [`Shape::widens_exactly_to`] first, and decode the records again
/// where the answer is no.
pub fn widen(columns: Columns, to: &Shape) -> Columns {
    assert!(
        columns.shape.widens_exactly_to(to),
        "{:?} does not widen exactly to {to:?}",
        columns.shape
    );
    if columns.shape == *to {
        return columns;
    }
    let rows = columns.rows;
    let Shape::Struct(wider) = to else {
        return match columns.arrays.first() {
            Some(array) => Columns::single(to.clone(), VALUE, widen_array(array, &columns.shape, to), rows),
            None => Columns::single(to.clone(), VALUE, new_null_array(&to.data_type(), rows), rows),
        };
    };
    let nothing = StructShape::new();
    let from = if let Shape::Struct(from) = &columns.shape {
        from
    } else {
        &nothing
    };
    let has_extra = columns.has_extra || wider.overflow();
    let mut arrays = widen_fields(&columns.arrays, from, wider, rows);
    let mut fields: Vec<_> = wider
        .iter()
        .map(|(name, shape)| Arc::new(shape.field(&Columns::column_name(name, has_extra))))
        .collect();
    if has_extra {
        fields.push(Arc::new(Shape::JsonText.field(EXTRA)));
        let extra = columns.arrays.last().filter(|_| columns.has_extra).cloned();
        arrays.push(extra.unwrap_or_else(|| new_null_array(&DataType::LargeUtf8, rows)));
    }
    Columns {
        shape: to.clone(),
        fields,
        arrays,
        rows,
        has_extra,
    }
}

/// The arrays of the fields of `to`, from those of `from`.
fn widen_fields(arrays: &[ArrayRef], from: &StructShape, to: &StructShape, rows: usize) -> Vec<ArrayRef> {
    to.iter()
        .map(|(name, wider)| match from.position(name) {
            Some(i) => widen_array(&arrays[i], &from[i], wider),
            None => new_null_array(&wider.data_type(), rows),
        })
        .collect()
}

fn widen_array(array: &ArrayRef, from: &Shape, to: &Shape) -> ArrayRef {
    let target = to.data_type();
    if *array.data_type() == target {
        return array.clone();
    }
    match (array.data_type(), to) {
        (DataType::Null, _) => new_null_array(&target, array.len()),
        (DataType::Int64, Shape::Float) => Arc::new(
            array
                .as_primitive::<Int64Type>()
                .unary::<_, Float64Type>(|value| value as f64),
        ),
        // The range says that none is negative; what stands under nulls is zero.
        (DataType::Int64, _) if target == DataType::UInt64 => Arc::new(
            array
                .as_primitive::<Int64Type>()
                .unary::<_, UInt64Type>(|value| value as u64),
        ),
        (DataType::Int64, _) => {
            let wide = array.as_primitive::<Int64Type>().unary::<_, Decimal128Type>(i128::from);
            Arc::new(wide.with_data_type(DataType::Decimal128(DECIMAL128_MAX_PRECISION, 0)))
        }
        (DataType::UInt64, _) => {
            let wide = array
                .as_primitive::<UInt64Type>()
                .unary::<_, Decimal128Type>(i128::from);
            Arc::new(wide.with_data_type(DataType::Decimal128(DECIMAL128_MAX_PRECISION, 0)))
        }
        _ => widen_nested(array, from, to),
    }
}

fn widen_nested(array: &ArrayRef, from: &Shape, to: &Shape) -> ArrayRef {
    match (from, to, to.data_type()) {
        (Shape::Struct(from), Shape::Struct(to), DataType::Struct(fields)) => {
            let inner = match array.as_struct_opt() {
                Some(objects) => widen_fields(objects.columns(), from, to, array.len()),
                // Objects that never had a key were text.
                None => widen_fields(&[], from, to, array.len()),
            };
            Arc::new(StructArray::new(fields, inner, array.logical_nulls()))
        }
        (Shape::List(from), Shape::List(to), _) => {
            let lists = array.as_list::<i64>();
            let items = widen_array(lists.values(), from, to);
            Arc::new(LargeListArray::new(
                Arc::new(to.field(ITEM)),
                lists.offsets().clone(),
                items,
                lists.nulls().cloned(),
            ))
        }
        _ => unreachable!("{from:?} does not widen exactly to {to:?}"),
    }
}
