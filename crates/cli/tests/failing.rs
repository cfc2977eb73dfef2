//! How commands fail: exit codes, what is said, and Ctrl-C.

mod support;

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::{Broker, Ran, kaframe};

#[test]
fn a_misspelt_topic_is_not_found_and_not_created() {
    let broker = Broker::start(&["orders"]);
    for command in ["read", "head", "plan", "write"] {
        let ran = broker.run(&[command, "order"]);
        assert_eq!(ran.code, 4, "{command}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("orders"),
            "the nearest name is offered: {}",
            ran.stderr
        );
        assert_eq!(ran.stdout, "");
    }
    assert_eq!(broker.run(&["topics", "list"]).rows().len(), 1);
}

#[test]
fn no_brokers_are_named() {
    let ran: Ran = kaframe().args(["read", "foo"]).output().expect("it runs").into();
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("KAFKA_BOOTSTRAP_SERVERS") && ran.stderr.contains("-b"),
        "{}",
        ran.stderr
    );
}

#[test]
fn brokers_come_from_the_environment_a_property_or_either_side_of_the_command() {
    let broker = Broker::start(&["foo"]);
    let servers = broker.servers.as_str();
    let property = format!("bootstrap.servers={servers}");
    let ways: [&[&str]; 5] = [
        &["read", "foo", "-b", servers],
        &["--bootstrap-server", servers, "read", "foo"],
        &["read", "--brokers", servers, "foo"],
        &["read", "foo", "-X", &property],
        &["-b", "127.0.0.1:1", "read", "foo", "-b", servers],
    ];
    for way in ways {
        let ran: Ran = kaframe().args(way).output().expect("it runs").into();
        assert_eq!(ran.code, 0, "{way:?}: {}", ran.stderr);
    }
    let named = kaframe()
        .args(["read", "foo"])
        .env("KAFKA_BOOTSTRAP_SERVERS", servers)
        .output()
        .expect("it runs");
    assert_eq!(Ran::from(named).code, 0);
}

#[test]
fn nobody_listens() {
    let port = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("its address")
        .port();
    let began = Instant::now();
    let ran: Ran = kaframe()
        .args(["-b", &format!("127.0.0.1:{port}"), "read", "foo"])
        .output()
        .expect("it runs")
        .into();
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(ran.stderr.contains(&port.to_string()), "{}", ran.stderr);
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn what_was_typed_makes_no_sense() {
    let broker = Broker::start(&["foo"]);
    let wrong: [&[&str]; 10] = [
        &["read"],
        &["read", "foo", "--start", "yesterday"],
        &["read", "foo", "--start", "5", "--end", "3"],
        &["read", "foo", "-o", "stored"],
        &["read", "foo", "-o", "5", "--start", "3"],
        &["read", "foo", "-s", "value=yaml"],
        &["read", "foo", "-n", "5", "--tail", "5"],
        &["read", "foo", "--on-error", "ignore"],
        &["read", "foo", "--isolation", "serializable"],
        &["write", "foo", "-s", "value=int"],
    ];
    for args in wrong {
        let ran = broker.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: "), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{args:?}");
    }
    assert_eq!(broker.run(&["read", "foo", "-p", "9"]).code, 4);
    assert_eq!(broker.run(&["read", "foo", "-X", "security.protocol=SASL_SSL"]).code, 2);
}

#[test]
fn messages_hold_no_control_characters() {
    let broker = Broker::start(&["foo"]);
    let ran = broker.run(&["read", "\x1b]0;evil\x07"]);
    assert_ne!(ran.code, 0);
    assert!(!ran.stderr.contains(['\x1b', '\x07']), "{:?}", ran.stderr);
}

fn interrupt(child: &Child) {
    let status = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(status.success());
}

fn ends_soon_after_an_interrupt(mut child: Child) -> (i32, Duration) {
    std::thread::sleep(Duration::from_millis(400));
    assert!(child.try_wait().expect("its status").is_none(), "it still runs");
    let began = Instant::now();
    interrupt(&child);
    let status = child.wait().expect("it ends");
    (status.code().expect("an exit code"), began.elapsed())
}

#[test]
fn an_interrupt_ends_whatever_runs_with_130() {
    let broker = Broker::start(&["foo"]);
    // A listener that never answers: the connection stands, and nothing comes.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = silent
        .local_addr()
        .map(|address| (silent, address.to_string()))
        .expect("its address");
    let mut connecting = kaframe();
    connecting
        .args(["-b", &silent.1, "read", "foo"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut serving = kaframe();
    serving
        .args(["broker", "--port", "0"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut writing = broker.command(&["write", "foo"]);
    writing
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    for (name, mut command) in [("connecting", connecting), ("serving", serving), ("writing", writing)] {
        let (code, took) = ends_soon_after_an_interrupt(command.spawn().expect("it starts"));
        assert_eq!(code, 130, "{name}");
        // 250 ms, and what a busy machine adds.
        assert!(took < Duration::from_millis(600), "{name} took {took:?}");
    }
}

#[test]
fn an_interrupt_ends_a_read_whose_reader_is_stuck() {
    let broker = Broker::start(&["foo"]);
    let lines: String = (0..200_000).map(|i| format!("{{\"number\":{i}}}\n")).collect();
    broker.fill("foo", &lines);
    // Nobody reads its output, so it stands in a full pipe.
    let child = broker.command(&["read", "foo"]).spawn().expect("it starts");
    let (code, took) = ends_soon_after_an_interrupt(child);
    assert_eq!(code, 130);
    assert!(took < Duration::from_millis(600), "{took:?}");
}
