//! Bytes that real brokers wrote, read as Java's own consumer reads them. Where they come from: `fixtures/PROVENANCE.md`.

use std::fmt::Write;

use kaframe_wire::batch::{Batch, ControlType, DEFAULT_MAX_DECOMPRESSED, Record, Scratch, TimestampType, Walk};

macro_rules! fixtures {
    ($($name:ident = $file:literal;)*) => {
        $(#[test] fn $name() {
            check($file, include_bytes!(concat!("fixtures/", $file, ".log")), include_str!(concat!("fixtures/", $file, ".expected")));
        })*
    };
}

fixtures! {
    v0_none = "v0-none";
    v0_gzip = "v0-gzip";
    v0_snappy = "v0-snappy";
    v0_lz4_with_the_broken_header_checksum = "v0-lz4";
    v1_none = "v1-none";
    v1_gzip = "v1-gzip";
    v1_snappy = "v1-snappy";
    v1_lz4 = "v1-lz4";
    v1_append_time_none = "v1-append-time-none";
    v1_append_time_gzip = "v1-append-time-gzip";
    v1_append_time_snappy = "v1-append-time-snappy";
    v1_append_time_lz4 = "v1-append-time-lz4";
    v2_none = "v2-none";
    v2_gzip = "v2-gzip";
    v2_snappy = "v2-snappy";
    v2_lz4 = "v2-lz4";
    v2_zstd = "v2-zstd";
    v2_append_time = "v2-append-time";
    v2_transactions = "v2-transactions";
    v2_compacted = "v2-compacted";
}

fn batches(log: &[u8]) -> Vec<Batch<'_>> {
    let batches: Vec<_> = Walk::new(log).collect::<Result<_, _>>().expect("walk");
    for batch in &batches {
        batch.verify_crc().expect("crc");
    }
    batches
}

fn check(name: &str, log: &[u8], expected: &str) {
    let mut scratch = Scratch::default();
    let mut found = String::new();
    let mut position = 0;
    for batch in batches(log) {
        let header = batch.header;
        assert_eq!(header.magic.to_string(), name[1..2], "{name}");
        for record in batch.records(&mut scratch, DEFAULT_MAX_DECOMPRESSED).expect("records") {
            let record = record.expect("a record");
            assert!(
                record.offset >= position && record.offset < header.next_offset(),
                "{name} {}",
                record.offset
            );
            if !header.is_control() {
                line(&mut found, &record);
            }
        }
        position = header.next_offset();
    }
    assert_eq!(found, expected, "{name}");
}

/// As the Java programs print.
fn line(out: &mut String, record: &Record<'_>) {
    let timestamp = record.timestamp.unwrap_or(-1);
    write!(
        out,
        "{} {timestamp} {} {}",
        record.offset,
        hex(record.key),
        hex(record.value)
    )
    .expect("to a string");
    for (key, value) in record.headers {
        write!(out, " {}={}", hex(Some(key)), hex(value)).expect("to a string");
    }
    out.push('\n');
}

fn hex(bytes: Option<&[u8]>) -> String {
    match bytes {
        None => "null".to_owned(),
        Some(bytes) if bytes.len() >= 1000 => format!("crc32:{}:{:x}", bytes.len(), crc32fast::hash(bytes)),
        Some(bytes) => bytes
            .iter()
            .fold("x".to_owned(), |text, byte| text + &format!("{byte:02x}")),
    }
}

/// Rule: the formats may stand side by side in one response.
#[test]
fn formats_mixed_in_one_slice() {
    let parts: [&[u8]; 4] = [
        include_bytes!("fixtures/v0-snappy.log"),
        include_bytes!("fixtures/v1-lz4.log"),
        include_bytes!("fixtures/v2-zstd.log"),
        include_bytes!("fixtures/v1-none.log"),
    ];
    let log = parts.concat();
    let magics: Vec<i8> = batches(&log).iter().map(|batch| batch.header.magic).collect();
    assert!(magics.windows(2).any(|pair| pair == [0, 1]) && magics.windows(2).any(|pair| pair == [1, 2]));
    assert_eq!(magics.last(), Some(&1));
    // Cut anywhere, what was whole is still there.
    for end in parts[0].len()..log.len() {
        let mut walk = Walk::new(&log[..end]);
        let whole: usize = walk.by_ref().map(|batch| batch.expect("whole").bytes.len()).sum();
        assert_eq!(whole + walk.cut_tail(), end);
    }
}

#[test]
fn wrappers_say_the_offset_of_their_last_record() {
    let log = include_bytes!("fixtures/v1-gzip.log");
    let found: Vec<_> = batches(log)
        .iter()
        .map(|batch| {
            let header = batch.header;
            assert!(header.is_legacy());
            assert_eq!(header.record_count, -1);
            let mut scratch = Scratch::default();
            let records = batch.records(&mut scratch, DEFAULT_MAX_DECOMPRESSED).expect("records");
            let first = records.map(|record| record.expect("a record").offset).next();
            (first, header.last_offset(), header.next_offset())
        })
        .collect();
    assert_eq!(found, [(Some(0), 5, 6), (Some(6), 11, 12)]);
}

#[test]
fn timestamp_types() {
    let first = |log: &'static [u8]| batches(log)[0].header.timestamp_type();
    assert_eq!(
        first(include_bytes!("fixtures/v0-none.log")),
        TimestampType::NoTimestampType
    );
    assert_eq!(first(include_bytes!("fixtures/v1-none.log")), TimestampType::CreateTime);
    assert_eq!(
        first(include_bytes!("fixtures/v1-append-time-lz4.log")),
        TimestampType::LogAppendTime
    );
    assert_eq!(
        first(include_bytes!("fixtures/v2-append-time.log")),
        TimestampType::LogAppendTime
    );
}

#[test]
fn transaction_markers() {
    let log = include_bytes!("fixtures/v2-transactions.log");
    let markers: Vec<_> = batches(log)
        .iter()
        .filter(|batch| batch.header.is_control())
        .map(|batch| (batch.header.base_offset, batch.control_type()))
        .collect();
    let (commit, abort) = (Some(ControlType::Commit), Some(ControlType::Abort));
    assert_eq!(markers, [(5, commit), (11, abort), (17, commit)]);
    assert!(
        batches(log)
            .iter()
            .any(|batch| batch.header.is_transactional() && !batch.header.is_control())
    );
}

#[test]
fn what_compaction_leaves() {
    let log = include_bytes!("fixtures/v2-compacted.log");
    let found: Vec<_> = batches(log)
        .iter()
        .map(|batch| {
            let header = batch.header;
            (
                header.base_offset,
                header.next_offset(),
                header.record_count,
                header.has_delete_horizon(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [(0, 3, 1, false), (3, 5, 0, false), (5, 8, 3, true), (8, 9, 1, false)]
    );
}
