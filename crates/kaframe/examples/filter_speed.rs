//! What a filter and a count take beside a full read: a wide topic of JSON (60 fields, 1.2 KB), of which one row in a hundred passes.
//!
//! ```text
//! cargo run --release -p kaframe --example filter_speed -- RECORDS                       a broker in this process
//! cargo run --release -p kaframe --example filter_speed -- SERVERS TOPIC COLUMN LEAST    rows of a topic with COLUMN >= LEAST
//! ```
//! Prints the best of five turns of each, and their ratios.

#[path = "../tests/read/filters/at_least.rs"]
#[allow(dead_code)]
mod at_least;
#[path = "../tests/resources/support.rs"]
#[allow(dead_code)]
mod support;

use std::sync::Arc;
use std::time::Instant;

use at_least::at_least;
use kaframe::ScanOptions;
use kaframe::blocking::Cluster;

/// Records of a batch.
const BATCH: usize = 500;
const TURNS: usize = 5;

fn wide(n: usize) -> String {
    let fields = (0..60).map(|field| match field % 3 {
        0 => format!("\"count_{field}\":{}", n * 31 + field),
        1 => format!("\"ratio_{field}\":{}.{field}", n % 97),
        _ => format!("\"name_{field}\":\"value {} of {field}\"", n % 1000),
    });
    let fields: Vec<String> = fields.collect();
    format!("{{\"n\":{},{}}}", n % 100, fields.join(","))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut embedded = None;
    let (servers, topic, column, least) = match arguments.as_slice() {
        [records] => {
            let batch = support::batch((0..BATCH).map(wide));
            let broker = support::broker(1, &batch, records.parse::<i64>()? / BATCH as i64);
            let servers = embedded.insert(broker).bootstrap_servers();
            (servers, "t".to_owned(), "n".to_owned(), 99.0)
        }
        [servers, topic, column, least] => (servers.clone(), topic.clone(), column.clone(), least.parse()?),
        _ => return Err("RECORDS, or SERVERS TOPIC COLUMN LEAST".into()),
    };
    let cluster = Cluster::connect(&servers)?;
    let filtered = || ScanOptions::default().filter(Arc::new(at_least(&column, least)));
    let mut best = [f64::INFINITY; 3];
    let mut rows = [0; 3];
    for _ in 0..TURNS {
        for question in 0..3 {
            let began = Instant::now();
            rows[question] = match question {
                0 => cluster.read(&topic, ScanOptions::default())?.num_rows() as u64,
                1 => cluster.read(&topic, filtered())?.num_rows() as u64,
                _ => cluster.scan(&topic, ScanOptions::default())?.count()?.records,
            };
            best[question] = best[question].min(began.elapsed().as_secs_f64());
        }
    }
    for (question, (seconds, rows)) in ["read", "filtered", "count"].iter().zip(best.iter().zip(rows)) {
        println!(
            "{question:>8}: {seconds:.3} s, {:.2} of a read, {rows} rows",
            seconds / best[0]
        );
    }
    Ok(())
}
