"""A read is frozen when it is planned: what arrives later is not in it, and the same scan gives the same rows again."""

from __future__ import annotations

import threading

import pytest

import kaframe as kf
from tests.conformance import foreign
from tests.conformance.check import RAW, assert_law, check, placed, rows, terms
from tests.conformance.clusters import Cluster
from tests.conformance.conftest import MakeTopic
from tests.conformance.foreign import Record, produce
from tests.conformance.tunings import again, ways

NOON = 1_790_000_000_000


def numbered(count: int, label: str, partitions: int = 1) -> list[Record]:
    return [Record(f"{label}{n}".encode(), timestamp=NOON + n, partition=n % partitions) for n in range(count)]


def test_records_that_arrive_later(cluster: Cluster, make_topic: MakeTopic) -> None:
    topic = make_topic(2)
    first = numbered(100, "first", 2)
    want = placed(first, produce(cluster.bootstrap_servers, topic, first))
    scans = {way: kf.scan(topic, bootstrap_servers=cluster.bootstrap_servers, **RAW) for way in ways()}
    later = numbered(50, "later", 2)
    behind = placed(later, produce(cluster.bootstrap_servers, topic, later))
    for scan in again(scans):
        for _ in range(2):
            got = [row for batch in scan for row in rows(batch)]
            assert sorted(got, key=lambda row: row[:2]) == want
            assert terms(scan.report) == {0: {"delivered": 50}, 1: {"delivered": 50}}
    check(cluster, topic, sorted(want + behind, key=lambda row: row[:2]), {0: {"delivered": 75}, 1: {"delivered": 75}})


def test_a_writer_that_never_stops(cluster: Cluster, make_topic: MakeTopic) -> None:
    """The read ends although the topic does not. Not from the start, so that the last way has no more to read than the first."""
    topic = make_topic(2)
    done = threading.Event()
    written: list[tuple[int, int]] = []
    client = foreign.producer(cluster.bootstrap_servers, **{"linger.ms": 1})

    def keep_writing() -> None:
        while not done.is_set():
            written.extend(foreign.send(client, topic, numbered(20, "x", 2)))

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        while len(written) < 200:
            done.wait(0.01)
        ranges = []
        for _ in ways():
            table = kf.read(topic, bootstrap_servers=cluster.bootstrap_servers, start=-100, **RAW)
            assert_law(table.report)
            ranges.append({each.partition: (each.start, each.end) for each in table.report.partitions})
            assert all(end - start == 100 for start, end in ranges[-1].values())
            assert [row[:2] for row in rows(table)] == [
                (partition, offset) for partition, (start, end) in ranges[-1].items() for offset in range(start, end)
            ]
    finally:
        done.set()
        writer.join()
    ends = [sum(end for _, end in each.values()) for each in ranges]
    assert ends == sorted(ends)


def test_next_start_resumes_behind_the_last_row(cluster: Cluster, make_topic: MakeTopic) -> None:
    topic = make_topic(3)
    first = numbered(30, "first", 3)
    produce(cluster.bootstrap_servers, topic, first)
    starts = [kf.read(topic, bootstrap_servers=cluster.bootstrap_servers, **RAW).next_start for _ in ways()]
    assert {str(start) for start in starts} == {str(starts[0])}
    bookmark = kf.Bookmark(str(starts[0]))
    check(cluster, topic, [], {0: {}, 1: {}, 2: {}}, second=[], start=bookmark)
    later = numbered(6, "later", 3)
    want = placed(later, produce(cluster.bootstrap_servers, topic, later))
    check(cluster, topic, want, {partition: {"delivered": 2} for partition in range(3)}, second=want, start=bookmark)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_next_start_after_a_limit(cluster: Cluster, make_topic: MakeTopic) -> None:
    """Pages of a topic, each exactly behind the one before."""
    topic = make_topic(2)
    records = numbered(25, "page", 2)
    written = placed(records, produce(cluster.bootstrap_servers, topic, records))
    for _ in ways():
        seen, start = [], "earliest"
        while page := rows(
            table := kf.read(topic, bootstrap_servers=cluster.bootstrap_servers, start=start, limit=10, **RAW)
        ):
            seen += page
            start = table.next_start
        assert sorted(seen, key=lambda row: row[:2]) == written


def test_a_recreated_topic_is_data_loss(cluster: Cluster, topic: str) -> None:
    produce(cluster.bootstrap_servers, topic, numbered(10, "old"))
    bookmark = kf.read(topic, bootstrap_servers=cluster.bootstrap_servers, **RAW).next_start
    client = foreign.admin(cluster.bootstrap_servers)
    client.delete_topics([topic])[topic].result(timeout=foreign.SECONDS)
    foreign.create_topic(cluster.bootstrap_servers, topic)
    produce(cluster.bootstrap_servers, topic, numbered(20, "new"))
    for _ in ways():
        if cluster.topic_ids:
            with pytest.raises(kf.DataLossError, match=r"recreated|another topic|topic id"):
                kf.read(topic, bootstrap_servers=cluster.bootstrap_servers, start=bookmark, **RAW)
        else:
            # Without topic ids (before 2.8) nothing tells the two topics apart: the read resumes at the offset.
            assert len(kf.read(topic, bootstrap_servers=cluster.bootstrap_servers, start=bookmark, **RAW)) == 10
