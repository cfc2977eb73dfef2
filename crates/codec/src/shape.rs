//! The type lattice of inferred columns.
//!
//! `Null` is below everything; integers widen by the range seen, to floats only when every one of them is exact in a float;
//! structs and lists join inside; any other mix is JSON text. Joining is associative, and commutative up to the order of
//! fields, so the types of a read depend on its records and not on how they were split.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use arrow_schema::{DECIMAL128_MAX_PRECISION, DataType, Field, Fields};

/// Most keys that become columns of one object: a nested object with more is JSON text, a top-level one puts the rest into
/// `_extra`.
pub(crate) const MAX_KEYS: usize = 500;

/// Largest magnitude up to which every integer is exact in a float.
const FLOAT_EXACT: i128 = 1 << 53;

/// Largest magnitude of a Decimal128(38, 0).
pub(crate) const DECIMAL_MAX: i128 = 10i128.pow(38) - 1;

/// What was seen in a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Nothing but nulls.
    Null,
    /// Booleans.
    Bool,
    /// Integers; the range seen, zero included, decides between Int64, UInt64 and Decimal128(38, 0).
    Int {
        /// Smallest seen, or zero.
        min: i128,
        /// Largest seen, or zero.
        max: i128,
    },
    /// Numbers with a fraction or exponent, among them perhaps integers that are exact in a float.
    Float,
    /// Text.
    String,
    /// JSON objects.
    Struct(StructShape),
    /// JSON arrays.
    List(Box<Shape>),
    /// A mix, kept as the JSON text of each value.
    JsonText,
    /// Bytes.
    Binary,
}

/// The fields of an object in order of first appearance.
#[derive(Debug, Clone, Default)]
pub struct StructShape {
    fields: Vec<(String, Shape)>,
    index: HashMap<String, usize>,
    overflow: bool,
}

impl PartialEq for StructShape {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields && self.overflow == other.overflow
    }
}

impl StructShape {
    /// No field yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether no object had a key.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Names and shapes in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Shape)> {
        self.fields.iter().map(|(name, shape)| (name.as_str(), shape))
    }

    /// The shape of the field `name`.
    pub fn get(&self, name: &str) -> Option<&Shape> {
        self.index.get(name).map(|&i| &self.fields[i].1)
    }

    /// Which field is called `name`.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// Sets the shape of the field `name`, which comes last if it is new.
    pub fn set(&mut self, name: &str, shape: Shape) {
        match self.index.get(name) {
            Some(&i) => self.fields[i].1 = shape,
            None => {
                self.index.insert(name.to_string(), self.fields.len());
                self.fields.push((name.to_string(), shape));
            }
        }
    }

    /// Whether a top-level object had more keys than become columns: the others are in `_extra`.
    pub fn overflow(&self) -> bool {
        self.overflow
    }

    /// Says that there were more keys than become columns.
    pub(crate) fn set_overflow(&mut self) {
        self.overflow = true;
    }

    /// The fields of both, those of `self` first. `None` when a nested object comes to more than [`MAX_KEYS`].
    fn join(&self, other: &Self, top: bool) -> Option<Self> {
        // A selection of more columns than the limit has the same fields on both sides and is not cut.
        let limit = MAX_KEYS.max(self.len()).max(other.len());
        let mut joined = self.clone();
        joined.overflow |= other.overflow;
        for (name, shape) in &other.fields {
            if let Some(&i) = joined.index.get(name) {
                joined.fields[i].1 = joined.fields[i].1.join_at(shape, false);
            } else if joined.len() < limit {
                joined.set(name, shape.clone());
            } else if top {
                joined.overflow = true;
            } else {
                return None;
            }
        }
        Some(joined)
    }

    /// Whether both have the same names, in whatever order.
    fn same_names(&self, other: &Self) -> bool {
        let names: HashSet<&str> = self.iter().map(|(name, _)| name).collect();
        self.len() == other.len() && other.iter().all(|(name, _)| names.contains(name))
    }
}

impl std::ops::Index<usize> for StructShape {
    type Output = Shape;

    fn index(&self, field: usize) -> &Shape {
        &self.fields[field].1
    }
}

impl Shape {
    /// The shape of the integer `value`; beyond 38 digits it is JSON text.
    pub fn of_int(value: i128) -> Self {
        if value.unsigned_abs() > DECIMAL_MAX.unsigned_abs() {
            return Self::JsonText;
        }
        Self::Int {
            min: value.min(0),
            max: value.max(0),
        }
    }

    /// The narrowest shape that shows both, for the top level of values. Fields keep the order of `self`, then of `other`:
    /// join splits in the order of their records.
    pub fn join(&self, other: &Shape) -> Shape {
        self.join_at(other, true)
    }

