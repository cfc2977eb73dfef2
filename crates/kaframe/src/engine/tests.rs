//! The conservation law on random logs: whatever was written, aborted, compacted, and wherever a read is cut into splits, the rows are those
//! of the model and every term of the report is the model's.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use kaframe_broker::{Broker, BrokerOptions, Control, Hole, TopicSpec};
use kaframe_wire::batch::{BatchBuilder, Compression, ControlType, ProducerStamp, control_batch};
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::{Bound, Cluster, IsolationLevel, ScanOptions, Table, Tuning};

/// What a log holds at an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Row,
    /// In a transaction of this producer, not ended yet.
    Open(i64),
    Aborted,
    Marker,
    Nothing,
}

#[derive(Debug, Clone)]
enum Step {
    Plain(usize, Compression),
    Transaction(i64, usize),
    End(i64, bool),
    /// Removes some of the plain records so far: from, length (both cut to what is there), what stays.
    Hole(usize, usize, Hole),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let compression = prop_oneof![
        Just(Compression::None),
        Just(Compression::Gzip),
        Just(Compression::Snappy),
        Just(Compression::Lz4),
        Just(Compression::Zstd)
    ];
    let hole = prop_oneof![Just(Hole::EmptyBatch), Just(Hole::Nothing)];
    let step = prop_oneof![
        4 => (1usize..8, compression).prop_map(|(n, c)| Step::Plain(n, c)),
        3 => (1i64..4, 1usize..5).prop_map(|(p, n)| Step::Transaction(p, n)),
        3 => (1i64..4, any::<bool>()).prop_map(|(p, commit)| Step::End(p, commit)),
        1 => (0usize..60, 1usize..12, hole).prop_map(|(from, n, hole)| Step::Hole(from, n, hole)),
    ];
    prop::collection::vec(step, 1..25)
}

struct Model {
    log: Vec<At>,
    control: Control,
}

impl Model {
    fn apply(&mut self, step: &Step) {
        let start = self.log.len() as i64;
        match step {
            Step::Plain(count, compression) => {
                self.control
                    .append_raw("t", 0, records(start, *count, *compression, ProducerStamp::NONE));
                self.log.extend(vec![At::Row; *count]);
            }
            Step::Transaction(producer, count) => {
                let stamp = ProducerStamp {
                    producer_id: *producer,
                    producer_epoch: 0,
                    base_sequence: 0,
                    transactional: true,
                };
                self.control
                    .append_raw("t", 0, records(start, *count, Compression::None, stamp));
                self.log.extend(vec![At::Open(*producer); *count]);
            }
            Step::End(producer, commit) => self.end(*producer, *commit),
            Step::Hole(from, count, hole) => self.hole(*from, *count, *hole),
        }
    }

    fn end(&mut self, producer: i64, commit: bool) {
        if !self.log.contains(&At::Open(producer)) {
            return;
        }
        let how = if commit {
            ControlType::Commit
        } else {
            ControlType::Abort
        };
        self.control
            .append_raw("t", 0, control_batch(0, 1, producer, 0, how, 0));
        let ended = if commit { At::Row } else { At::Aborted };
        self.log
            .iter_mut()
            .filter(|at| **at == At::Open(producer))
            .for_each(|at| *at = ended);
        self.log.push(At::Marker);
    }

    /// Only rows that nobody may need any more are compacted away, as Kafka does it.
    fn hole(&mut self, from: usize, count: usize, hole: Hole) {
        let from = from.min(self.log.len());
        let to = (from + count).min(self.log.len());
        if from == to || self.log[from..to].iter().any(|at| *at != At::Row) {
            return;
        }
        self.control.make_hole("t", 0, from as i64, to as i64, hole);
        self.log[from..to].fill(At::Nothing);
    }

    fn end_offset(&self, level: IsolationLevel) -> usize {
        let open = self.log.iter().position(|at| matches!(at, At::Open(_)));
        match level {
            IsolationLevel::ReadCommitted => open.unwrap_or(self.log.len()),
            IsolationLevel::ReadUncommitted => self.log.len(),
        }
    }

