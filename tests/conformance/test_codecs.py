"""Each compression codec, alone and mixed in one log."""

from __future__ import annotations

import pytest
from confluent_kafka import Producer

from tests.conformance.check import check, placed
from tests.conformance.clusters import Cluster
from tests.conformance.foreign import Record, producer, send

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
NOON = 1_790_000_000_000


def compressible(count: int, label: str) -> list[Record]:
    return [
        Record(f"{label} {number} {'x' * 200}".encode(), key=b"%d" % (number % 7), timestamp=NOON + number)
        for number in range(count)
    ]


def writer(cluster: Cluster, codec: str) -> tuple[Producer, list[str]]:
    """A producer that compresses, and the lines it logs."""
    lines: list[str] = []

    class Lines:
        def log(self, level: int, template: str, *values: object) -> None:
            lines.append(template % values if values else template)

    return producer(cluster.bootstrap_servers, **{"compression.type": codec, "logger": Lines()}), lines


@pytest.mark.parametrize("codec", CODECS)
def test_codec(cluster: Cluster, topic: str, codec: str) -> None:
    records = compressible(2000, codec)
    client, lines = writer(cluster, codec)
    want = placed(records, send(client, topic, records))
    client.poll(0)
    table = check(cluster, topic, want, {0: {"delivered": 2000}})
    # An older broker cannot be given zstd: librdkafka says so and sends the records uncompressed. Everywhere else they stay compressed.
    stored_as_sent = codec == "none" or (codec == "zstd" and not cluster.zstd)
    raw_bytes = sum(len(record.value or b"") for record in records)
    assert (table.report.bytes_fetched >= raw_bytes) == stored_as_sent, (
        f"{table.report.bytes_fetched} bytes for {raw_bytes} bytes of values"
    )
    refused = [line for line in lines if "does not support compression" in line]
    assert bool(refused) == (codec == "zstd" and not cluster.zstd), lines


def test_codecs_mixed_in_one_log(cluster: Cluster, topic: str) -> None:
    want = []
    for codec in CODECS:
        records = compressible(50, codec)
        want += placed(records, send(writer(cluster, codec)[0], topic, records))
    check(cluster, topic, want, {0: {"delivered": 250}})
