"""What kaframe writes, read by librdkafka: values, keys, partitions as Java places them, headers, timestamps, each codec."""

from __future__ import annotations

import datetime as dt
import json

import pytest

import kaframe as kf
from tests.conformance import foreign, tunings
from tests.conformance.check import check, checked
from tests.conformance.clusters import Cluster
from tests.conformance.conftest import MakeTopic
from tests.conformance.tunings import ways

NOON = dt.datetime(2026, 9, 21, 12, tzinfo=dt.UTC)


def test_dicts(cluster: Cluster, topic: str) -> None:
    kf.write(
        [{"number": n, "name": f"n{n}"} for n in range(1000)],
        topic,
        bootstrap_servers=cluster.bootstrap_servers,
        key="name",
    )
    seen = foreign.read(cluster.bootstrap_servers, topic)
    assert [json.loads(row.value or b"") for row in seen] == [{"number": n, "name": f"n{n}"} for n in range(1000)]
    assert [row.key for row in seen] == [b"n%d" % n for n in range(1000)]
    check(cluster, topic, seen, {0: {"delivered": 1000}})


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_codec(cluster: Cluster, topic: str, codec: str) -> None:
    rows = [{"text": "x" * 1500, "number": n} for n in range(200)]
    if codec == "zstd" and not cluster.zstd:
        with pytest.raises(kf.KaframeError, match="UNSUPPORTED_COMPRESSION_TYPE"):
            kf.write(rows, topic, bootstrap_servers=cluster.bootstrap_servers, compression=codec)
        assert foreign.read(cluster.bootstrap_servers, topic) == [], "nothing of it was written"
        return
    kf.write(rows, topic, bootstrap_servers=cluster.bootstrap_servers, compression=codec)
    seen = foreign.read(cluster.bootstrap_servers, topic)
    assert [json.loads(row.value or b"") for row in seen] == rows
    for table in checked(cluster, topic, seen, {0: {"delivered": 200}}):
        # Small splits fetch batches that they share more than once.
        if tunings.now == tunings.DEFAULT:
            assert (table.report.bytes_fetched > 300_000) == (codec == "none")


def test_partitions(cluster: Cluster, make_topic: MakeTopic) -> None:
    """The same key lands in the same partition as with a Java producer: murmur2, which librdkafka knows by name."""
    ours, theirs = make_topic(7), make_topic(7)
    keys = [f"key-{number}" for number in range(200)] + ["größe", "", "日本"]
    kf.write([{"k": key} for key in keys], ours, bootstrap_servers=cluster.bootstrap_servers, key="k")
    client = foreign.producer(cluster.bootstrap_servers, partitioner="murmur2")
    for key in keys:
        client.produce(theirs, b"", key.encode())
    assert client.flush(foreign.SECONDS) == 0
    placed = [
        {row.key: row.partition for row in foreign.read(cluster.bootstrap_servers, topic)} for topic in (ours, theirs)
    ]
    assert placed[0] == placed[1]
    assert len(placed[0]) == len(keys)


def test_headers_and_timestamps(cluster: Cluster, topic: str) -> None:
    headers = [{"key": "a", "value": b"1"}, {"key": "a", "value": None}, {"key": "b", "value": b""}]
    rows = [
        {"n": 1, "_headers": headers, "_timestamp": NOON},
        {"n": 2, "_headers": [], "_timestamp": NOON + dt.timedelta(seconds=1)},
    ]
    kf.write(rows, topic, bootstrap_servers=cluster.bootstrap_servers)
    seen = foreign.read(cluster.bootstrap_servers, topic)
    assert [json.loads(row.value or b"") for row in seen] == [{"n": 1}, {"n": 2}]
    assert [row.headers for row in seen] == [(("a", b"1"), ("a", None), ("b", b"")), ()]
    assert [row.timestamp for row in seen] == [NOON.timestamp() * 1000, NOON.timestamp() * 1000 + 1000]


def test_back_and_forth(cluster: Cluster, make_topic: MakeTopic) -> None:
    """A table that was read, written to another topic, is the same table."""
    source, copy = make_topic(), make_topic()
    kf.write(
        [{"id": n, "tags": ["x", str(n)], "at": {"deep": n / 4}} for n in range(100)],
        source,
        bootstrap_servers=cluster.bootstrap_servers,
    )
    table = kf.read(source, bootstrap_servers=cluster.bootstrap_servers)
    kf.write(table, copy, bootstrap_servers=cluster.bootstrap_servers)
    for _ in ways():
        again = kf.read(copy, bootstrap_servers=cluster.bootstrap_servers)
        assert again.to_arrow().equals(table.to_arrow())


def test_topics(cluster: Cluster) -> None:
    """Create, list, describe, delete: seen by the other client too."""
    bound = kf.connect(cluster.bootstrap_servers)
    bound.create_topic("made-by-us", partitions=3)
    assert "made-by-us" in foreign.topic_names(cluster.bootstrap_servers)
    listed = {each.name: each for each in bound.topics()}
    assert listed["made-by-us"].partitions == 3
    # Brokers too old to tell their settings are described without them.
    described = bound.describe_topic("made-by-us")
    assert [each.id for each in described.partitions] == [0, 1, 2]
    bound.delete_topic("made-by-us")
    assert "made-by-us" not in {each.name for each in bound.topics()}


def test_a_reader_leaves_no_trace(cluster: Cluster, topic: str) -> None:
    """No consumer group, no topic by a typing error, although the broker would create one."""
    bound = kf.connect(cluster.bootstrap_servers)
    for _ in ways():
        bound.read(topic)
    with pytest.raises(kf.TopicNotFoundError):
        bound.read(f"{topic}x")
    assert f"{topic}x" not in foreign.topic_names(cluster.bootstrap_servers)
    client = foreign.admin(cluster.bootstrap_servers)
    groups = client.list_consumer_groups(request_timeout=foreign.SECONDS).result()
    # The groups that other tests commit as, and none of ours.
    ours = {group.group_id for group in groups.valid if not group.group_id.startswith("group-of-")}
    assert ours <= {"second-opinion"}
