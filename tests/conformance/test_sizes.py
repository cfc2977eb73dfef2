"""How many records, in how many partitions: nothing, one, a thousand, spread."""

from __future__ import annotations

import pytest

import kaframe as kf
from tests.conformance.check import check, checked, placed
from tests.conformance.clusters import Cluster
from tests.conformance.conftest import MakeTopic
from tests.conformance.foreign import Record, produce
from tests.conformance.tunings import ways

NOON = 1_790_000_000_000


@pytest.mark.parametrize("partitions", [1, 3])
def test_empty_topic(cluster: Cluster, make_topic: MakeTopic, partitions: int) -> None:
    topic = make_topic(partitions)
    for table in checked(cluster, topic, [], {partition: {} for partition in range(partitions)}):
        assert [(each.start, each.end) for each in table.report.partitions] == [(0, 0)] * partitions


@pytest.mark.parametrize("count", [1, 1000])
def test_one_partition(cluster: Cluster, topic: str, count: int) -> None:
    records = [
        Record(b'{"number": %d}' % number, key=b"k%d" % number, timestamp=NOON + number) for number in range(count)
    ]
    want = placed(records, produce(cluster.bootstrap_servers, topic, records))
    check(cluster, topic, want, {0: {"delivered": count}})


def test_several_partitions(cluster: Cluster, make_topic: MakeTopic) -> None:
    topic = make_topic(4)
    sizes = {0: 70, 1: 0, 2: 1, 3: 300}
    records = [
        Record(b"%d" % number, timestamp=NOON, partition=p) for p, size in sizes.items() for number in range(size)
    ]
    want = placed(records, produce(cluster.bootstrap_servers, topic, records))
    check(cluster, topic, want, {p: {"delivered": size} if size else {} for p, size in sizes.items()})


def test_chosen_partitions(cluster: Cluster, make_topic: MakeTopic) -> None:
    topic = make_topic(3)
    records = [Record(b"%d" % number, timestamp=NOON, partition=number % 3) for number in range(30)]
    want = placed(records, produce(cluster.bootstrap_servers, topic, records))
    chosen = [row for row in want if row.partition in (0, 2)]
    check(cluster, topic, chosen, {0: {"delivered": 10}, 2: {"delivered": 10}}, second=chosen, partitions=[2, 0])


def test_offsets_and_mappings(cluster: Cluster, make_topic: MakeTopic) -> None:
    topic = make_topic(2)
    records = [Record(b"%d" % number, timestamp=NOON, partition=number % 2) for number in range(40)]
    want = placed(records, produce(cluster.bootstrap_servers, topic, records))
    middle = [row for row in want if 5 <= row.offset < 15]
    check(cluster, topic, middle, {0: {"delivered": 10}, 1: {"delivered": 10}}, second=middle, start=5, end=15)
    last = [row for row in want if row.offset >= 17]
    check(cluster, topic, last, {0: {"delivered": 3}, 1: {"delivered": 3}}, second=last, start=-3)
    mixed = [
        row for row in want if (row.partition == 0 and row.offset >= 12) or (row.partition == 1 and row.offset < 4)
    ]
    check(cluster, topic, mixed, {0: {"delivered": 8}, 1: {"delivered": 4}}, second=mixed, start={0: 12}, end={1: 4})


def test_json_columns(cluster: Cluster, topic: str) -> None:
    """What the rest of the suite reads as bytes, here as a user sees it."""
    produce(
        cluster.bootstrap_servers,
        topic,
        [Record(b'{"number": %d, "name": "n%d"}' % (n, n), key=b"k") for n in range(1000)],
    )
    for _ in ways():
        table = kf.read(topic, bootstrap_servers=cluster.bootstrap_servers)
        assert table.columns == ["number", "name", "_key", "_partition", "_offset", "_timestamp"]
        frame = table.to_pandas()
        assert str(frame["number"].dtype) == "int64"
        assert frame["number"].sum() == 499_500
        assert list(frame["name"][:2]) == ["n0", "n1"]
        assert table.report.value_format == "json"
