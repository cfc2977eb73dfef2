"""DeleteRecords (and retention, which does the same): before a read it moves the start, during a read it is data loss."""

from __future__ import annotations

import pytest

import kaframe as kf
from tests.conformance import foreign
from tests.conformance.check import RAW, assert_law, check, checked, placed, rows, terms
from tests.conformance.clusters import Cluster
from tests.conformance.foreign import Record, Row, delete_records, produce
from tests.conformance.tunings import again, ways

NOON = 1_790_000_000_000


def one_by_one(cluster: Cluster, topic: str, count: int, size: int = 10) -> list[Row]:
    """Records in batches of ten, so that the log start can fall on an edge of a batch and inside one."""
    client = foreign.producer(cluster.bootstrap_servers, **{"batch.num.messages": 10})
    records = [Record(b"%0*d" % (size, number), timestamp=NOON + number) for number in range(count)]
    return placed(records, foreign.send(client, topic, records))


@pytest.mark.parametrize("before", [40, 45])
def test_before_the_read(cluster: Cluster, topic: str, before: int) -> None:
    written = one_by_one(cluster, topic, 100)
    delete_records(cluster.bootstrap_servers, topic, before)
    for table in checked(cluster, topic, written[before:], {0: {"delivered": 100 - before}}):
        assert (table.report.partitions[0].start, table.report.partitions[0].log_start_offset) == (before, before)
    # 0 means earliest; another offset below the log start is an error that names it.
    check(cluster, topic, written[before:], {0: {"delivered": 100 - before}}, start=0)
    with pytest.raises(kf.OffsetOutOfRangeError, match=str(before)):
        kf.read(topic, bootstrap_servers=cluster.bootstrap_servers, start=7)


def test_everything(cluster: Cluster, topic: str) -> None:
    one_by_one(cluster, topic, 20)
    delete_records(cluster.bootstrap_servers, topic, 20)
    for table in checked(cluster, topic, [], {0: {}}):
        assert (table.report.partitions[0].start, table.report.partitions[0].end) == (20, 20)


def test_between_scan_and_read(cluster: Cluster, topic: str) -> None:
    """The range is frozen by ``scan``; what is cut off afterwards was promised and is gone."""
    written = one_by_one(cluster, topic, 100)
    scans = {way: kf.scan(topic, bootstrap_servers=cluster.bootstrap_servers, **RAW) for way in ways()}
    delete_records(cluster.bootstrap_servers, topic, 60)
    for scan in again(scans):
        with pytest.raises(kf.DataLossError, match="60") as caught:
            list(scan)
        assert (caught.value.topic, caught.value.partition) == (topic, 0)

        partial = kf.scan(topic, bootstrap_servers=cluster.bootstrap_servers, start=60, **RAW)
        assert [row for batch in partial for row in rows(batch)] == written[60:]


def test_between_scan_and_read_with_allow_partial(cluster: Cluster, topic: str) -> None:
    written = one_by_one(cluster, topic, 100)
    servers = cluster.bootstrap_servers
    scans = {way: kf.scan(topic, bootstrap_servers=servers, allow_partial=True, **RAW) for way in ways()}
    delete_records(servers, topic, 60)
    assert foreign.read(servers, topic) == written[60:]
    for scan in again(scans):
        assert [row for batch in scan for row in rows(batch)] == written[60:]
        report = scan.report
        assert terms(report) == {0: {"delivered": 40, "lost": 60}}
        assert [(lost.partition, lost.start, lost.end) for lost in report.lost_ranges] == [(0, 0, 60)]
        assert not report.complete


def test_in_the_middle(cluster: Cluster, topic: str) -> None:
    """40 MB read under a memory limit of 2 MiB: when the first batch is in our hands most of the log was not fetched yet.

    In this one way only, here and in the next test: another limit would let the read be done before anything is deleted.
    """
    count = 4000
    written = one_by_one(cluster, topic, count, size=10_000)
    scan = kf.scan(
        topic,
        bootstrap_servers=cluster.bootstrap_servers,
        allow_partial=True,
        batch_size=100,
        memory_limit="2MiB",
        **RAW,
    )
    stream = iter(scan)
    got = rows(next(stream))
    delete_records(cluster.bootstrap_servers, topic, count - 10)
    got += [row for batch in stream for row in rows(batch)]
    report = scan.report
    lost = {offset for gap in report.lost_ranges for offset in range(gap.start, gap.end)}
    assert 0 < len(lost) < count - 10
    assert terms(report) == {0: {"delivered": count - len(lost), "lost": len(lost)}}
    assert_law(report)
    assert got == [row for row in written if row.offset not in lost], "what is not lost is there, once and in order"
    assert got[-10:] == foreign.read(cluster.bootstrap_servers, topic)
    assert not report.complete


def test_in_the_middle_is_an_error_by_default(cluster: Cluster, topic: str) -> None:
    one_by_one(cluster, topic, 4000, size=10_000)
    stream = iter(
        kf.scan(topic, bootstrap_servers=cluster.bootstrap_servers, batch_size=100, memory_limit="2MiB", **RAW)
    )
    next(stream)
    delete_records(cluster.bootstrap_servers, topic, 3990)
    with pytest.raises(kf.DataLossError):
        list(stream)


def test_records_written_while_records_are_deleted(cluster: Cluster, topic: str) -> None:
    """The new log start may lie behind the frozen end: then the whole range is lost, and nothing newer is mixed in."""
    one_by_one(cluster, topic, 10)
    servers = cluster.bootstrap_servers
    scans = {way: kf.scan(topic, bootstrap_servers=servers, allow_partial=True, **RAW) for way in ways()}
    produce(servers, topic, [Record(b"later")] * 10)
    delete_records(servers, topic, 15)
    for scan in again(scans):
        assert [row for batch in scan for row in rows(batch)] == []
        assert terms(scan.report) == {0: {"lost": 10}}
