"""A scan that is followed while the broker crashes and comes back, partitions are added, and records are deleted."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
from confluent_kafka.admin import NewPartitions

import kaframe as kf
from tests.command import kaframe
from tests.conformance import clusters, foreign
from tests.conformance.clusters import Cluster
from tests.conformance.foreign import Record
from tests.kafka.kafka_server import KafkaServer


def numbers(follow: kf.Follow, count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        found += next(follow).to_arrow()["n"].to_pylist()
    return found


def produce(servers: str, topic: str, numbers: range, partition: int = 0) -> None:
    foreign.produce(servers, topic, [Record(b'{"n": %d}' % n, partition=partition) for n in numbers])


@pytest.fixture
def own_kafka() -> Iterator[KafkaServer]:
    """A server that a test may end."""
    with KafkaServer("4.1") as server:
        yield server


@pytest.mark.live
def test_a_broker_that_crashes_and_comes_back(own_kafka: KafkaServer) -> None:
    servers = own_kafka.bootstrap_servers
    foreign.create_topic(servers, "orders", 2)
    produce(servers, "orders", range(100))
    with kf.scan("orders", bootstrap_servers=servers).follow() as follow:
        command = [kaframe(), "-b", servers, "tail", "orders", "-n", "3", "--follow", "--columns", "n"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as tail:
            assert tail.stdout is not None
            assert [json.loads(tail.stdout.readline())["n"] for _ in range(3)] == [97, 98, 99]
            assert numbers(follow, 100) == [*range(100)]
            for crash in (1, 2):
                own_kafka.kill()
                time.sleep(1)
                own_kafka.start_again()
                new = range(crash * 1000, crash * 1000 + 50)
                produce(servers, "orders", new, partition=crash - 1)
                assert numbers(follow, 50) == [*new]
                assert [json.loads(tail.stdout.readline())["n"] for _ in new] == [*new]
            tail.send_signal(signal.SIGINT)
            assert tail.wait(timeout=10) == 130
        assert follow.report is not None
        assert sum(p.delivered for p in follow.report.partitions) == 200
        assert follow.next_start.offsets == {"orders": {0: 150, 1: 50}}


@pytest.mark.only(*clusters.NEWEST)
def test_partitions_are_added_and_records_deleted(cluster: Cluster, topic: str) -> None:
    servers = cluster.bootstrap_servers
    produce(servers, topic, range(10))
    with kf.scan(topic, bootstrap_servers=servers).follow() as follow:
        assert numbers(follow, 10) == [*range(10)]
        client = foreign.admin(servers)
        client.create_partitions([NewPartitions(topic, 3)])[topic].result(timeout=foreign.SECONDS)
        foreign.settled(lambda: foreign.end_offset(servers, topic, 2))
        produce(servers, topic, range(100, 105), partition=2)
        assert numbers(follow, 5) == [*range(100, 105)]
        # Deleting what was given is no loss.
        foreign.delete_records(servers, topic, 10)
        produce(servers, topic, range(10, 20))
        assert numbers(follow, 10) == [*range(10, 20)]
    bookmark = follow.next_start
    assert bookmark.offsets == {topic: {0: 20, 1: 0, 2: 5}}
    produce(servers, topic, range(20, 30))
    foreign.delete_records(servers, topic, 25)
    with pytest.raises(kf.DataLossError, match="25"):
        kf.scan(topic, bootstrap_servers=servers, start=bookmark)
