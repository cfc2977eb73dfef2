"""kafka-python: the tutorial's own script, and what its users do next."""

import json

import pandas as pd
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError


def test_tutorial(broker):
    producer = KafkaProducer(bootstrap_servers=broker, value_serializer=lambda value: json.dumps(value).encode("utf-8"))
    for i in range(1000):
        producer.send("foo", {"number": i})
    producer.flush()
    producer.close()

    consumer = KafkaConsumer(
        "foo",
        bootstrap_servers=broker,
        auto_offset_reset="earliest",
        value_deserializer=lambda value: json.loads(value.decode("utf-8")),
    )
    rows = []
    while len(rows) < 1000:
        polled = consumer.poll(timeout_ms=1000, max_records=100)
        assert polled, f"nothing more after {len(rows)} records"
        for records in polled.values():
            assert len(records) <= 100
            rows.extend(record.value for record in records)
    assert consumer.poll(timeout_ms=200, max_records=100) == {}
    frame = pd.DataFrame(rows)
    assert frame["number"].tolist() == list(range(1000))

    partition = TopicPartition("foo", 0)
    consumer.seek(partition, 500)
    again = consumer.poll(timeout_ms=1000, max_records=100)[partition]
    assert [record.offset for record in again] == list(range(500, 600))
    assert again[0].value == {"number": 500}
    consumer.seek_to_beginning(partition)
    assert consumer.poll(timeout_ms=1000, max_records=1)[partition][0].value == {"number": 0}
    consumer.close()


def test_offsets_and_times(broker, topic):
    producer = KafkaProducer(bootstrap_servers=broker)
    for i in range(10):
        producer.send(topic, value=b"v%d" % i, key=b"k", timestamp_ms=1_700_000_000_000 + i * 1000, partition=0)
    producer.flush()
    partition = TopicPartition(topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=broker)
    consumer.assign([partition])
    assert consumer.beginning_offsets([partition]) == {partition: 0}
    assert consumer.end_offsets([partition]) == {partition: 10}
    found = consumer.offsets_for_times({partition: 1_700_000_004_500})[partition]
    assert (found.offset, found.timestamp) == (5, 1_700_000_005_000)
    assert consumer.offsets_for_times({partition: 1_800_000_000_000})[partition] is None
    assert consumer.partitions_for_topic(topic) == {0}
    assert topic in consumer.topics()
    consumer.close()
    producer.close()


# The other codecs need packages of their own here; kcat and confluent-kafka bring them along.
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_headers_and_compression(broker, topic, compression):
    producer = KafkaProducer(bootstrap_servers=broker, compression_type=compression)
    for i in range(50):
        producer.send(topic, value=b"x" * i, headers=[("a", b"1"), ("a", b"2")])
    producer.flush()
    consumer = KafkaConsumer(topic, bootstrap_servers=broker, auto_offset_reset="earliest", consumer_timeout_ms=2000)
    records = [next(consumer) for _ in range(50)]
    assert [len(record.value) for record in records] == list(range(50))
    assert records[7].headers == [("a", b"1"), ("a", b"2")]
    consumer.close()
    producer.close()


def test_commit_without_membership(broker, topic):
    producer = KafkaProducer(bootstrap_servers=broker)
    producer.send(topic, b"x").get(timeout=10)
    partition = TopicPartition(topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=broker, group_id="g", enable_auto_commit=False)
    consumer.assign([partition])
    assert consumer.committed(partition) is None
    consumer.seek(partition, 1)
    consumer.commit()
    assert consumer.committed(partition) == 1
    consumer.close()

    admin = KafkaAdminClient(bootstrap_servers=broker)
    offsets = admin.list_group_offsets("g")["g"]
    assert offsets[partition].offset == 1
    admin.close()
    producer.close()


def test_group_membership_is_refused_clearly(broker, topic):
    producer = KafkaProducer(bootstrap_servers=broker)
    producer.send(topic, b"x").get(timeout=10)
    producer.close()
    consumer = KafkaConsumer(topic, bootstrap_servers=broker, group_id="g")
    with pytest.raises(KafkaError, match=r"(?i)group"):
        for _ in range(10):
            consumer.poll(timeout_ms=1000)
    consumer.close(autocommit=False)


def test_admin(broker, topic):
    admin = KafkaAdminClient(bootstrap_servers=broker)
    admin.create_topics([NewTopic(topic, num_partitions=3, replication_factor=1)])
    assert topic in admin.list_topics()
    described = admin.describe_topics([topic])
    assert topic in json.dumps(described, default=str)
    admin.delete_topics([topic])
    assert topic not in admin.list_topics()
    admin.close()
