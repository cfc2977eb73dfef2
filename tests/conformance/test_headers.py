"""Headers are an ordered list, not a mapping: duplicates, nulls and order come through."""

from __future__ import annotations

import kaframe as kf
from tests.conformance.check import check, placed
from tests.conformance.clusters import Cluster
from tests.conformance.foreign import Record, produce
from tests.conformance.tunings import ways

NOON = 1_790_000_000_000


def test_order_duplicates_nulls(cluster: Cluster, topic: str) -> None:
    """Headers came with Kafka 0.11, the oldest pose: no cluster is an exception."""
    each = [
        (),
        (("trace", b"1"),),
        (("b", b"2"), ("a", b"1"), ("b", b"3"), ("b", b"2")),
        (("null", None), ("empty", b""), ("", b"no name")),
        (("größe", "naïve".encode()), ("binary", bytes(range(256)))),
        tuple((f"h{number}", b"%d" % number) for number in range(300)),
    ]
    records = [Record(b"v", headers=headers, timestamp=NOON) for headers in each]
    want = placed(records, produce(cluster.bootstrap_servers, topic, records))
    check(cluster, topic, want, {0: {"delivered": len(each)}})


def test_headers_are_on_request(cluster: Cluster, topic: str) -> None:
    produce(cluster.bootstrap_servers, topic, [Record(b'{"a": 1}', headers=(("x", b"1"), ("x", b"2")))])
    for _ in ways():
        assert "_headers" not in kf.read(topic, bootstrap_servers=cluster.bootstrap_servers).columns
        table = kf.read(topic, bootstrap_servers=cluster.bootstrap_servers, columns=["_headers", "a"])
        assert table.to_arrow().to_pylist() == [
            {"_headers": [{"key": "x", "value": b"1"}, {"key": "x", "value": b"2"}], "a": 1}
        ]
