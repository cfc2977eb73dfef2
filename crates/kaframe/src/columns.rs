//! Which columns a result has: those of the value, those of the metadata, by default or exactly as asked.
//!
//! A field of the value that is named like a metadata column is called `value.<name>`, in the result and when it is asked for. So is one that is
//! itself named `value._key`, which becomes `value.value._key`: no two fields ever meet under one name, and a write finds the names again.

use crate::error::{Error, ErrorKind, Result};
use crate::options::{Metadata, ScanOptions};

/// A metadata column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum MetaColumn {
    Key,
    Partition,
    Offset,
    Timestamp,
    Topic,
    Headers,
    TimestampType,
    Error,
    Tombstone,
}

impl MetaColumn {
    const ALL: [MetaColumn; 9] = [
        MetaColumn::Key,
        MetaColumn::Partition,
        MetaColumn::Offset,
        MetaColumn::Timestamp,
        MetaColumn::Topic,
        MetaColumn::Headers,
        MetaColumn::TimestampType,
        MetaColumn::Error,
        MetaColumn::Tombstone,
    ];

    const DEFAULT: [MetaColumn; 4] = [
        MetaColumn::Key,
        MetaColumn::Partition,
        MetaColumn::Offset,
        MetaColumn::Timestamp,
    ];

    /// Its name in the result.
    pub(crate) fn name(self) -> &'static str {
        match self {
            MetaColumn::Key => "_key",
            MetaColumn::Partition => "_partition",
            MetaColumn::Offset => "_offset",
            MetaColumn::Timestamp => "_timestamp",
            MetaColumn::Topic => "_topic",
            MetaColumn::Headers => "_headers",
            MetaColumn::TimestampType => "_timestamp_type",
            MetaColumn::Error => "_error",
            MetaColumn::Tombstone => "_tombstone",
        }
    }

    /// The metadata column of a name.
    pub(crate) fn named(name: &str) -> Option<MetaColumn> {
        MetaColumn::ALL.into_iter().find(|column| column.name() == name)
    }
}

/// Whether this is the name of a metadata column: `_key`, `_partition`, `_offset`, `_timestamp`, `_topic`, `_headers`, `_timestamp_type`, `_error` or
/// `_tombstone`. A write takes those that make a record and leaves the others out.
pub fn is_metadata(name: &str) -> bool {
    MetaColumn::named(name).is_some()
}

/// One column of the result that was asked for by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Metadata.
    Meta(MetaColumn),
    /// A field of the value: its name in the result, and its name or path in the value.
    Value { name: String, path: String },
}

/// Which columns a result has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selection {
    /// All of the value, then these.
    All(Vec<MetaColumn>),
    /// Exactly these.
    Exactly(Vec<Wanted>),
}

impl Selection {
    /// What the options ask for.
    /// With `several` topics each row tells its own by default.
    pub(crate) fn from_options(options: &ScanOptions, several: bool) -> Result<Selection> {
        match &options.columns {
            Some(names) => exactly(names).map(Selection::Exactly),
            None => metadata(&options.metadata, several).map(Selection::All),
        }
    }

    /// Exactly these columns, by name.
    pub(crate) fn exactly(names: &[String]) -> Result<Selection> {
        exactly(names).map(Selection::Exactly)
    }

    /// The columns of the value alone.
    pub(crate) fn without_metadata(self) -> Selection {
        match self {
            Selection::All(_) => Selection::All(Vec::new()),
            Selection::Exactly(mut wanted) => {
                wanted.retain(|column| matches!(column, Wanted::Value { .. }));
                Selection::Exactly(wanted)
            }
        }
    }

    /// Whether a metadata column is in the result.
    pub(crate) fn needs(&self, column: MetaColumn) -> bool {
        match self {
            Selection::All(meta) => meta.contains(&column),
            Selection::Exactly(wanted) => wanted.contains(&Wanted::Meta(column)),
        }
    }

    /// Whether values are decoded at all.
    pub(crate) fn needs_values(&self) -> bool {
        match self {
            Selection::All(_) => true,
            Selection::Exactly(wanted) => {
                wanted.iter().any(|w| matches!(w, Wanted::Value { .. })) || self.needs(MetaColumn::Error)
            }
        }
    }

    /// What the decoder of values is told to select; `None` is everything.
    pub(crate) fn paths(&self) -> Option<Vec<String>> {
        match self {
            Selection::All(_) => None,
            Selection::Exactly(wanted) => Some(
                wanted
                    .iter()
                    .filter_map(|w| match w {
                        Wanted::Value { path, .. } => Some(path.clone()),
                        Wanted::Meta(_) => None,
                    })
                    .collect(),
            ),
        }
    }
}

fn metadata(metadata: &Metadata, several: bool) -> Result<Vec<MetaColumn>> {
    match metadata {
        Metadata::Default => {
            let mut columns = MetaColumn::DEFAULT.to_vec();
            if several {
                columns.insert(1, MetaColumn::Topic);
            }
            Ok(columns)
        }
        Metadata::None => Ok(Vec::new()),
        Metadata::Only(names) => {
            let mut columns = Vec::new();
            for name in names {
                let column = MetaColumn::named(name).ok_or_else(|| {
                    let known = MetaColumn::ALL.map(MetaColumn::name);
                    unknown_column(name, known.into_iter(), "there is no metadata column")
                })?;
                if columns.contains(&column) {
                    return Err(Error::config(format!("metadata names {name} twice")));
                }
                columns.push(column);
            }
            Ok(columns)
        }
    }
}

