//! SQL: predicates by themselves, queries over the embedded broker.

mod predicate;
