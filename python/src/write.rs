//! Writing: batches from an iterator of Python to the core's writer, and the report back.

use std::sync::{Arc, Mutex};

use arrow_array::builder::{BinaryBuilder, LargeBinaryBuilder, ListBuilder, StringBuilder, StructBuilder};
use arrow_array::{ArrayRef, RecordBatchReader, TimestampMillisecondArray};
use arrow_schema::{DataType, Field, Fields};
use kaframe::{Cluster, EncodeFormat, WriteOptions, WriteReport};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3_arrow::error::PyArrowResult;
use pyo3_arrow::input::AnyRecordBatch;
use serde_json::json;

use crate::arguments::format;
use crate::batch::RecordBatch;
use crate::error;
use crate::wait::{Slot, Watch, wait};

/// The dictionary `WriteArguments`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct WriteArguments {
    key: Option<String>,
    key_format: Option<String>,
    value_format: String,
    compression: String,
    partition: Option<i32>,
}

impl WriteArguments {
    fn options(self, slot: &Slot) -> kaframe::Result<WriteOptions> {
        let wrong = |name: &str, failed: &dyn std::fmt::Display| kaframe::Error::config(format!("{name}: {failed}"));
        Ok(WriteOptions {
            key: self.key,
            key_format: self.key_format.map(|text| format("key_format", &text)).transpose()?,
            value_format: value_format(&self.value_format)?,
            compression: self
                .compression
                .parse()
                .map_err(|failed| wrong("compression", &failed))?,
            partition: self.partition,
            progress: Some(slot.of_write()),
            ..WriteOptions::default()
        })
    }
}

fn value_format(text: &str) -> kaframe::Result<EncodeFormat> {
    match text {
        "json" => Ok(EncodeFormat::Json),
        "string" => Ok(EncodeFormat::String),
        "raw" => Ok(EncodeFormat::Raw),
        _ => Err(kaframe::Error::config(format!(
            "value_format is json, string or raw, not {text:?}"
        ))),
    }
}

/// Pulls batches from the iterator and pushes them to the writer, one after the other: a slow topic holds the iterator back.
pub(crate) fn write(
    py: Python<'_>,
    cluster: Cluster,
    topic: String,
    batches: &Bound<'_, PyAny>,
    arguments: WriteArguments,
    progress: Option<Py<PyAny>>,
) -> PyResult<(String, String)> {
    let slot = Slot::default();
    let watch = Watch::new(&slot, progress.as_ref());
    let options = arguments
        .options(&slot)
        .map_err(|failed| error::to_python(py, &failed))?;
    let mut writer = wait(py, &watch, async move { cluster.writer(&topic, options).await })?;
    for batch in batches.try_iter()? {
        let batch = batch?.cast_into::<RecordBatch>()?.get().0.clone();
        writer = wait(py, &watch, async move {
            writer.push(&batch).await?;
            Ok(writer)
        })?;
        py.check_signals()?;
    }
    let written = wait(py, &watch, async move { writer.finish().await })?;
    Ok(report(&written))
}

/// A report as text and as JSON.
pub(crate) fn report(report: &WriteReport) -> (String, String) {
    let ranges = |ranges: &kaframe::RowRanges| {
        ranges
            .iter()
            .map(|range| json!([range.start, range.end]))
            .collect::<Vec<_>>()
    };
    let partitions: Vec<_> = report
        .partitions
        .iter()
        .map(|one| {
            json!({
                "partition": one.partition,
                "rows": one.rows,
                "first_offset": one.first_offset,
                "last_offset": one.last_offset,
            })
        })
        .collect();
    let fields = json!({
        "topic": report.topic,
        "rows": report.rows,
        "bytes": report.bytes,
        "partitions": partitions,
        "unknown": ranges(&report.unknown),
        "not_written": ranges(&report.not_written),
        "elapsed": report.elapsed.as_secs_f64(),
    });
    (report.to_string(), fields.to_string())
}

/// Batches of anything with Arrow's C interface, as an iterator.
#[pyfunction]
pub(crate) fn arrow_batches(data: AnyRecordBatch) -> PyResult<ArrowBatches> {
    Ok(ArrowBatches {
        reader: Arc::new(Mutex::new(data.into_reader()?)),
    })
}

/// An iterator of record batches.
#[pyclass(module = "kaframe._native", frozen)]
pub(crate) struct ArrowBatches {
    reader: Arc<Mutex<Box<dyn RecordBatchReader + Send>>>,
}

#[pymethods]
impl ArrowBatches {
    fn __iter__(this: Py<ArrowBatches>) -> Py<ArrowBatches> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyArrowResult<Option<RecordBatch>> {
        // The producer may need the interpreter on a thread of its own, so it is let go.
        let batch = py.detach(|| {
            self.reader
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .next()
        });
        Ok(batch.transpose()?.map(RecordBatch))
    }
}

/// Encoded records as a batch with the columns `_key`, `_timestamp`, `_headers` and `value`, to be written as `raw`.
#[pyfunction]
pub(crate) fn record_rows(
    values: Vec<Option<PyBackedBytes>>,
    keys: Vec<Option<PyBackedBytes>>,
    timestamps: Vec<Option<i64>>,
    headers: Vec<Vec<(String, Option<PyBackedBytes>)>>,
) -> PyArrowResult<RecordBatch> {
    let mut value = LargeBinaryBuilder::new();
    values.iter().for_each(|one| value.append_option(one.as_deref()));
    let mut key = LargeBinaryBuilder::new();
    keys.iter().for_each(|one| key.append_option(one.as_deref()));
    let time = TimestampMillisecondArray::from(timestamps);
    let columns: [(&str, ArrayRef); 4] = [
        ("_key", Arc::new(key.finish())),
        ("_timestamp", Arc::new(time)),
        ("_headers", Arc::new(header_lists(&headers))),
        ("value", Arc::new(value.finish())),
    ];
    Ok(RecordBatch(arrow_array::RecordBatch::try_from_iter_with_nullable(
        columns.map(|(name, column)| (name, column, true)),
    )?))
}

fn header_lists(headers: &[Vec<(String, Option<PyBackedBytes>)>]) -> arrow_array::ListArray {
    let fields = Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Binary, true),
    ]);
    let pair = StructBuilder::new(
        fields,
        vec![Box::new(StringBuilder::new()), Box::new(BinaryBuilder::new())],
    );
    let mut lists = ListBuilder::new(pair);
    for row in headers {
        let pairs = lists.values();
        for (key, value) in row {
            if let Some(keys) = pairs.field_builder::<StringBuilder>(0) {
                keys.append_value(key);
            }
            if let Some(values) = pairs.field_builder::<BinaryBuilder>(1) {
                values.append_option(value.as_deref());
            }
            pairs.append(true);
        }
        lists.append(true);
    }
    lists.finish()
}
