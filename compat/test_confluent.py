"""confluent-kafka (librdkafka): idempotence, transactions, administration."""

import time

import pytest
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)


def admin_for(broker):
    return AdminClient({"bootstrap.servers": broker})


def done(futures):
    """Results of an admin call, or its first exception."""
    return {key: future.result(timeout=15) for key, future in futures.items()}


def create(broker, topic, partitions=1, **config):
    admin = admin_for(broker)  # Must outlive its futures.
    done(admin.create_topics([NewTopic(topic, partitions, 1, config=config)]))


def consumer_for(broker, isolation="read_committed", **more):
    return Consumer(
        {
            "bootstrap.servers": broker,
            "group.id": "not-joined",
            "isolation.level": isolation,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            **more,
        }
    )


def read_all(broker, topic, partition=0, isolation="read_committed", offset=OFFSET_BEGINNING):
    """Every record of a partition, up to its end."""
    consumer = consumer_for(broker, isolation)
    consumer.assign([TopicPartition(topic, partition, offset)])
    messages = []
    while True:
        message = consumer.poll(10)
        assert message is not None, f"nothing for 10 s after {len(messages)} records"
        if message.error():
            assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
            break
        messages.append(message)
    consumer.close()
    return messages


def transactional(broker, name, **more):
    producer = Producer({"bootstrap.servers": broker, "transactional.id": name, **more})
    producer.init_transactions(15)
    return producer


@pytest.mark.parametrize("compression", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_idempotent_produce(broker, topic, compression):
    create(broker, topic)
    delivered = []
    producer = Producer(
        {
            "bootstrap.servers": broker,
            "acks": "all",
            "enable.idempotence": True,
            "compression.type": compression,
            "batch.num.messages": 100,
        }
    )
    for i in range(5000):
        producer.produce(
            topic,
            key=str(i),
            value=f"value {i}",
            headers=[("h", b"1"), ("h", None)],
            on_delivery=lambda error, message: delivered.append((error, message.offset())),
        )
        producer.poll(0)
    assert producer.flush(30) == 0
    assert [error for error, _ in delivered if error] == []
    assert sorted(offset for _, offset in delivered) == list(range(5000))
    messages = read_all(broker, topic)
    assert [message.value() for message in messages] == [b"value %d" % i for i in range(5000)]
    assert messages[7].headers() == [("h", b"1"), ("h", None)]


def test_committed_and_aborted(broker, topic):
    create(broker, topic)
    producer = transactional(broker, "tx")
    for round_ in range(4):
        producer.begin_transaction()
        for i in range(10):
            producer.produce(topic, value=f"{round_}-{i}")
        producer.flush(15)
        if round_ % 2:
            producer.abort_transaction(15)
        else:
            producer.commit_transaction(15)
    committed = [message.value().decode() for message in read_all(broker, topic)]
    assert committed == [f"{round_}-{i}" for round_ in (0, 2) for i in range(10)]
    everything = read_all(broker, topic, isolation="read_uncommitted")
    assert len(everything) == 40
    # Ten records and one marker each.
    assert [message.offset() for message in everything] == [offset for offset in range(44) if offset % 11 != 10]
    consumer = consumer_for(broker)
    assert consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10) == (0, 44)
    consumer.close()


def test_open_transaction_holds_readers_back(broker, topic):
    create(broker, topic)
    plain = Producer({"bootstrap.servers": broker})
    plain.produce(topic, value="before")
    plain.flush(15)
    producer = transactional(broker, "tx")
    producer.begin_transaction()
    producer.produce(topic, value="open")
    producer.flush(15)
    plain.produce(topic, value="after")
    plain.flush(15)

    admin = admin_for(broker)
    offsets = {}
    for isolation in (IsolationLevel.READ_COMMITTED, IsolationLevel.READ_UNCOMMITTED):
        partition = TopicPartition(topic, 0)
        listed = admin.list_offsets({partition: OffsetSpec.latest()}, isolation_level=isolation)
        offsets[isolation] = listed[partition].result(timeout=15).offset
    assert offsets == {IsolationLevel.READ_COMMITTED: 1, IsolationLevel.READ_UNCOMMITTED: 3}
    assert [message.value() for message in read_all(broker, topic)] == [b"before"]
    assert len(read_all(broker, topic, isolation="read_uncommitted")) == 3
    producer.commit_transaction(15)
    assert [message.value() for message in read_all(broker, topic)] == [b"before", b"open", b"after"]


