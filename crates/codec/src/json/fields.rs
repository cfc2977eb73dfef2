//! The columns of an object's keys, and the guess which key comes next.
//!
//! Producers write the keys of their objects in the same order again and again. Each field remembers which one followed it
//! last time; the bytes at the position are compared with that key first, and only when they differ is the key looked up.

use std::collections::HashMap;

use arrow_array::ArrayRef;

use super::column::{Column, struct_shape};
use super::scan::Literal;
use crate::StructShape;

/// One key with its column.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    /// The key as most producers write it: quoted, with its colon. Empty when it cannot be written without escapes.
    pub(super) literal: Literal,
    pub(super) column: Column,
    /// The field that followed this one last time.
    pub(super) next: usize,
}

/// The fields of an object.
#[derive(Debug, Default)]
pub(super) struct FieldColumns {
    pub(super) fields: Vec<Field>,
    index: HashMap<String, usize>,
    /// The field that came first last time.
    pub(super) first: usize,
    /// Whether keys beyond the limit went to `_extra`; top level only.
    pub(super) overflow: bool,
}

impl FieldColumns {
    /// Empty columns for each field of `shape`.
    pub(super) fn of_shape(shape: &StructShape, capacity: usize) -> Self {
        let mut columns = Self {
            overflow: shape.overflow(),
            ..Self::default()
        };
        for (name, field) in shape.iter() {
            columns.add(name, Column::of_shape(field, capacity));
        }
        columns
    }

    /// A new field behind the others, guessed to follow the one before it.
    pub(super) fn add(&mut self, name: &str, column: Column) -> usize {
        let at = self.fields.len();
        self.index.insert(name.to_string(), at);
        self.fields.push(Field {
            name: name.to_string(),
            literal: literal(name),
            column,
            next: at + 1,
        });
        at
    }

    /// The field that is called `name`.
    pub(super) fn find(&self, name: &[u8]) -> Option<usize> {
        self.index.get(std::str::from_utf8(name).ok()?).copied()
    }

    pub(super) fn shape(&self) -> StructShape {
        let mut shape = struct_shape(self.fields.iter().map(|field| (field.name.as_str(), &field.column)));
        if self.overflow {
            shape.set_overflow();
        }
        shape
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        for field in &mut self.fields {
            field.column.truncate(rows);
        }
    }

    pub(super) fn allocated_bytes(&self, rows: usize) -> usize {
        self.fields.iter().map(|field| field.column.allocated_bytes(rows)).sum()
    }

    /// The arrays of all fields, `rows` long, of the types of `shape`, which is these columns' own.
    pub(super) fn finish(&mut self, rows: usize, shape: &StructShape) -> Vec<ArrayRef> {
        self.fields
            .iter_mut()
            .zip(shape.iter())
            .map(|(field, (_, shape))| field.column.finish(rows, shape))
            .collect()
    }
}

/// `"name":`, or nothing if `name` cannot be written without escapes.
fn literal(name: &str) -> Literal {
    if name.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        return Literal::new(Vec::new());
    }
    Literal::new([b"\"", name.as_bytes(), b"\":"].concat())
}
