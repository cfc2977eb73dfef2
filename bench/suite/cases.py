"""What is measured: topics, readers, and who reads what. Data, no code that runs anything.

Sizes are those of a run by default; ``full`` those of ``--full``. A reader with ``most`` reads only so many of the topic's records, because all of
them would take minutes: rows per second are compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Peer:
    """A reader as the benchmark starts it."""

    name: str
    #: A module of ``bench.peers``, or a native program: ``count``, ``limit``.
    program: str
    options: dict[str, Any] = field(default_factory=dict)
    most: int | None = None
    most_full: int | None = None
    #: Of the project's environment; the others run in the peers' own.
    ours: bool = False

    def rows(self, topic_rows: int, full: bool) -> int:
        most = self.most_full if full else self.most
        return min(topic_rows, most) if most else topic_rows


def kaframe(name: str, into: str, **options: Any) -> Peer:
    return Peer(f"kaframe → {name}", "kaframe_read", {"into": into, **options}, ours=True)


PANDAS = kaframe("pandas", "pandas")
PANDAS_METADATA = kaframe("pandas, with metadata", "pandas", metadata=True)
POLARS = kaframe("Polars", "polars")
ARROW = kaframe("Arrow", "arrow")
ARROW_METADATA = kaframe("Arrow, with metadata", "arrow", metadata=True)
RAW = kaframe("Arrow, raw values", "arrow", value_format="raw")
STREAM = kaframe("stream of batches", "stream")
LOOP = Peer("kafka-python, the tutorial's loop", "kafka_python_loop", most=200_000, most_full=500_000)
KAFKA_PYTHON = Peer("kafka-python, tuned", "kafka_python_tuned", most=400_000, most_full=1_000_000)
CONFLUENT = Peer("confluent-kafka + orjson, tuned", "confluent_orjson", {"collector": True}, 1_000_000)
CONFLUENT_NO_GC = Peer(
    "confluent-kafka + orjson, tuned, collector off", "confluent_orjson", {"collector": False}, 1_500_000
)
KAFKARROW = Peer("kafkarrow + Polars", "kafkarrow_polars", most=2_000_000)
DAFT = Peer("Daft", "daft_read", most=1_000_000)
RAY = Peer("Ray Data + Polars", "ray_read", most=1_000_000)
KCAT_POLARS = Peer("kcat → Polars → pandas, tuned", "kcat_polars")
KCAT_DUCKDB = Peer("kcat → file → DuckDB → pandas, tuned", "kcat_duckdb", most=2_000_000)
COUNT = Peer("C librdkafka, tuned, counts only", "count")
LIMIT_1 = Peer("limit: 1 socket, headers only", "limit", {"sockets": 1})
LIMIT_2 = Peer("limit: 2 sockets, headers only", "limit", {"sockets": 2})
UNPACK_1 = Peer("limit: 1 socket, decompressed", "limit", {"sockets": 1, "decompress": True})
UNPACK_2 = Peer("limit: 2 sockets, decompressed", "limit", {"sockets": 2, "decompress": True})
LIMITS = (LIMIT_1, LIMIT_2)
UNPACKED = (LIMIT_1, LIMIT_2, UNPACK_1, UNPACK_2)


@dataclass(frozen=True)
class Case:
    """A topic and its readers, in the order of their turns."""

    name: str
    shape: str
    compression: str
    rows: int
    peers: tuple[Peer, ...]
    partitions: int = 1
    full: int = 0

    @property
    def values(self) -> str:
        return self.shape if self.shape in ("text", "binary") else "json"

    def size(self, full: bool, scale: float) -> int:
        return max(1000, int((self.full if full and self.full else self.rows) * scale))


CASES = (
    Case("flat", "flat", "none", 5_000_000, (
        PANDAS, LOOP, PANDAS_METADATA, KAFKA_PYTHON, ARROW, CONFLUENT, ARROW_METADATA, CONFLUENT_NO_GC, RAW, KAFKARROW, POLARS, DAFT, STREAM, RAY,
        KCAT_POLARS, KCAT_DUCKDB, COUNT, *LIMITS)),
    Case("flat lz4", "flat", "lz4", 5_000_000, (
        PANDAS, LOOP, PANDAS_METADATA, KAFKA_PYTHON, ARROW, CONFLUENT, RAW, CONFLUENT_NO_GC, KAFKARROW, DAFT, KCAT_POLARS, COUNT, *UNPACKED)),
    Case("flat zstd", "flat", "zstd", 2_000_000, (PANDAS, ARROW, KCAT_POLARS, COUNT, *UNPACKED), full=5_000_000),
    Case("flat in 4 partitions", "flat", "none", 5_000_000, (
        PANDAS, LOOP, ARROW, CONFLUENT_NO_GC, KCAT_POLARS, COUNT, *LIMITS), partitions=4, full=10_000_000),
    Case("flat lz4 in 4 partitions", "flat", "lz4", 5_000_000, (
        PANDAS, LOOP, ARROW, CONFLUENT_NO_GC, KCAT_POLARS, COUNT, *UNPACKED), partitions=4, full=10_000_000),
    Case("tiny", "tiny", "none", 1_000_000, (
        PANDAS, LOOP, PANDAS_METADATA, KAFKA_PYTHON, ARROW, CONFLUENT, CONFLUENT_NO_GC, KAFKARROW, DAFT, KCAT_POLARS, COUNT, *LIMITS)),
    Case("nested", "nested", "lz4", 1_000_000, (PANDAS, ARROW, CONFLUENT_NO_GC, KCAT_POLARS, COUNT), full=2_000_000),
    Case("unfriendly", "unfriendly", "lz4", 1_000_000, (PANDAS, ARROW, CONFLUENT_NO_GC, KCAT_POLARS, COUNT), full=2_000_000),
    Case("text", "text", "none", 3_000_000, (ARROW, POLARS, KAFKARROW, COUNT, *LIMITS), full=5_000_000),
    Case("binary 1 KiB", "binary", "none", 500_000, (ARROW, KAFKARROW, COUNT, *LIMITS), full=1_000_000),
)  # fmt: skip
