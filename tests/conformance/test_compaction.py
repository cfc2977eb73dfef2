"""Holes that the log cleaner of a real Kafka leaves. (Holes that no cleaner can be made to leave at will are scripted in Rust tests.)"""

from __future__ import annotations

import itertools
import time

import pytest

import kaframe as kf
from tests.conformance import check, foreign
from tests.conformance.clusters import REAL, Cluster
from tests.conformance.conftest import MakeTopic
from tests.conformance.foreign import Record, Row, produce, transactional
from tests.conformance.tunings import ways

NOON = 1_790_000_000_000
# A segment is rolled when the next batch is 100 ms younger than its first: every batch of these tests gets a segment of its own,
# and all but the last are cleaned at once.
CLEANED_AT_ONCE = {
    "cleanup.policy": "compact",
    "segment.ms": "100",
    "min.cleanable.dirty.ratio": "0.01",
    "min.compaction.lag.ms": "0",
    "delete.retention.ms": "0",
}


def wait_until_cleaned(cluster: Cluster, topic: str, fewer_than: int) -> list[Row]:
    """Until the log holds fewer records and stayed the same for a second."""
    deadline = time.monotonic() + 90
    before: list[Row] = []
    while True:
        rows = foreign.read(cluster.bootstrap_servers, topic)
        if len(rows) < fewer_than and rows == before:
            return rows
        assert time.monotonic() < deadline, (
            f"{topic}: {len(rows)} records after 90 s, cleaned were fewer than {fewer_than}"
        )
        before = rows
        time.sleep(1)


@pytest.mark.only(*REAL)
@pytest.mark.parametrize("codec", ["none", "zstd"])
def test_holes_inside(cluster: Cluster, make_topic: MakeTopic, codec: str) -> None:
    topic = make_topic(**CLEANED_AT_ONCE)
    client = foreign.producer(cluster.bootstrap_servers, **{"compression.type": codec})
    for round_ in range(20):
        # Every round writes ten keys of a hundred again: some batches lose all their records, others a few.
        keys = [b"k%d" % ((round_ * 7 + step * 3) % 100) for step in range(10)]
        foreign.send(client, topic, [Record(b"%d" % round_, key=key, timestamp=NOON + round_ * 1000) for key in keys])
    rows = wait_until_cleaned(cluster, topic, fewer_than=190)
    end = foreign.end_offset(cluster.bootstrap_servers, topic)
    start = rows[0].offset
    assert end == 200
    assert {row.key for row in rows} == {b"k%d" % number for number in range(100)}, (
        "the last value of every key is there"
    )
    assert any(later.offset - earlier.offset > 1 for earlier, later in itertools.pairwise(rows)) or start > 0
    for table in check.checked(cluster, topic, rows, {0: {"delivered": len(rows), "absent": 200 - len(rows)}}):
        assert (table.report.partitions[0].start, table.report.partitions[0].end) == (0, 200)
        assert table.report.topics[0].cleanup_policy == "compact"


@pytest.mark.only(*REAL)
def test_whole_batches_gone(cluster: Cluster, make_topic: MakeTopic) -> None:
    """One key, written fifty times: all but the newest segments are empty."""
    topic = make_topic(**CLEANED_AT_ONCE)
    for number in range(50):
        produce(cluster.bootstrap_servers, topic, [Record(b"%d" % number, key=b"k", timestamp=NOON + number * 1000)])
    rows = wait_until_cleaned(cluster, topic, fewer_than=10)
    assert rows[-1].value == b"49"
    check.check(cluster, topic, rows, {0: {"delivered": len(rows), "absent": 50 - len(rows)}})


@pytest.mark.only(*REAL)
def test_transactions_and_holes(cluster: Cluster, make_topic: MakeTopic) -> None:
    """Aborted data is removed by the cleaner, markers stay for a while: counted by what is left of them."""
    topic = make_topic(**CLEANED_AT_ONCE)
    with transactional(cluster.bootstrap_servers, topic) as client:
        for turn in range(10):
            client.begin_transaction()
            foreign.send(
                client, topic, [Record(b"%d" % turn, key=b"k%d" % (turn % 3), timestamp=NOON + turn * 1000)] * 2
            )
            if turn % 3:
                client.commit_transaction(foreign.SECONDS)
            else:
                client.abort_transaction(foreign.SECONDS)
            foreign.wait_for_end(cluster.bootstrap_servers, topic, (turn + 1) * 3)
    # Markers have the time of the broker's clock. What is older than a marker at the front of a segment rolls none, however many transactions there
    # are: these are younger.
    later = int(time.time() * 1000) + 60_000
    for number in range(3):
        produce(
            cluster.bootstrap_servers,
            topic,
            [Record(b"last", key=b"z%d" % number, timestamp=later + number * 1000)],
        )
    rows = wait_until_cleaned(cluster, topic, fewer_than=10)
    second = foreign.read(cluster.bootstrap_servers, topic)
    assert second == rows
    for _ in ways():
        table = kf.read(topic, bootstrap_servers=cluster.bootstrap_servers, **check.RAW)
        assert check.rows(table) == second
        check.assert_law(table.report)
        assert table.report.partitions[0].absent > 0
