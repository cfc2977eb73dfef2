"""The records of the benchmark's topics: Polars frames and the lines of JSON, text or bytes made of them. The same in every run (fixed seeds).

Not here: partitions, compression and sizes (:mod:`bench.suite.cases`), and what a reader must find (:mod:`bench.checksum`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

EVENTS = ("page_view", "add_to_cart", "checkout", "login", "logout", "search", "refund", "signup")
COUNTRIES = ("DE", "US", "FR", "GB", "IN", "BR", "JP", "NL", "SE", "PL")
# What programs that write JSON produce: escapes of every kind, text beyond ASCII, raw and as \u.
NOTES = (
    "plain",
    'say "hi"',
    "two\nlines\tand a tab",
    "naïve café",
    "日本語のテキスト",
    "back\\slash /slash",
    "emoji 🎉 done",
    "",
    "a note of some sixty characters, so that it does not fit a vector",
)
# Rows that are made at once: a bound for the memory of a topic of 50 million.
PORTION = 500_000


@dataclass(frozen=True)
class Shape:
    """A kind of record: ``frame(first, rows)`` gives them as columns, ``lines(frame)`` as the values that are written."""

    frame: Callable[[int, int], pl.DataFrame]
    lines: Callable[[pl.DataFrame], bytes]

    def portions(self, rows: int) -> Iterator[tuple[pl.DataFrame, bytes]]:
        """All records, some at a time."""
        for first in range(0, rows, PORTION):
            frame = self.frame(first, min(PORTION, rows - first))
            yield frame, self.lines(frame)


def ndjson(frame: pl.DataFrame) -> bytes:
    return frame.write_ndjson().encode()


def one_of(random: np.random.Generator, words: tuple[str, ...], rows: int) -> pl.Series:
    return pl.Series(words, dtype=pl.String).gather(pl.Series(random.integers(0, len(words), rows)))


def numbers(first: int, rows: int) -> pl.Series:
    return pl.Series("number", np.arange(first, first + rows, dtype=np.int64))


def tiny(first: int, rows: int) -> pl.DataFrame:
    """The tutorial's own records."""
    return pl.DataFrame({"number": numbers(first, rows)})


def tiny_lines(frame: pl.DataFrame) -> bytes:
    """As Python's ``json.dumps`` writes them, with a space."""
    line = pl.concat_str(pl.lit('{"number": '), pl.col("number").cast(pl.String), pl.lit("}"))
    return joined(frame.select(line).to_series())


