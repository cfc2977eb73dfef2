//! Runs an embedded broker until it is killed or its standard input ends.
//!
//! ```text
//! cargo run -p kaframe-broker --example serve -- [--port 0] [--topic foo:1]... [--brokers 1] [--version 4.1]
//! ```
//! Prints the addresses of the brokers on one line.

use std::error::Error;
use std::io::Read;

use kaframe_broker::{Broker, BrokerOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = BrokerOptions::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--port" => options.port = Some(value.parse()?),
            "--topic" => options.topics.push(value.parse()?),
            "--brokers" => options.brokers = value.parse()?,
            "--version" => options.version = value.parse()?,
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    let broker = Broker::start(options)?;
    println!("{}", broker.bootstrap_servers());
    // Whoever started this holds the other end: when it goes, so does the broker.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
