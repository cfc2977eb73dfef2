//! An in-memory Kafka broker on loopback: the default of the demo, a test double, and a hostile broker that tests script.
//!
//! It speaks the Kafka protocol to any client on 127.0.0.1, keeps record batches exactly as they came and forgets everything when it
//! stops. It is not a production broker: no disk, no replication, no authentication, no group membership.
//!
//! ```
//! use kaframe_broker::{Broker, BrokerOptions};
//! let broker = Broker::start(BrokerOptions { topics: vec!["foo:3".parse()?], ..BrokerOptions::default() })?;
//! assert!(broker.bootstrap_servers().starts_with("127.0.0.1:"));
//! # Ok::<(), kaframe_broker::BrokerError>(())
//! ```

mod broker;
mod cluster;
mod config;
mod connection;
mod control;
mod error;
mod groups;
mod handler;
mod intercept;
mod leadership;
mod log;
mod options;
mod produce;
mod server;
mod shared;
mod topic;
mod transactions;
mod version;

pub use broker::Broker;
pub use control::{Action, Control, Hole, Intercepted, RuleId};
pub use error::BrokerError;
pub use options::{BrokerOptions, TopicSpec};
pub use version::KafkaVersion;
