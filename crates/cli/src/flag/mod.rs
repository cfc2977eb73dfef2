//! Flags, one file per category. They hold what was typed and turn it into the options of the crate `kaframe`; they decide nothing else.

pub mod columns;
pub mod connection;
pub mod file;
pub mod order;
pub mod output;
pub mod range;
pub mod running;
