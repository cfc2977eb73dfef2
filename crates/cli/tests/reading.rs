//! `read`, `head`, `tail` and `plan`, run as a user runs them.

mod support;

use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

use support::Broker;

fn numbers(range: std::ops::Range<i64>) -> String {
    range.map(|i| format!("{{\"number\":{i}}}\n")).collect()
}

#[test]
fn rows_on_a_pipe_are_lines_of_json() {
    let broker = Broker::start(&["foo"]);
    broker.fill("foo", &numbers(0..1000));
    let ran = broker.run(&["read", "foo"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let rows = ran.rows();
    assert_eq!(rows.len(), 1000);
    let first = &rows[0];
    let names: Vec<&String> = first.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["number", "_key", "_partition", "_offset", "_timestamp"]);
    assert!(first["_timestamp"].as_str().expect("text").ends_with('Z'));
    assert!(
        rows.iter()
            .enumerate()
            .all(|(i, row)| row["number"] == i && row["_offset"] == i && row["_partition"] == 0)
    );
    assert!(ran.stderr.contains("1000 delivered of 1000 offsets"), "{}", ran.stderr);
    let quiet = broker.run(&["-q", "cat", "foo", "--no-metadata", "-n", "1"]);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("{\"number\":0}\n", ""));
}

#[test]
fn bounds_limits_and_kcats_ranges() {
    let broker = Broker::start(&["foo"]);
    broker.fill("foo", &numbers(0..100));
    let got = |args: &[&str]| -> Vec<i64> {
        let ran = broker.run(&[&["read", "foo", "--columns", "number"], args].concat());
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
        ran.rows()
            .iter()
            .map(|row| row["number"].as_i64().expect("a number"))
            .collect()
    };
    let range = |start: i64, end: i64| (start..end).collect::<Vec<_>>();
    assert_eq!(got(&["--start", "90"]), range(90, 100));
    assert_eq!(got(&["--start", "-5"]), range(95, 100));
    assert_eq!(got(&["--since", "-1h", "--until", "-30m"]), range(0, 0));
    assert_eq!(got(&["--start", "10", "--end", "20"]), range(10, 20));
    assert_eq!(got(&["--start", "0=97"]), range(97, 100));
    assert_eq!(got(&["--tail", "3"]), range(97, 100));
    assert_eq!(got(&["-n", "3"]), range(0, 3));
    assert_eq!(got(&["-c", "3"]), range(0, 3));
    assert_eq!(got(&["-o", "beginning", "-n", "2"]), range(0, 2));
    assert_eq!(got(&["-o", "end"]), range(0, 0));
    assert_eq!(got(&["-o", "-4"]), range(96, 100));
    assert_eq!(got(&["-o", "+98"]), range(98, 100));
    assert_eq!(got(&["-o", "+500"]), range(0, 0));
    assert_eq!(got(&["-o", "10:12"]), range(10, 12));
    assert_eq!(got(&["-o", ":2"]), range(0, 2));
    assert_eq!(got(&["-o", "s@0", "-o", "e@4102444800000"]), range(0, 100));
    assert_eq!(got(&["-o", "@-1h", "-p", "0"]), range(0, 100));
}

#[test]
fn head_and_tail() {
    let broker = Broker::start(&["foo"]);
    broker.fill("foo", &numbers(0..100));
    let offsets = |args: &[&str]| -> Vec<i64> {
        broker
            .run(args)
            .rows()
            .iter()
            .map(|row| row["_offset"].as_i64().expect("a number"))
            .collect()
    };
    assert_eq!(offsets(&["head", "foo"]), (0..10).collect::<Vec<_>>());
    assert_eq!(offsets(&["head", "foo", "-n", "3"]), [0, 1, 2]);
    assert_eq!(offsets(&["tail", "foo"]), (90..100).collect::<Vec<_>>());
    assert_eq!(offsets(&["tail", "foo", "-n", "2", "--end", "50"]), [48, 49]);
}

