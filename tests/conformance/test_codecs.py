"""Each compression codec, alone and mixed in one log."""

from __future__ import annotations

import pytest

from tests.conformance import tunings
from tests.conformance.check import check, checked, placed
from tests.conformance.clusters import Cluster
from tests.conformance.foreign import Record, produce, producer, send

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
NOON = 1_790_000_000_000


def compressible(count: int, label: str) -> list[Record]:
    return [
        Record(f"{label} {number} {'x' * 2100}".encode(), key=b"%d" % (number % 7), timestamp=NOON + number)
        for number in range(count)
    ]


@pytest.mark.parametrize("codec", CODECS)
def test_codec(cluster: Cluster, topic: str, codec: str) -> None:
    records = compressible(200, codec)
    client = producer(cluster.bootstrap_servers, **{"compression.type": codec})
    want = placed(records, send(client, topic, records))
    # An older broker cannot be given zstd: librdkafka sends the records uncompressed then. Everywhere else they stay compressed.
    uncompressed = codec == "none" or (codec == "zstd" and not cluster.zstd)
    size = sum(len(record.value or b"") for record in records)
    for table in checked(cluster, topic, want, {0: {"delivered": 200}}):
        # Small splits fetch batches that they share more than once.
        if tunings.now == tunings.DEFAULT:
            fetched = table.report.bytes_fetched
            assert (fetched >= size) == uncompressed, f"{fetched} bytes for {size} bytes of values"


def test_codecs_mixed_in_one_log(cluster: Cluster, topic: str) -> None:
    want = []
    for codec in CODECS:
        records = compressible(50, codec)
        want += placed(records, produce(cluster.bootstrap_servers, topic, records, **{"compression.type": codec}))
    check(cluster, topic, want, {0: {"delivered": 250}})