    fn expected(
        &self,
        range: std::ops::Range<usize>,
        level: IsolationLevel,
    ) -> (Vec<i64>, BTreeMap<&'static str, u64>) {
        let (mut rows, mut terms) = (Vec::new(), BTreeMap::new());
        for offset in range {
            let committed = level == IsolationLevel::ReadCommitted;
            let term = match self.log[offset] {
                At::Row => "delivered",
                At::Open(_) => "delivered",
                At::Aborted if committed => "aborted",
                At::Aborted => "delivered",
                At::Marker => "control",
                At::Nothing => "absent",
            };
            if term == "delivered" {
                rows.push(offset as i64);
            }
            *terms.entry(term).or_default() += 1;
        }
        (rows, terms)
    }
}

fn records(start: i64, count: usize, compression: Compression, stamp: ProducerStamp) -> bytes::Bytes {
    let mut builder = BatchBuilder::new(compression);
    for n in 0..count as i64 {
        builder.push(
            start + n,
            None,
            Some(format!("{{\"n\": {}}}", start + n).as_bytes()),
            &[],
        );
    }
    builder.finish(stamp).expect("a batch")
}

fn column(table: &Table, name: &str) -> Vec<i64> {
    let of = |batch: &arrow_array::RecordBatch| {
        let array = batch
            .column_by_name(name)
            .expect("the column")
            .as_primitive::<Int64Type>()
            .clone();
        array.iter().map(|value| value.expect("no null")).collect::<Vec<_>>()
    };
    table.batches().iter().flat_map(of).collect()
}

fn check(
    table: &Table,
    model: &Model,
    range: std::ops::Range<usize>,
    level: IsolationLevel,
) -> Result<(), TestCaseError> {
    let (rows, terms) = model.expected(range, level);
    prop_assert_eq!(column(table, "_offset"), rows.clone());
    if !rows.is_empty() {
        prop_assert_eq!(column(table, "n"), rows);
    }
    let p = &table.report().partitions[0];
    let term = |name| terms.get(name).copied().unwrap_or(0);
    prop_assert_eq!(
        (p.delivered, p.aborted, p.control, p.absent),
        (term("delivered"), term("aborted"), term("control"), term("absent"))
    );
    prop_assert_eq!((p.filtered, p.skipped, p.lost, p.not_read), (0, 0, 0, 0));
    Ok(())
}