#[test]
fn every_format() {
    let broker = Broker::start(&["foo"]);
    let line = r#"{"a":1,"text":"x, \"y\"","nested":{"b":[1,2]},"big":9007199254740993,"_key":"k","_timestamp":1700000000123}"#;
    broker.fill("foo", &format!("{line}\n"));
    let run = |format: &str| broker.run(&["-q", "read", "foo", "-f", format]).stdout;
    assert_eq!(
        run("ndjson"),
        "{\"a\":1,\"text\":\"x, \\\"y\\\"\",\"nested\":{\"b\":[1,2]},\"big\":9007199254740993,\"_key\":\"k\",\"_partition\":0,\"_offset\":0,\"_timestamp\":\"2023-11-14T22:13:20.123Z\"}\n"
    );
    let array: serde_json::Value = serde_json::from_str(&run("json")).expect("an array");
    assert_eq!(array[0]["big"], 9_007_199_254_740_993_i64);
    assert_eq!(
        run("csv"),
        "a,text,nested,big,_key,_partition,_offset,_timestamp\n1,\"x, \"\"y\"\"\",\"{\"\"b\"\":[1,2]}\",9007199254740993,k,0,0,2023-11-14T22:13:20.123Z\n"
    );
    assert!(run("markdown").starts_with("|"));
    let vertical = run("vertical");
    assert!(vertical.contains("_timestamp  2023-11-14 22:13:20.123\n"), "{vertical}");
    let table = run("table");
    assert!(
        table.contains("│ int64 │") && table.ends_with("1 row × 8 columns\n"),
        "{table}"
    );
}

#[test]
fn metadata_and_formats_are_chosen() {
    let broker = Broker::start(&["foo"]);
    let headers = r#"{"n":1,"_key":"k","_headers":{"trace":"abc"}}"#;
    broker.fill("foo", &format!("{headers}\n"));
    let row = broker
        .run(&["read", "foo", "--metadata", "_topic,_headers"])
        .rows()
        .remove(0);
    assert_eq!(row["_topic"], "foo");
    assert_eq!(row["_headers"], serde_json::json!([{"key": "trace", "value": "YWJj"}]));
    assert!(row.get("_offset").is_none());
    let row = broker
        .run(&[
            "read",
            "foo",
            "-s",
            "value=string",
            "-s",
            "key=raw",
            "--metadata",
            "_key",
        ])
        .rows()
        .remove(0);
    assert_eq!(row, serde_json::json!({"value": "{\"n\":1}", "_key": "aw=="}));
    let row = broker
        .run(&["read", "foo", "-s", "raw", "--columns", "_offset,value"])
        .rows()
        .remove(0);
    assert_eq!(row, serde_json::json!({"_offset": 0, "value": "eyJuIjoxfQ=="}));
}

