"""Both timestamp types, and CreateTime in any order."""

from __future__ import annotations

import time

from tests.conformance import foreign
from tests.conformance.check import check, placed
from tests.conformance.clusters import Cluster
from tests.conformance.conftest import MakeTopic
from tests.conformance.foreign import Record, produce

NOON = 1_790_000_000_000


def test_create_time_in_any_order(cluster: Cluster, topic: str) -> None:
    """Within one batch: the first timestamp is the base, later deltas are negative; across batches the log jumps back and forth."""
    want = []
    for moments in ([NOON, NOON - 86_400_000, NOON + 5, NOON - 1], [NOON - 7_000_000], [NOON + 86_400_000, 1, NOON]):
        records = [Record(b"%d" % moment, timestamp=moment) for moment in moments]
        want += placed(records, produce(cluster.bootstrap_servers, topic, records))
    check(cluster, topic, want, {0: {"delivered": 8}})


def test_log_append_time(cluster: Cluster, make_topic: MakeTopic) -> None:
    topic = make_topic(**{"message.timestamp.type": "LogAppendTime"})
    before = round(time.time() * 1000) - 1000
    where = []
    for batch in range(3):
        where += produce(cluster.bootstrap_servers, topic, [Record(b"%d" % batch, timestamp=NOON + batch)] * 4)
        time.sleep(0.02)
    seen = foreign.read(cluster.bootstrap_servers, topic)
    assert [(row.partition, row.offset) for row in seen] == where
    assert all(row.timestamp_type == "LogAppendTime" and before <= row.timestamp < before + 60_000 for row in seen)
    assert seen[0].timestamp < seen[4].timestamp < seen[8].timestamp
    check(cluster, topic, seen, {0: {"delivered": 12}}, second=seen)