    fn join_at(&self, other: &Shape, top: bool) -> Shape {
        match (self, other) {
            (Self::Null, shape) | (shape, Self::Null) => shape.clone(),
            (Self::Binary, _) | (_, Self::Binary) => Self::Binary,
            (Self::Bool, Self::Bool) => Self::Bool,
            (Self::Float, Self::Float) => Self::Float,
            (Self::String, Self::String) => Self::String,
            (Self::Int { min: a, max: b }, Self::Int { min: c, max: d }) => Self::Int {
                min: *a.min(c),
                max: *b.max(d),
            },
            (int @ Self::Int { .. }, Self::Float) | (Self::Float, int @ Self::Int { .. }) => {
                if int.exact_in_float() {
                    Self::Float
                } else {
                    Self::JsonText
                }
            }
            (Self::Struct(a), Self::Struct(b)) => a.join(b, top).map_or(Self::JsonText, Self::Struct),
            (Self::List(a), Self::List(b)) => Self::List(Box::new(a.join_at(b, false))),
            _ => Self::JsonText,
        }
    }

    /// Whether these are integers each of which a float shows exactly.
    pub(crate) fn exact_in_float(&self) -> bool {
        matches!(self, Self::Int { min, max } if exact_in_float(*min) && exact_in_float(*max))
    }

    /// Whether columns of this shape can be cast to `wider` with nothing lost. If not, the records must be decoded again
    /// with `wider` as the start.
    pub fn widens_exactly_to(&self, wider: &Shape) -> bool {
        match (self, wider) {
            (Self::Null, _) => true,
            (Self::Int { min, max }, Self::Int { min: low, max: high }) => low <= min && max <= high,
            (Self::Int { .. }, Self::Float) => self.exact_in_float(),
            (Self::Struct(from), Self::Struct(to)) => {
                // What overflowed is text in `_extra`: a field that moves in or out of it must be decoded again.
                (!from.overflow || (to.overflow && from.same_names(to)))
                    && from
                        .iter()
                        .all(|(name, shape)| to.get(name).is_some_and(|wider| shape.widens_exactly_to(wider)))
            }
            (Self::List(from), Self::List(to)) => from.widens_exactly_to(to),
            (a, b) => a == b,
        }
    }

    /// The Arrow type. JSON text is LargeUtf8; that it is JSON stands in the metadata of the [`field`](Self::field).
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Bool => DataType::Boolean,
            Self::Int { min, max } => match int_class(*min, *max) {
                IntClass::Int64 => DataType::Int64,
                IntClass::UInt64 => DataType::UInt64,
                IntClass::Decimal => DataType::Decimal128(DECIMAL128_MAX_PRECISION, 0),
            },
            Self::Float => DataType::Float64,
            Self::String => DataType::LargeUtf8,
            Self::Struct(fields) if fields.is_empty() => DataType::LargeUtf8,
            Self::Struct(fields) => DataType::Struct(
                fields
                    .iter()
                    .map(|(name, shape)| Arc::new(shape.field(name)))
                    .collect::<Fields>(),
            ),
            Self::List(item) => DataType::LargeList(Arc::new(item.field(ITEM))),
            Self::JsonText => DataType::LargeUtf8,
            Self::Binary => DataType::LargeBinary,
        }
    }

    /// Whether the column holds JSON text: a mix, or objects that never had a key.
    pub(crate) fn is_json_text(&self) -> bool {
        matches!(self, Self::JsonText) || matches!(self, Self::Struct(fields) if fields.is_empty())
    }

    /// A nullable field of this shape; JSON text is marked as the extension type `arrow.json`.
    pub fn field(&self, name: &str) -> Field {
        let field = Field::new(name, self.data_type(), true);
        if !self.is_json_text() {
            return field;
        }
        field.with_metadata(HashMap::from([
            ("ARROW:extension:name".to_string(), "arrow.json".to_string()),
            ("ARROW:extension:metadata".to_string(), String::new()),
        ]))
    }
}

/// Whether a column of text is marked as JSON, the extension type `arrow.json`.
pub fn is_json(field: &Field) -> bool {
    field
        .metadata()
        .get("ARROW:extension:name")
        .is_some_and(|name| name == "arrow.json")
}

/// Whether a float shows `value` exactly, as far as inference goes: beyond 2^53 only some do.
pub(crate) fn exact_in_float(value: i128) -> bool {
    (-FLOAT_EXACT..=FLOAT_EXACT).contains(&value)
}

/// The name of a list's inner field, as Arrow writes it by default.
pub(crate) const ITEM: &str = "item";

/// The three integer types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IntClass {
    Int64,
    UInt64,
    Decimal,
}

