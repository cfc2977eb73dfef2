//! The Kafka protocol as bytes: frames, message bodies, record batches, compression, checksums
