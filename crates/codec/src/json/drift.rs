//! Widening a column in place when a value comes that it cannot hold.
//!
//! Mirrors the joins of [`Shape`](crate::Shape): null to anything, integers to wider integers, exact integers to floats,
//! any other mix to JSON text. Where rows would have to be shown in a way that their buffer has forgotten, the caller is
//! told that the records must be decoded again.

use super::column::{Column, Data, IntRange, Ints, Lists};
use super::fields::FieldColumns;
use super::strings::Strings;
use crate::bits::{Bits, Validity};
use crate::shape::{DECIMAL_MAX, IntClass, int_class};
use crate::varlen::Varlen;

/// What kind of value came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Bool,
    /// An integer of at most 38 digits.
    Int(i128),
    /// A float, a special one too.
    Float,
    String,
    Object,
    Array,
    /// A number beyond every type, or an object of too many keys.
    Text,
}

/// Makes `column` hold values of `kind` too. Returns whether rows were lost by it.
#[must_use]
pub(super) fn widen(column: &mut Column, kind: Kind) -> bool {
    let rows = column.rows;
    let data = match (&column.data, kind) {
        (Data::Null, _) => {
            column.valid = Validity::nulls(rows);
            from_null(kind, rows)
        }
        (Data::Int64(ints), Kind::Int(value)) => match class(ints.range().and(value)) {
            IntClass::Int64 => return false,
            // Nulls stand as zero in the buffer and negative values make it a decimal, so that no conversion fails.
            IntClass::UInt64 => Data::UInt64(ints.map(|value| u64::try_from(value).unwrap_or(0))),
            IntClass::Decimal => Data::Decimal(ints.map(i128::from)),
        },
        (Data::UInt64(ints), Kind::Int(value)) => match class(ints.range().and(value)) {
            IntClass::Decimal => Data::Decimal(ints.map(i128::from)),
            IntClass::Int64 | IntClass::UInt64 => return false,
        },
        (Data::Int64(ints), Kind::Float) if ints.range().shape().exact_in_float() => {
            Data::Float(ints.values.iter().map(|value| *value as f64).collect())
        }
        (Data::Text(_), _) => return false,
        _ => {
            let lost = column.any_valid();
            column.valid = Validity::nulls(rows);
            column.data = Data::Text(Varlen::empty_rows(rows));
            return lost;
        }
    };
    column.data = data;
    false
}

/// The data of a column of `rows` nulls that is to hold values of `kind`.
fn from_null(kind: Kind, rows: usize) -> Data {
    match kind {
        Kind::Bool => Data::Bool(Bits::filled(rows, false)),
        Kind::Int(value) => {
            let earlier = IntRange::default();
            match class(earlier.and(value)) {
                IntClass::Int64 => Data::Int64(Ints {
                    values: vec![0; rows],
                    earlier,
                }),
                IntClass::UInt64 => Data::UInt64(Ints {
                    values: vec![0; rows],
                    earlier,
                }),
                IntClass::Decimal => Data::Decimal(Ints {
                    values: vec![0; rows],
                    earlier,
                }),
            }
        }
        Kind::Float => Data::Float(vec![0.0; rows]),
        Kind::String => Data::String(Strings::new(rows, 0)),
        Kind::Object => Data::Struct(Box::<FieldColumns>::default()),
        Kind::Array => Data::List(Lists {
            offsets: vec![0; rows + 1],
            items: Box::new(Column::null()),
        }),
        Kind::Text => Data::Text(Varlen::empty_rows(rows)),
    }
}

fn class(range: IntRange) -> IntClass {
    debug_assert!(
        range.max <= DECIMAL_MAX && range.min >= -DECIMAL_MAX,
        "an integer beyond 38 digits is text"
    );
    int_class(range.min, range.max)
}