fn exactly(names: &[String]) -> Result<Vec<Wanted>> {
    if names.is_empty() {
        return Err(Error::config("columns is an empty list: no column would be read"));
    }
    let mut wanted = Vec::new();
    for name in names {
        let column = match MetaColumn::named(name) {
            Some(meta) => Wanted::Meta(meta),
            None => Wanted::Value {
                name: name.clone(),
                path: field_name(name).to_owned(),
            },
        };
        if wanted.contains(&column) {
            return Err(Error::config(format!("columns names {name:?} twice")));
        }
        wanted.push(column);
    }
    Ok(wanted)
}

/// What is put before a field whose name is that of a metadata column.
const RENAMED: &str = "value.";

/// The name in the result of a field of the value.
pub(crate) fn result_name(field: &str) -> String {
    if is_metadata(field.trim_start_matches(RENAMED)) {
        format!("{RENAMED}{field}")
    } else {
        field.to_owned()
    }
}

/// The field that has a name in the result: the inverse of [`result_name`].
pub(crate) fn field_name(name: &str) -> &str {
    match name.strip_prefix(RENAMED) {
        Some(rest) if is_metadata(rest.trim_start_matches(RENAMED)) => rest,
        _ => name,
    }
}

/// A name that is no column of the value; where it looks like one of the metadata, those are named.
pub(crate) fn unknown_value_column<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let what = "no record has a column";
    if name.starts_with('_') {
        return unknown_column(name, known.chain(MetaColumn::ALL.map(MetaColumn::name)), what);
    }
    unknown_column(name, known, what)
}

/// Names listed where one does not exist: all of the metadata fit.
const NAMED: usize = 12;

/// A column that does not exist, with the nearest of those that do.
pub(crate) fn unknown_column<'a>(name: &str, known: impl Iterator<Item = &'a str>, what: &str) -> Error {
    let mut near: Vec<(usize, &str)> = known.map(|k| (distance(name, k), k)).collect();
    near.sort();
    let names: Vec<&str> = near.iter().take(NAMED).map(|(_, name)| *name).collect();
    let more = if near.len() > NAMED {
        format!(" and {} more", near.len() - NAMED)
    } else {
        String::new()
    };
    let error = Error::new(ErrorKind::Schema, format!("{what} {name:?}"));
    match near.first() {
        Some((distance, nearest)) if *distance <= name.chars().count() / 3 + 1 => error.with_hint(match names.len() {
            1 => format!("did you mean {nearest:?}?"),
            _ => format!("did you mean {nearest:?}? others: {}{more}", names[1..].join(", ")),
        }),
        Some(_) if names.len() == 1 => error.with_hint(format!("the only one is {}", names[0])),
        Some(_) => error.with_hint(format!("there are {}{more}", names.join(", "))),
        None => error,
    }
}

/// Edits between two names, case apart.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_asked_for_by_name() {
        let options = ScanOptions::default().columns(["id", "_offset", "value._key", "user.id"]);
        let Selection::Exactly(wanted) = Selection::from_options(&options, false).unwrap() else {
            panic!()
        };
        assert_eq!(wanted[1], Wanted::Meta(MetaColumn::Offset));
        assert_eq!(
            wanted[2],
            Wanted::Value {
                name: "value._key".into(),
                path: "_key".into()
            }
        );
        assert_eq!(
            wanted[3],
            Wanted::Value {
                name: "user.id".into(),
                path: "user.id".into()
            }
        );
    }

    #[test]
    fn a_renamed_field_never_meets_another_and_is_found_again() {
        let fields = ["_key", "value._key", "value.value._key", "value.other", "id", "value"];
        let names: Vec<String> = fields.iter().map(|field| result_name(field)).collect();
        assert_eq!(
            names,
            [
                "value._key",
                "value.value._key",
                "value.value.value._key",
                "value.other",
                "id",
                "value"
            ]
        );
        let back: Vec<&str> = names.iter().map(|name| field_name(name)).collect();
        assert_eq!(back, fields);
    }

    #[test]
    fn a_column_that_does_not_exist_is_answered_with_those_that_do() {
        let error = unknown_value_column("x", ["number"].into_iter());
        assert_eq!(error.hint(), Some("the only one is number"));
        let error = unknown_value_column("_ofset", ["number"].into_iter());
        assert!(error.hint().unwrap().starts_with("did you mean \"_offset\"?"));
    }

    #[test]
    fn a_misspelt_metadata_column_is_named_with_its_neighbour() {
        let options = ScanOptions {
            metadata: Metadata::Only(vec!["_ofset".into()]),
            ..ScanOptions::default()
        };
        let error = Selection::from_options(&options, false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Schema);
        assert!(error.hint().unwrap().contains("_offset"));
    }
}
