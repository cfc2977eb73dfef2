//! Which folder a row belongs to: `partition_by` columns, or the year, month, day or hour of a time, as folders `name=value`.
//!
//! The names are those of Hive, which pyarrow, DuckDB, Polars and Spark read back as columns. A column that is wholly in the names of folders is left out of
//! the files; a time is not, since its day says less than it does.

use std::collections::HashMap;
use std::fmt::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow_cast::cast;
use arrow_schema::{DataType, Schema, SchemaRef, TimeUnit};
use arrow_select::take::take_record_batch;

use crate::columns::is_metadata;
use crate::error::{Error, ErrorKind, Result};
use crate::options::{Metadata, ScanOptions};

/// What stands for a null, as Hive writes it.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";
/// Longest value in a folder's name: file systems take 255 bytes for all of it.
const LONGEST: usize = 200;
const HOUR: i64 = 3_600_000;

/// How rows are parted.
#[derive(Debug)]
pub(super) struct Partitioning {
    by: Vec<By>,
    /// Columns that stay in the files.
    kept: Vec<usize>,
    schema: SchemaRef,
}

#[derive(Debug)]
struct By {
    /// The folder's name before the `=`.
    name: String,
    column: usize,
    part: Option<Part>,
}

/// A part of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Year,
    Month,
    Day,
    Hour,
}

impl Partitioning {
    /// For rows of this schema. Columns `along` are no part of the files, whatever is made of them.
    pub fn new(by: &[String], schema: &SchemaRef, along: &[String]) -> Result<Partitioning> {
        let by = by
            .iter()
            .map(|text| By::parse(text, schema))
            .collect::<Result<Vec<_>>>()?;
        if let Some(twice) = by
            .iter()
            .enumerate()
            .find(|(i, one)| by[..*i].iter().any(|b| b.name == one.name))
        {
            return Err(Error::config(format!("partition_by names {:?} twice", twice.1.name)));
        }
        let whole = |column: usize| by.iter().any(|one| one.column == column && one.part.is_none());
        let kept: Vec<usize> = (0..schema.fields().len())
            .filter(|column| !whole(*column) && !along.contains(schema.field(*column).name()))
            .collect();
        if kept.is_empty() {
            return Err(Error::config(
                "partition_by takes every column: nothing is left for the files",
            ));
        }
        let fields: Vec<_> = kept.iter().map(|column| schema.fields()[*column].clone()).collect();
        Ok(Partitioning {
            by,
            kept,
            schema: Schema::new_with_metadata(fields, schema.metadata().clone()).into(),
        })
    }

    /// The schema of the files.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Parts the rows of a batch: the folder, with slashes where there are several levels, and its rows in their order.
    pub fn split(&self, batch: &RecordBatch) -> Result<Vec<(String, RecordBatch)>> {
        let failed = |error: arrow_schema::ArrowError| Error::new(ErrorKind::Schema, error.to_string());
        let rows = batch.num_rows();
        // The group of each row so far, and the folder of each group.
        let (mut groups, mut folders) = (vec![0_u32; rows], vec![String::new()]);
        for by in &self.by {
            let values = by.values(batch.column(by.column))?;
            let mut known: HashMap<(u32, Option<&str>), u32> = HashMap::new();
            let mut deeper: Vec<String> = Vec::new();
            let mut last: Option<((u32, Option<&str>), u32)> = None;
            for (row, group) in groups.iter_mut().enumerate() {
                let value = values.is_valid(row).then(|| values.as_string::<i64>().value(row));
                let key = (*group, value);
                // Rows that follow each other mostly belong together.
                let found = match last {
                    Some((same, found)) if same == key => found,
                    _ => match known.get(&key) {
                        Some(found) => *found,
                        None => {
                            let found = deeper.len() as u32;
                            let above = &folders[*group as usize];
                            deeper.push(below(above, &by.name, value)?);
                            known.insert(key, found);
                            found
                        }
                    },
                };
                last = Some((key, found));
                *group = found;
            }
            folders = deeper;
        }
        let kept = batch.project(&self.kept).map_err(failed)?;
        if folders.len() == 1 {
            return Ok(folders.into_iter().map(|folder| (folder, kept.clone())).collect());
        }
        let mut rows_of: Vec<Vec<u32>> = vec![Vec::new(); folders.len()];
        for (row, group) in groups.iter().enumerate() {
            rows_of[*group as usize].push(row as u32);
        }
        folders
            .into_iter()
            .zip(rows_of)
            .map(|(folder, rows)| {
                let part = take_record_batch(&kept, &UInt32Array::from(rows)).map_err(failed)?;
                Ok((folder, part))
            })
            .collect()
    }
}

