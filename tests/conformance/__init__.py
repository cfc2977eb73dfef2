"""One suite for every broker: the embedded one in each of its poses, and real Apache Kafka, old and new.

Each test states the rows and every term of the report, and lets confluent-kafka (librdkafka) read the same topic as a second opinion. What is not
here: error messages (``tests/bad_input``) and holes that only a scripted broker can make (Rust tests of the crate ``kaframe``).
"""