/// The narrowest integer type for the range, which includes zero.
pub(crate) fn int_class(min: i128, max: i128) -> IntClass {
    if min >= i128::from(i64::MIN) && max <= i128::from(i64::MAX) {
        IntClass::Int64
    } else if min >= 0 && max <= i128::from(u64::MAX) {
        IntClass::UInt64
    } else {
        IntClass::Decimal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(value: i128) -> Shape {
        Shape::of_int(value)
    }

    fn object(fields: &[(&str, Shape)]) -> Shape {
        let mut shape = StructShape::new();
        for (name, field) in fields {
            shape.set(name, field.clone());
        }
        Shape::Struct(shape)
    }

    fn wide(from: usize, to: usize) -> Shape {
        let names: Vec<String> = (from..to).map(|i| format!("k{i}")).collect();
        object(
            &names
                .iter()
                .map(|name| (name.as_str(), Shape::Bool))
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn joins() {
        let list = |item: Shape| Shape::List(Box::new(item));
        let cases = [
            (Shape::Null, int(5), int(5)),
            (int(5), int(-3), Shape::Int { min: -3, max: 5 }),
            (int(5), Shape::Float, Shape::Float),
            (int((1 << 53) + 1), Shape::Float, Shape::JsonText),
            (int(5), Shape::String, Shape::JsonText),
            (int(5), Shape::Bool, Shape::JsonText),
            (Shape::String, Shape::JsonText, Shape::JsonText),
            (list(int(1)), list(Shape::Null), list(int(1))),
            (list(int(1)), list(Shape::String), list(Shape::JsonText)),
            (list(int(1)), int(1), Shape::JsonText),
            (object(&[]), object(&[("a", int(1))]), object(&[("a", int(1))])),
            (object(&[("a", int(1))]), Shape::String, Shape::JsonText),
            (int(10i128.pow(38)), int(1), Shape::JsonText),
        ];
        for (a, b, joined) in cases {
            assert_eq!(a.join(&b), joined);
            assert_eq!(b.join(&a), joined);
        }
        let both =
            object(&[("a", int(1)), ("b", Shape::Bool)]).join(&object(&[("c", Shape::Bool), ("a", Shape::Float)]));
        assert_eq!(
            both,
            object(&[("a", Shape::Float), ("b", Shape::Bool), ("c", Shape::Bool)])
        );
    }

    #[test]
    fn too_many_keys_are_text_when_nested_and_overflow_at_the_top() {
        let nested = |shape: Shape| object(&[("a", shape)]);
        assert_eq!(
            nested(wide(0, 300)).join(&nested(wide(300, 501))),
            nested(Shape::JsonText)
        );
        assert_eq!(nested(wide(0, 300)).join(&nested(wide(200, 500))), nested(wide(0, 500)));
        let Shape::Struct(top) = wide(0, 300).join(&wide(300, 501)) else {
            panic!()
        };
        assert!(top.overflow() && top.len() == MAX_KEYS && top.get("k499").is_some() && top.get("k500").is_none());
        let top = Shape::Struct(top);
        assert!(wide(0, 300).widens_exactly_to(&top));
        assert!(!wide(300, 501).widens_exactly_to(&top), "k500 must move to _extra");
        assert!(top.widens_exactly_to(&top) && !top.widens_exactly_to(&wide(0, 500)));
    }

    #[test]
    fn exact_widenings() {
        let yes = [
            (Shape::Null, Shape::JsonText),
            (int(5), int(-1).join(&int(1 << 64))),
            (int(1 << 53), Shape::Float),
            (object(&[]), object(&[("a", int(1))])),
            (
                object(&[("a", Shape::Null)]),
                object(&[("b", int(1)), ("a", Shape::String)]),
            ),
        ];
        for (from, to) in yes {
            assert!(from.widens_exactly_to(&to), "{from:?} to {to:?}");
        }
        let no = [
            (int(5), Shape::JsonText),
            (int(5), int(4)),
            (int((1 << 53) + 1), Shape::Float),
            (Shape::Float, int(5)),
            (Shape::String, Shape::JsonText),
            (object(&[]), Shape::JsonText),
            (object(&[("a", int(1))]), object(&[("b", int(1))])),
            (
                Shape::List(Box::new(Shape::Bool)),
                Shape::List(Box::new(Shape::JsonText)),
            ),
        ];
        for (from, to) in no {
            assert!(!from.widens_exactly_to(&to), "{from:?} to {to:?}");
        }
    }

    #[test]
    fn integers_take_the_narrowest_type() {
        let max = i128::from(u64::MAX);
        for (shape, expected) in [
            (int(i64::MIN.into()), DataType::Int64),
            (int(i128::from(i64::MAX) + 1), DataType::UInt64),
            (int(max), DataType::UInt64),
            (int(max + 1), DataType::Decimal128(38, 0)),
            (int(max).join(&int(-1)), DataType::Decimal128(38, 0)),
        ] {
            assert_eq!(shape.data_type(), expected);
        }
    }
}
