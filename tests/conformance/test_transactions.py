"""Transactions as librdkafka writes them: committed, aborted, open, alternating, interleaved, and as the last thing in the log."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from confluent_kafka import Producer

from tests.conformance import foreign
from tests.conformance.check import check, checked, placed
from tests.conformance.clusters import Cluster
from tests.conformance.conftest import MakeTopic
from tests.conformance.foreign import Record, Row, produce, send, transactional

NOON = 1_790_000_000_000


def records(label: str, count: int) -> list[Record]:
    return [Record(f"{label}{number}".encode(), key=label.encode(), timestamp=NOON + number) for number in range(count)]


def transaction(client: Producer, topic: str, written: Sequence[Record], *, commit: bool) -> list[Row]:
    """One whole transaction; its rows."""
    client.begin_transaction()
    rows = placed(written, send(client, topic, written))
    if commit:
        client.commit_transaction(foreign.SECONDS)
    else:
        client.abort_transaction(foreign.SECONDS)
    return rows


def test_committed_is_the_last_thing(cluster: Cluster, topic: str) -> None:
    """The marker stands behind the last record: a reader that waits for a record at the end would wait for ever."""
    with transactional(cluster.bootstrap_servers, topic) as client:
        want = transaction(client, topic, records("c", 100), commit=True)
    foreign.wait_for_end(cluster.bootstrap_servers, topic, 101)
    check(cluster, topic, want, {0: {"delivered": 100, "control": 1}})


def test_aborted_is_the_last_thing(cluster: Cluster, topic: str) -> None:
    plain = records("p", 10)
    want = placed(plain, produce(cluster.bootstrap_servers, topic, plain))
    with transactional(cluster.bootstrap_servers, topic) as client:
        aborted = transaction(client, topic, records("a", 20), commit=False)
    foreign.wait_for_end(cluster.bootstrap_servers, topic, 31)
    check(cluster, topic, want, {0: {"delivered": 10, "aborted": 20, "control": 1}})
    both = want + aborted
    check(cluster, topic, both, {0: {"delivered": 30, "control": 1}}, isolation_level="read_uncommitted")


def test_only_aborted(cluster: Cluster, topic: str) -> None:
    with transactional(cluster.bootstrap_servers, topic) as client:
        transaction(client, topic, records("a", 20), commit=False)
    foreign.wait_for_end(cluster.bootstrap_servers, topic, 21)
    check(cluster, topic, [], {0: {"aborted": 20, "control": 1}})


def test_alternating(cluster: Cluster, topic: str) -> None:
    """Commit, abort, commit, ... by one producer, plain records between, and plain records last."""
    want: list[Row] = []
    with transactional(cluster.bootstrap_servers, topic) as client:
        for turn in range(8):
            rows = transaction(client, topic, records(f"t{turn}-", 5), commit=turn % 2 == 0)
            foreign.wait_for_end(cluster.bootstrap_servers, topic, (turn + 1) * 7 - 1)
            want += rows if turn % 2 == 0 else []
            plain = records(f"p{turn}-", 1)
            want += placed(plain, produce(cluster.bootstrap_servers, topic, plain))
    check(cluster, topic, want, {0: {"delivered": 4 * 5 + 8, "aborted": 4 * 5, "control": 8}})


@pytest.mark.parametrize("codec", ["none", "lz4"])
def test_interleaved(cluster: Cluster, topic: str, codec: str) -> None:
    """Two transactions at once in one partition; the one that aborts began first and ends last."""
    with (
        foreign.transactional(cluster.bootstrap_servers, f"{topic}-a") as aborting,
        foreign.transactional(cluster.bootstrap_servers, f"{topic}-b") as committing,
    ):
        aborting.begin_transaction()
        committing.begin_transaction()
        want: list[Row] = []
        for turn in range(4):
            send(aborting, topic, records(f"a{turn}-", 3))
            kept = records(f"c{turn}-", 2)
            want += placed(kept, send(committing, topic, kept))
            plain = records(f"p{turn}-", 1)
            want += placed(plain, produce(cluster.bootstrap_servers, topic, plain, **{"compression.type": codec}))
        committing.commit_transaction(foreign.SECONDS)
        aborting.abort_transaction(foreign.SECONDS)
    foreign.wait_for_end(cluster.bootstrap_servers, topic, 4 * 6 + 2)
    check(cluster, topic, want, {0: {"delivered": 4 * 3, "aborted": 4 * 3, "control": 2}})


def test_open(cluster: Cluster, topic: str) -> None:
    """Nothing at or behind the first record of an open transaction is decided: the read ends there, and says how much it left."""
    before = records("before", 6)
    want = placed(before, produce(cluster.bootstrap_servers, topic, before))
    with transactional(cluster.bootstrap_servers, topic) as client:
        client.begin_transaction()
        undecided = records("open", 4)
        hanging = placed(undecided, send(client, topic, undecided))
        behind = records("behind", 3)
        after = placed(behind, produce(cluster.bootstrap_servers, topic, behind))
        with pytest.warns(UserWarning, match=r"7 .*(undecided|not yet decided|open transaction)"):
            for table in checked(cluster, topic, want, {0: {"delivered": 6}}):
                partition = table.report.partitions[0]
                assert (partition.end, partition.last_stable_offset, partition.high_watermark) == (6, 6, 13)
                assert any("7" in warning for warning in table.report.warnings)
        everything = want + hanging + after
        check(cluster, topic, everything, {0: {"delivered": 13}}, isolation_level="read_uncommitted")
        client.commit_transaction(foreign.SECONDS)
    foreign.wait_for_end(cluster.bootstrap_servers, topic, 14)
    check(cluster, topic, everything, {0: {"delivered": 13, "control": 1}})


def test_several_partitions(cluster: Cluster, make_topic: MakeTopic) -> None:
    """One transaction over three partitions: a marker in each that took part."""
    topic = make_topic(4)
    with transactional(cluster.bootstrap_servers, topic) as client:
        spread = [Record(b"%d" % number, timestamp=NOON, partition=number % 3) for number in range(30)]
        want = transaction(client, topic, spread, commit=True)
        transaction(client, topic, [Record(b"gone", timestamp=NOON, partition=2)], commit=False)
    for partition, end in ((0, 11), (1, 11), (2, 13)):
        foreign.wait_for_end(cluster.bootstrap_servers, topic, end, partition)
    taken = {"delivered": 10, "control": 1}
    check(cluster, topic, want, {0: taken, 1: taken, 2: {"delivered": 10, "aborted": 1, "control": 2}, 3: {}})
