"""``limit`` and ``tail`` over several partitions: exactly n if there are n, and the rest of the offsets accounted for."""

from __future__ import annotations

import pytest

import kaframe as kf
from tests.conformance import foreign
from tests.conformance.check import RAW, assert_law, check, placed, rows, terms
from tests.conformance.clusters import Cluster
from tests.conformance.conftest import MakeTopic
from tests.conformance.foreign import Record, Row, produce
from tests.conformance.tunings import ways

NOON = 1_790_000_000_000
SIZES = {0: 2, 1: 40, 2: 0, 3: 25}


def write(cluster: Cluster, topic: str) -> list[Row]:
    """Timestamps that cross over between the partitions: the newest records of the topic lie in all of them."""
    records = [
        Record(b"%d/%d" % (partition, number), timestamp=NOON + number * (partition + 1) % 17, partition=partition)
        for partition, size in SIZES.items()
        for number in range(size)
    ]
    return placed(records, produce(cluster.bootstrap_servers, topic, records))


@pytest.mark.parametrize("limit", [0, 1, 4, 10, 66, 67, 1000])
def test_limit(cluster: Cluster, make_topic: MakeTopic, limit: int) -> None:
    """⌈n/P⌉ from the front of each partition; what a short one lacks the next ones give."""
    topic = make_topic(4)
    written = write(cluster, topic)
    assert foreign.read(cluster.bootstrap_servers, topic) == written
    for _ in ways():
        table = kf.read(topic, bootstrap_servers=cluster.bootstrap_servers, limit=limit, **RAW)
        got = rows(table)
        assert len(got) == min(limit, len(written))
        for partition, size in SIZES.items():
            mine = [row for row in written if row.partition == partition]
            taken = [row for row in got if row.partition == partition]
            assert taken == mine[: len(taken)], "rows come from the front of the range"
            assert terms(table.report)[partition] == {
                name: count for name, count in {"delivered": len(taken), "not_read": size - len(taken)}.items() if count
            }
        assert_law(table.report)


@pytest.mark.parametrize("limit", [3, 8, 9])
def test_limit_takes_from_every_partition(cluster: Cluster, make_topic: MakeTopic, limit: int) -> None:
    topic = make_topic(3)
    records = [Record(b"%d" % number, timestamp=NOON + number, partition=number % 3) for number in range(60)]
    written = placed(records, produce(cluster.bootstrap_servers, topic, records))
    share = -(-limit // 3)
    counts = {0: share, 1: share, 2: limit - 2 * share}
    want = [row for row in written if row.offset < counts[row.partition]]
    expected = {partition: {"delivered": count, "not_read": 20 - count} for partition, count in counts.items()}
    check(cluster, topic, want, expected, second=want, limit=limit)


def test_limit_counts_rows_not_offsets(cluster: Cluster, topic: str) -> None:
    """Markers and aborted records use up offsets but not the limit."""
    with foreign.transactional(cluster.bootstrap_servers, topic) as client:
        want: list[Row] = []
        for turn in range(4):
            client.begin_transaction()
            records = [Record(b"%d" % turn, timestamp=NOON)] * 3
            kept = placed(records, foreign.send(client, topic, records))
            if turn % 2:
                client.commit_transaction(foreign.SECONDS)
                want += kept
            else:
                client.abort_transaction(foreign.SECONDS)
            foreign.wait_for_end(cluster.bootstrap_servers, topic, (turn + 1) * 4)
    for _ in ways():
        table = kf.read(topic, bootstrap_servers=cluster.bootstrap_servers, limit=5, **RAW)
        assert rows(table) == want[:5]
        assert_law(table.report)


@pytest.mark.parametrize("tail", [0, 1, 5, 30, 67, 1000])
def test_tail(cluster: Cluster, make_topic: MakeTopic, tail: int) -> None:
    """The n newest by (timestamp, partition, offset) among each partition's last n."""
    topic = make_topic(4)
    written = write(cluster, topic)
    last = [row for row in written if row.offset >= SIZES[row.partition] - tail]
    newest = sorted(last, key=lambda row: (row.timestamp, row.partition, row.offset))[-tail:] if tail else []
    want = sorted(newest, key=lambda row: row[:2])
    expected = {}
    for partition, size in SIZES.items():
        delivered = sum(row.partition == partition for row in want)
        filtered = min(tail, size) - delivered
        expected[partition] = {
            name: count for name, count in {"delivered": delivered, "filtered": filtered}.items() if count
        }
    check(cluster, topic, want, expected, second=want, tail=tail)
