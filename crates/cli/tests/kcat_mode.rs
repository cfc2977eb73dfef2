//! kcat's flags, without kcat beside: what they print is compared with kcat itself in `tests/conformance/test_kcat.py`.

mod support;

use support::Broker;

#[test]
fn produce_consume_list_and_query() {
    let broker = Broker::start(&["foo:2"]);
    let ran = broker.run_with_input(&["-P", "-t", "foo", "-p", "1", "-K", ":", "-H", "a=1"], "k:v\nx:\n");
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""));
    let ran = broker.run(&["-C", "-t", "foo", "-e", "-f", "%p %o %k=%s %h\\n"]);
    assert_eq!(ran.stdout, "1 0 k=v a=1\n1 1 x= a=1\n");
    assert_eq!(
        ran.stderr,
        "% Reached end of topic foo [0] at offset 0\n% Reached end of topic foo [1] at offset 2: exiting\n"
    );
    let ran = broker.run(&["-L", "-t", "foo"]);
    assert!(
        ran.stdout
            .contains("  topic \"foo\" with 2 partitions:\n    partition 0, leader 1, replicas: 1, isrs: 1\n")
    );
    let ran = broker.run(&["-Q", "-t", "foo:1:0", "-t", "foo:0:0"]);
    assert_eq!(ran.stdout, "foo [0] offset -1\nfoo [1] offset 0\n");
}

#[test]
fn failures_are_said_as_kcat_says_them() {
    let broker = Broker::start(&["foo"]);
    for (args, says) in [
        (vec!["-C", "-e", "-t", "fooo"], "% ERROR: topic \"fooo\" does not exist"),
        (
            vec!["-C", "-e", "-t", "foo", "-p", "3"],
            "% ERROR: Topic foo (with partitions 0..0): partition 3 does not exist",
        ),
        (vec!["-P", "-t", "fooo"], "% ERROR: topic \"fooo\" does not exist"),
        (
            vec!["-C", "-t", "foo", "-o", "stored"],
            "% ERROR: -o stored: not in kaframe",
        ),
        (vec!["-C"], "Error: -t <topic> missing"),
        (
            vec!["-F", "/no/such/file", "-L"],
            "% ERROR: Failed to open /no/such/file",
        ),
    ] {
        let ran = broker.run(&args);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{args:?}");
        assert!(ran.stderr.contains(says), "{args:?}: {}", ran.stderr);
    }
}