/// The part of a time, the column, and what the folder is named by, of one text of `partition_by`.
fn named(text: &str) -> (Option<Part>, &str, &str) {
    let text = text.trim();
    let call = text.strip_suffix(')').and_then(|text| text.split_once('('));
    let part = call.and_then(|(function, _)| match function.trim() {
        "year" => Some(Part::Year),
        "month" => Some(Part::Month),
        "day" => Some(Part::Day),
        "hour" => Some(Part::Hour),
        _ => None,
    });
    match (part, call) {
        (Some(_), Some((function, column))) => (part, column.trim(), function.trim()),
        _ => (None, text, text),
    }
}

/// Columns that `partition_by` names and that a read of these options would not give.
pub(super) fn not_asked_for(by: &[String], options: &ScanOptions) -> Vec<String> {
    let mut along: Vec<String> = Vec::new();
    for text in by {
        let (_, column, _) = named(text);
        let given = match (&options.columns, &options.metadata) {
            (Some(columns), _) => columns.iter().any(|one| one == column),
            (None, Metadata::None) => !is_metadata(column),
            (None, Metadata::Only(names)) => !is_metadata(column) || names.iter().any(|one| one == column),
            (None, Metadata::Default) => true,
        };
        if !given && !along.iter().any(|one| one == column) {
            along.push(column.to_owned());
        }
    }
    along
}

impl By {
    fn parse(text: &str, schema: &SchemaRef) -> Result<By> {
        let text = text.trim();
        let (part, column, name) = named(text);
        let index = schema.index_of(column).map_err(|_| {
            let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            let message = format!("partition_by={text:?}: there is no column {column:?}");
            Error::new(ErrorKind::Schema, message).with_hint(format!(
                "the columns are {}; a part of a time is year(…), month(…), day(…) or hour(…)",
                names.join(", ")
            ))
        })?;
        let kind = schema.field(index).data_type();
        let is_time = matches!(kind, DataType::Timestamp(..) | DataType::Date32 | DataType::Date64);
        if part.is_some() && !is_time {
            let message = format!("partition_by={text:?}: {column} is of type {kind}, which has no {name}");
            return Err(Error::new(ErrorKind::Schema, message));
        }
        if part.is_none() && (kind.is_nested() || kind.is_floating() || is_binary(kind)) {
            let message = format!("partition_by={text:?}: values of type {kind} make no names of folders");
            return Err(Error::new(ErrorKind::Schema, message));
        }
        Ok(By {
            name: name.to_owned(),
            column: index,
            part,
        })
    }

    /// The text of every row.
    fn values(&self, column: &ArrayRef) -> Result<ArrayRef> {
        let failed = |error: arrow_schema::ArrowError| Error::new(ErrorKind::Schema, error.to_string());
        let Some(part) = self.part else {
            return cast(column, &DataType::LargeUtf8).map_err(failed);
        };
        let times = cast(column, &DataType::Timestamp(TimeUnit::Millisecond, None)).map_err(failed)?;
        let times = times.as_primitive::<TimestampMillisecondType>();
        let mut texts = arrow_array::builder::LargeStringBuilder::with_capacity(times.len(), times.len() * 10);
        let mut last: (Option<i64>, String) = (None, String::new());
        for time in times.iter() {
            let Some(time) = time else {
                texts.append_null();
                continue;
            };
            let hour = time.div_euclid(HOUR);
            if last.0 != Some(hour) {
                last = (Some(hour), part.text(hour)?);
            }
            texts.append_value(&last.1);
        }
        Ok(std::sync::Arc::new(texts.finish()))
    }
}

impl Part {
    /// The text of an hour since 1970, in UTC.
    fn text(self, hour: i64) -> Result<String> {
        let time = chrono::DateTime::from_timestamp_millis(hour * HOUR).ok_or_else(|| {
            Error::new(
                ErrorKind::Schema,
                format!("a time {hour} hours from 1970 has no date in any calendar"),
            )
        })?;
        Ok(match self {
            Part::Year => time.format("%Y"),
            Part::Month => time.format("%Y-%m"),
            Part::Day => time.format("%Y-%m-%d"),
            Part::Hour => time.format("%Y-%m-%dT%H"),
        }
        .to_string())
    }
}

fn is_binary(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_)
    )
}

