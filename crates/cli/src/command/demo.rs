//! `kaframe demo`: the whole way once, with nothing but this program.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use clap::Args;
use kaframe::blocking::Cluster;
use kaframe::{NewTopic, ScanOptions, WriteOptions};
use kaframe_broker::BrokerOptions;

use crate::Context;
use crate::exit::Failure;
use crate::flag::output::Format;
use crate::messages;
use crate::render::{self, print_line};

const TOPIC: &str = "foo";
const RECORDS: i64 = 1000;
const SHOWN: usize = 5;

/// Start a local broker, write 1,000 records, read them back.
#[derive(Args, Debug)]
pub struct Demo {}

impl Demo {
    /// Runs it.
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let broker = super::broker::start(BrokerOptions::default())?;
        let cluster = Cluster::connect(&broker.bootstrap_servers())?;
        messages::note(&format!("a broker in memory at {}", broker.bootstrap_servers()));
        cluster.create_topic(&NewTopic::new(TOPIC, 1))?;
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..RECORDS));
        let rows = RecordBatch::try_from_iter([("number", numbers)])
            .map_err(|e| Failure::Input(e.to_string(), String::new()))?;
        let written = cluster.write(
            TOPIC,
            [rows],
            WriteOptions {
                cancel: context.interrupt.token(),
                ..WriteOptions::default()
            },
        )?;
        messages::note(&written.to_string());
        let table = cluster.read(
            TOPIC,
            ScanOptions {
                cancel: context.interrupt.token(),
                ..ScanOptions::default()
            },
        )?;
        let head = table.head(SHOWN);
        let mut out = render::to_stdout(Format::Table);
        out.begin(&head.schema())?;
        for batch in head.batches() {
            out.batch(batch)?;
        }
        out.end()?;
        drop(out);
        print_line(&table.report().to_string())?;
        broker.stop();
        Ok(())
    }
}
