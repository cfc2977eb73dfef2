//! Value bytes to Arrow columns and back: raw, string, JSON, big-endian integers
