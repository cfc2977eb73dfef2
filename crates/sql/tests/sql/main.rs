//! SQL: predicates by themselves, queries over rows in memory.

mod lazy;
mod logic;
mod panics;
mod predicate;
mod rows;
mod times;
