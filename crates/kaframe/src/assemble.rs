//! From finished chunks to record batches of one schema. Pure.
//!
//! The schema is decided over everything that was read: chunks are widened to it, columns that a chunk never saw are nulls there.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StructArray, new_null_array};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use kaframe_codec::{Columns, Shape, ValueFormat, widen};

use crate::chunk::{Chunk, ChunkPlan};
use crate::columns::{MetaColumn, Selection, Wanted, result_name, unknown_value_column};
use crate::error::{Error, Result};
use crate::metadata_columns;

/// Where a column of the result comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    /// A column of the decoded values, by name.
    Value(String),
    Meta(MetaColumn),
    /// What did not fit, of a stream: the last of the decoded columns.
    Extra,
    /// No record has it.
    Nulls,
}

/// The schema of a result and where its columns come from.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) schema: SchemaRef,
    sources: Vec<Source>,
    value: Option<Shape>,
    key: Option<Shape>,
    key_format: Option<ValueFormat>,
    /// Fields of values that had to be renamed.
    pub(crate) renamed: Vec<String>,
}

impl Layout {
    /// For a chunk plan whose shapes are final. `any_value`: whether a value was decoded, so that a column of no record is an error.
    /// `names`: what the sample saw of all columns, selected or not.
    pub(crate) fn new(plan: &ChunkPlan, any_value: bool, names: Option<&Shape>) -> Result<Layout> {
        // A decoder that starts from the final shape knows the names and types of its columns.
        let value = plan
            .value_decoder(0)
            .map(|mut decoder| (decoder.shape(), decoder.finish()));
        let key = plan
            .key_decoder(0)
            .map(|mut decoder| (decoder.shape(), decoder.finish()));
        let value_fields: &[FieldRef] = value.as_ref().map_or(&[], |(_, columns)| &columns.fields);
        let key_format = plan.key.as_ref().map(|key| key.format);
        let key_field = || match &key {
            Some((_, columns)) => key_column(columns, key_format).map(|(field, _)| field),
            None => Ok(metadata_columns::field(MetaColumn::Key)),
        };
        let meta_field = |column| match column {
            MetaColumn::Key => key_field(),
            _ => Ok(metadata_columns::field(column)),
        };
        let (mut fields, mut sources, mut renamed) = (Vec::new(), Vec::new(), Vec::new());
        match &plan.selection {
            Selection::All(meta) => {
                for field in value_fields {
                    let name = result_name(field.name());
                    if name != *field.name() {
                        renamed.push(field.name().clone());
                    }
                    fields.push(Arc::new(field.as_ref().clone().with_name(name)));
                    sources.push(Source::Value(field.name().clone()));
                }
                for column in meta {
                    fields.push(Arc::new(meta_field(*column)?));
                    sources.push(Source::Meta(*column));
                }
            }
            Selection::Exactly(wanted) => {
                let has_extra = value.as_ref().is_some_and(|(_, columns)| columns.has_extra);
                // It comes by itself.
                let is_extra =
                    |column: &&Wanted| matches!(column, Wanted::Value { path, .. } if path == kaframe_codec::EXTRA);
                for column in wanted.iter().filter(|column| !(has_extra && is_extra(column))) {
                    let (field, source) = match column {
                        Wanted::Meta(meta) => (meta_field(*meta)?, Source::Meta(*meta)),
                        Wanted::Value { name, path } => wanted_value(name, path, value_fields, any_value, names)?,
                    };
                    fields.push(Arc::new(field));
                    sources.push(source);
                }
                // In a stream what does not fit must go somewhere, whatever columns were asked for.
                if let Some((_, columns)) = &value
                    && columns.has_extra
                    && let Some(extra) = columns.fields.last()
                {
                    fields.push(extra.clone());
                    sources.push(Source::Extra);
                }
            }
        }
        Ok(Layout {
            schema: Arc::new(Schema::new(fields)),
            sources,
            value: value.map(|(shape, _)| shape),
            key: key.map(|(shape, _)| shape),
            key_format,
            renamed,
        })
    }

