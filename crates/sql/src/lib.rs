//! SQL over Kafka topics.
