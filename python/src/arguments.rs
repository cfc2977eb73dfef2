//! Arguments of a scan: from the dictionary that `kaframe._options` makes to the core's options.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use kaframe::{Bound, Bounds, Error, Metadata, ScanOptions, ValueFormat};
use pyo3::prelude::*;

use crate::error;
use crate::wait::Slot;

/// The dictionary `ScanArguments`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct ScanArguments {
    start: PyBounds,
    end: PyBounds,
    late: String,
    partitions: Option<Vec<i32>>,
    limit: Option<u64>,
    tail: Option<u64>,
    #[pyo3(item("where"))]
    predicate: Option<String>,
    isolation_level: String,
    key_format: Option<String>,
    value_format: Option<String>,
    columns: Option<Vec<String>>,
    metadata: PyMetadata,
    on_error: String,
    order: String,
    batch_size: usize,
    memory_limit: u64,
    max_result_bytes: Option<u64>,
    timeout: f64,
    allow_partial: bool,
}

/// One bound: an integer or text.
#[derive(FromPyObject)]
enum PyBound {
    Number(i64),
    Text(String),
}

/// Bounds: a bookmark's text in a tuple of one, one bound, or one per partition.
#[derive(FromPyObject)]
enum PyBounds {
    One(PyBound),
    Bookmark((String,)),
    PerPartition(BTreeMap<i32, PyBound>),
    PerTopic(BTreeMap<String, PyTopicBounds>),
}

/// Bounds of one topic of several.
#[derive(FromPyObject)]
enum PyTopicBounds {
    One(PyBound),
    PerPartition(BTreeMap<i32, PyBound>),
}

#[derive(FromPyObject)]
enum PyMetadata {
    All(bool),
    Only(Vec<String>),
}

impl ScanArguments {
    /// The core's options. Progress goes to `slot`.
    pub(crate) fn options(self, py: Python<'_>, slot: &Slot) -> PyResult<ScanOptions> {
        self.checked(slot).map_err(|failed| error::to_python(py, &failed))
    }

    fn checked(self, slot: &Slot) -> kaframe::Result<ScanOptions> {
        Ok(ScanOptions {
            start: self.start.bounds().map_err(|failed| named("start", &failed))?,
            end: self.end.bounds().map_err(|failed| named("end", &failed))?,
            late: self.late.parse()?,
            partitions: self.partitions,
            limit: self.limit,
            tail: self.tail,
            filter: self
                .predicate
                .as_deref()
                .map(kaframe_sql::compile)
                .transpose()?
                .unwrap_or_default(),
            isolation_level: self
                .isolation_level
                .parse()
                .map_err(|failed| named("isolation_level", &failed))?,
            key_format: self.key_format.map(|text| format("key_format", &text)).transpose()?,
            value_format: self
                .value_format
                .map(|text| format("value_format", &text))
                .transpose()?,
            columns: self.columns,
            metadata: match self.metadata {
                PyMetadata::All(true) => Metadata::Default,
                PyMetadata::All(false) => Metadata::None,
                PyMetadata::Only(names) => Metadata::Only(names),
            },
            on_error: self.on_error.parse()?,
            order: self.order.parse()?,
            batch_size: self.batch_size,
            memory_limit: self.memory_limit,
            max_result_bytes: self.max_result_bytes,
            timeout: Duration::from_secs_f64(self.timeout),
            allow_partial: self.allow_partial,
            progress: Some(slot.of_read()),
            ..ScanOptions::default()
        })
    }
}

impl PyBound {
    fn bounds(self) -> kaframe::Result<Bounds> {
        match self {
            PyBound::Number(number) => Bound::from_int(number).map(Bounds::One),
            PyBound::Text(text) => text.parse(),
        }
    }

    fn bound(self) -> kaframe::Result<Bound> {
        match self {
            PyBound::Number(number) => Bound::from_int(number),
            PyBound::Text(text) => text.parse(),
        }
    }
}

impl PyBounds {
    fn bounds(self) -> kaframe::Result<Bounds> {
        match self {
            PyBounds::One(one) => one.bounds(),
            PyBounds::Bookmark((text,)) => text.parse().map(Bounds::Bookmark),
            PyBounds::PerPartition(map) => per_partition(map),
            PyBounds::PerTopic(map) => {
                let bounds = map.into_iter().map(|(topic, bounds)| Ok((topic, bounds.bounds()?)));
                bounds.collect::<kaframe::Result<_>>().map(Bounds::PerTopic)
            }
        }
    }
}

impl PyTopicBounds {
    fn bounds(self) -> kaframe::Result<Bounds> {
        match self {
            PyTopicBounds::One(one) => one.bounds(),
            PyTopicBounds::PerPartition(map) => per_partition(map),
        }
    }
}

fn per_partition(map: BTreeMap<i32, PyBound>) -> kaframe::Result<Bounds> {
    let bounds = map.into_iter().map(|(partition, one)| Ok((partition, one.bound()?)));
    bounds.collect::<kaframe::Result<_>>().map(Bounds::PerPartition)
}

/// The same error with the parameter it is about in front.
fn named(parameter: &str, failed: &Error) -> Error {
    let named = Error::new(failed.kind(), format!("{parameter}: {}", failed.message()));
    match failed.hint() {
        Some(hint) => named.with_hint(hint),
        None => named,
    }
}

/// A format by its name; the error names the parameter.
pub(crate) fn format(parameter: &str, text: &str) -> kaframe::Result<ValueFormat> {
    ValueFormat::from_str(text).map_err(|failed| Error::config(format!("{parameter}: {failed}")))
}
