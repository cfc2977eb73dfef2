//! CSV by RFC 4180, with a header line; lines end as Unix lines do. A null is an empty field, an empty text a quoted one.
//!
//! Values look as in JSON, without the quotes: times RFC 3339, bytes base64, nested values JSON text.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, Schema};
use kaframe_codec::{EncodeFormat, Rows, encode_rows};

use super::sink::{Encoder, Metadata, Out, Problem, Recipe};
use super::text::Text;

/// Rows that are made into text at a time.
const STEP: usize = 4096;

pub(super) struct Csv {
    out: Text,
    lines: Vec<u8>,
}

/// A column as text.
enum Cells {
    Text(ArrayRef),
    /// `{"v":…}` for each row.
    Json(ArrayRef, Rows),
}

impl Csv {
    pub fn new(out: Out, recipe: &Recipe) -> Result<Csv, Problem> {
        let mut csv = Csv {
            out: Text::new(out, recipe.compression)?,
            lines: Vec::new(),
        };
        for (index, field) in recipe.schema.fields().iter().enumerate() {
            if index > 0 {
                csv.lines.push(b',');
            }
            write_field(field.name().as_bytes(), &mut csv.lines);
        }
        csv.lines.push(b'\n');
        csv.out.write(&csv.lines)?;
        Ok(csv)
    }
}

impl Cells {
    fn new(field: &Field, array: &ArrayRef) -> Result<Cells, Problem> {
        let data = |error: &dyn std::fmt::Display| Problem::Data(format!("column {:?}: {error}", field.name()));
        match array.data_type() {
            // JSON has no word for NaN, CSV has.
            DataType::Utf8
            | DataType::LargeUtf8
            | DataType::Utf8View
            | DataType::Null
            | DataType::Float16
            | DataType::Float32
            | DataType::Float64 => {
                let text = cast(array, &DataType::LargeUtf8).map_err(|error| data(&error))?;
                Ok(Cells::Text(text))
            }
            DataType::Dictionary(_, values) => Cells::new(field, &cast(array, values).map_err(|error| data(&error))?),
            kind => {
                let schema = Schema::new(vec![Field::new("v", kind.clone(), true)]);
                let batch = RecordBatch::try_new(schema.into(), vec![array.clone()]).map_err(|error| data(&error))?;
                let rows = encode_rows(&batch, EncodeFormat::Json).map_err(|error| data(&error.reason))?;
                Ok(Cells::Json(array.clone(), rows))
            }
        }
    }

    fn get(&self, row: usize) -> Option<&[u8]> {
        match self {
            Cells::Text(texts) => texts
                .is_valid(row)
                .then(|| texts.as_string::<i64>().value(row).as_bytes()),
            Cells::Json(array, rows) => {
                let json = rows.get(row)?;
                let value = json.strip_prefix(b"{\"v\":")?.strip_suffix(b"}")?;
                if array.is_null(row) || value == b"null" {
                    return None;
                }
                // Strings that are no text columns are times and base64: nothing in them is escaped.
                Some(
                    value
                        .strip_prefix(b"\"")
                        .and_then(|value| value.strip_suffix(b"\""))
                        .unwrap_or(value),
                )
            }
        }
    }
}

impl Encoder for Csv {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Problem> {
        for start in (0..batch.num_rows()).step_by(STEP) {
            let rows = batch.slice(start, STEP.min(batch.num_rows() - start));
            let schema = rows.schema();
            let columns = schema.fields().iter().zip(rows.columns());
            let columns = columns
                .map(|(field, array)| Cells::new(field, array))
                .collect::<Result<Vec<_>, _>>()?;
            self.lines.clear();
            for row in 0..rows.num_rows() {
                for (index, cells) in columns.iter().enumerate() {
                    if index > 0 {
                        self.lines.push(b',');
                    }
                    if let Some(text) = cells.get(row) {
                        write_field(text, &mut self.lines);
                    }
                }
                self.lines.push(b'\n');
            }
            self.out.write(&self.lines)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>, _: &Metadata) -> Result<Out, Problem> {
        Ok(self.out.finish()?)
    }
}

fn write_field(text: &[u8], out: &mut Vec<u8>) {
    let plain = !text.is_empty() && !text.iter().any(|byte| matches!(byte, b'"' | b',' | b'\n' | b'\r'));
    if plain {
        return out.extend_from_slice(text);
    }
    out.push(b'"');
    for byte in text {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let of = |text: &str| {
            let mut out = Vec::new();
            write_field(text.as_bytes(), &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(of("plain"), "plain");
        assert_eq!(of(""), "\"\"");
        assert_eq!(of("a,b"), "\"a,b\"");
        assert_eq!(of("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(of("two\nlines"), "\"two\nlines\"");
    }
}
