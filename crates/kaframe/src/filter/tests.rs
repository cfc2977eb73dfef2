//! A filtered read is a read that is filtered afterwards, on random logs: transactions, holes, tombstones, malformed values, types that
//! change, whatever the splits. Filters are plain Arrow here.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, BooleanArray, RecordBatch, new_null_array};
use arrow_cast::cast;
use arrow_schema::{DataType, SchemaRef};
use kaframe_broker::{Broker, BrokerOptions, Control, Hole, TopicSpec};
use kaframe_wire::batch::{BatchBuilder, Compression, ControlType, ProducerStamp, control_batch};
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::tuning::Tuning;
use crate::{Cluster, Error, ErrorKind, Filter, Implied, Mask, OnError, Result, ScanOptions, Table, ValueFormat};

#[derive(Debug, Clone)]
enum Value {
    Integer(i64),
    Fraction(i64),
    Text(i64),
    Word,
    Missing,
    Tombstone,
    Malformed,
    /// Behind the number.
    MalformedLater(i64),
}

impl Value {
    fn bytes(&self) -> Option<Vec<u8>> {
        let text = match self {
            Value::Integer(n) => format!("{{\"n\": {n}, \"other\": [1, 2]}}"),
            Value::Fraction(n) => format!("{{\"other\": {{\"a\": null}}, \"n\": {n}.5}}"),
            Value::Text(n) => format!("{{\"n\": \"{n}\"}}"),
            Value::Word => "{\"n\": \"x\", \"o\": 1}".to_owned(),
            Value::Missing => "{\"m\": 1}".to_owned(),
            Value::Tombstone => return None,
            Value::Malformed => "{\"n\": 9".to_owned(),
            Value::MalformedLater(n) => format!("{{\"n\": {n}, \"other\": [tru]}}"),
        };
        Some(text.into_bytes())
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// Partition, codec, values: a batch of them.
    Plain(i32, Compression, Vec<Value>),
    /// Partition, producer, values.
    Transaction(i32, i64, Vec<Value>),
    /// Partition, producer, committed or not.
    End(i32, i64, bool),
    /// Partition, from, length.
    Hole(i32, i64, i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let value = || {
        prop_oneof![
            8 => (0i64..100).prop_map(Value::Integer),
            2 => (0i64..100).prop_map(Value::Fraction),
            1 => (0i64..100).prop_map(Value::Text),
            1 => Just(Value::Word),
            1 => Just(Value::Missing),
            1 => Just(Value::Tombstone),
            1 => Just(Value::Malformed),
            2 => (0i64..100).prop_map(Value::MalformedLater),
        ]
    };
    let values = move || prop::collection::vec(value(), 1..6);
    let codec = prop_oneof![Just(Compression::None), Just(Compression::Lz4), Just(Compression::Zstd)];
    let step = prop_oneof![
        5 => (0i32..2, codec, values()).prop_map(|(p, c, v)| Step::Plain(p, c, v)),
        3 => (0i32..2, 1i64..3, values()).prop_map(|(p, id, v)| Step::Transaction(p, id, v)),
        3 => (0i32..2, 1i64..3, any::<bool>()).prop_map(|(p, id, c)| Step::End(p, id, c)),
        1 => (0i32..2, 0i64..30, 1i64..6).prop_map(|(p, from, n)| Step::Hole(p, from, n)),
    ];
    prop::collection::vec(step, 1..20)
}

/// Writes a log: what lies in each partition is plain, or in a transaction.
struct Writer {
    control: Control,
    plain: [Vec<bool>; 2],
    open: Vec<(i32, i64)>,
}

impl Writer {
    fn batch(&mut self, partition: i32, codec: Compression, values: &[Value], stamp: ProducerStamp) {
        let mut builder = BatchBuilder::new(codec);
        let log = &mut self.plain[partition as usize];
        for (index, value) in values.iter().enumerate() {
            let value = value.bytes();
            builder.push((log.len() + index) as i64, Some(b"key"), value.as_deref(), &[]);
        }
        log.extend(vec![!stamp.transactional; values.len()]);
        let bytes = builder.finish(stamp).expect("a batch");
        self.control.append_raw("t", partition, bytes);
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Plain(partition, codec, values) => self.batch(*partition, *codec, values, ProducerStamp::NONE),
            Step::Transaction(partition, producer_id, values) => {
                let stamp = ProducerStamp {
                    producer_id: *producer_id,
                    producer_epoch: 0,
                    base_sequence: 0,
                    transactional: true,
                };
                self.open.push((*partition, *producer_id));
                self.batch(*partition, Compression::None, values, stamp);
            }
            Step::End(partition, producer, commit) => {
                let before = self.open.len();
                self.open.retain(|open| *open != (*partition, *producer));
                if self.open.len() < before {
                    let how = if *commit {
                        ControlType::Commit
                    } else {
                        ControlType::Abort
                    };
                    let marker = control_batch(0, 1, *producer, 0, how, 0);
                    self.control.append_raw("t", *partition, marker);
                    self.plain[*partition as usize].push(false);
                }
            }
            Step::Hole(partition, from, length) => {
                let log = &mut self.plain[*partition as usize];
                let (from, to) = (*from, (*from + *length).min(log.len() as i64));
                // The first record of all stays: it has the column.
                if from > 0 && from < to && log[from as usize..to as usize].iter().all(|plain| *plain) {
                    self.control.make_hole("t", *partition, from, to, Hole::EmptyBatch);
                    log[from as usize..to as usize].fill(false);
                }
            }
        }
    }
}

/// `column >= least` as numbers; what is no number is null.
#[derive(Debug, Clone)]
struct AtLeast {
    column: [String; 1],
    least: f64,
    /// What is no number passes too.
    or_null: bool,
    implied: Implied,
}

impl AtLeast {
    fn new(column: &str, least: f64) -> AtLeast {
        AtLeast {
            column: [column.to_owned()],
            least,
            or_null: false,
            implied: Implied::default(),
        }
    }

