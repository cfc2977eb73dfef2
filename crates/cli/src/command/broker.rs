//! `kaframe broker`: the embedded broker, until Ctrl-C.

use clap::Args;
use kaframe_broker::{BrokerOptions, KafkaVersion, TopicSpec};

use crate::Context;
use crate::exit::Failure;
use crate::messages;
use crate::render::print_line;

/// Run a local Kafka broker in memory, until Ctrl-C. It prints its address first.
#[derive(Args, Debug)]
pub struct Broker {
    /// Port on 127.0.0.1; 0 takes any free one
    #[arg(long, default_value_t = 9092)]
    port: u16,
    /// A topic to start with, as NAME or NAME:PARTITIONS; may be repeated
    #[arg(long = "topic", value_name = "NAME:PARTITIONS")]
    topics: Vec<TopicSpec>,
    /// Brokers in the cluster; those behind the first take free ports
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    brokers: u16,
    /// The Kafka it poses as: 0.11, 2.8, 3.9 or 4.1
    #[arg(long, default_value = "4.1", value_name = "VERSION")]
    version: KafkaVersion,
}

impl Broker {
    /// Runs it.
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let broker = start(BrokerOptions {
            port: Some(self.port),
            brokers: usize::from(self.brokers),
            topics: self.topics,
            version: self.version,
            ..BrokerOptions::default()
        })?;
        print_line(&broker.bootstrap_servers())?;
        if !context.output.quiet {
            messages::note("everything is kept in memory and gone at the end; stop it with Ctrl-C");
        }
        context.interrupt.wait();
        broker.stop();
        Err(Failure::Interrupted)
    }
}

/// Starts an embedded broker.
pub fn start(options: BrokerOptions) -> Result<kaframe_broker::Broker, Failure> {
    use kaframe_broker::BrokerError;
    kaframe_broker::Broker::start(options).map_err(|error| match error {
        BrokerError::Config(message) => Failure::usage(message, "see kaframe broker --help"),
        BrokerError::Listen { port, source } if source.kind() == std::io::ErrorKind::AddrInUse => Failure::Input(
            format!("cannot listen on 127.0.0.1:{port}: {source}"),
            "choose another port with --port; --port 0 takes any free one".to_owned(),
        ),
        other => Failure::Input(other.to_string(), String::new()),
    })
}