def test_fencing(broker, topic):
    create(broker, topic)
    first = transactional(broker, "tx")
    first.begin_transaction()
    first.produce(topic, value="lost")
    first.flush(15)
    second = transactional(broker, "tx")
    with pytest.raises(KafkaException) as refused:
        first.commit_transaction(15)
    assert refused.value.args[0].fatal()
    assert refused.value.args[0].code() in (
        KafkaError._FENCED,
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
    )
    second.begin_transaction()
    second.produce(topic, value="kept")
    second.commit_transaction(15)
    assert [message.value() for message in read_all(broker, topic)] == [b"kept"]


def test_transaction_timeout_aborts(broker, topic):
    create(broker, topic)
    producer = transactional(broker, "tx", **{"transaction.timeout.ms": 1000, "message.timeout.ms": 1000})
    producer.begin_transaction()
    producer.produce(topic, value="late")
    producer.flush(15)
    time.sleep(1.5)
    # The marker is there without the producer having said anything.
    assert read_all(broker, topic) == []
    consumer = consumer_for(broker)
    assert consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10) == (0, 2)
    consumer.close()
    with pytest.raises(KafkaException):
        producer.commit_transaction(15)


def test_offsets_in_a_transaction(broker, topic):
    create(broker, topic)
    create(broker, topic + "-out")
    consumer = consumer_for(broker, **{"group.id": "pipeline"})
    partition = TopicPartition(topic, 0, 5)
    producer = transactional(broker, "tx")
    for outcome, expected in (("abort", -1001), ("commit", 5)):
        producer.begin_transaction()
        producer.produce(topic + "-out", value=outcome)
        producer.send_offsets_to_transaction([partition], consumer.consumer_group_metadata(), 15)
        if outcome == "abort":
            producer.abort_transaction(15)
        else:
            producer.commit_transaction(15)
        assert consumer.committed([TopicPartition(topic, 0)], 15)[0].offset == expected
    consumer.close()


def test_times_and_watermarks(broker, topic):
    create(broker, topic)
    producer = Producer({"bootstrap.servers": broker, "batch.num.messages": 3})
    for i, timestamp in enumerate([1000, 5000, 3000, 9000, 7000]):
        producer.produce(topic, value=str(i), timestamp=1_700_000_000_000 + timestamp)
    producer.flush(15)
    consumer = consumer_for(broker)

    def at(timestamp):
        asked = [TopicPartition(topic, 0, 1_700_000_000_000 + timestamp)]
        return consumer.offsets_for_times(asked, 15)[0].offset

    assert [at(0), at(1000), at(1001), at(5001), at(9000)] == [0, 0, 1, 3, 3]
    assert at(9001) in (5, -1)  # librdkafka gives the end of the partition for "none"
    assert consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10) == (0, 5)
    consumer.close()
    partition = TopicPartition(topic, 0)
    admin = admin_for(broker)
    listed = admin.list_offsets({partition: OffsetSpec.max_timestamp()})
    found = listed[partition].result(timeout=15)
    assert (found.offset, found.timestamp) == (3, 1_700_000_009_000)


