"""The topics of the benchmark: what is in them, and what a reader must find (rows and sums).

``tiny`` holds the tutorial's ``{"number": i}``; ``flat`` JSON objects of seven fields, about 115 bytes each. Both are written uncompressed, in
batches of 64 KiB. The records are the same in every run: a xorshift generator with a fixed seed makes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

EVENTS = ("page_view", "add_to_cart", "checkout", "login", "logout", "search", "refund", "signup")
COUNTRIES = ("DE", "US", "FR", "GB", "IN", "BR", "JP", "NL", "SE", "PL")
MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Topic:
    """A topic and what any right reader finds in its first ``rows`` records."""

    name: str
    rows: int

    def number_sum(self, rows: int) -> int:
        """The sum of the field ``number`` over the first ``rows`` records."""
        return rows * (rows - 1) // 2


def tiny_values(rows: int) -> Iterator[bytes]:
    """The tutorial's records."""
    return (b'{"number": %d}' % number for number in range(rows))


def moment(row: int) -> str:
    """Forty records a second from the first of January 2026 on, in months of 28 days."""
    day, rest = divmod(row // 40, 86400)
    return f"2026-{1 + day // 28 % 12:02}-{1 + day % 28:02}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z"


def flat_values(rows: int) -> Iterator[bytes]:
    """Seven fields: an integer, two short texts of few and one of many values, a time as text, a float, a boolean."""
    state = 0x9E3779B97F4A7C15

    def below(limit: int) -> int:
        nonlocal state
        state ^= state << 13 & MASK
        state ^= state >> 7
        state ^= state << 17 & MASK
        return state % limit

    for row in range(rows):
        yield (
            f'{{"number":{row},"user":"u{below(100_000)}","ts":"{moment(row)}",'
            f'"amount":{below(5000)}.{1 + below(99)},"ok":{"true" if below(2) == 0 else "false"},'
            f'"event":"{EVENTS[below(8)]}","cc":"{COUNTRIES[below(10)]}"}}'
        ).encode()


VALUES = {"tiny": tiny_values, "flat": flat_values, "foo": tiny_values}


def write(bootstrap_servers: str, topic: Topic) -> int:
    """Create and fill the topic; the bytes of its values."""
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    admin.create_topics([NewTopic(topic.name, num_partitions=1, replication_factor=1)])[topic.name].result(60)
    producer = Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "compression.type": "none",
            "batch.size": 65_536,
            "batch.num.messages": 100_000,
            "linger.ms": 100,
            "enable.idempotence": True,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    size = 0
    for number, value in enumerate(VALUES[topic.name](topic.rows)):
        size += len(value)
        while True:
            try:
                producer.produce(topic.name, value)
                break
            except BufferError:
                producer.poll(0.05)
        if number % 10_000 == 0:
            producer.poll(0)
    left = producer.flush(120)
    if left:
        raise RuntimeError(f"{left} records of {topic.name} were not written")
    return size
