"""Keys and values: null, empty, large, and bytes that are no text. A null is not an empty value, here or there."""

from __future__ import annotations

import hashlib

import kaframe as kf
from tests.conformance.check import check, placed
from tests.conformance.clusters import Cluster
from tests.conformance.conftest import MakeTopic
from tests.conformance.foreign import Record, produce
from tests.conformance.tunings import ways

NOON = 1_790_000_000_000
LARGE = 5_000_000


def test_null_and_empty(cluster: Cluster, topic: str) -> None:
    pairs = [
        (None, None),
        (b"", b""),
        (None, b""),
        (b"", None),
        (b"key", None),
        (None, b"value"),
        (b"\x00\xff", b"\xfe\x00"),
    ]
    records = [Record(value, key=key, timestamp=NOON) for key, value in pairs]
    want = placed(records, produce(cluster.bootstrap_servers, topic, records))
    check(cluster, topic, want, {0: {"delivered": len(pairs)}})


def test_only_null_keys_and_values(cluster: Cluster, topic: str) -> None:
    records = [Record(None, timestamp=NOON) for _ in range(5)]
    want = placed(records, produce(cluster.bootstrap_servers, topic, records))
    check(cluster, topic, want, {0: {"delivered": 5}})
    for _ in ways():
        table = kf.read(topic, bootstrap_servers=cluster.bootstrap_servers)
        assert table.columns == ["_key", "_partition", "_offset", "_timestamp"], (
            "no value was seen: there is no value column"
        )
        assert table.to_arrow()["_key"].to_pylist() == [None] * 5


def test_tombstones_are_rows(cluster: Cluster, topic: str) -> None:
    records = [Record(b'{"a": 1}', key=b"x"), Record(None, key=b"x"), Record(b'{"a": 3}', key=b"y")]
    produce(cluster.bootstrap_servers, topic, records)
    for _ in ways():
        table = kf.read(topic, bootstrap_servers=cluster.bootstrap_servers, metadata=["_key", "_tombstone", "_error"])
        assert table.to_arrow().to_pydict() == {
            "a": [1, None, 3],
            "_key": ["x", "x", "y"],
            "_tombstone": [False, True, False],
            "_error": [None, None, None],
        }
        assert table.report.malformed == 0
        assert table.to_pandas()["a"].dtype != "float64", "an integer column with a null stays a column of integers"


def test_five_megabytes(cluster: Cluster, make_topic: MakeTopic) -> None:
    """Larger than a fetch asks for by default: the broker sends such a batch whole, and the reader must take it."""
    topic = make_topic(**{"max.message.bytes": "8000000"})
    noise = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(LARGE // 32))
    records = [
        Record(b"small", timestamp=NOON),
        Record(noise, key=noise[:1_000_000], timestamp=NOON),
        Record(b"after", timestamp=NOON),
    ]
    want = placed(records, produce(cluster.bootstrap_servers, topic, records, **{"linger.ms": 0}))
    check(cluster, topic, want, {0: {"delivered": 3}})


def test_five_megabytes_compressed(cluster: Cluster, make_topic: MakeTopic) -> None:
    topic = make_topic(**{"max.message.bytes": "8000000"})
    records = [Record(bytes([number]) * LARGE, timestamp=NOON) for number in range(4)]
    want = placed(records, produce(cluster.bootstrap_servers, topic, records, **{"compression.type": "gzip"}))
    check(cluster, topic, want, {0: {"delivered": 4}})


def test_key_formats(cluster: Cluster, topic: str) -> None:
    produce(
        cluster.bootstrap_servers,
        topic,
        [Record(b"{}", key=number.to_bytes(8, "big", signed=True)) for number in (-1, 0, 2**40)],
    )
    for _ in ways():
        table = kf.read(topic, bootstrap_servers=cluster.bootstrap_servers, key_format="long", metadata=["_key"])
        assert table.to_arrow()["_key"].to_pylist() == [-1, 0, 2**40]
