//! The columns of a stream, gathered by name: fields of structs are columns of their own.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

use super::column::{Column, ColumnSummary};

/// Columns by name, in the order they came; fields of structs are columns of their own.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    columns: Vec<Column>,
    index: BTreeMap<String, usize>,
    names: Vec<String>,
}

impl Columns {
    pub fn add(&mut self, name: &str, array: &ArrayRef) {
        if let Some(fields) = array.as_struct_opt() {
            let parents = fields.nulls();
            for (field, child) in fields.fields().iter().zip(fields.columns()) {
                // A field of nothing is nothing.
                let child = match parents {
                    Some(nulls) => masked(child, nulls),
                    None => child.clone(),
                };
                self.add(&format!("{name}.{}", field.name()), &child);
            }
            return;
        }
        self.column(name, array.data_type()).add(array);
    }

    fn column(&mut self, name: &str, data_type: &DataType) -> &mut Column {
        let index = match self.index.get(name) {
            Some(index) => *index,
            None => {
                self.index.insert(name.to_owned(), self.columns.len());
                self.names.push(name.to_owned());
                self.columns.push(Column::new(data_type));
                self.columns.len() - 1
            }
        };
        &mut self.columns[index]
    }

    pub fn merge(&mut self, other: Columns) {
        for (name, column) in other.names.iter().zip(other.columns) {
            let data_type = column.data_type.clone();
            self.column(name, &data_type).merge(column);
        }
    }

    pub fn finish(&self) -> Vec<ColumnSummary> {
        self.names
            .iter()
            .zip(&self.columns)
            .map(|(name, column)| column.finish(name))
            .collect()
    }
}

fn masked(child: &ArrayRef, parents: &NullBuffer) -> ArrayRef {
    let nulls = NullBuffer::union(Some(parents), child.logical_nulls().as_ref());
    match child.to_data().into_builder().nulls(nulls).build() {
        Ok(data) => arrow_array::make_array(data),
        Err(_) => child.clone(),
    }
}
