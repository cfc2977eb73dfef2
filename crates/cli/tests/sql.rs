//! `kaframe sql`: one query, queries from standard input, files, errors and their exit codes.

mod support;

use serde_json::json;
use support::Broker;

fn orders() -> Broker {
    let broker = Broker::start(&["orders:2"]);
    let lines: Vec<String> = (0..100)
        .map(|n| {
            json!({"id": n, "country": if n % 2 == 0 { "DE" } else { "FR" }, "amount": f64::from(n) * 1.5}).to_string()
        })
        .collect();
    broker.fill("orders", &lines.join("\n"));
    broker
}

#[test]
fn a_query_is_answered_as_rows() {
    let broker = orders();
    let ran = broker.run(&[
        "sql",
        "select country, count(*) as n from orders group by country order by country",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(
        ran.rows(),
        [json!({"country": "DE", "n": 50}), json!({"country": "FR", "n": 50})]
    );
    let ran = broker.run(&["sql", "-f", "csv", "select max(amount) as m from orders where id < 10"]);
    assert_eq!(ran.stdout, "m\n13.5\n");
    let ran = broker.run(&["-v", "sql", "explain select id from orders where id = 3"]);
    assert!(ran.stdout.contains("TopicExec: topic=orders"), "{}", ran.stdout);
}

#[test]
fn queries_come_from_standard_input() {
    let broker = orders();
    let ran = broker.run_with_input(
        &["sql"],
        "select 1 as a; select ';' as b -- ; \n; select count(*) as c from orders\n",
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.rows(), [json!({"a": 1}), json!({"b": ";"}), json!({"c": 100})]);
}

#[test]
fn errors_say_what_and_have_their_codes() {
    let broker = orders();
    for (query, code, message) in [
        ("select amout from orders", 4, "amount"),
        ("select * from ordrs", 4, "ordrs"),
        ("selec 1", 2, "not SQL"),
        ("drop table orders", 2, "only asks questions"),
        ("select * from 'x.csv'", 2, "--allow-files"),
        ("", 2, "there is no query"),
    ] {
        let ran = broker.run(&["sql", query]);
        assert_eq!(ran.code, code, "{query}: {}", ran.stderr);
        assert!(ran.stderr.contains(message), "{query}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn files_are_tables_without_a_broker() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prices.csv");
    std::fs::write(&file, "a,b\n1,x\n2,y\n").unwrap();
    let output = support::kaframe()
        .args([
            "sql",
            "--table",
            &format!("p={}", file.display()),
            "select sum(a) as s from p",
        ])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "{\"s\":3}\n");
    let query = format!("select count(*) as n from '{}'", file.display());
    let output = support::kaframe()
        .args(["sql", "--allow-files", &query])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "{\"n\":2}\n");
}

#[test]
fn where_is_tested_by_every_reading_command() {
    let broker = orders();
    let ran = broker.run(&[
        "read",
        "orders",
        "--where",
        "country = 'DE' and amount > 140",
        "--columns",
        "id",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut ids: Vec<i64> = ran.rows().iter().map(|row| row["id"].as_i64().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [94, 96, 98]);
    let ran = broker.run(&["head", "orders", "-n", "3", "--where", "id >= 50"]);
    assert!(ran.rows().len() == 3 && ran.rows().iter().all(|row| row["id"].as_i64().unwrap() >= 50));
    let ran = broker.run(&["tail", "orders", "-n", "2", "--where", "id < 10"]);
    assert_eq!(ran.rows().len(), 2);
    let ran = broker.run(&["read", "orders", "--where", "amount >"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("where is not SQL"), "{}", ran.stderr);
}

#[test]
fn what_an_answer_cannot_be_printed_as_is_said() {
    let broker = orders();
    let join = "select a.id, b.id from orders a join orders b on a.id = b.id where a.id = 1";
    let ran = broker.run(&["sql", join, "-f", "ndjson"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("two columns called \"id\"") && ran.stderr.contains("select a.id as a_id"),
        "{}",
        ran.stderr
    );
    assert_eq!(broker.run(&["sql", join, "-f", "csv"]).code, 0);
    for flags in [&["-J"][..], &["-f", "%k %s\\n"]] {
        let ran = broker.run(&[&["sql", "select 1 as a"], flags].concat());
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("print records"), "{}", ran.stderr);
    }
}
