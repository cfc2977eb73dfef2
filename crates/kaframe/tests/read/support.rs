//! A broker with a log of one's own making, and rows as plain values.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use bytes::{Bytes, BytesMut};
use kaframe::blocking::Cluster;
use kaframe::{Error, Report, Result, ScanOptions, Table};
use kaframe_broker::{Broker, BrokerOptions, Control, TopicSpec};
use kaframe_wire::batch::{BatchBuilder, Compression, ControlType, ProducerStamp, control_batch};

/// A broker with topic `t`, and a cluster at it.
pub struct Bench {
    /// Stops when dropped.
    _broker: Broker,
    pub control: Control,
    pub cluster: Cluster,
}

/// Topic `t` with so many partitions.
pub fn bench(partitions: i32) -> Bench {
    bench_with(BrokerOptions {
        topics: vec![TopicSpec::new("t", partitions)],
        ..BrokerOptions::default()
    })
}

pub fn bench_with(options: BrokerOptions) -> Bench {
    let broker = Broker::start(options).expect("a broker starts");
    let cluster = Cluster::connect(&broker.bootstrap_servers()).expect("the broker answers");
    Bench {
        control: broker.control(),
        _broker: broker,
        cluster,
    }
}

/// A batch of values, a millisecond apart from `time` on.
pub fn batch(time: i64, values: &[Option<&[u8]>], stamp: ProducerStamp) -> Bytes {
    let mut builder = BatchBuilder::new(Compression::None);
    for (index, value) in values.iter().enumerate() {
        builder.push(time + index as i64, None, *value, &[]);
    }
    builder.finish(stamp).expect("a batch")
}

impl Bench {
    /// Appends values as one batch.
    pub fn append(&self, partition: i32, time: i64, values: &[&str]) {
        let values: Vec<Option<&[u8]>> = values.iter().map(|value| Some(value.as_bytes())).collect();
        self.control
            .append_raw("t", partition, batch(time, &values, ProducerStamp::NONE));
    }

    /// Appends `{"n": i}` for a range, ten a batch, timestamps `1000 + n`.
    pub fn numbers(&self, partition: i32, range: std::ops::Range<i64>) {
        let numbers: Vec<i64> = range.collect();
        for chunk in numbers.chunks(10) {
            let values: Vec<String> = chunk.iter().map(|n| format!("{{\"n\": {n}}}")).collect();
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            self.append(partition, 1000 + chunk[0], &values);
        }
    }

    /// Appends numbers in a transaction of a producer, without its end.
    pub fn transaction(&self, partition: i32, producer_id: i64, range: std::ops::Range<i64>) {
        let values: Vec<String> = range.clone().map(|n| format!("{{\"n\": {n}}}")).collect();
        let values: Vec<Option<&[u8]>> = values.iter().map(|value| Some(value.as_bytes())).collect();
        let stamp = ProducerStamp {
            producer_id,
            producer_epoch: 0,
            base_sequence: 0,
            transactional: true,
        };
        self.control
            .append_raw("t", partition, batch(1000 + range.start, &values, stamp));
    }

    /// Ends the transaction of a producer.
    pub fn end(&self, partition: i32, producer_id: i64, how: ControlType) {
        self.control
            .append_raw("t", partition, control_batch(0, 5000, producer_id, 0, how, 0));
    }

    pub fn read(&self, options: ScanOptions) -> Table {
        self.cluster
            .read("t", options)
            .unwrap_or_else(|error| panic!("{error} ({:?})", error.hint()))
    }

    pub fn fails(&self, options: ScanOptions) -> Error {
        match self.cluster.read("t", options) {
            Ok(table) => panic!("it reads: {}", table.report()),
            Err(error) => error,
        }
    }

    pub fn streamed(&self, options: ScanOptions) -> Result<(Vec<RecordBatch>, Report)> {
        let mut stream = self.cluster.scan("t", options)?.stream()?;
        let batches = stream.by_ref().collect::<Result<Vec<_>>>()?;
        Ok((batches, stream.report()))
    }
}

/// A column of integers over all batches; nulls are left out.
pub fn ints(batches: &[RecordBatch], column: &str) -> Vec<i64> {
    let of = |batch: &RecordBatch| {
        let array = batch
            .column_by_name(column)
            .unwrap_or_else(|| panic!("no column {column}"))
            .clone();
        match array.as_primitive_opt::<Int64Type>() {
            Some(array) => array.iter().flatten().collect::<Vec<i64>>(),
            None => array
                .as_primitive::<Int32Type>()
                .iter()
                .flatten()
                .map(i64::from)
                .collect(),
        }
    };
    batches.iter().flat_map(of).collect()
}

/// A column of text over all batches.
pub fn texts(batches: &[RecordBatch], column: &str) -> Vec<Option<String>> {
    let of = |batch: &RecordBatch| {
        let array = batch
            .column_by_name(column)
            .unwrap_or_else(|| panic!("no column {column}"));
        array
            .as_string::<i64>()
            .iter()
            .map(|text| text.map(str::to_owned))
            .collect::<Vec<_>>()
    };
    batches.iter().flat_map(of).collect()
}

/// Nulls of a column over all batches.
pub fn nulls(batches: &[RecordBatch], column: &str) -> usize {
    let of = |batch: &RecordBatch| {
        batch
            .column_by_name(column)
            .map_or(0, |array| array.logical_null_count())
    };
    batches.iter().map(of).sum()
}

/// (partition, offset) of all rows.
pub fn places(table: &Table) -> Vec<(i64, i64)> {
    let partitions = ints(table.batches(), "_partition");
    partitions.into_iter().zip(ints(table.batches(), "_offset")).collect()
}

/// The conservation law, and the one between report and rows.
pub fn check(table: &Table) {
    let report = table.report();
    for p in &report.partitions {
        let terms = p.delivered + p.filtered + p.skipped + p.aborted + p.control + p.absent + p.lost + p.not_read;
        assert_eq!((p.end - p.start) as u64, terms, "{p:?}");
    }
    assert_eq!(report.delivered(), table.num_rows() as u64);
}

/// A batch that was written by hand, at this offset, with the checksum that fits it.
pub fn placed(mut batch: BytesMut, offset: i64) -> Bytes {
    let checksum = crc32c_of(&batch[21..]);
    batch[17..21].copy_from_slice(&checksum.to_be_bytes());
    batch[0..8].copy_from_slice(&offset.to_be_bytes());
    batch.freeze()
}

/// CRC-32C, bit by bit: the tests have no other use for it.
fn crc32c_of(bytes: &[u8]) -> u32 {
    let step = |crc: u32| {
        if crc & 1 == 1 {
            (crc >> 1) ^ 0x82f6_3b78
        } else {
            crc >> 1
        }
    };
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc))
    })
}
