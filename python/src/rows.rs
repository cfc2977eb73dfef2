//! Rows of plain Python values as encoded records, without a Python object per row.
//!
//! Only what is plain is done here: dicts of text, numbers, booleans, None, lists and dicts; single values of other types ask Python for their text. Whatever
//! is odd (a row that is no dict, headers, an error) makes the whole chunk go the long way in `_rows.py`, which decides and words everything.

use std::sync::Arc;

use arrow_array::builder::LargeBinaryBuilder;
use arrow_array::{ArrayRef, TimestampMillisecondArray};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use pyo3_arrow::error::PyArrowResult;

use crate::batch::RecordBatch;

/// Deeper values, and those that hold themselves, are left to Python.
const MOST_LEVELS: usize = 32;

/// What is not plain.
struct Odd;

type Plain<T> = Result<T, Odd>;

/// A chunk of rows as a batch with the columns `_key`, `_timestamp` and `value` (JSON), and whether a row had the key column; None where a row is not plain.
#[pyfunction]
pub(crate) fn plain_rows(
    rows: &Bound<'_, PyList>,
    key: &str,
    text: &Bound<'_, PyAny>,
) -> PyArrowResult<Option<(RecordBatch, bool)>> {
    let mut chunk = Chunk {
        values: LargeBinaryBuilder::with_capacity(rows.len(), rows.len() * 128),
        keys: LargeBinaryBuilder::with_capacity(rows.len(), rows.len() * 8),
        timestamps: Vec::with_capacity(rows.len()),
        key_seen: false,
        text: text.clone(),
        buffer: Vec::with_capacity(1024),
    };
    for row in rows.iter() {
        if chunk.row(&row, key).is_err() {
            return Ok(None);
        }
    }
    let time = TimestampMillisecondArray::from(chunk.timestamps);
    let columns: [(&str, ArrayRef); 3] = [
        ("_key", Arc::new(chunk.keys.finish())),
        ("_timestamp", Arc::new(time)),
        ("value", Arc::new(chunk.values.finish())),
    ];
    let columns = columns.map(|(name, column)| (name, column, true));
    let batch = arrow_array::RecordBatch::try_from_iter_with_nullable(columns)?;
    Ok(Some((RecordBatch(batch), chunk.key_seen)))
}

struct Chunk<'py> {
    values: LargeBinaryBuilder,
    keys: LargeBinaryBuilder,
    timestamps: Vec<Option<i64>>,
    key_seen: bool,
    /// Python's text of a value.
    text: Bound<'py, PyAny>,
    buffer: Vec<u8>,
}

impl<'py> Chunk<'py> {
    fn row(&mut self, row: &Bound<'py, PyAny>, key_column: &str) -> Plain<()> {
        let row = row.cast_exact::<PyDict>().map_err(|_| Odd)?;
        let mut out = std::mem::take(&mut self.buffer);
        out.clear();
        let (mut key, mut timestamp) = (None, None);
        for (name, value) in row.iter() {
            let name = name.cast_exact::<PyString>().map_err(|_| Odd)?;
            let name = name.to_str().map_err(|_| Odd)?;
            if name == key_column {
                key = Some(value.clone());
            }
            if name.starts_with('_') && kaframe::is_metadata(name) {
                match name {
                    "_timestamp" if !value.is_none() => timestamp = Some(integer(&value)?),
                    "_headers" if !value.is_none() => return Err(Odd),
                    "_tombstone" if !value.is_none() && !value.is(PyBool::new(value.py(), false)) => return Err(Odd),
                    _ => {}
                }
                continue;
            }
            out.push(if out.is_empty() { b'{' } else { b',' });
            string(name, &mut out)?;
            out.push(b':');
            self.value(&value, &mut out, 0)?;
        }
        if out.is_empty() {
            out.push(b'{');
        }
        out.push(b'}');
        self.values.append_value(&out);
        self.timestamps.push(timestamp);
        self.key(key.as_ref(), &mut out)?;
        self.buffer = out;
        Ok(())
    }

