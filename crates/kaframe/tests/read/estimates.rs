//! What one batch of each partition tells of a plan.

use bytes::BytesMut;
use kaframe::{Bound, ScanOptions, ValueFormat};
use kaframe_wire::batch::ControlType::Abort;
use kaframe_wire::batch::{BatchBuilder, Compression, ProducerStamp};

use crate::support::{Bench, bench, placed};

fn estimate(bench: &Bench, options: ScanOptions) -> kaframe::Estimate {
    let plan = bench.cluster.scan("t", options).unwrap().sampled_plan().unwrap();
    plan.estimate.expect("an estimate")
}

#[test]
fn bytes_and_memory_are_about_those_of_the_read() {
    let bench = bench(3);
    bench.numbers(0, 0..4000);
    bench.numbers(1, 100..2100);
    let scan = bench.cluster.scan("t", ScanOptions::default()).unwrap();
    let text = scan.plan().to_string();
    assert!(scan.plan().estimate.is_none() && text.contains("unknown"), "{text}");
    let plan = scan.sampled_plan().unwrap();
    let found = plan.estimate.clone().unwrap();
    // Ten records a batch, and nothing in the third partition.
    assert_eq!((found.batches, found.records), (2, 20));
    assert_eq!(found.timestamp_type.as_deref(), Some("CreateTime"));
    assert_eq!((found.first_time, found.last_time), (Some(1000), Some(4999)));
    let table = scan.read().unwrap();
    let (bytes, memory) = (found.bytes.unwrap(), found.memory.unwrap());
    let fetched = table.report().bytes_fetched;
    assert!(
        (fetched * 8 / 10..fetched * 12 / 10).contains(&bytes),
        "{bytes} of {fetched}"
    );
    let held: u64 = table
        .batches()
        .iter()
        .map(|batch| batch.get_array_memory_size() as u64)
        .sum();
    assert!((held / 4..held * 4).contains(&memory), "{memory} of {held}");
    assert!(found.seconds.unwrap() > 0.0);
    let text = plan.to_string();
    for word in [
        "bytes    about",
        "memory   about",
        "seconds  about",
        "1970-01-01T00:00:01Z to 1970-01-01T00:00:04.999Z",
        "estimate from one batch of each of 2",
    ] {
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn the_sample_costs_one_batch_and_the_read_is_none_the_worse() {
    let bench = bench(1);
    for n in 0..50 {
        bench.append(0, 1000 + n, &[&format!("{{\"text\": \"{}\"}}", "x".repeat(20_000))]);
    }
    let scan = bench.cluster.scan("t", ScanOptions::default()).unwrap();
    scan.schema().unwrap();
    assert_eq!(scan.sampled_plan().unwrap().estimate.unwrap().records, 1);
    assert_eq!(scan.read().unwrap().num_rows(), 50);
}

#[test]
fn parts_of_a_topic_are_estimated_as_parts() {
    let bench = bench(1);
    bench.numbers(0, 0..1000);
    let whole = estimate(&bench, ScanOptions::default()).bytes.unwrap();
    let part = estimate(&bench, ScanOptions::default().start_at(Bound::Offset(900)));
    assert!(part.bytes.unwrap() * 8 < whole && part.first_time == Some(1900));
    let few = estimate(&bench, ScanOptions::default().limit(10));
    assert!(few.bytes.unwrap() * 50 < whole && few.last_time.is_none());
    let newest = estimate(&bench, ScanOptions::default().tail(10));
    assert!(newest.bytes.unwrap() * 50 < whole && newest.first_time == Some(1990));
    let window = ScanOptions::default().start("@1500").unwrap().end("@1600").unwrap();
    let window = estimate(&bench, window);
    assert_eq!((window.first_time, window.last_time), (Some(1500), Some(1599)));
    let raw = estimate(&bench, ScanOptions::default().value_format(ValueFormat::Raw));
    assert_eq!(raw.records, 10);
}

#[test]
fn nothing_to_look_at_is_unknown() {
    let bench = bench(1);
    let nothing = estimate(&bench, ScanOptions::default());
    assert_eq!(
        (nothing.bytes, nothing.memory, nothing.seconds),
        (Some(0), Some(0), None)
    );
    for producer in 0..3 {
        bench.transaction(0, producer, 0..5);
        bench.end(0, producer, Abort);
    }
    let plan = bench
        .cluster
        .scan("t", ScanOptions::default())
        .unwrap()
        .sampled_plan()
        .unwrap();
    let aborted = plan.estimate.clone().unwrap();
    assert_eq!((aborted.batches, aborted.bytes, aborted.first_time), (0, None, None));
    assert!(plan.to_string().contains("bytes    unknown"), "{plan}");
    // Behind them are some.
    bench.numbers(0, 0..10);
    assert_eq!(estimate(&bench, ScanOptions::default()).records, 10);
}

#[test]
fn a_damaged_batch_leaves_its_partition_out() {
    let bench = bench(2);
    bench.numbers(0, 0..100);
    bench.numbers(1, 0..100);
    // Its checksum fits, a length in it does not.
    let mut builder = BatchBuilder::new(Compression::None);
    builder.push(1, None, Some(b"{}"), &[]);
    let mut bytes = BytesMut::from(&builder.finish(ProducerStamp::NONE).unwrap()[..]);
    let at = bytes.len() - 4;
    bytes[at] = 0x7e;
    bench.control.append_exact("t", 1, placed(bytes, 100));
    let found = estimate(&bench, ScanOptions::default().start_at(Bound::Offset(95)));
    assert_eq!(found.batches, 2);
    let found = estimate(&bench, ScanOptions::default().start_at(Bound::FromEnd(1)));
    assert_eq!(found.batches, 1);
    let reason = found.unknown.unwrap();
    assert!(reason.contains("cannot be read"), "{reason}");
}
