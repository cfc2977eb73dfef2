//! Peak memory: of a table over its size, of a stream whatever its length.

use std::thread::sleep;
use std::time::Duration;

use kaframe::blocking::Cluster;
use kaframe::{Metadata, ScanOptions, ValueFormat};

use crate::support::{Baseline, alone, batch, broker, events};

const MIB: u64 = 1 << 20;

fn options() -> ScanOptions {
    ScanOptions {
        metadata: Metadata::None,
        ..ScanOptions::default()
    }
}

#[test]
fn a_table_takes_little_more_than_it_holds() {
    alone("memory::a_table_takes_little_more_than_it_holds", || {
        let baseline = Baseline::now();
        for (partitions, copies) in [(1, 4000), (4, 1000)] {
            let broker = broker(partitions, &events(500), copies);
            let cluster = Cluster::connect(&broker.bootstrap_servers()).unwrap();
            baseline.forget_peak();
            let table = cluster.read("t", options()).unwrap();
            assert_eq!(table.num_rows(), 2_000_000);
            let held: usize = table.batches().iter().map(|batch| batch.get_array_memory_size()).sum();
            let peak = baseline.peak();
            println!(
                "{partitions} partitions: {} MiB hold {} MiB",
                peak / MIB,
                held as u64 / MIB
            );
            assert!(peak < held as u64 * 14 / 10 + 64 * MIB, "{peak} for {held}");
        }
    });
}

/// `KAFRAME_TEST_STREAM_GB` gives as many as one likes.
#[test]
fn a_stream_of_any_length_takes_as_much_as_a_short_one() {
    alone("memory::a_stream_of_any_length_takes_as_much_as_a_short_one", || {
        let baseline = Baseline::now();
        let gigabytes: u64 = std::env::var("KAFRAME_TEST_STREAM_GB").map_or(2, |text| text.parse().unwrap());
        for (format, batch) in [(ValueFormat::Json, events(500)), (ValueFormat::Raw, events(500))] {
            let copies = gigabytes * 1_000_000_000 / batch.len() as u64 / 2;
            let broker = broker(1, &batch, copies as i64);
            let cluster = Cluster::connect(&broker.bootstrap_servers()).unwrap();
            baseline.forget_peak();
            let mut stream = cluster
                .scan("t", options().value_format(format))
                .unwrap()
                .stream()
                .unwrap();
            let rows: u64 = stream.by_ref().map(|batch| batch.unwrap().num_rows() as u64).sum();
            assert_eq!(rows, copies * 500);
            assert!(stream.report().complete);
            let peak = baseline.peak();
            println!(
                "{format}: {} GB in {} MiB",
                copies * batch.len() as u64 / 1_000_000_000,
                peak / MIB
            );
            assert!(peak < 128 * MIB, "{peak}");
        }
    });
}

#[test]
fn a_slow_taker_stops_the_fetching() {
    alone("memory::a_slow_taker_stops_the_fetching", || {
        let baseline = Baseline::now();
        let broker = broker(1, &events(500), 20_000);
        let cluster = Cluster::connect(&broker.bootstrap_servers()).unwrap();
        for limit in [16 * MIB, 64 * MIB] {
            baseline.forget_peak();
            let options = ScanOptions {
                memory_limit: limit,
                ..options()
            };
            let mut stream = cluster.scan("t", options).unwrap().stream().unwrap();
            for _ in 0..10 {
                sleep(Duration::from_millis(100));
                stream.next().unwrap().unwrap();
            }
            let peak = baseline.peak();
            println!("memory_limit {} MiB: {} MiB", limit / MIB, peak / MIB);
            assert!(peak < limit + 64 * MIB, "{peak} of {limit}");
        }
    });
}

#[test]
fn malformed_values_of_a_stream_take_no_more_the_more_there_are() {
    alone(
        "memory::malformed_values_of_a_stream_take_no_more_the_more_there_are",
        || {
            let baseline = Baseline::now();
            let values = (0..200).map(|n| match n {
                0 => r#"{"n":1}"#.to_owned(),
                _ => format!(r#"{{"n":{}"#, "x".repeat(2000)),
            });
            let broker = broker(1, &batch(values), 1500);
            let cluster = Cluster::connect(&broker.bootstrap_servers()).unwrap();
            baseline.forget_peak();
            let mut stream = cluster
                .scan("t", options().value_format(ValueFormat::Json))
                .unwrap()
                .stream()
                .unwrap();
            let rows: u64 = stream.by_ref().map(|batch| batch.unwrap().num_rows() as u64).sum();
            assert_eq!((rows, stream.report().malformed), (300_000, 298_500));
            let listed = stream.errors().num_rows() as u64;
            assert_eq!(stream.report().malformed_not_listed, 298_500 - listed);
            let peak = baseline.peak();
            println!("600 MB of malformed values: {} MiB, {listed} listed", peak / MIB);
            assert!(peak < 128 * MIB, "{peak}");
        },
    );
}