    fn passes(&self, rows: &RecordBatch) -> BooleanArray {
        let column = rows.column_by_name(&self.column[0]).expect("the column");
        let numbers = cast(column, &DataType::Float64).expect("numbers or text");
        let numbers = numbers.as_primitive::<Float64Type>();
        let passes = |n: Option<f64>| match n {
            None => self.or_null.then_some(true),
            Some(n) => Some(n >= self.least),
        };
        numbers.iter().map(passes).collect()
    }
}

impl Filter for AtLeast {
    fn text(&self) -> &str {
        &self.column[0]
    }

    fn columns(&self) -> &[String] {
        &self.column
    }

    fn implies(&self) -> Implied {
        self.implied.clone()
    }

    fn bind(&self, _: &SchemaRef) -> Result<Arc<dyn Mask>> {
        Ok(Arc::new(self.clone()))
    }
}

impl Mask for AtLeast {
    fn mask(&self, rows: &RecordBatch) -> Result<BooleanArray> {
        Ok(self.passes(rows))
    }
}

/// Partition, offset and number of rows.
type Row = (i32, i64, Option<f64>);

fn rows(batches: &[RecordBatch], filters: &[AtLeast]) -> Vec<Row> {
    let mut rows = Vec::new();
    for batch in batches {
        let partitions = batch["_partition"].as_primitive::<Int32Type>().clone();
        let offsets = batch["_offset"].as_primitive::<Int64Type>().clone();
        // No record within the bounds need have the column.
        let none = new_null_array(&DataType::Float64, batch.num_rows());
        let numbers = batch.column_by_name("n").unwrap_or(&none);
        let numbers = cast(numbers, &DataType::Float64).expect("numbers or text");
        let numbers = numbers.as_primitive::<Float64Type>();
        let masks: Vec<BooleanArray> = filters.iter().map(|filter| filter.passes(batch)).collect();
        for row in 0..batch.num_rows() {
            if masks.iter().all(|mask| mask.is_valid(row) && mask.value(row)) {
                let number = numbers.is_valid(row).then(|| numbers.value(row));
                rows.push((partitions.value(row), offsets.value(row), number));
            }
        }
    }
    rows
}

fn check_terms(table: &Table) -> Result<(), TestCaseError> {
    for p in &table.report().partitions {
        let terms = p.delivered + p.filtered + p.skipped + p.aborted + p.control + p.absent + p.lost + p.not_read;
        prop_assert_eq!((p.end - p.start) as u64, terms);
    }
    prop_assert_eq!(table.report().delivered(), table.num_rows() as u64);
    Ok(())
}

/// Filters on metadata leave records undecoded, so the types need not be those of all records; text that looks like a number tells them apart.
fn has_numeric_text(steps: &[Step]) -> bool {
    steps.iter().any(|step| match step {
        Step::Plain(_, _, values) | Step::Transaction(_, _, values) => {
            values.iter().any(|value| matches!(value, Value::Text(_)))
        }
        _ => false,
    })
}

async fn compare(
    cluster: &Cluster,
    filters: &[AtLeast],
    base: &ScanOptions,
    (split, n): (u64, u64),
) -> Result<(), TestCaseError> {
    let all = cluster.read("t", base.clone()).await.expect("a table");
    let expected = rows(all.batches(), filters);
    let filtered = filters
        .iter()
        .fold(base.clone(), |options, filter| options.filter(Arc::new(filter.clone())));
    let scan = |options: ScanOptions| async {
        cluster.scan("t", options).await.expect("a plan").tuned(Tuning {
            offsets_per_split: Some(split),
            ..Tuning::default()
        })
    };
    // Of a few malformed values alone nothing can be decoded, which is an error like any such read.
    let only_malformed =
        |error: &Error| error.kind() == ErrorKind::Decode && !filters.iter().all(|f| f.column[0] == "n");
    // Where the bounds leave no record that has the column, or only malformed ones, its name is taken for a mistake.
    let no_column = |error: &Error| error.kind() == ErrorKind::Schema && expected.iter().all(|row| row.2.is_none());
    let read = |options: ScanOptions| async {
        match scan(options).await.read().await {
            Ok(table) => Some(table),
            Err(error) if only_malformed(&error) || no_column(&error) => None,
            Err(error) => panic!("{error}"),
        }
    };
    let Some(table) = read(filtered.clone()).await else {
        return Ok(());
    };
    check_terms(&table)?;
    prop_assert_eq!(rows(table.batches(), &[]), expected.clone());
    match scan(filtered.clone()).await.count().await {
        Ok(count) => prop_assert_eq!(count.records, expected.len() as u64),
        Err(error) => prop_assert!(no_column(&error), "{}", error),
    }
    let wanted = expected.len().min(n as usize);
    let Some(limited) = read(filtered.clone().limit(n)).await else {
        return Ok(());
    };
    check_terms(&limited)?;
    let limited = rows(limited.batches(), &[]);
    prop_assert_eq!(limited.len(), wanted);
    // From the front of each partition.
    for partition in 0..2 {
        let of = |rows: &[Row]| {
            rows.iter()
                .filter(|row| row.0 == partition)
                .copied()
                .collect::<Vec<_>>()
        };
        prop_assert!(of(&expected).starts_with(&of(&limited)));
    }
    let Some(newest) = read(filtered.tail(n)).await else {
        return Ok(());
    };
    check_terms(&newest)?;
    prop_assert_eq!(newest.num_rows(), wanted);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_filtered_read_is_a_read_filtered_afterwards(
        steps in steps(), least in 0i64..100, offset in 0i64..20, kind in 0usize..4, or_null in any::<bool>(), skip in any::<bool>(), split in 1u64..40, n in 0u64..20,
    ) {
        let options = BrokerOptions { topics: vec![TopicSpec::new("t", 2)], ..BrokerOptions::default() };
        let broker = Broker::start(options).expect("a broker starts");
        let mut writer = Writer { control: broker.control(), plain: Default::default(), open: Vec::new() };
        for partition in 0..2 {
            writer.step(&Step::Plain(partition, Compression::None, vec![Value::Integer(50)]));
        }
        steps.iter().for_each(|step| writer.step(step));
        let late = AtLeast { or_null, ..AtLeast::new("n", least as f64) };
        let early = AtLeast::new("_offset", offset as f64);
        let mut bounds = early.clone();
        bounds.implied = Implied { offset_from: Some(offset), exact: true, ..Implied::default() };
        let filters = match kind {
            0 => vec![late],
            _ if has_numeric_text(&steps) => vec![early],
            1 => vec![early, late],
            2 => vec![bounds, late],
            _ => vec![AtLeast::new("_timestamp", offset as f64)],
        };
        let on_error = if skip { OnError::Skip } else { OnError::Null };
        // Given, since with many malformed values among few the format found would be another.
        let base = ScanOptions { on_error, value_format: Some(ValueFormat::Json), ..ScanOptions::default() };
        Runtime::new().expect("a runtime").block_on(async {
            let cluster = Cluster::connect(&broker.bootstrap_servers()).await.expect("the broker answers");
            compare(&cluster, &filters, &base, (split, n)).await
        })?;
    }
}
