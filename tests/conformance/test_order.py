"""``order="timestamp"``: tables are sorted exactly, streams merge their partitions. Against librdkafka's rows, sorted here."""

from __future__ import annotations

import pytest

import kaframe as kf
from tests.conformance import foreign
from tests.conformance.check import RAW, assert_law, placed, rows
from tests.conformance.clusters import Cluster
from tests.conformance.conftest import MakeTopic
from tests.conformance.foreign import Record, Row, produce
from tests.conformance.tunings import ways

NOON = 1_790_000_000_000


def write(cluster: Cluster, topic: str, jumble: int) -> list[Row]:
    """Three partitions whose times cross; every eleventh record is ``jumble`` ms older than its place in the log says."""
    records = [
        Record(
            b"%d" % number, timestamp=NOON + number * 7 - (jumble if number % 11 == 10 else 0), partition=number**2 % 3
        )
        for number in range(400)
    ]
    return placed(records, produce(cluster.bootstrap_servers, topic, records))


def merged(written: list[Row]) -> list[Row]:
    """By the largest timestamp so far in the partition: what comparing heads gives."""
    newest: dict[int, int] = {}
    keyed = []
    for row in written:
        newest[row.partition] = max(newest.get(row.partition, -2), row.timestamp)
        keyed.append(((newest[row.partition], row.partition, row.offset), row))
    return [row for _, row in sorted(keyed, key=lambda each: each[0])]


@pytest.mark.parametrize("jumble", [0, 500])
@pytest.mark.filterwarnings("ignore:.*older than one before.*:UserWarning")
def test_order(cluster: Cluster, make_topic: MakeTopic, jumble: int) -> None:
    topic = make_topic(3)
    written = write(cluster, topic, jumble)
    assert foreign.read(cluster.bootstrap_servers, topic) == written
    for _ in ways():
        table = kf.read(topic, bootstrap_servers=cluster.bootstrap_servers, order="timestamp", **RAW)
        assert rows(table) == sorted(written, key=lambda row: (row.timestamp, row.partition, row.offset))
        assert_law(table.report)
        scan = kf.scan(topic, bootstrap_servers=cluster.bootstrap_servers, order="timestamp", batch_size=37, **RAW)
        streamed = [row for batch in scan for row in rows(batch)]
        assert streamed == merged(written)
        assert_law(scan.report)
        late = sum("older than one before" in warning for warning in scan.report.warnings)
        assert late == (1 if jumble else 0)


def test_a_sampled_plan(cluster: Cluster, make_topic: MakeTopic) -> None:
    topic = make_topic(3)
    written = write(cluster, topic, 0)
    for _ in ways():
        scan = kf.scan(topic, bootstrap_servers=cluster.bootstrap_servers, **RAW)
        estimate = scan.plan(sample=True).estimate
        assert estimate is not None
        used = {row.partition for row in written}
        assert estimate.batches == len(used)
        assert estimate.timestamp_type == "CreateTime"
        assert estimate.first_time is not None
        assert estimate.first_time.timestamp() * 1000 == min(row.timestamp for row in written)
        # What a read fetches depends on how it is run, so only the least that is possible can be compared.
        assert 0 < (estimate.bytes or 0) < 3 * scan.read().report.bytes_fetched
