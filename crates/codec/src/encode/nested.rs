//! Objects, lists, maps, and the encodings that stand for other arrays (dictionary, run-end) as JSON.

use std::collections::HashSet;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int16Type, Int32Type, Int64Type, RunEndIndexType};
use arrow_array::{Array, ArrayRef, MapArray, OffsetSizeTrait, RunArray};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{DataType, Field, Fields};

use super::cell::{Cell, cell, unsupported};
use super::scalar::write_string;
use crate::EncodeError;

/// A field of an object: the text before its value, and what writes the value.
pub(super) struct Member<'a> {
    /// The comma, the key and the colon.
    before: Vec<u8>,
    cell: Box<dyn Cell + 'a>,
}

/// The members of an object whose columns are `arrays`; `parent` names it in errors.
pub(super) fn members<'a>(
    parent: &str,
    fields: &Fields,
    arrays: &'a [ArrayRef],
) -> Result<Vec<Member<'a>>, EncodeError> {
    let mut names = HashSet::new();
    let mut members = Vec::with_capacity(arrays.len());
    for (field, array) in fields.iter().zip(arrays) {
        let column = path(parent, field.name());
        if !names.insert(field.name()) {
            let reason = "a second column of this name: a JSON object cannot hold both".to_string();
            return Err(EncodeError {
                row: None,
                column,
                reason,
            });
        }
        let mut before = if members.is_empty() {
            b"{".to_vec()
        } else {
            b",".to_vec()
        };
        write_string(field.name(), &mut before);
        before.push(b':');
        members.push(Member {
            before,
            cell: cell(&column, field, array)?,
        });
    }
    Ok(members)
}

/// Writes one row; on failure says which member failed.
pub(super) fn write_object(members: &[Member<'_>], row: usize, out: &mut Vec<u8>) -> Result<(), (usize, String)> {
    if members.is_empty() {
        out.push(b'{');
    }
    for (i, member) in members.iter().enumerate() {
        out.extend_from_slice(&member.before);
        member.cell.write(row, out).map_err(|reason| (i, reason))?;
    }
    out.push(b'}');
    Ok(())
}

fn path(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_string()
    } else {
        format!("{parent}.{name}")
    }
}

/// The writer for a nested or encoded array.
pub(super) fn typed<'a>(column: &str, array: &'a ArrayRef) -> Result<Box<dyn Cell + 'a>, EncodeError> {
    Ok(match array.data_type() {
        DataType::Struct(fields) => Box::new(Objects {
            members: members(column, fields, array.as_struct().columns())?,
        }),
        DataType::List(item) => {
            let list = array.as_list::<i32>();
            Box::new(Lists {
                bounds: from_offsets(list.value_offsets()),
                items: cell(column, item, list.values())?,
            })
        }
        DataType::LargeList(item) => {
            let list = array.as_list::<i64>();
            Box::new(Lists {
                bounds: from_offsets(list.value_offsets()),
                items: cell(column, item, list.values())?,
            })
        }
        DataType::ListView(item) => {
            let list = array.as_list_view::<i32>();
            let bounds = from_views(list.offsets(), list.sizes());
            Box::new(Lists {
                bounds,
                items: cell(column, item, list.values())?,
            })
        }
        DataType::LargeListView(item) => {
            let list = array.as_list_view::<i64>();
            let bounds = from_views(list.offsets(), list.sizes());
            Box::new(Lists {
                bounds,
                items: cell(column, item, list.values())?,
            })
        }
        DataType::FixedSizeList(item, _) => {
            let list = array.as_fixed_size_list();
            let size = list.value_length() as usize;
            let bounds = (0..list.len()).map(|row| (row * size, (row + 1) * size)).collect();
            Box::new(Lists {
                bounds,
                items: cell(column, item, list.values())?,
            })
        }
        DataType::Map(..) => Box::new(Maps::new(column, array.as_map())?),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let values = dictionary.values();
            let rows = if values.is_empty() {
                vec![0; array.len()]
            } else {
                dictionary.normalized_keys()
            };
            Box::new(Mapped {
                rows,
                values: plain_cell(column, values)?,
            })
        }
        DataType::RunEndEncoded(ends, _) => match ends.data_type() {
            DataType::Int16 => runs(column, array.as_run::<Int16Type>())?,
            DataType::Int32 => runs(column, array.as_run::<Int32Type>())?,
            DataType::Int64 => runs(column, array.as_run::<Int64Type>())?,
            _ => return Err(unsupported(column, array.data_type())),
        },
        other => return Err(unsupported(column, other)),
    })
}

