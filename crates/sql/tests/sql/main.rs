//! SQL: predicates by themselves, queries over rows in memory.

mod logic;
mod predicate;
mod rows;
