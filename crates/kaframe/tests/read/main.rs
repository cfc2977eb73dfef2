//! Reading, end to end against the embedded broker: rows, types and reports are exact.

mod bad_input;
mod bounds;
mod cancel;
mod columns;
mod counts;
mod filters;
mod follow;
mod futures;
mod holes;
mod latest;
mod limit_tail;
mod loss;
mod resume;
mod stream;
mod support;
mod tail_bytes;
mod times;
mod topics;
mod transactions;
