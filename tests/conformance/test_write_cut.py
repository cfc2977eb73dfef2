"""Several batches of a partition on the way to a real Kafka, and the connection or the broker ends in between: each row is there once, in order.

The same against the embedded broker, with more faults: ``crates/kaframe/tests/write_pipeline.rs``.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

import kaframe as kf
from tests.conformance import foreign
from tests.conformance.cutter import Cutter
from tests.kafka.kafka_server import KafkaServer

PARTITIONS = 2
ROWS = 100_000
TEXT = "x" * 300


@dataclass
class Behind:
    """A real Kafka whose address for clients is the cutter's."""

    cutter: Cutter
    server: KafkaServer

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.cutter.port}"


@pytest.fixture(scope="module", params=["3.9", "4.1"])
def behind(request: pytest.FixtureRequest) -> Iterator[Behind]:
    with Cutter() as cutter:
        advertised = {"advertised.listeners": f"PLAINTEXT://127.0.0.1:{cutter.port}"}
        with KafkaServer(request.param, settings=advertised) as server:
            cutter.target = ("127.0.0.1", server.port)
            yield Behind(cutter, server)


def write(behind: Behind, topic: str) -> kf.WriteReport:
    """Batches of both partitions, over one connection, all through the cutter."""
    rows = ({"n": n, "text": TEXT, "_key": str(n % 100)} for n in range(ROWS))
    return kf.write(rows, topic, bootstrap_servers=behind.bootstrap_servers)


def assert_once_and_in_order(behind: Behind, topic: str, report: kf.WriteReport) -> None:
    assert report.rows == ROWS
    seen = foreign.read(behind.bootstrap_servers, topic)
    numbers = [[json.loads(row.value or b"")["n"] for row in seen if row.partition == p] for p in range(PARTITIONS)]
    for part in numbers:
        assert len(part) > ROWS // 10, "keys spread over the partitions"
        assert part == sorted(part), "the order of the rows"
    assert sorted(n for part in numbers for n in part) == list(range(ROWS)), "each row once"


@pytest.mark.live
@pytest.mark.parametrize("how", ["lost request", "lost answer"])
def test_connections_cut_again_and_again(behind: Behind, how: str) -> None:
    topic = how.replace(" ", "-")
    foreign.create_topic(behind.bootstrap_servers, topic, PARTITIONS)
    cutter = behind.cutter
    cutter.on_the_way.clear()
    cutter.cuts = {cutter.produced + number: how for number in (1, 7, 14, 15, 22, 30)}
    # Longer than the rows of a request take to be made, on a busy machine too.
    cutter.delay = 0.1
    try:
        report = write(behind, topic)
    finally:
        cutter.cuts, cutter.delay = {}, 0.02
    assert len(cutter.on_the_way) == 6, "all cuts were made"
    assert max(cutter.on_the_way) >= 3, f"several on the way when it was cut: {cutter.on_the_way}"
    assert_once_and_in_order(behind, topic, report)


@pytest.mark.live
def test_a_broker_killed_in_the_middle(behind: Behind) -> None:
    """SIGKILL, and a new process on the same log: its producers' states are what it finds there."""
    topic = "killed"
    foreign.create_topic(behind.bootstrap_servers, topic, PARTITIONS)
    before = behind.cutter.produced
    reports: list[kf.WriteReport] = []
    behind.cutter.delay = 0.1
    writing = threading.Thread(target=lambda: reports.append(write(behind, topic)))
    writing.start()
    try:
        while behind.cutter.produced < before + 8:
            assert writing.is_alive(), "it ended before the broker was killed"
            time.sleep(0.002)
        behind.server.kill()
    finally:
        behind.cutter.delay = 0.02
    assert writing.is_alive() and not reports
    behind.server.start_again()
    writing.join(timeout=90)
    assert reports, "the write did not succeed"
    assert_once_and_in_order(behind, topic, reports[0])
