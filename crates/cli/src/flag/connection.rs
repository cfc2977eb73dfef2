//! Where the brokers are.

use std::collections::BTreeMap;

use clap::Args;
use kaframe::Config;

use crate::exit::Failure;

/// Flags that say where the brokers are; they stand before or behind the command, and count more behind it.
#[derive(Args, Debug, Clone)]
pub struct Connection {
    /// Brokers, as host:port,host:port; else the environment variable KAFKA_BOOTSTRAP_SERVERS names them
    #[arg(short = 'b', long, value_name = "SERVERS", aliases = ["bootstrap-server", "brokers"], help_heading = "Connection")]
    pub bootstrap_servers: Option<String>,
    /// A client property by the name that librdkafka, Java or kafka-python gives it; may be repeated
    #[arg(short = 'X', long = "property", value_name = "KEY=VALUE", value_parser = parse_property, help_heading = "Connection")]
    pub properties: Vec<(String, String)>,
}

impl Connection {
    /// These flags, and where they say nothing the others.
    pub fn or(&self, others: &Connection) -> Connection {
        Connection {
            bootstrap_servers: self
                .bootstrap_servers
                .clone()
                .or_else(|| others.bootstrap_servers.clone()),
            properties: others.properties.iter().chain(&self.properties).cloned().collect(),
        }
    }

    /// The configuration: `-b` wins over `-X bootstrap.servers=…`, that over the environment.
    pub fn config(&self) -> Result<Config, Failure> {
        let mut properties: BTreeMap<String, String> = self.properties.iter().cloned().collect();
        if let Some(servers) = &self.bootstrap_servers {
            for alias in ["bootstrap_servers", "metadata.broker.list"] {
                properties.remove(alias);
            }
            properties.insert("bootstrap.servers".to_owned(), servers.clone());
        }
        Ok(Config::from_properties(properties)?)
    }
}

fn parse_property(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_property;

    #[test]
    fn a_property_is_cut_at_the_first_equals_sign() {
        assert_eq!(
            parse_property("sasl.password=a=b").unwrap(),
            ("sasl.password".to_owned(), "a=b".to_owned())
        );
        assert!(parse_property("client.id").is_err());
        assert!(parse_property("=x").is_err());
    }
}