def test_log_append_time(broker, topic):
    create(broker, topic, **{"message.timestamp.type": "LogAppendTime"})
    before = int(time.time() * 1000)
    producer = Producer({"bootstrap.servers": broker})
    producer.produce(topic, value="x", timestamp=1000)
    producer.flush(15)
    (message,) = read_all(broker, topic)
    kind, timestamp = message.timestamp()
    assert kind == 2  # TIMESTAMP_LOG_APPEND_TIME
    assert before <= timestamp <= int(time.time() * 1000)


def test_topics(broker, topic):
    admin = admin_for(broker)
    create(broker, topic, 2)
    with pytest.raises(KafkaException) as again:
        create(broker, topic)
    assert again.value.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS
    with pytest.raises(KafkaException) as bad:
        create(broker, "no spaces")
    assert bad.value.args[0].code() == KafkaError.TOPIC_EXCEPTION
    assert len(admin.list_topics(timeout=10).topics[topic].partitions) == 2
    done(admin.create_partitions([NewPartitions(topic, 4)]))
    assert len(admin.list_topics(timeout=10).topics[topic].partitions) == 4
    done(admin.delete_topics([topic]))
    assert topic not in admin.list_topics(timeout=10).topics
    with pytest.raises(KafkaException):
        done(admin.delete_topics([topic]))


def test_describe_topics_and_cluster(broker, topic):
    from confluent_kafka import TopicCollection

    admin = admin_for(broker)
    create(broker, topic, 2)
    described = done(admin.describe_topics(TopicCollection([topic]), include_authorized_operations=True))[topic]
    assert described.name == topic
    assert [partition.leader.id for partition in described.partitions] == [1, 1]
    cluster = admin.describe_cluster(include_authorized_operations=True).result(timeout=15)
    assert f"127.0.0.1:{cluster.nodes[0].port}" == broker
    assert cluster.cluster_id


def test_configs(broker, topic):
    admin = admin_for(broker)
    create(broker, topic, **{"retention.ms": "1000", "cleanup.policy": "compact"})
    resource = ConfigResource(ResourceType.TOPIC, topic)

    def configs():
        return done(admin.describe_configs([resource]))[resource]

    assert configs()["retention.ms"].value == "1000"
    assert configs()["cleanup.policy"].value == "compact"
    assert configs()["max.message.bytes"].value == "1048588"
    assert configs()["max.message.bytes"].is_default
    change = ConfigResource(
        ResourceType.TOPIC,
        topic,
        incremental_configs=[
            ConfigEntry("cleanup.policy", "delete", incremental_operation=AlterConfigOpType.APPEND),
            ConfigEntry("retention.ms", None, incremental_operation=AlterConfigOpType.DELETE),
        ],
    )
    done(admin.incremental_alter_configs([change]))
    assert configs()["cleanup.policy"].value == "compact,delete"
    assert configs()["retention.ms"].value == "604800000"
    wrong = ConfigResource(
        ResourceType.TOPIC,
        topic,
        incremental_configs=[ConfigEntry("retention.ms", "soon", incremental_operation=AlterConfigOpType.SET)],
    )
    with pytest.raises(KafkaException) as refused:
        done(admin.incremental_alter_configs([wrong]))
    assert refused.value.args[0].code() == KafkaError.INVALID_CONFIG
    node = ConfigResource(ResourceType.BROKER, "1")
    assert done(admin.describe_configs([node]))[node]["auto.create.topics.enable"].value == "true"


def test_delete_records(broker, topic):
    create(broker, topic)
    producer = Producer({"bootstrap.servers": broker})
    for i in range(10):
        producer.produce(topic, value=str(i))
        producer.flush(15)
    partition = TopicPartition(topic, 0, 4)
    admin = admin_for(broker)
    deleted = done(admin.delete_records([partition]))
    assert [result.low_watermark for result in deleted.values()] == [4]
    assert [message.offset() for message in read_all(broker, topic)] == list(range(4, 10))
    consumer = consumer_for(broker)
    assert consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10) == (4, 10)
    consumer.close()


