//! Headers of records out of the column `_headers`: a list of key and value, or a map. Order and duplicates are kept, a null value stays null.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BinaryArray, StringArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_cast::cast;
use arrow_schema::DataType;

use crate::error::{Error, ErrorKind, Result};

/// The headers of all rows of a batch.
#[derive(Debug)]
pub(super) struct HeaderColumn {
    rows: ArrayRef,
    offsets: OffsetBuffer<i32>,
    keys: StringArray,
    values: BinaryArray,
}

/// One header as it goes into a record.
pub(super) type Header<'a> = (&'a [u8], Option<&'a [u8]>);

impl HeaderColumn {
    /// Takes a column apart: `list<struct<key, value>>` (of any list kind), or a map of text to text or bytes.
    pub fn new(column: &ArrayRef) -> Result<Option<HeaderColumn>> {
        let wrong = || {
            Error::new(
                ErrorKind::Schema,
                format!("the column _headers of type {} holds no headers", column.data_type()),
            )
            .with_hint("give a list of structs with key (text) and value (bytes or text), or a map")
        };
        let (rows, offsets, entries): (ArrayRef, OffsetBuffer<i32>, StructArray) = match column.data_type() {
            DataType::Null => return Ok(None),
            DataType::Map(..) => {
                let map = column.as_map();
                (column.clone(), map.offsets().clone(), map.entries().clone())
            }
            DataType::List(field)
            | DataType::LargeList(field)
            | DataType::ListView(field)
            | DataType::LargeListView(field) => {
                let DataType::Struct(_) = field.data_type() else {
                    return Err(wrong());
                };
                let list = cast(column, &DataType::List(field.clone())).map_err(|_| wrong())?;
                let offsets = list.as_list::<i32>().offsets().clone();
                let entries = list.as_list::<i32>().values().as_struct().clone();
                (list, offsets, entries)
            }
            _ => return Err(wrong()),
        };
        let (keys, values) = key_and_value(&entries).ok_or_else(wrong)?;
        let keys = cast(&keys, &DataType::Utf8)
            .map_err(|_| wrong())?
            .as_string::<i32>()
            .clone();
        let values = match values.data_type() {
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => values,
            DataType::Null => values,
            // Anything else by way of its text.
            _ => cast(&values, &DataType::Utf8).map_err(|_| wrong())?,
        };
        let values = cast(&values, &DataType::Binary)
            .map_err(|_| wrong())?
            .as_binary::<i32>()
            .clone();
        if (0..keys.len()).any(|i| keys.is_null(i) && !entries.is_null(i)) {
            return Err(
                Error::new(ErrorKind::Schema, "a header in the column _headers has no key")
                    .with_hint("a header's value may be null, its key may not"),
            );
        }
        Ok(Some(HeaderColumn {
            rows,
            offsets,
            keys,
            values,
        }))
    }

    /// The headers of one row, put into `headers`.
    pub fn row<'a>(&'a self, row: usize, headers: &mut Vec<Header<'a>>) {
        headers.clear();
        if self.rows.is_null(row) {
            return;
        }
        let range = self.offsets[row] as usize..self.offsets[row + 1] as usize;
        // A null entry of the list is no header.
        headers.extend(range.filter(|i| self.keys.is_valid(*i)).map(|i| {
            let value = self.values.is_valid(i).then(|| self.values.value(i));
            (self.keys.value(i).as_bytes(), value)
        }));
    }
}

/// The two children: those named so, else the first and the second of exactly two.
fn key_and_value(entries: &StructArray) -> Option<(ArrayRef, ArrayRef)> {
    if let (Some(key), Some(value)) = (entries.column_by_name("key"), entries.column_by_name("value")) {
        return Some((key.clone(), value.clone()));
    }
    match entries.columns() {
        [key, value] => Some((key.clone(), value.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::{BinaryBuilder, ListBuilder, MapBuilder, StringBuilder, StructBuilder};
    use arrow_schema::{Field, Fields};

    use super::*;

    fn fields() -> Fields {
        Fields::from(vec![
            Field::new("key", DataType::Utf8, true),
            Field::new("value", DataType::Binary, true),
        ])
    }

    #[test]
    fn order_duplicates_and_nulls_are_kept() {
        let entry = StructBuilder::new(
            fields(),
            vec![Box::new(StringBuilder::new()), Box::new(BinaryBuilder::new())],
        );
        let mut list = ListBuilder::new(entry);
        for (key, value) in [("b", Some(&b"1"[..])), ("a", None), ("b", Some(&b"\xff"[..]))] {
            list.values()
                .field_builder::<StringBuilder>(0)
                .unwrap()
                .append_value(key);
            list.values()
                .field_builder::<BinaryBuilder>(1)
                .unwrap()
                .append_option(value);
            list.values().append(true);
        }
        list.append(true);
        list.append(false);
        list.append(true);
        let column: ArrayRef = Arc::new(list.finish());
        for column in [
            column.clone(),
            cast(
                &column,
                &DataType::LargeList(Arc::new(Field::new_list_field(DataType::Struct(fields()), true))),
            )
            .unwrap(),
        ] {
            let headers = HeaderColumn::new(&column).unwrap().unwrap();
            let mut row = Vec::new();
            headers.row(0, &mut row);
            assert_eq!(row, [(&b"b"[..], Some(&b"1"[..])), (b"a", None), (b"b", Some(b"\xff"))]);
            headers.row(1, &mut row);
            assert!(row.is_empty());
            headers.row(2, &mut row);
            assert!(row.is_empty());
        }
    }

    #[test]
    fn a_map_of_texts_is_headers() {
        let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        map.keys().append_value("trace");
        map.values().append_value("abc");
        map.append(true).unwrap();
        let column: ArrayRef = Arc::new(map.finish());
        let headers = HeaderColumn::new(&column).unwrap().unwrap();
        let mut row = Vec::new();
        headers.row(0, &mut row);
        assert_eq!(row, [(&b"trace"[..], Some(&b"abc"[..]))]);
    }

    #[test]
    fn other_types_are_refused() {
        let column: ArrayRef = Arc::new(StringArray::from(vec!["a=b"]));
        assert_eq!(HeaderColumn::new(&column).unwrap_err().kind(), ErrorKind::Schema);
    }
}
