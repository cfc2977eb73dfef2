"""aiokafka: producer and consumer without a group."""

import asyncio
import json

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 60))


async def read(consumer, count):
    return [await asyncio.wait_for(consumer.getone(), 10) for _ in range(count)]


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_round_trip(broker, topic, compression):
    async def body():
        async with AIOKafkaProducer(bootstrap_servers=broker, compression_type=compression, acks="all") as producer:
            for i in range(1000):
                await producer.send(
                    topic, json.dumps({"number": i}).encode(), key=b"%d" % i, headers=[("a", b"1"), ("a", b"2")]
                )
            await producer.flush()
        async with AIOKafkaConsumer(topic, bootstrap_servers=broker, auto_offset_reset="earliest") as consumer:
            records = await read(consumer, 1000)
            assert [json.loads(record.value)["number"] for record in records] == list(range(1000))
            assert records[0].headers == (("a", b"1"), ("a", b"2"))
            partition = TopicPartition(topic, 0)
            consumer.seek(partition, 990)
            assert [record.offset for record in await read(consumer, 10)] == list(range(990, 1000))
            assert await consumer.end_offsets([partition]) == {partition: 1000}
            found = await consumer.offsets_for_times({partition: records[500].timestamp})
            assert found[partition].offset <= 500

    run(body())


def test_transactions(broker, topic):
    async def body():
        async with AIOKafkaProducer(bootstrap_servers=broker, transactional_id="tx") as producer:
            async with producer.transaction():
                await producer.send_and_wait(topic, b"kept")
            await producer.begin_transaction()
            await producer.send_and_wait(topic, b"dropped")
            await producer.abort_transaction()
            async with producer.transaction():
                await producer.send_and_wait(topic, b"kept too")
        for isolation, expected in (
            ("read_committed", [b"kept", b"kept too"]),
            ("read_uncommitted", [b"kept", b"dropped", b"kept too"]),
        ):
            consumer = AIOKafkaConsumer(
                topic, bootstrap_servers=broker, auto_offset_reset="earliest", isolation_level=isolation
            )
            async with consumer:
                assert [record.value for record in await read(consumer, len(expected))] == expected

    run(body())


def test_committed_offsets(broker, topic):
    async def body():
        async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
            await producer.send_and_wait(topic, b"x")
        partition = TopicPartition(topic, 0)
        consumer = AIOKafkaConsumer(bootstrap_servers=broker, group_id="g", enable_auto_commit=False)
        consumer.assign([partition])
        async with consumer:
            assert await consumer.committed(partition) is None
            await consumer.commit({partition: 1})
            assert await consumer.committed(partition) == 1

    run(body())


def test_group_membership_is_refused_clearly(broker, topic):
    async def body():
        async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
            await producer.send_and_wait(topic, b"x")
        consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker, group_id="g")
        try:
            with pytest.raises(KafkaError, match=r"(?i)group"):
                await asyncio.wait_for(consumer.start(), 15)
                await asyncio.wait_for(consumer.getone(), 15)
        finally:
            await consumer.stop()

    run(body())


def test_admin(broker, topic):
    async def body():
        admin = AIOKafkaAdminClient(bootstrap_servers=broker)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(topic, 2, 1)])
            assert topic in await admin.list_topics()
            (described,) = await admin.describe_topics([topic])
            assert len(described["partitions"]) == 2
            await admin.delete_topics([topic])
            assert topic not in await admin.list_topics()
        finally:
            await admin.close()

    run(body())
