//! `write`, `topics`, `broker` and `demo`, run as a user runs them.

mod support;

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use support::{Broker, Ran, kaframe};

#[test]
fn what_read_prints_write_takes() {
    let broker = Broker::start(&["a", "b"]);
    let lines = [
        r#"{"n":1,"f":1.5,"_key":"k1","_timestamp":1700000000123,"_headers":{"h":"x"}}"#,
        r#"{"n":2,"f":null,"_key":null,"_timestamp":"2023-11-14T22:13:21Z"}"#,
        r#"{"n":9007199254740993,"f":-0.25,"_key":"ü"}"#,
    ];
    broker.fill("a", &lines.join("\n"));
    let read = |topic: &str| {
        broker
            .run(&["-q", "read", topic, "--metadata", "_key,_offset,_timestamp,_headers"])
            .stdout
    };
    let first = read("a");
    assert_eq!(first.lines().count(), 3);
    assert!(first.contains("9007199254740993"), "{first}");
    broker.fill("b", &first);
    assert_eq!(read("b"), first);
}

#[test]
fn a_bad_line_is_named_and_those_before_it_are_written() {
    let broker = Broker::start(&["foo"]);
    let ran = broker.run_with_input(&["write", "foo"], "{\"n\":1}\n\n{\"n\":2}\n{\"n\":\n{\"n\":4}\n");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.starts_with("error: line 4: no JSON"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("hint: the 2 records before it are written"),
        "{}",
        ran.stderr
    );
    assert_eq!(broker.run(&["read", "foo"]).rows().len(), 2);
    let ran = broker.run_with_input(&["write", "foo", "--key", "id"], "{\"n\":\"\u{202e}x\"}\n");
    assert!(
        ran.stderr.starts_with("error: line 1: there is no field \"id\" to take the key from: {\"n\":\"\\u{202e}x\"}\nhint: nothing is written\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn files_are_looked_at_before_the_first_is_written() {
    let broker = Broker::start(&["foo"]);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (good, bad) = (
        file("good.ndjson", "{\"n\":1}\n{\"n\":2}\n"),
        file("bad.ndjson", "{\"n\":3}\n{\"n\":\n"),
    );
    let missing = folder.path().join("missing.ndjson").display().to_string();
    let ran = broker.run(&["write", "foo", &good, &missing]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.starts_with(&format!("error: cannot open {missing}: ")),
        "{}",
        ran.stderr
    );
    let ran = broker.run(&["write", "foo", &file("rows.csv", "n\n1\n")]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("rows.csv is CSV: its lines are no JSON objects"),
        "{}",
        ran.stderr
    );
    assert_eq!(broker.run(&["read", "foo"]).rows().len(), 0);
    let ran = broker.run(&["write", "foo", &good, &bad]);
    assert!(
        ran.stderr.starts_with(&format!("error: {bad} line 2: no JSON")),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("the 3 records before it are written"),
        "{}",
        ran.stderr
    );
}

#[test]
fn keys_partitions_and_lines_as_they_are() {
    let broker = Broker::start(&["foo:2"]);
    let ran = broker.run_with_input(
        &["write", "foo", "--key", "id", "-p", "1", "-z", "lz4"],
        "{\"id\":\"x\"}\n",
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let row = broker.run(&["read", "foo"]).rows().remove(0);
    assert_eq!(
        (&row["id"], &row["_key"], &row["_partition"]),
        (&"x".into(), &"x".into(), &1.into())
    );
    let ran = broker.run_with_input(&["write", "foo", "--key", "uid"], "{\"id\":\"x\"}\n");
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.contains("line 1") && ran.stderr.contains("\"uid\""),
        "{}",
        ran.stderr
    );
    broker.run(&["topics", "create", "text", "--partitions", "1"]);
    broker.run_with_input(&["write", "text", "-s", "value=string"], "one\n{\"two\n\nfour");
    let values: Vec<_> = broker
        .run(&["read", "text"])
        .rows()
        .iter()
        .map(|row| row["value"].clone())
        .collect();
    assert_eq!(values, ["one", "{\"two", "", "four"]);
}

#[test]
fn a_line_too_large_is_named() {
    let broker = Broker::start(&[]);
    broker.run(&[
        "topics",
        "create",
        "foo",
        "--partitions",
        "1",
        "--config",
        "max.message.bytes=1000",
    ]);
    let input = format!("{{\"n\":1}}\n\n{{\"text\":\"{}\"}}\n", "x".repeat(2000));
    let ran = broker.run_with_input(&["write", "foo"], &input);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("row 1 is line 3"), "{}", ran.stderr);
    assert_eq!(broker.run(&["read", "foo"]).rows().len(), 1);
}

/// Lines that come slowly do not wait for the end of the input.
#[test]
fn an_open_input_is_written_as_it_comes() {
    let broker = Broker::start(&["foo"]);
    let mut child = broker
        .command(&["write", "foo"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(b"{\"n\":1}\n").expect("it reads");
    let written = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        broker.run(&["read", "foo"]).rows().len() == 1
    });
    assert!(written, "the line is there while the input is still open");
    drop(stdin);
    let ran: Ran = child.wait_with_output().expect("it ends").into();
    assert_eq!(ran.code, 0);
    assert!(ran.stderr.contains("1 row written"), "{}", ran.stderr);
}

#[test]
fn topics_are_created_listed_described_and_deleted() {
    let broker = Broker::start(&[]);
    assert_eq!(broker.run(&["topics", "create", "foo", "--partitions", "3"]).code, 0);
    assert_eq!(
        broker.run(&["topics", "list"]).stdout,
        "{\"topic\":\"foo\",\"partitions\":3}\n"
    );
    let described = broker.run(&["topics", "describe", "foo"]);
    assert_eq!(described.rows().len(), 3);
    assert_eq!(described.rows()[2]["high_watermark"], 0);
    let table = broker.run(&["topics", "list", "-f", "table"]).stdout;
    assert!(table.contains("│ foo    │          3 │"), "{table}");
    let again = broker.run(&["topics", "create", "foo"]);
    assert_ne!(again.code, 0);
    assert_eq!(broker.run(&["topics", "delete", "foo"]).code, 0);
    assert_eq!(broker.run(&["topics", "delete", "foo"]).code, 4);
    assert_eq!(broker.run(&["topics", "list"]).stdout, "");
}

#[test]
fn the_demo_runs_with_nothing_but_the_command() {
    let ran: Ran = kaframe().arg("demo").output().expect("it runs").into();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for part in [
        "│ number │",
        "int64",
        "timestamp[ms, UTC]",
        "1000 delivered of 1000 offsets",
        "nothing lost",
    ] {
        assert!(ran.stdout.contains(part), "{part} is missing in\n{}", ran.stdout);
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let ran: Ran = kaframe().arg("version").output().expect("it runs").into();
    assert!(
        ran.stdout.starts_with(concat!("kaframe ", env!("CARGO_PKG_VERSION"))),
        "{}",
        ran.stdout
    );
    let short: Ran = kaframe().arg("-V").output().expect("it runs").into();
    assert_eq!(short.stdout, concat!("kaframe ", env!("CARGO_PKG_VERSION"), "\n"));
}
