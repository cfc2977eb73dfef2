//! Talks to Kafka brokers: connections, metadata, retries, offsets, fetch, produce, topic administration
