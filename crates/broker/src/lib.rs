//! An in-memory Kafka broker on loopback: demo, test double and scripted hostile broker
