//! Loads a chosen part of a Kafka topic into Arrow: typed columns, complete or an error