/// The folder of a value below another.
fn below(above: &str, name: &str, value: Option<&str>) -> Result<String> {
    let mut folder = above.to_owned();
    if !folder.is_empty() {
        folder.push('/');
    }
    escape(name, &mut folder);
    folder.push('=');
    let start = folder.len();
    match value {
        None => folder.push_str(NULL),
        // However it is spelled (`%5F_HIVE...`), pyarrow and Polars read it as null.
        Some(NULL) => {
            let message = format!(
                "partition_by={name}: the value {NULL:?} in the name of a folder is a null to those who read it"
            );
            return Err(Error::new(ErrorKind::Schema, message)
                .with_hint("partition by another column, or leave these rows out with where"));
        }
        Some(value) => escape(value, &mut folder),
    }
    if folder.len() - start > LONGEST {
        let message = format!(
            "partition_by={name}: a value of {} bytes is too long for the name of a folder",
            folder.len() - start
        );
        return Err(Error::new(ErrorKind::Schema, message));
    }
    Ok(folder)
}

/// Writes what a path may not hold as `%2F`. A value is data: it never leaves its folder.
fn escape(text: &str, out: &mut String) {
    for (index, byte) in text.bytes().enumerate() {
        let safe = byte.is_ascii_alphanumeric() || b"_-+@ ,".contains(&byte) || (byte == b'.' && index > 0);
        if safe {
            out.push(char::from(byte));
        } else {
            // Writing to memory does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Int64Array, StringArray, TimestampMillisecondArray};

    use super::*;

    fn batch() -> RecordBatch {
        let days = [0_i64, 86_400_000, 86_399_999, 3_600_000];
        let columns: [(&str, ArrayRef); 3] = [
            ("n", Arc::new(Int64Array::from(vec![1, 2, 3, 4]))),
            (
                "country",
                Arc::new(StringArray::from(vec![Some("DE"), Some("../x/=%"), None, Some("DE")])),
            ),
            (
                "_timestamp",
                Arc::new(TimestampMillisecondArray::from(days.to_vec()).with_timezone("UTC")),
            ),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
    }

    fn split(by: &[&str]) -> Vec<(String, Vec<i64>, usize)> {
        let by: Vec<String> = by.iter().map(|by| (*by).to_owned()).collect();
        let batch = batch();
        let parts = Partitioning::new(&by, &batch.schema(), &[])
            .unwrap()
            .split(&batch)
            .unwrap();
        let numbers = |part: &RecordBatch| {
            part.column(0)
                .as_primitive::<arrow_array::types::Int64Type>()
                .values()
                .to_vec()
        };
        parts
            .iter()
            .map(|(folder, part)| (folder.clone(), numbers(part), part.num_columns()))
            .collect()
    }

    #[test]
    fn a_column_becomes_folders_and_leaves_the_files() {
        assert_eq!(
            split(&["country"]),
            [
                ("country=DE".to_owned(), vec![1, 4], 2),
                ("country=%2E.%2Fx%2F%3D%25".to_owned(), vec![2], 2),
                (format!("country={NULL}"), vec![3], 2),
            ]
        );
    }

    #[test]
    fn a_value_that_reads_as_null_is_refused() {
        assert!(below("", "place", Some("__HIVE_DEFAULT")).is_ok());
        let error = below("", "place", Some(NULL)).unwrap_err();
        assert!(error.to_string().contains("partition_by=place"), "{error}");
    }

    #[test]
    fn parts_of_a_time_leave_it_in_the_files() {
        let folders = |by: &str| split(&[by]).into_iter().map(|(folder, ..)| folder).collect::<Vec<_>>();
        assert_eq!(folders("day(_timestamp)"), ["day=1970-01-01", "day=1970-01-02"]);
        assert_eq!(folders("year(_timestamp)"), ["year=1970"]);
        assert_eq!(
            folders("hour( _timestamp )"),
            [
                "hour=1970-01-01T00",
                "hour=1970-01-02T00",
                "hour=1970-01-01T23",
                "hour=1970-01-01T01"
            ]
        );
        assert_eq!(split(&["day(_timestamp)"])[0].2, 3);
    }

    #[test]
    fn levels_nest() {
        let folders: Vec<String> = split(&["year(_timestamp)", "country"])
            .into_iter()
            .map(|(f, ..)| f)
            .collect();
        assert_eq!(folders[0], "year=1970/country=DE");
        assert_eq!(folders.len(), 3);
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        let error = |by: &str| Partitioning::new(&[by.to_owned()], &batch().schema(), &[]).unwrap_err();
        assert!(error("day(n)").message().contains("has no day"));
        assert!(error("nothing").hint().unwrap().contains("n, country, _timestamp"));
        assert!(Partitioning::new(&["n".to_owned(), "n".to_owned()], &batch().schema(), &[]).is_err());
    }
}
