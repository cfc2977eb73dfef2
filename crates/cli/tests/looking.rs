//! `info`, `summarize`, patterns of topics, completions and manual pages.

mod support;

use support::{Broker, kaframe};

fn orders(broker: &Broker) {
    let lines: String = (0..500)
        .map(|i| {
            let country = ["DE", "FR", "CH"][i % 3];
            format!(
                "{{\"id\":{i},\"country\":\"{country}\",\"note\":null,\"_key\":\"k{}\",\"_timestamp\":{}}}\n",
                i % 7,
                1_790_000_000_000u64 + i as u64 * 60_000
            )
        })
        .collect();
    broker.fill("orders", &lines);
}

#[test]
fn info_tells_what_is_known_without_reading() {
    let broker = Broker::start(&[]);
    let ran = broker.run(&[
        "topics",
        "create",
        "orders",
        "--partitions",
        "3",
        "--config",
        "retention.ms=86400000000",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    orders(&broker);
    let ran = broker.run(&["info", "orders", "-f", "table"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for says in [
        "orders: 3 partitions, 1 copy of each",
        "records     at most 500",
        "time        2026-09-21",
        "CreateTime: set by the writers",
        "size        about 38 bytes a record",
        "settings    retention.ms=86400000000",
        "high_watermark",
    ] {
        assert!(ran.stdout.contains(says), "{says}: {}", ran.stdout);
    }
    let object = &broker.run(&["info", "orders"]).rows()[0];
    assert_eq!(object["partitions"].as_array().expect("a list").len(), 3);
    let set: Vec<&str> = object["configs"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|config| config["origin"] == "topic")
        .map(|config| config["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(set, ["retention.ms"]);
    let ran = broker.run(&["info", "order"]);
    assert_eq!(ran.code, 4);
    assert!(ran.stderr.contains("orders"), "{}", ran.stderr);
    broker.run(&["topics", "create", "empty"]);
    let ran = broker.run(&["info", "empty", "-f", "table"]);
    assert!(ran.stdout.contains("time        no records"), "{}", ran.stdout);
}

#[test]
fn a_plan_as_text_and_as_an_object() {
    let broker = Broker::start(&["orders:2"]);
    orders(&broker);
    let ran = broker.run(&["plan", "orders", "-n", "20"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("500 offsets in 2 partitions") && ran.stdout.contains("are unknown"),
        "{}",
        ran.stdout
    );
    let ran = broker.run(&["plan", "orders", "--sample"]);
    for says in ["bytes    about", "times    2026-09-21", "CreateTime"] {
        assert!(ran.stdout.contains(says), "{says}: {}", ran.stdout);
    }
    let plan = &broker.run(&["plan", "orders", "--json"]).rows()[0];
    assert_eq!(
        (&plan["offsets"], &plan["partitions"][1]["topic"], &plan["estimate"]),
        (&500.into(), &"orders".into(), &serde_json::Value::Null)
    );
    let plan = &broker
        .run(&["plan", "orders", "--json", "--sample", "--order", "timestamp"])
        .rows()[0];
    assert_eq!(
        (&plan["order"], &plan["estimate"]["batches"]),
        (&"timestamp".into(), &2.into())
    );
    assert_eq!(plan["estimate"]["first_time"], "2026-09-21T14:13:20Z");
    let wrong = broker.run(&["plan", "orders", "--order", "time"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("timestamp"), "{}", wrong.stderr);
}

#[test]
fn a_summary_counts_and_fits() {
    let broker = Broker::start(&["orders:2"]);
    orders(&broker);
    let ran = broker.run(&["summarize", "orders"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for says in [
        "orders: 500 records in 2 partitions",
        "keys        7 different",
        "DE (167)",
        "the fullest has",
    ] {
        assert!(ran.stdout.contains(says), "{says}: {}", ran.stdout);
    }
    assert!(
        ran.stdout.lines().all(|line| line.chars().count() <= 120),
        "{}",
        ran.stdout
    );
    let summary = &broker.run(&["summarize", "orders", "--json", "-n", "100"]).rows()[0];
    assert_eq!(summary["records"], 100);
    assert_eq!(summary["columns"][1]["distinct"], 3);
}

#[test]
fn topics_by_patterns() {
    let broker = Broker::start(&["orders-1", "orders-2", "returns"]);
    let names = |args: &[&str]| -> Vec<String> {
        let ran = broker.run(args);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.rows()
            .iter()
            .map(|row| row["topic"].as_str().expect("a name").to_owned())
            .collect()
    };
    assert_eq!(names(&["topics", "ord*"]), ["orders-1", "orders-2"]);
    assert_eq!(
        names(&["topics", "list", "*-[2-9]", "returns"]),
        ["orders-2", "returns"]
    );
    assert_eq!(names(&["topics"]).len(), 3);
    let ran = broker.run(&["topics", "order"]);
    assert_eq!(ran.code, 4);
    assert!(ran.stderr.contains("'*order*'"), "{}", ran.stderr);
}

#[test]
fn shells_complete_commands_flags_and_topics() {
    let broker = Broker::start(&["orders", "returns"]);
    let script = broker.run(&["completions", "bash"]);
    assert_eq!(script.code, 0, "{}", script.stderr);
    assert!(script.stdout.contains("COMPLETE"), "{}", script.stdout);
    for shell in ["zsh", "fish"] {
        assert_eq!(broker.run(&["completions", shell]).code, 0);
    }
    let complete = |words: &[&str]| -> Vec<String> {
        let output = kaframe()
            .env("COMPLETE", "bash")
            .env("_CLAP_IFS", "\n")
            .env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string())
            .arg("--")
            .args(words)
            .output()
            .expect("it runs");
        String::from_utf8(output.stdout)
            .expect("UTF-8")
            .lines()
            .map(|line| line.trim().to_owned())
            .collect()
    };
    assert_eq!(complete(&["kaframe", "-b", &broker.servers, "read", "or"]), ["orders"]);
    assert_eq!(complete(&["kaframe", "summ"]), ["summarize"]);
    assert!(complete(&["kaframe", "read", "--isol"]).contains(&"--isolation".to_owned()));
    // Nobody answers: nothing to offer, and no failure.
    assert!(complete(&["kaframe", "-b", "127.0.0.1:1", "read", "or"]).is_empty());
}

#[test]
fn manual_pages_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("man");
    let ran = Broker::start(&[]).run(&["man", pages.to_str().expect("UTF-8")]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let page = std::fs::read_to_string(pages.join("kaframe-read.1")).expect("a page");
    assert!(page.contains(".TH") && page.contains("isolation"), "{page}");
}
