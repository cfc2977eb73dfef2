//! The whole way once, with a broker of its own: `cargo run -p kaframe --example tutorial`.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use kaframe::blocking::Cluster;
use kaframe::{NewTopic, Result, ScanOptions, WriteOptions};
use kaframe_broker::{Broker, BrokerOptions};

fn main() -> Result<()> {
    let broker = Broker::start(BrokerOptions::default()).expect("a free port on loopback");
    let kafka = Cluster::connect(&broker.bootstrap_servers())?;
    kafka.create_topic(&NewTopic::new("foo", 1))?;
    println!("topics: {:?}", kafka.topics()?);
    println!("partitions: {:?}", kafka.describe_topic("foo")?.partitions);

    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..1000));
    let rows = RecordBatch::try_from_iter([("number", numbers)]).expect("one column");
    println!("{}", kafka.write("foo", [rows], WriteOptions::default())?);

    let all = kafka.read("foo", ScanOptions::default())?;
    println!(
        "{} rows, columns {:?}\n{}",
        all.num_rows(),
        all.schema().fields(),
        all.report()
    );
    let read = |options| Ok::<_, kaframe::Error>(kafka.read("foo", options)?.num_rows());
    println!("from offset 500: {}", read(ScanOptions::default().start("500")?)?);
    println!("of the last hour: {}", read(ScanOptions::default().start("-1h")?)?);
    println!("the newest: {}", read(ScanOptions::default().tail(100))?);
    println!("at most: {}", read(ScanOptions::default().limit(100))?);
    let columns = ScanOptions::default().columns(["number", "_offset"]);
    println!("chosen columns: {:?}", kafka.read("foo", columns)?.schema().fields());
    kafka.delete_topic("foo")
}