fn plain_cell<'a>(column: &str, array: &'a ArrayRef) -> Result<Box<dyn Cell + 'a>, EncodeError> {
    cell(column, &Field::new(column, array.data_type().clone(), true), array)
}

struct Objects<'a> {
    members: Vec<Member<'a>>,
}

impl Cell for Objects<'_> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        write_object(&self.members, row, out).map_err(|(_, reason)| reason)
    }
}

struct Lists<'a> {
    /// Where each row's items start and end.
    bounds: Vec<(usize, usize)>,
    items: Box<dyn Cell + 'a>,
}

fn from_offsets<O: OffsetSizeTrait>(offsets: &[O]) -> Vec<(usize, usize)> {
    offsets
        .windows(2)
        .map(|pair| (pair[0].as_usize(), pair[1].as_usize()))
        .collect()
}

fn from_views<O: OffsetSizeTrait>(offsets: &ScalarBuffer<O>, sizes: &ScalarBuffer<O>) -> Vec<(usize, usize)> {
    offsets
        .iter()
        .zip(sizes)
        .map(|(start, size)| (start.as_usize(), start.as_usize() + size.as_usize()))
        .collect()
}

impl Cell for Lists<'_> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let (start, end) = self.bounds[row];
        out.push(b'[');
        for item in start..end {
            if item > start {
                out.push(b',');
            }
            self.items.write(item, out)?;
        }
        out.push(b']');
        Ok(())
    }
}

/// Maps as objects. Keys that are no text are written as text: JSON has no other keys.
struct Maps<'a> {
    bounds: Vec<(usize, usize)>,
    keys: Box<dyn Cell + 'a>,
    values: Box<dyn Cell + 'a>,
}

impl<'a> Maps<'a> {
    fn new(column: &str, map: &'a MapArray) -> Result<Self, EncodeError> {
        let (key, value) = match map.entries().fields().as_ref() {
            [key, value] => (key, value),
            _ => return Err(unsupported(column, map.data_type())),
        };
        if key.data_type().is_nested() {
            return Err(unsupported(column, map.data_type()));
        }
        Ok(Self {
            bounds: from_offsets(map.value_offsets()),
            keys: cell(&path(column, key.name()), key, map.keys())?,
            values: cell(&path(column, value.name()), value, map.values())?,
        })
    }
}

impl Cell for Maps<'_> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let (start, end) = self.bounds[row];
        let mut seen: Vec<Vec<u8>> = Vec::with_capacity(end - start);
        out.push(b'{');
        for entry in start..end {
            if entry > start {
                out.push(b',');
            }
            let mut key = Vec::new();
            self.keys.write(entry, &mut key)?;
            if key.first() != Some(&b'"') {
                key.insert(0, b'"');
                key.push(b'"');
            }
            if seen.contains(&key) {
                return Err(format!(
                    "the key {} stands twice in a map",
                    String::from_utf8_lossy(&key)
                ));
            }
            out.extend_from_slice(&key);
            out.push(b':');
            self.values.write(entry, out)?;
            seen.push(key);
        }
        out.push(b'}');
        Ok(())
    }
}

/// Rows that stand for rows of another array.
struct Mapped<'a> {
    rows: Vec<usize>,
    values: Box<dyn Cell + 'a>,
}

impl Cell for Mapped<'_> {
    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        self.values.write(self.rows[row], out)
    }
}

fn runs<'a, R: RunEndIndexType>(column: &str, array: &'a RunArray<R>) -> Result<Box<dyn Cell + 'a>, EncodeError> {
    let rows = (0..array.len()).map(|row| array.get_physical_index(row)).collect();
    Ok(Box::new(Mapped {
        rows,
        values: plain_cell(column, array.values())?,
    }))
}