#[test]
fn malformed_values_are_told_and_strict_fails() {
    let broker = Broker::start(&["foo"]);
    broker.fill("foo", &numbers(0..30));
    let ran = broker.run_with_input(&["write", "foo", "-s", "value=string"], "not json\n");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let ran = broker.run(&["read", "foo"]);
    assert_eq!((ran.code, ran.rows().len()), (0, 31));
    assert!(ran.stderr.contains("warning: 1 value is malformed"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("hint: --metadata _partition,_offset,_error"),
        "{}",
        ran.stderr
    );
    let strict = broker.run(&["read", "foo", "--strict"]);
    assert_eq!(strict.code, 3);
    assert!(
        strict.stderr.contains("error: 1 value is malformed"),
        "{}",
        strict.stderr
    );
    let skipped = broker.run(&["read", "foo", "--on-error", "skip"]);
    assert_eq!((skipped.code, skipped.rows().len()), (0, 30));
    let raised = broker.run(&["read", "foo", "--on-error", "raise"]);
    assert_eq!(raised.code, 1);
    assert!(raised.stderr.starts_with("error: "), "{}", raised.stderr);
}

#[test]
fn rows_by_partition_or_by_timestamp() {
    let broker = Broker::start(&["foo:3"]);
    let row = |i: u64| format!("{{\"n\":{i},\"_key\":\"k{}\",\"_timestamp\":{}}}\n", i % 9, 1_000 + i);
    broker.fill("foo", &(0..30).map(row).collect::<String>());
    let column = |args: &[&str]| -> Vec<u64> {
        let ran = broker.run(args);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.rows()
            .iter()
            .map(|row| row["n"].as_u64().expect("a number"))
            .collect()
    };
    let by_time: Vec<u64> = (0..30).collect();
    let of_partition = |number: &str| column(&["read", "foo", "--partitions", number]);
    let by_partition: Vec<u64> = ["0", "1", "2"].into_iter().flat_map(of_partition).collect();
    assert_ne!(by_partition, by_time, "the keys went to one partition");
    assert_eq!(column(&["read", "foo"]), by_partition);
    assert_eq!(column(&["read", "foo", "--order", "timestamp"]), by_time);
    assert_eq!(
        column(&["read", "foo", "--order", "timestamp", "--tail", "5"]),
        by_time[25..]
    );
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows.ndjson");
    let written = file.to_str().expect("UTF-8");
    let ran = broker.run(&["export", "foo", "-w", written, "--order", "timestamp"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let lines = std::fs::read_to_string(&file).expect("the file");
    let in_file: Vec<u64> = lines
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON")["n"]
                .as_u64()
                .expect("a number")
        })
        .collect();
    assert_eq!(in_file, by_time);
}

/// `kaframe read foo | head -n 1`.
#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let broker = Broker::start(&["foo"]);
    broker.fill("foo", &numbers(0..200_000));
    let mut child = broker.command(&["read", "foo"]).spawn().expect("it starts");
    let mut line = String::new();
    {
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        stdout.read_line(&mut line).expect("a row");
    }
    assert!(line.starts_with("{\"number\":0"), "{line}");
    let status = child.wait().expect("it ends");
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .expect("a pipe")
        .read_to_string(&mut stderr)
        .expect("UTF-8");
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn the_first_rows_come_at_once() {
    let broker = Broker::start(&["foo"]);
    broker.fill("foo", &numbers(0..1000));
    let best = (0..5)
        .map(|_| {
            let began = Instant::now();
            assert_eq!(broker.run(&["head", "foo"]).rows().len(), 10);
            began.elapsed()
        })
        .min()
        .expect("five runs");
    // The aim is 50 ms for a release build on a quiet machine; this catches a pause, not a slow machine.
    assert!(best < Duration::from_millis(500), "{best:?}");
}

#[test]
fn names_may_stand_behind_commas_and_blanks() {
    let broker = Broker::start(&["foo"]);
    broker.fill("foo", "{\"n\":1,\"s\":\"x\"}");
    let ran = broker.run(&["-q", "read", "foo", "--columns", "s, n , _offset"]);
    assert_eq!(ran.stdout, "{\"s\":\"x\",\"n\":1,\"_offset\":0}\n");
    let ran = broker.run(&["-q", "read", "foo", "--metadata", "_offset, _partition"]);
    assert_eq!(ran.stdout, "{\"n\":1,\"s\":\"x\",\"_offset\":0,\"_partition\":0}\n");
    let ran = broker.run(&["read", "foo", "--columns", "n,"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("the name of a column; several with commas"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_condition_beside_a_template_is_told_why_there_are_no_fields() {
    let broker = Broker::start(&["foo"]);
    broker.fill("foo", "{\"n\":1}\n{\"n\":2}");
    for output in [["-f", "%o %s\\n"].as_slice(), &["-J"]] {
        let ran = broker.run(&[["read", "foo", "--where", "n > 1"].as_slice(), output].concat());
        assert_eq!(ran.code, 4);
        assert!(ran.stderr.contains("for fields print -f ndjson"), "{}", ran.stderr);
    }
    let ran = broker.run(&["-q", "read", "foo", "--where", "_offset > 0", "-f", "%o %s\\n"]);
    assert_eq!(ran.stdout, "1 {\"n\":2}\n");
}
