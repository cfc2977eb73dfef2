//! SQL over Kafka topics, by DataFusion: the only crate that knows it.
//!
//! Two ways in. [`compile`] makes one predicate (`where="amount > 100"`) a list of [`kaframe::Filter`]s for a read. [`Database`] answers whole
//! queries over topics, and over tables that are handed in; what a query asks of a topic (columns, conditions, a limit) becomes a
//! [`kaframe::Scan`] that reads no more than that.
//!
//! Not here: reading Kafka, and deciding which records a condition cuts off before they are fetched; both are the crate `kaframe`.
//!
//! Names are taken as they are written: case matters, as it does in JSON and in the names of topics. Quotes are for names with other characters.

pub mod blocking;
mod catalog;
mod condition;
mod database;
mod decimals;
mod dialect;
mod error;
mod exact;
mod exact_rules;
mod hostile;
mod ignored;
mod implied;
mod instant;
mod lazy;
mod mask;
mod nested;
mod now;
mod panics;
mod paths;
mod predicate;
mod pushed;
mod query;
mod session;
mod statement;
mod tables;
mod topic;
mod topic_exec;
mod wording;
mod yielding;

pub use database::{Database, DatabaseOptions};
pub use predicate::compile;
pub use query::{Answer, Query};
pub use statement::statement_end;
pub use tables::Source;
pub use topic_exec::ReadReport;
