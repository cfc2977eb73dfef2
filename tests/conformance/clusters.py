"""The brokers that the suite runs against, by name, and what each of them can and cannot do.

``embedded-X`` is kaframe's own broker posing as Kafka X; ``kafka-X`` is the real thing. A difference between them is stated here as a fact that
tests assert, never as a reason to skip.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import kaframe as kf
from tests.kafka.kafka_server import KafkaServer

EMBEDDED = ("embedded-0.11", "embedded-2.8", "embedded-3.9", "embedded-4.1")
REAL = ("kafka-3.9", "kafka-4.1")
NAMES = EMBEDDED + REAL
NEWEST = ("embedded-4.1", "kafka-4.1")


@dataclass(frozen=True)
class Cluster:
    """One running broker. ``server`` is the real one's process, ``None`` for the embedded broker."""

    name: str
    bootstrap_servers: str
    version: tuple[int, int]
    server: KafkaServer | None

    @property
    def live(self) -> bool:
        return self.server is not None

    @property
    def zstd(self) -> bool:
        """zstd came with Kafka 2.1 (KIP-110)."""
        return self.version >= (2, 1)

    @property
    def described(self) -> bool:
        """kaframe asks for the settings of a topic as Kafka 1.1 and newer answer (DescribeConfigs v1, KIP-226)."""
        return self.version >= (1, 1)

    @property
    def topic_ids(self) -> bool:
        """Topics have ids since Kafka 2.8 (KIP-516)."""
        return self.version >= (2, 8)


@contextlib.contextmanager
def running(name: str) -> Iterator[Cluster]:
    """The cluster of that name, started now and stopped at the end."""
    kind, _, line = name.partition("-")
    major, _, minor = line.partition(".")
    version = (int(major), int(minor))
    if kind == "kafka":
        with KafkaServer(line) as server:
            yield Cluster(name, server.bootstrap_servers, version, server)
    else:
        with kf.Broker(version=line) as broker:
            yield Cluster(name, broker.bootstrap_servers, version, None)
