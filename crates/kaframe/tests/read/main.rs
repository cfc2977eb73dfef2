//! Reading, end to end against the embedded broker: rows, types and reports are exact.

mod bad_input;
mod bounds;
mod cancel;
mod columns;
mod counts;
mod estimates;
mod filters;
mod follow;
mod futures;
mod holes;
mod latest;
mod latest_model;
mod limit_tail;
mod loss;
mod malformed;
mod order;
mod resume;
mod stream;
mod support;
mod tail_bytes;
mod times;
mod topics;
mod transactions;
