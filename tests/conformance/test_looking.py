"""``kaframe info`` and ``summarize`` on the embedded broker and on a real one: what they say is what was written."""

from __future__ import annotations

import json
import subprocess

import kaframe as kf
from tests.command import kaframe
from tests.conformance.clusters import Cluster
from tests.conformance.conftest import MakeTopic
from tests.conformance.foreign import Record, produce
from tests.conformance.tunings import ways

NOON = 1_790_000_000_000


def test_info_and_summary(cluster: Cluster, make_topic: MakeTopic) -> None:
    topic = make_topic(partitions=2, **{"retention.ms": "864000000000"})
    records = [
        Record(b'{"n": %d}' % i, b"key %d" % (i % 5), timestamp=NOON + i * 60_000, partition=i % 2) for i in range(200)
    ]
    produce(cluster.bootstrap_servers, topic, records)
    command = [kaframe(), "-b", cluster.bootstrap_servers, "info", topic, "-f", "json"]
    info = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    assert [(p["id"], p["log_start_offset"], p["high_watermark"]) for p in info["partitions"]] == [
        (0, 0, 100),
        (1, 0, 100),
    ]
    assert info["sampled"] == 200
    assert info["record_bytes"] in (13, 14)
    assert info["first_time"].startswith("2026-09-21")
    # Kafka tells the greatest timestamp since 3.0.
    assert (info["last_time"] is not None) == (cluster.version >= (3, 0))
    if cluster.described:
        assert [c["name"] for c in info["configs"] if c["origin"] == "topic"] == ["retention.ms"]
    for _ in ways():
        summary = kf.scan(topic, bootstrap_servers=cluster.bootstrap_servers).summarize()
        assert (summary.records, summary.partitions) == (200, {topic: {0: 100, 1: 100}})
        assert (summary["n"].min, summary["n"].max, summary["n"].distinct) == ("0", "199", 200)
        assert summary.key is not None
        assert {top.value: top.count for top in summary.key.top} == {f"key {i}": 40 for i in range(5)}
