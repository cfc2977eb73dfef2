"""What confluent-kafka (librdkafka) does for the suite: it creates topics, writes records, deletes some, and reads as the second opinion.

Nothing here imports kaframe: a mistake of ours cannot hide by being made twice.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

SECONDS = 60.0
Header = tuple[str, bytes | None]
T = TypeVar("T")


class Row(NamedTuple):
    """One record as a reader saw it. ``timestamp`` in milliseconds; ``timestamp_type`` as Kafka names it."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]
    timestamp: int
    timestamp_type: str


@dataclass(frozen=True)
class Record:
    """One record to write. Without a timestamp the client stamps it."""

    value: bytes | None
    key: bytes | None = None
    headers: tuple[Header, ...] = ()
    timestamp: int | None = None
    partition: int = 0


def admin(bootstrap_servers: str) -> AdminClient:
    """Hold on to it until its futures are done: they fail when it is collected."""
    return AdminClient({"bootstrap.servers": bootstrap_servers})


def create_topic(bootstrap_servers: str, name: str, partitions: int = 1, configs: dict[str, str] | None = None) -> None:
    new = NewTopic(name, num_partitions=partitions, replication_factor=1, config=configs or {})
    client = admin(bootstrap_servers)
    client.create_topics([new])[name].result(timeout=SECONDS)


def topic_names(bootstrap_servers: str) -> set[str]:
    return set(admin(bootstrap_servers).list_topics(timeout=SECONDS).topics)


def delete_records(bootstrap_servers: str, topic: str, before: int, partition: int = 0) -> None:
    """DeleteRecords: the log of the partition starts at ``before`` afterwards."""
    where = TopicPartition(topic, partition, before)
    client = admin(bootstrap_servers)
    client.delete_records([where])[where].result(timeout=SECONDS)


#: What a real broker answers for a moment after a topic was created. librdkafka gives it to its caller; kaframe asks again by itself.
UNSETTLED = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}


def settled(ask: Callable[[], T]) -> T:
    """What ``ask`` returns once the broker has settled on a leader."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return ask()
        except KafkaException as failed:
            if failed.args[0].code() not in UNSETTLED or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def end_offset(bootstrap_servers: str, topic: str, partition: int = 0, *, committed: bool = True) -> int:
    """The last stable offset, or with ``committed=False`` the high watermark."""
    level = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED
    where = TopicPartition(topic, partition)
    client = admin(bootstrap_servers)
    ask = {where: OffsetSpec.latest()}
    return settled(lambda: client.list_offsets(ask, isolation_level=level)[where].result(timeout=SECONDS).offset)


def wait_for_end(bootstrap_servers: str, topic: str, end: int, partition: int = 0) -> None:
    """Transaction markers arrive after ``commit_transaction`` has returned: wait until the last stable offset is ``end``."""
    deadline = time.monotonic() + SECONDS
    while (now := end_offset(bootstrap_servers, topic, partition)) != end:
        assert time.monotonic() < deadline, (
            f"{topic} [{partition}]: last stable offset is {now}, not {end}, after {SECONDS:.0f} s"
        )
        time.sleep(0.05)


def producer(bootstrap_servers: str, **settings: object) -> Producer:
    return Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "acks": "all",
            "linger.ms": 50,
            # More requests in flight would let the first one on a fresh topic, refused while its leader is new, be sent again behind the second.
            "max.in.flight.requests.per.connection": 1,
            "message.max.bytes": 10_000_000,
            **settings,
        }
    )


def send(client: Producer, topic: str, records: Sequence[Record]) -> list[tuple[int, int]]:
    """Write and wait; the partition and offset of each record, in the order given. Fails unless every one was acknowledged."""
    placed: list[tuple[int, int] | None] = [None] * len(records)
    failures: list[str] = []

    def delivered(index: int, error: KafkaError | None, message: object) -> None:
        if error is not None:
            failures.append(f"record {index}: {error}")
        else:
            placed[index] = (message.partition(), message.offset())  # type: ignore[attr-defined]

    for index, record in enumerate(records):
        extra = {} if record.timestamp is None else {"timestamp": record.timestamp}
        report = lambda error, message, index=index: delivered(index, error, message)  # noqa: E731
        while True:
            try:
                client.produce(
                    topic,
                    record.value,
                    record.key,
                    record.partition,
                    headers=list(record.headers),
                    on_delivery=report,
                    **extra,
                )
                break
            except BufferError:
                client.poll(0.1)
    left = client.flush(SECONDS)
    assert not failures and left == 0, f"{topic}: {left} records left, {failures[:3]}"
    return [each for each in placed if each is not None]


def produce(bootstrap_servers: str, topic: str, records: Sequence[Record], **settings: object) -> list[tuple[int, int]]:
    """:func:`send` with a producer of its own."""
    return send(producer(bootstrap_servers, **settings), topic, records)


@contextlib.contextmanager
def transactional(bootstrap_servers: str, transactional_id: str) -> Iterator[Producer]:
    """A producer that is ready for ``begin_transaction``. By default a broker aborts what is open for a minute."""
    settings = {"transactional.id": transactional_id, "transaction.timeout.ms": 600_000}
    client = producer(bootstrap_servers, **settings)
    client.init_transactions(SECONDS)
    yield client


def read(
    bootstrap_servers: str, topic: str, *, isolation_level: str = "read_committed", start: int | None = None
) -> list[Row]:
    """Every record up to the end as librdkafka sees it, by partition and offset. Ends when each partition reported its end."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "second-opinion",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            "isolation.level": isolation_level,
            "check.crcs": True,
            "fetch.message.max.bytes": 16_000_000,
            "receive.message.max.bytes": 100_000_000,
        }
    )
    try:
        partitions = consumer.list_topics(topic, timeout=SECONDS).topics[topic].partitions
        starts = {}
        for partition in partitions:
            where = TopicPartition(topic, partition)
            low, _ = settled(lambda where=where: consumer.get_watermark_offsets(where, timeout=SECONDS))
            starts[partition] = low if start is None else start
        consumer.assign([TopicPartition(topic, partition, offset) for partition, offset in starts.items()])
        rows: list[Row] = []
        open_partitions = set(partitions)
        deadline = time.monotonic() + 4 * SECONDS
        while open_partitions:
            assert time.monotonic() < deadline, f"the second opinion did not reach the end of {topic} {open_partitions}"
            for message in consumer.consume(1000, timeout=0.5):
                error = message.error()
                if error is None:
                    rows.append(row(message))
                elif error.code() == KafkaError._PARTITION_EOF:
                    open_partitions.discard(message.partition())
                elif error.fatal() or not error.retriable():
                    raise KafkaException(error)
    finally:
        consumer.close()
    return sorted(rows, key=lambda each: each[:2])


def row(message: object) -> Row:
    kind, timestamp = message.timestamp()  # type: ignore[attr-defined]
    return Row(
        partition=message.partition(),  # type: ignore[attr-defined]
        offset=message.offset(),  # type: ignore[attr-defined]
        key=message.key(),  # type: ignore[attr-defined]
        value=message.value(),  # type: ignore[attr-defined]
        headers=tuple(message.headers() or ()),  # type: ignore[attr-defined]
        timestamp=timestamp,
        timestamp_type={1: "CreateTime", 2: "LogAppendTime"}.get(kind, str(kind)),
    )