def test_message_too_large(broker, topic):
    create(broker, topic, **{"max.message.bytes": "1000"})
    outcome = []
    producer = Producer({"bootstrap.servers": broker})
    producer.produce(topic, value=b"x" * 5000, on_delivery=lambda error, _: outcome.append(error))
    producer.flush(15)
    assert [error.code() for error in outcome] == [KafkaError.MSG_SIZE_TOO_LARGE]


def test_large_records(broker, topic):
    create(broker, topic, **{"max.message.bytes": "10000000"})
    producer = Producer({"bootstrap.servers": broker, "message.max.bytes": 10_000_000})
    for i in range(4):
        producer.produce(topic, value=bytes([i]) * 5_000_000)
    producer.flush(15)
    assert [message.value()[:1] + b"%d" % len(message.value()) for message in read_all(broker, topic)] == [
        bytes([i]) + b"5000000" for i in range(4)
    ]


def test_committed_offsets_and_groups(broker, topic):
    create(broker, topic)
    admin = admin_for(broker)
    consumer = consumer_for(broker, **{"group.id": "g"})
    consumer.commit(offsets=[TopicPartition(topic, 0, 7)], asynchronous=False)
    assert consumer.committed([TopicPartition(topic, 0)], 15)[0].offset == 7
    consumer.close()
    assert "g" in [group.group_id for group in admin.list_consumer_groups().result(timeout=15).valid]
    described = done(admin.describe_consumer_groups(["g"]))["g"]
    assert described.state.name == "EMPTY"
    listed = done(admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions("g")]))["g"]
    assert [partition.offset for partition in listed.topic_partitions] == [7]
    changed = ConsumerGroupTopicPartitions("g", [TopicPartition(topic, 0, 3)])
    done(admin.alter_consumer_group_offsets([changed]))
    listed = done(admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions("g")]))["g"]
    assert [partition.offset for partition in listed.topic_partitions] == [3]
    done(admin.delete_consumer_groups(["g"]))
    assert admin.list_consumer_groups().result(timeout=15).valid == []


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_group_membership_is_refused_clearly(broker, topic, protocol):
    create(broker, topic)
    errors = []
    consumer = Consumer(
        {
            "bootstrap.servers": broker,
            "group.id": "g",
            "group.protocol": protocol,
            "error_cb": errors.append,
        }
    )
    consumer.subscribe([topic])
    deadline = time.monotonic() + 10
    error = None
    while error is None and time.monotonic() < deadline:
        message = consumer.poll(1)
        if message is not None and message.error():
            error = message.error()
        elif errors:
            error = errors[0]
    assert error is not None and "Group authorization failed" in str(error)
    consumer.close()


def test_several_brokers(start_broker, topic):
    broker = start_broker("--brokers", "3")
    create(broker, topic, 6)
    metadata = admin_for(broker).list_topics(timeout=10)
    assert sorted(metadata.brokers) == [1, 2, 3]
    leaders = {partition.leader for partition in metadata.topics[topic].partitions.values()}
    assert leaders == {1, 2, 3}
    producer = Producer({"bootstrap.servers": broker})
    for i in range(600):
        producer.produce(topic, value=str(i), partition=i % 6)
    producer.flush(15)
    for partition in range(6):
        values = [int(message.value()) for message in read_all(broker, topic, partition)]
        assert values == list(range(partition, 600, 6))


@pytest.mark.parametrize("version", ["0.11", "2.8", "3.9", "4.1"])
def test_poses(start_broker, topic, version):
    broker = start_broker("--version", version)
    create(broker, topic)
    producer = transactional(broker, "tx")
    producer.begin_transaction()
    producer.produce(topic, key="k", value="v")
    producer.commit_transaction(15)
    producer.begin_transaction()
    producer.produce(topic, value="gone")
    producer.flush(15)
    producer.abort_transaction(15)
    assert [(message.key(), message.value()) for message in read_all(broker, topic)] == [(b"k", b"v")]
