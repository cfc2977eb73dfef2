"""The questions: what is asked of which topic, and by whom. Data, no code that runs anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.suite.cases import LIMIT_1, UNPACK_2, Peer

#: Timestamps of the large topic are spread evenly over thirty days from the first of October 2026 on.
FIRST_MS = 1_790_812_800_000
DAYS = 30
SPAN_MS = DAYS * 86_400_000


def kaframe(name: str, ask: str, **options: Any) -> Peer:
    return Peer(f"kaframe: {name}", "kaframe_ask", {"ask": ask, **options}, ours=True)


def window(place: float) -> dict[str, int]:
    """One hundredth of the span, at a place between 0 and 1."""
    start = FIRST_MS + int(place * SPAN_MS)
    return {"start": start, "end": start + SPAN_MS // 100}


@dataclass(frozen=True)
class Question:
    """Readers of one topic whose answers must be equal, unless ``same`` says that they are not comparable."""

    topic: str
    peers: tuple[Peer, ...]
    rounds: int = 3
    same: bool = True


ALL = kaframe("all of it", "all")
WINDOWS = {place: kaframe(f"a window of 1 % at {place:.0%}", "window", **window(place)) for place in (0.05, 0.5, 0.95)}
TIMES = Peer("confluent-kafka: offsets_for_times + consume at 50%", "confluent_window", window(0.5))
COUNT = kaframe("count()", "count")
HEAD, TAIL = kaframe("the first 100", "head"), kaframe("the last 100", "tail")
WHERE = kaframe("where percent = 7, one record of 100", "where", where="percent = 7")
SQL = kaframe("select count(*), sum(amount)", "sql")
DUCKDB = Peer("kcat → file → DuckDB, tuned: count and sum", "kcat_sum", {"into": "duckdb"})
JQ = Peer("kcat | jq, tuned: count and sum", "kcat_sum", {"into": "jq"})
EXPORT = kaframe("export to Parquet", "export")

QUESTIONS = (
    Question("large", (ALL,), rounds=1),
    Question("large", (*WINDOWS.values(), TIMES), same=False),
    Question("large", (COUNT, LIMIT_1), same=False),
    Question("large", (HEAD, TAIL)),
    Question("small", (HEAD, TAIL)),
    Question("wide", (ALL, WHERE, UNPACK_2), same=False),
    Question("small", (SQL, DUCKDB)),
    Question("small", (SQL, JQ), rounds=1),
    Question("ten", (EXPORT,), rounds=1),
)


@dataclass(frozen=True)
class Written:
    """A topic of these questions. ``ten`` reads the first of the records of ``large``."""

    shape: str
    compression: str
    rows: int
    first_ms: int = 0
    step_us: int = 0
    of: str = ""


def topics(scale: float) -> dict[str, Written]:
    large = int(50_000_000 * scale)
    return {
        "large": Written("flat", "lz4", large, FIRST_MS, SPAN_MS * 1000 // large),
        "small": Written("flat", "lz4", int(1_000_000 * scale)),
        "wide": Written("wide", "lz4", int(500_000 * scale)),
        "ten": Written("flat", "lz4", large // 5, of="large"),
    }