    fn key(&mut self, key: Option<&Bound<'py, PyAny>>, out: &mut Vec<u8>) -> Plain<()> {
        self.key_seen |= key.is_some();
        let Some(key) = key.filter(|key| !key.is_none()) else {
            self.keys.append_null();
            return Ok(());
        };
        if let Ok(text) = key.cast_exact::<PyString>() {
            self.keys.append_value(text.to_str().map_err(|_| Odd)?);
        } else if let Ok(bytes) = key.cast_exact::<PyBytes>() {
            self.keys.append_value(bytes.as_bytes());
        } else {
            out.clear();
            write_integer(integer(key)?, out)?;
            self.keys.append_value(&out);
        }
        Ok(())
    }

    fn value(&self, value: &Bound<'py, PyAny>, out: &mut Vec<u8>, level: usize) -> Plain<()> {
        if let Ok(text) = value.cast_exact::<PyString>() {
            string(text.to_str().map_err(|_| Odd)?, out)
        } else if let Ok(float) = value.cast_exact::<PyFloat>() {
            let float = float.value();
            if float.is_nan() {
                out.extend_from_slice(b"null");
                return Ok(());
            }
            if float.is_infinite() {
                return Err(Odd);
            }
            serde_json::to_writer(out, &float).map_err(|_| Odd)
        } else if value.is_exact_instance_of::<PyInt>() {
            match value.extract::<i64>() {
                Ok(integer) => write_integer(integer, out),
                Err(_) => self.other(value, out),
            }
        } else if value.is_none() {
            out.extend_from_slice(b"null");
            Ok(())
        } else if let Ok(boolean) = value.cast_exact::<PyBool>() {
            out.extend_from_slice(if boolean.is_true() { b"true" } else { b"false" });
            Ok(())
        } else if level == MOST_LEVELS {
            Err(Odd)
        } else if let Ok(object) = value.cast_exact::<PyDict>() {
            out.push(b'{');
            for (index, (name, one)) in object.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                let name = name.cast_exact::<PyString>().map_err(|_| Odd)?;
                string(name.to_str().map_err(|_| Odd)?, out)?;
                out.push(b':');
                self.value(&one, out, level + 1)?;
            }
            out.push(b'}');
            Ok(())
        } else if let Ok(list) = value.cast_exact::<PyList>() {
            self.items(list.iter(), out, level)
        } else if let Ok(tuple) = value.cast_exact::<PyTuple>() {
            self.items(tuple.iter(), out, level)
        } else {
            self.other(value, out)
        }
    }

    fn items(&self, items: impl Iterator<Item = Bound<'py, PyAny>>, out: &mut Vec<u8>, level: usize) -> Plain<()> {
        out.push(b'[');
        for (index, item) in items.enumerate() {
            if index > 0 {
                out.push(b',');
            }
            self.value(&item, out, level + 1)?;
        }
        out.push(b']');
        Ok(())
    }

    /// A value that only Python knows how to write.
    fn other(&self, value: &Bound<'py, PyAny>, out: &mut Vec<u8>) -> Plain<()> {
        let text = self.text.call1((value,)).map_err(|_| Odd)?;
        let text = text.cast::<PyString>().map_err(|_| Odd)?;
        out.extend_from_slice(text.to_str().map_err(|_| Odd)?.as_bytes());
        Ok(())
    }
}

fn integer(value: &Bound<'_, PyAny>) -> Plain<i64> {
    if !value.is_exact_instance_of::<PyInt>() {
        return Err(Odd);
    }
    value.extract().map_err(|_| Odd)
}

fn write_integer(value: i64, out: &mut Vec<u8>) -> Plain<()> {
    serde_json::to_writer(out, &value).map_err(|_| Odd)
}

fn string(text: &str, out: &mut Vec<u8>) -> Plain<()> {
    serde_json::to_writer(out, text).map_err(|_| Odd)
}
