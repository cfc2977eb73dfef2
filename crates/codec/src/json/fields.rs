//! The columns of an object's keys, and the guess which key comes next.
//!
//! Producers write the keys of their objects in the same order again and again. Each field remembers which one followed it
//! last time, and the bytes that stood before its own value (module `lead`); those are compared first, and only when they
//! differ is the key read and looked up.

use std::collections::HashMap;

use arrow_array::ArrayRef;

use super::column::{Column, struct_shape};
use super::lead::Lead;
use crate::StructShape;

/// Up to this many names, or leads, are compared one by one.
pub(super) const FEW: usize = 32;

/// One key with its column.
#[derive(Debug)]
pub(super) struct Field {
    /// What stood before its value last time.
    pub(super) lead: Lead,
    pub(super) column: Column,
    /// The field that followed this one last time.
    pub(super) next: usize,
    pub(super) name: String,
}

/// The fields of an object.
#[derive(Debug, Default)]
pub(super) struct FieldColumns {
    pub(super) fields: Vec<Field>,
    index: HashMap<String, usize>,
    /// The start of each name, to tell most names apart at one look.
    starts: Vec<u64>,
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
        self.starts.push(start(name.as_bytes()));
        self.fields.push(Field {
            lead: Lead::default(),
            column,
            next: at + 1,
            name: name.to_string(),
        });
        at
    }

    /// The field that is called `name`.
    pub(super) fn find(&self, name: &[u8]) -> Option<usize> {
        if self.fields.len() > FEW {
            return self.index.get(std::str::from_utf8(name).ok()?).copied();
        }
        let start = start(name);
        self.starts
            .iter()
            .zip(&self.fields)
            .position(|(known, field)| *known == start && field.name.as_bytes() == name)
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

/// The first bytes of a name and its length, in one number.
fn start(name: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    for (byte, of_name) in bytes.iter_mut().zip(name.iter().take(7)) {
        *byte = *of_name;
    }
    bytes[7] = name.len() as u8;
    u64::from_le_bytes(bytes)
}