/// However a read is run.
fn tunings() -> impl Strategy<Value = Tuning> {
    let fetch = prop_oneof![Just(None), Just(Some(1)), Just(Some(1 << 20))];
    (1u64..30, 1usize..7, 1usize..4, fetch).prop_map(|(offsets, connections, decoders, fetch_bytes)| Tuning {
        offsets_per_split: Some(offsets),
        connections: Some(connections),
        decoders: Some(decoders),
        fetch_bytes,
        memory_limit: None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn rows_and_terms_are_the_models_however_it_is_run(
        steps in steps(), cut in (0usize..100, 0usize..100), tuning in tunings(), limit in 0u64..40, committed in any::<bool>(),
    ) {
        let options = BrokerOptions { topics: vec![TopicSpec::new("t", 1)], ..BrokerOptions::default() };
        let broker = Broker::start(options).expect("a broker starts");
        let mut model = Model { log: Vec::new(), control: broker.control() };
        steps.iter().for_each(|step| model.apply(step));
        let level = if committed { IsolationLevel::ReadCommitted } else { IsolationLevel::ReadUncommitted };
        let end = model.end_offset(level);
        let (from, to) = (cut.0.min(cut.1).min(end), cut.0.max(cut.1).min(end));
        let base = ScanOptions { isolation_level: level, ..ScanOptions::default() };
        Runtime::new().expect("a runtime").block_on(async {
            let cluster = Cluster::connect(&broker.bootstrap_servers()).await.expect("the broker answers");
            let scan = cluster.scan("t", base.clone()).await.expect("a plan").tuned(tuning);
            check(&scan.read().await.expect("a table"), &model, 0..end, level)?;
            let part = base.clone().start_at(Bound::Offset(from as i64)).end_at(Bound::Offset(to as i64));
            let scan = cluster.scan("t", part).await.expect("a plan").tuned(tuning);
            check(&scan.read().await.expect("a table"), &model, from..to, level)?;
            let mut stream = scan.stream().await.expect("a stream");
            let mut streamed: Vec<i64> = Vec::new();
            while let Some(batch) = stream.next().await {
                let batch = batch.expect("a batch");
                streamed.extend(batch.column_by_name("_offset").expect("the column").as_primitive::<Int64Type>().values());
            }
            prop_assert_eq!(streamed, model.expected(from..to, level).0);
            prop_assert!(stream.report().complete);
            // A limit gives the first rows, a tail the last.
            let (rows, _) = model.expected(0..end, level);
            let count = rows.len().min(limit as usize);
            let scan = cluster.scan("t", base.clone().limit(limit)).await.expect("a plan").tuned(tuning);
            prop_assert_eq!(column(&scan.read().await.expect("a table"), "_offset"), rows[..count].to_vec());
            let scan = cluster.scan("t", base.tail(limit)).await.expect("a plan").tuned(tuning);
            prop_assert_eq!(column(&scan.read().await.expect("a table"), "_offset"), rows[rows.len() - count..].to_vec());
            Ok(())
        })?;
    }
}

/// Behind a batch that nobody can pass nothing of its partition is given, although other splits have read it: the next read goes on there and repeats nothing.
#[test]
fn a_stream_ends_a_partition_where_it_gives_up() {
    let options = BrokerOptions {
        topics: vec![TopicSpec::new("t", 2)],
        ..BrokerOptions::default()
    };
    let broker = Broker::start(options).expect("a broker starts");
    let control = broker.control();
    let append = |partition, batches| {
        for _ in 0..batches {
            control.append_raw("t", partition, records(0, 10, Compression::None, ProducerStamp::NONE));
        }
    };
    append(0, 10);
    let mut broken = BatchBuilder::new(Compression::None);
    broken.push(1, None, Some(b"{}"), &[]);
    let mut broken = broken.finish(ProducerStamp::NONE).expect("a batch").to_vec();
    broken[..8].copy_from_slice(&100i64.to_be_bytes());
    // A format that there is not.
    broken[16] = 7;
    control.append_exact("t", 0, broken.into());
    append(0, 10);
    append(1, 3);
    let tuning = Tuning {
        offsets_per_split: Some(20),
        connections: Some(4),
        decoders: Some(4),
        ..Tuning::default()
    };
    Runtime::new().expect("a runtime").block_on(async {
        let cluster = Cluster::connect(&broker.bootstrap_servers())
            .await
            .expect("the broker answers");
        let partial = ScanOptions {
            allow_partial: true,
            ..ScanOptions::default()
        };
        for options in [partial.clone(), partial.limit(1000)] {
            let scan = cluster.scan("t", options).await.expect("a plan").tuned(tuning);
            let mut stream = scan.stream().await.expect("a stream");
            let mut given: BTreeMap<i32, usize> = BTreeMap::new();
            while let Some(batch) = stream.next().await {
                let batch = batch.expect("a batch");
                for partition in batch["_partition"].as_primitive::<Int32Type>().values() {
                    *given.entry(*partition).or_default() += 1;
                }
            }
            assert_eq!(given, [(0, 100), (1, 30)].into());
            let report = stream.report();
            assert_eq!(
                (report.partitions[0].delivered, report.partitions[0].not_read),
                (100, 101)
            );
            let next: Vec<i64> = stream.next_start().topics[0]
                .partitions
                .iter()
                .map(|p| p.offset)
                .collect();
            assert_eq!(next, [100, 30]);
        }
    });
}