def flat(first: int, rows: int) -> pl.DataFrame:
    """Seven fields: an integer, short texts of few and of many values, a time as text, a float, a boolean; about 113 bytes."""
    random = np.random.default_rng([1, first])
    seconds = pl.Series(np.arange(first, first + rows) // 40 + 1_767_225_600).cast(pl.Int64)
    return pl.DataFrame(
        {
            "number": numbers(first, rows),
            "user": pl.select("u" + pl.Series(random.integers(0, 100_000, rows)).cast(pl.String)).to_series(),
            "ts": pl.from_epoch(seconds, "s").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "amount": np.round(random.integers(0, 5000, rows) + random.integers(1, 100, rows) / 100, 2),
            "ok": random.integers(0, 2, rows) == 0,
            "event": one_of(random, EVENTS, rows),
            "cc": one_of(random, COUNTRIES, rows),
        }
    )


def nested(first: int, rows: int) -> pl.DataFrame:
    """Objects in objects, a list of objects, a list of texts; about 530 bytes."""
    random = np.random.default_rng([2, first])
    base = flat(first, rows)
    item = pl.struct(
        sku="sku-" + pl.Series(random.integers(0, 10_000, rows)).cast(pl.String),
        title=one_of(random, ("a quite ordinary thing", "something in blue", "the same, only larger"), rows),
        quantity=pl.Series(random.integers(1, 9, rows)),
        price=pl.Series(np.round(random.integers(1, 50_000, rows) / 100, 2)),
    )
    geo = pl.struct(
        lat=pl.Series(np.round(random.uniform(-90, 90, rows), 4)),
        lon=pl.Series(np.round(random.uniform(-180, 180, rows), 4)),
    )
    address = pl.struct(street=pl.lit("12 Some Long Street Name"), city=one_of(random, COUNTRIES, rows), geo=geo)
    return base.select(
        "number",
        "ts",
        customer=pl.struct(id="user", name=pl.lit("Somebody With A Name"), address=address, vip="ok"),
        items=pl.concat_list(item, item, item),
        tags=pl.concat_list("event", "cc", pl.lit("tag-of-all")),
        total="amount",
    )


def unfriendly(first: int, rows: int) -> pl.DataFrame:
    """Four of nine keys are there in one record of five only."""
    random = np.random.default_rng([3, first])

    def seldom(values: pl.Series) -> pl.Series:
        return values.set(pl.Series(random.random(rows) >= 0.2), None)

    return flat(first, rows).select(
        "number",
        "user",
        "amount",
        "ok",
        note=one_of(random, NOTES, rows),
        discount=seldom(pl.Series(np.round(random.integers(0, 90, rows) / 4 + 0.25, 2))),
        retries=seldom(pl.Series(random.integers(0, 5, rows))),
        referrer=seldom(one_of(random, NOTES, rows)),
        beta=seldom(pl.Series(random.integers(0, 2, rows) == 0)),
    )


def unfriendly_lines(frame: pl.DataFrame) -> bytes:
    """Absent keys are left out, the order of the keys is one of sixteen, half of the texts are written in ASCII with ``\\u`` escapes."""
    raw = pl.col("note", "referrer").replace_strict({note: json.dumps(note, ensure_ascii=False) for note in NOTES})
    ascii_only = pl.col("note", "referrer").replace_strict({note: json.dumps(note) for note in NOTES})
    ready = pl.concat([frame[::2].with_columns(raw), frame[1::2].with_columns(ascii_only)])
    order = np.random.default_rng(4)
    texts = {"user": pl.concat_str(pl.lit('"'), "user", pl.lit('"'))}
    parts = [
        pl.concat_str(pl.lit(f'"{name}":'), texts.get(name, pl.col(name).cast(pl.String))).alias(name)
        for name in frame.columns
    ]
    ready = ready.select(pl.col("number").alias("row"), *parts)
    lines = []
    for kind in range(16):
        names = list(order.permutation(frame.columns))
        body = pl.concat_str(*names, separator=",", ignore_nulls=True)
        some = ready.filter(pl.col("row") * 7 // 3 % 16 == kind)
        lines.append(some.select("row", line=pl.concat_str(pl.lit("{"), body, pl.lit("}"))))
    return joined(pl.concat(lines).sort("row")["line"])


def text(first: int, rows: int) -> pl.DataFrame:
    """Lines of a log, about 100 bytes, that are no JSON."""
    base = flat(first, rows)
    line = pl.concat_str(
        "ts", pl.lit(" INFO worker-"), pl.col("number").cast(pl.String), pl.lit(" handled "), "event", pl.lit(" of "), "user",
        pl.lit(" in "), pl.col("amount").cast(pl.String), pl.lit(" ms, nothing else to say"),
    )  # fmt: skip
    return base.select(value=line)


def binary(first: int, rows: int) -> pl.DataFrame:
    """One KiB of bytes that are no text and hold no newline, which parts them on their way to the topic."""
    random = np.random.default_rng([5, first])
    values = random.integers(11, 256, (rows, 1024), dtype=np.uint8)
    return pl.DataFrame({"value": pl.Series(list(map(bytes, values)), dtype=pl.Binary)})


def joined(values: pl.Series) -> bytes:
    return ("\n".join(values.to_list()) + "\n").encode()


def bytes_lines(frame: pl.DataFrame) -> bytes:
    return b"\n".join(frame["value"].to_list()) + b"\n"


def wide(first: int, rows: int) -> pl.DataFrame:
    """Sixty fields: the seven of ``flat``, whose country decides one record of a hundred, and more of their kinds."""
    random = np.random.default_rng([6, first])
    more = {f"count_{i}": random.integers(0, 10_000, rows) for i in range(20)}
    more |= {f"ratio_{i}": np.round(random.integers(0, 10_000, rows) / 64, 4) for i in range(15)}
    words = {f"word_{i}": one_of(random, EVENTS, rows) for i in range(17)}
    rare = pl.Series("percent", random.integers(0, 100, rows))
    return flat(first, rows).with_columns(rare, **more, **words)


SHAPES = {
    "tiny": Shape(tiny, tiny_lines),
    "flat": Shape(flat, ndjson),
    "nested": Shape(nested, ndjson),
    "unfriendly": Shape(unfriendly, unfriendly_lines),
    "text": Shape(text, lambda frame: joined(frame["value"])),
    "binary": Shape(binary, bytes_lines),
    "wide": Shape(wide, ndjson),
}
