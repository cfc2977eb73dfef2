//! Rows for programs (Parquet, Arrow), records as bytes (templates, the envelope), and what happens when nobody takes them.

mod support;

use std::io::Read;
use std::process::Stdio;

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use support::{Broker, kaframe};

fn numbers(count: usize) -> String {
    (0..count)
        .map(|i| format!("{{\"number\":{i},\"text\":\"t{i}\",\"_key\":\"k{}\"}}\n", i % 3))
        .collect()
}

fn bytes(broker: &Broker, args: &[&str]) -> (Vec<u8>, i32, String) {
    let output = broker.command(args).output().expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.stdout, output.status.code().expect("a code"), stderr)
}

fn rows(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

#[test]
fn parquet_and_arrow_are_read_back() {
    let broker = Broker::start(&["foo"]);
    broker.fill("foo", &numbers(1000));
    let (out, code, stderr) = bytes(&broker, &["read", "foo", "-f", "parquet"]);
    assert_eq!(code, 0, "{stderr}");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &out).expect("it is written");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file.reopen().expect("open")).expect("Parquet");
    let batches: Vec<RecordBatch> = reader
        .build()
        .expect("Parquet")
        .map(|batch| batch.expect("rows"))
        .collect();
    assert_eq!(rows(&batches), 1000);
    assert!(batches[0].column_by_name("_offset").is_some());

    let (out, code, stderr) = bytes(&broker, &["head", "foo", "-n", "5", "-f", "arrow"]);
    assert_eq!(code, 0, "{stderr}");
    let reader = StreamReader::try_new(out.as_slice(), None).expect("a stream");
    let batches: Vec<RecordBatch> = reader.map(|batch| batch.expect("rows")).collect();
    assert_eq!(rows(&batches), 5);
}

#[test]
fn templates_print_records() {
    let broker = Broker::start(&["foo"]);
    broker.fill("foo", &numbers(3));
    let ran = broker.run(&["-q", "read", "foo", "-f", "%t %p %o %k %K %S %s\\n"]);
    assert_eq!(
        ran.stdout,
        "foo 0 0 k0 2 24 {\"number\":0,\"text\":\"t0\"}\nfoo 0 1 k1 2 24 {\"number\":1,\"text\":\"t1\"}\nfoo 0 2 k2 2 24 {\"number\":2,\"text\":\"t2\"}\n",
        "{}",
        ran.stderr
    );
    let ran = broker.run(&["-q", "tail", "foo", "-n", "1", "-J"]);
    let envelope = &ran.rows()[0];
    let names: Vec<&String> = envelope.as_object().expect("an object").keys().collect();
    assert_eq!(
        names,
        [
            "topic",
            "partition",
            "offset",
            "tstype",
            "ts",
            "broker",
            "key",
            "payload"
        ]
    );
    assert_eq!(
        (envelope["broker"].as_i64(), envelope["key"].as_str()),
        (Some(1), Some("k2"))
    );

    for (args, says) in [
        (vec!["read", "foo", "-f", "%d"], "%d is no token"),
        (vec!["read", "foo", "-f", "100%"], "% at the end"),
        (vec!["read", "foo", "-f", "%s", "--columns", "x"], "bytes they are"),
        (vec!["read", "foo", "-J", "-s", "json"], "bytes they are"),
        (vec!["topics", "list", "-f", "%s"], "print records"),
        (vec!["read", "foo", "-f", "xml"], "parquet"),
    ] {
        let ran = broker.run(&args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(says), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn a_closed_pipe_ends_every_format_quietly() {
    let broker = Broker::start(&["foo"]);
    broker.fill("foo", &numbers(30_000));
    for format in ["ndjson", "csv", "json", "vertical", "arrow", "parquet", "%s\\n", "-J"] {
        let flags: &[&str] = if format == "-J" { &["-J"] } else { &["-f", format] };
        let mut child = broker
            .command(&[&["read", "foo"], flags].concat())
            .spawn()
            .expect("it starts");
        drop(child.stdout.take());
        let mut said = String::new();
        child
            .stderr
            .take()
            .expect("a pipe")
            .read_to_string(&mut said)
            .expect("UTF-8");
        let status = child.wait().expect("it ends");
        assert_eq!((status.code(), said.as_str()), (Some(0), ""), "{format}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_no_success() {
    let broker = Broker::start(&["foo"]);
    broker.fill("foo", &numbers(10));
    let full = || {
        Stdio::from(
            std::fs::File::options()
                .write(true)
                .open("/dev/full")
                .expect("Linux has it"),
        )
    };
    for args in [
        vec!["--help"],
        vec!["read", "--help"],
        vec!["--version"],
        vec!["version"],
        vec!["-C", "-h"],
    ] {
        let output = kaframe().args(&args).stdout(full()).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(said.contains("No space left"), "{args:?}: {said}");
    }
    for format in [
        "table", "ndjson", "csv", "json", "markdown", "vertical", "arrow", "parquet", "%s\\n",
    ] {
        let mut command = broker.command(&["read", "foo", "-f", format]);
        let output = command.stdout(full()).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{format}: {said}");
        assert!(said.contains("No space left"), "{format}: {said}");
    }
}

#[test]
fn what_is_odd_about_properties_is_said_once() {
    let broker = Broker::start(&["foo"]);
    let ran = broker.run(&["-X", "request.timout.ms=5", "topics", "list"]);
    assert_eq!(
        (ran.code, ran.stderr.matches("request.timout.ms").count()),
        (0, 1),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("did you mean \"request.timeout.ms\""));
    assert_eq!(broker.run(&["-q", "-X", "nonsense=5", "topics", "list"]).stderr, "");
}
