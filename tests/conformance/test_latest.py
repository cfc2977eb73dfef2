"""The last record of each key, as it follows from what librdkafka reads."""

from __future__ import annotations

import pytest

import kaframe as kf
from tests.conformance import foreign
from tests.conformance.check import RAW, assert_law, rows
from tests.conformance.clusters import Cluster
from tests.conformance.conftest import MakeTopic
from tests.conformance.foreign import Record, Row, produce
from tests.conformance.tunings import ways

NOON = 1_790_000_000_000


@pytest.mark.filterwarnings("ignore:.*have no key.*:UserWarning")
def test_latest_by_key(cluster: Cluster, make_topic: MakeTopic) -> None:
    """A key lies in one partition, some records have none, and every thirteenth is a tombstone."""
    topic = make_topic(3)
    keys = [None if number % 9 == 0 else b"k%d" % (number * number % 47) for number in range(200)]
    records = [
        Record(
            None if number % 13 == 12 else b"%d" % number,
            key=key,
            timestamp=NOON + number,
            partition=number % 3 if key is None else int(key[1:]) % 3,
        )
        for number, key in enumerate(keys)
    ]
    produce(cluster.bootstrap_servers, topic, records)
    last: dict[bytes, Row] = {}
    for row in sorted(foreign.read(cluster.bootstrap_servers, topic), key=lambda row: row.timestamp):
        if row.key is not None:
            last[row.key] = row
    want = sorted((row for row in last.values() if row.value is not None), key=lambda row: row[:2])
    assert 0 < len(want) < len(last), "the last record of some keys is a tombstone"
    for _ in ways():
        table = kf.scan(topic, bootstrap_servers=cluster.bootstrap_servers, **RAW).latest_by_key()
        assert rows(table) == want
        assert_law(table.report)
        assert table.complete
