//! Writing: rows of Arrow record batches become records of a topic.
