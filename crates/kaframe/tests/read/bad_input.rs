//! Brokers that are down, foreign or broken, batches that lie: a clear error, and in time.

use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use kaframe::blocking::Cluster;
use kaframe::{Config, ErrorKind, ScanOptions};
use kaframe_broker::Action;
use kaframe_wire::batch::{BatchBuilder, Compression, ProducerStamp};

use crate::support::{bench, check, placed};

fn fails_at(server: &str) -> kaframe::Error {
    Cluster::connect(server)
        .and_then(|cluster| cluster.read("t", ScanOptions::default()))
        .unwrap_err()
}

/// A server that says one thing to whoever connects.
fn says(words: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.unwrap().write_all(words);
        }
    });
    address
}

#[test]
fn nobody_there() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let started = Instant::now();
    let error = fails_at(&address);
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.to_string().contains(&address), "{error}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn no_broker_named() {
    assert_eq!(Config::new(" , ").unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn foreign_servers() {
    assert_eq!(
        fails_at(&says(b"HTTP/1.1 400 Bad Request\r\n\r\n")).kind(),
        ErrorKind::Connect
    );
    assert_eq!(fails_at(&says(b"SSH-2.0-OpenSSH_9\r\n")).kind(), ErrorKind::Connect);
    let error = fails_at(&says(&[0x15, 3, 1, 0, 2, 2, 10]));
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert!(error.to_string().contains("TLS"), "{error}");
}

#[test]
fn a_decompression_bomb_is_a_limit() {
    let bench = bench(1);
    let mut builder = BatchBuilder::new(Compression::Gzip);
    let zeros = vec![b' '; 300 << 20];
    builder.push(1, None, Some(&zeros), &[]);
    bench
        .control
        .append_exact("t", 0, builder.finish(ProducerStamp::NONE).unwrap());
    let error = bench.fails(ScanOptions::default());
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Limit, Some(0)), "{error}");
    let table = bench.read(ScanOptions {
        allow_partial: true,
        ..ScanOptions::default()
    });
    check(&table);
    assert_eq!(table.report().partitions[0].lost, 1);
}

#[test]
fn a_batch_whose_header_lies_about_its_records() {
    let bench = bench(1);
    bench.numbers(0, 0..10);
    let mut builder = BatchBuilder::new(Compression::None);
    builder.push(1, None, Some(b"{}"), &[]);
    builder.push(1, None, Some(b"{}"), &[]);
    let mut bytes = BytesMut::from(&builder.finish(ProducerStamp::NONE).unwrap()[..]);
    // Last offset delta 0 where the records reach 1.
    bytes[23..27].copy_from_slice(&0i32.to_be_bytes());
    bench.control.append_exact("t", 0, placed(bytes, 10));
    let error = bench.fails(ScanOptions::default());
    assert_eq!(
        (error.kind(), error.offset()),
        (ErrorKind::Corrupt, Some(10)),
        "{error}"
    );
    let table = bench.read(ScanOptions {
        allow_partial: true,
        ..ScanOptions::default()
    });
    check(&table);
    // Its header is not to be trusted, so nothing tells how to pass it.
    assert_eq!((table.num_rows(), table.report().partitions[0].not_read), (10, 1));
    assert!(!table.complete());
}

#[test]
fn a_body_whose_count_lies_and_a_frame_of_two_gigabytes() {
    let lying_count = Action::ReplaceBody(Bytes::from_static(&[0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x07]));
    let huge_frame = Action::ReplaceFrame(Bytes::from_static(&[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
    for (action, kinds) in [
        (lying_count, [ErrorKind::Protocol, ErrorKind::Protocol]),
        (huge_frame, [ErrorKind::Limit, ErrorKind::Protocol]),
    ] {
        let bench = bench(1);
        bench.numbers(0, 0..10);
        bench.control.intercept(move |request| {
            if request.api_key == 1 {
                action.clone()
            } else {
                Action::Pass
            }
        });
        let error = bench.fails(ScanOptions {
            timeout: Duration::from_secs(2),
            ..ScanOptions::default()
        });
        assert!(kinds.contains(&error.kind()), "{:?}: {error}", error.kind());
    }
}

#[test]
fn a_table_larger_than_allowed_is_not_begun_to_be_finished() {
    let bench = bench(1);
    let value = format!("{{\"text\": \"{}\"}}", "x".repeat(10_000));
    for _ in 0..200 {
        bench.append(0, 1, &[&value]);
    }
    let error = bench.fails(ScanOptions {
        max_result_bytes: Some(500_000),
        ..ScanOptions::default()
    });
    assert_eq!(error.kind(), ErrorKind::ResultTooLarge);
    assert!(error.to_string().contains("plan of t: 200 offsets"), "{error}");
    assert!(error.hint().unwrap().starts_with("three ways out"));
    let (batches, _) = bench
        .streamed(ScanOptions {
            memory_limit: 100_000,
            ..ScanOptions::default()
        })
        .unwrap();
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 200);
}

#[test]
fn a_broker_that_stalls_in_the_middle_loses_nothing() {
    let bench = bench(1);
    bench.numbers(0, 0..1000);
    bench
        .control
        .intercept(|request| match (request.api_key, request.count_of_api) {
            (1, 2) => Action::Delay(Duration::from_secs(3)),
            (1, 4) => Action::Drop,
            _ => Action::Pass,
        });
    let table = bench.read(ScanOptions {
        memory_limit: 1,
        ..ScanOptions::default()
    });
    check(&table);
    assert_eq!(table.num_rows(), 1000);
}
