//! `count` is the number of rows that a read gives, and opens no batch for it unless it has to. `head` and `tail` are the same plan.

use kaframe::{Bound, ErrorKind, IsolationLevel, OnError, ScanOptions, ValueFormat};
use kaframe_broker::Hole;
use kaframe_wire::batch::ControlType::{Abort, Commit};
use kaframe_wire::batch::{BatchBuilder, Compression, ProducerStamp};

use crate::support::{Bench, bench, ints};

fn counted(bench: &Bench, options: ScanOptions) -> u64 {
    let scan = bench.cluster.scan("t", options.clone()).unwrap();
    let count = scan.count().unwrap();
    let report = count.report.as_ref().unwrap();
    for p in &report.partitions {
        let terms = p.delivered + p.filtered + p.skipped + p.aborted + p.control + p.absent + p.lost + p.not_read;
        assert_eq!((p.end - p.start) as u64, terms, "{p:?}");
    }
    assert!(count.is_exact() && count.records == report.delivered());
    assert_eq!(count.records, scan.read().unwrap().num_rows() as u64, "{options:?}");
    assert!(scan.count_at_most().records >= count.records);
    count.records
}

#[test]
fn a_count_is_what_a_read_gives() {
    let bench = bench(3);
    bench.numbers(0, 0..100);
    bench.transaction(0, 1, 0..10);
    bench.end(0, 1, Abort);
    bench.transaction(0, 1, 0..10);
    bench.end(0, 1, Commit);
    bench.numbers(1, 0..55);
    bench.control.make_hole("t", 1, 20, 30, Hole::EmptyBatch);
    bench.control.make_hole("t", 1, 43, 46, Hole::Nothing);
    assert_eq!(counted(&bench, ScanOptions::default()), 110 + 42);
    let uncommitted = ScanOptions {
        isolation_level: IsolationLevel::ReadUncommitted,
        ..ScanOptions::default()
    };
    assert_eq!(counted(&bench, uncommitted), 120 + 42);
    for (start, end) in [(0, 44), (25, 45), (3, 7), (41, 42), (44, 44)] {
        let options = ScanOptions::default()
            .start_at(Bound::Offset(start))
            .end_at(Bound::Offset(end));
        counted(&bench, options);
    }
    for n in [0, 1, 7, 151, 152, 153] {
        assert_eq!(counted(&bench, ScanOptions::default().limit(n)), n.min(152));
        assert_eq!(counted(&bench, ScanOptions::default().tail(n)), n.min(152));
    }
    counted(
        &bench,
        ScanOptions::default().start("@1020").unwrap().end("@1043").unwrap(),
    );
}

#[test]
fn a_batch_that_no_bound_cuts_is_not_opened() {
    let bench = bench(1);
    let mut builder = BatchBuilder::new(Compression::Zstd);
    (0..100).for_each(|n| builder.push(1000 + n, None, Some(b"{}"), &[]));
    let mut bytes = builder.finish(ProducerStamp::NONE).unwrap().to_vec();
    // No decompressor makes anything of this, and the checksum is right.
    bytes[61..].fill(0xff);
    let crc = crc32c::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    bench.control.append_raw("t", 0, bytes.into());
    bench.numbers(0, 0..10);
    let count = |options| bench.cluster.scan("t", options).unwrap().count();
    assert_eq!(count(ScanOptions::default()).unwrap().records, 110);
    // Full batches need not be opened where an offset cuts them.
    assert_eq!(
        count(ScanOptions::default().start_at(Bound::Offset(40)))
            .unwrap()
            .records,
        70
    );
    assert_eq!(bench.fails(ScanOptions::default()).kind(), ErrorKind::Corrupt);
}

#[test]
fn malformed_values_count_unless_they_are_left_out() {
    let bench = bench(1);
    bench.append(0, 1000, &["{\"n\": 1}", "{", "{\"n\": 2}"]);
    let json = ScanOptions::default().value_format(ValueFormat::Json);
    assert_eq!(counted(&bench, json.clone()), 3);
    let skip = ScanOptions {
        on_error: OnError::Skip,
        ..json
    };
    assert_eq!(counted(&bench, skip.clone()), 2);
    assert_eq!(counted(&bench, skip.tail(1)), 1);
}

#[test]
fn at_most_is_the_span_of_offsets() {
    let bench = bench(2);
    bench.numbers(0, 0..30);
    bench.transaction(1, 1, 0..10);
    bench.end(1, 1, Abort);
    let scan = bench.cluster.scan("t", ScanOptions::default()).unwrap();
    assert_eq!(scan.count_at_most().to_string(), "at most 41");
    assert_eq!(scan.count().unwrap().to_string(), "30");
    assert_eq!(scan.head(5).unwrap().count_at_most().to_string(), "at most 5");
}

#[test]
fn head_and_tail_are_the_same_plan() {
    let bench = bench(1);
    bench.numbers(0, 0..50);
    let scan = bench.cluster.scan("t", ScanOptions::default()).unwrap();
    bench.numbers(0, 50..60);
    let rows = |scan: &kaframe::blocking::Scan| ints(scan.read().unwrap().batches(), "n");
    assert_eq!(rows(&scan.head(3).unwrap()), [0, 1, 2]);
    assert_eq!(rows(&scan.tail(3).unwrap()), [47, 48, 49]);
    assert_eq!(rows(&scan.head(30).unwrap().head(2).unwrap()), [0, 1]);
    assert_eq!(rows(&scan.tail(30).unwrap().tail(2).unwrap()), [48, 49]);
    assert_eq!(scan.tail(30).unwrap().head(2).unwrap_err().kind(), ErrorKind::Config);
    assert_eq!(scan.head(30).unwrap().tail(2).unwrap_err().kind(), ErrorKind::Config);
}