    /// A record batch of a chunk.
    pub(crate) fn assemble(&self, chunk: Chunk) -> Result<RecordBatch> {
        let Chunk {
            value, key, meta, rows, ..
        } = chunk;
        let value = match (value, &self.value) {
            (Some(columns), Some(shape)) => Some(widen(columns, shape)),
            _ => None,
        };
        let key = match (key, &self.key) {
            (Some(columns), Some(shape)) => Some(key_column(&widen(columns, shape), self.key_format)?.1),
            _ => None,
        };
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.sources.len());
        for (source, field) in self.sources.iter().zip(self.schema.fields()) {
            let array = match source {
                Source::Nulls => Some(new_null_array(field.data_type(), rows)),
                Source::Extra => value.as_ref().and_then(|columns| columns.arrays.last().cloned()),
                Source::Meta(MetaColumn::Key) => {
                    Some(key.clone().unwrap_or_else(|| new_null_array(field.data_type(), rows)))
                }
                Source::Meta(column) => meta.iter().find(|(c, _)| c == column).map(|(_, array)| array.clone()),
                Source::Value(name) => value.as_ref().and_then(|columns| {
                    let index = columns.fields.iter().position(|field| field.name() == name)?;
                    Some(columns.arrays[index].clone())
                }),
            };
            arrays.push(array.ok_or_else(|| Error::internal(format!("a chunk has no column {:?}", field.name())))?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)
            .map_err(|e| Error::internal(format!("columns of a chunk do not fit together: {e}")))
    }
}

fn wanted_value(
    name: &str,
    path: &str,
    fields: &[FieldRef],
    any_value: bool,
    names: Option<&Shape>,
) -> Result<(Field, Source)> {
    let found = fields.iter().find(|field| field.name() == path);
    // A decoder that was told to select a column has it, seen or not; one that only ever was null shows in the sample.
    let seen = names.is_some_and(|shape| shape_has(shape, path));
    match found {
        Some(field) if seen || *field.data_type() != DataType::Null => {
            Ok((field.as_ref().clone().with_name(name), Source::Value(path.to_owned())))
        }
        _ if any_value => {
            let names: Vec<String> = names.map(shape_names).unwrap_or_default();
            Err(unknown_value_column(name, names.iter().map(String::as_str)))
        }
        // Nothing was decoded, so nothing can be said against the name.
        _ => Ok((Field::new(name, DataType::Null, true), Source::Nulls)),
    }
}

/// Whether a shape has a field, by name or by path.
fn shape_has(shape: &Shape, path: &str) -> bool {
    match shape {
        Shape::Struct(fields) => {
            fields.get(path).is_some()
                || path.match_indices('.').any(|(dot, _)| {
                    fields
                        .get(&path[..dot])
                        .is_some_and(|inner| shape_has(inner, &path[dot + 1..]))
                })
        }
        _ => path == kaframe_codec::VALUE,
    }
}

/// Names and paths that may be asked for.
fn shape_names(shape: &Shape) -> Vec<String> {
    let Shape::Struct(fields) = shape else {
        return vec![kaframe_codec::VALUE.to_owned()];
    };
    let mut names = Vec::new();
    for (name, inner) in fields.iter() {
        names.push(result_name(name));
        if let Shape::Struct(_) = inner {
            names.extend(shape_names(inner).into_iter().map(|rest| format!("{name}.{rest}")));
        }
    }
    names
}

/// Keys are one column whatever their format: objects become a struct.
fn key_column(columns: &Columns, format: Option<ValueFormat>) -> Result<(Field, ArrayRef)> {
    let name = MetaColumn::Key.name();
    if format == Some(ValueFormat::Int) {
        let array = match columns.arrays.first() {
            // Four bytes each, so every one fits.
            Some(array) => {
                cast(array, &DataType::Int32).map_err(|e| Error::internal(format!("keys of four bytes: {e}")))?
            }
            None => new_null_array(&DataType::Int32, columns.rows),
        };
        return Ok((Field::new(name, DataType::Int32, true), array));
    }
    match (&columns.shape, columns.fields.first(), columns.arrays.first()) {
        (Shape::Null, _, _) | (_, None, _) | (_, _, None) => Ok((
            metadata_columns::field(MetaColumn::Key),
            new_null_array(&DataType::LargeUtf8, columns.rows),
        )),
        (Shape::Struct(_), _, _) => {
            let fields: Fields = columns.fields.iter().cloned().collect();
            let array = StructArray::try_new(fields.clone(), columns.arrays.clone(), None)
                .map_err(|e| Error::internal(format!("keys as a struct: {e}")))?;
            Ok((Field::new(name, DataType::Struct(fields), true), Arc::new(array)))
        }
        (_, Some(field), Some(array)) => Ok((
            field.as_ref().clone().with_name(name).with_nullable(true),
            array.clone(),
        )),
    }
}
