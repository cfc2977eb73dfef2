"""The ratios that the project promises, from the results of one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bench.suite import cases
from bench.suite.turns import Measured

Results = dict[str, dict[str, Measured]]
FLAT = ("flat", "flat lz4", "flat in 4 partitions", "flat lz4 in 4 partitions")
ONE = ("flat", "flat lz4")
MIB = 1 << 20


@dataclass(frozen=True)
class Claim:
    """One ratio: what it says, what came out, what it must be and what it should be."""

    text: str
    value: float
    at_least: float
    aim: float
    #: Whether less is better.
    below: bool = False
    unit: str = " times"

    @property
    def reached(self) -> str:
        good = (lambda limit: self.value <= limit) if self.below else (lambda limit: self.value >= limit)
        return "aim" if good(self.aim) else "yes" if good(self.at_least) else "**no**"


#: Reader, other reader, cases, at least, aim, words.
RATIOS: tuple[tuple[cases.Peer, cases.Peer, tuple[str, ...], float, float], ...] = (
    (cases.PANDAS, cases.LOOP, FLAT, 100, 150),
    (cases.PANDAS, cases.LOOP, ("tiny",), 80, 200),
    (cases.PANDAS, cases.CONFLUENT, ONE, 30, 50),
    (cases.PANDAS, cases.CONFLUENT_NO_GC, FLAT, 15, 25),
    (cases.PANDAS, cases.DAFT, ONE, 15, 25),
    (cases.PANDAS, cases.RAY, ("flat",), 15, 25),
    (cases.ARROW, cases.KAFKARROW, ONE, 15, 25),
    (cases.PANDAS, cases.KCAT_POLARS, FLAT, 7, 10),
    (cases.PANDAS, cases.KCAT_DUCKDB, ("flat",), 7, 10),
    (cases.ARROW, cases.COUNT, FLAT, 2, 3.5),
    (cases.RAW, cases.COUNT, ONE, 3, 5),
    (cases.ARROW, cases.COUNT, ("text", "binary 1 KiB"), 3, 5),
    (cases.ARROW, cases.LIMIT_1, ("flat", "flat in 4 partitions"), 0.45, 0.7),
    (cases.RAW, cases.LIMIT_1, ("flat",), 0.6, 0.9),
    (cases.ARROW, cases.LIMIT_1, ("text", "binary 1 KiB"), 0.6, 0.9),
    # Stated beside the share of one socket; nothing is promised of them.
    (cases.ARROW, cases.LIMIT_2, ("flat", "flat in 4 partitions"), 0, 0),
    (cases.RAW, cases.LIMIT_2, ("flat",), 0, 0),
    (cases.ARROW, cases.UNPACK_2, ("flat lz4", "flat zstd", "flat lz4 in 4 partitions"), 0, 0),
)


def good(results: Results, case: str, peer: cases.Peer) -> Measured | None:
    """A reader's medians, if it ran and did not fail."""
    found = results.get(case, {}).get(peer.name)
    return None if found is None or "failed" in found else found


def claims(results: Results, growth: dict[str, Measured], startup: dict[str, float]) -> list[Claim]:
    """All that this run can say."""
    found: list[Claim] = []
    for peer, other, where, at_least, aim in RATIOS:
        for case in where:
            mine, theirs = good(results, case, peer), good(results, case, other)
            if mine and theirs:
                value = mine["rows_per_second"] / theirs["rows_per_second"]
                found.append(Claim(f"{case}: {peer.name}, beside {other.name}", value, at_least, aim))
    for more in (memory, handover, partitions):
        found.extend(more(results))
    found.extend(growing(growth))
    found.extend(starting(startup))
    return found


def memory(results: Results) -> Iterator[Claim]:
    for case in results:
        took = good(results, case, cases.ARROW)
        if took and took["arrow_bytes"] > 100 * MIB:
            text = f"{case}: peak memory of the process beyond {{}} MiB, in sizes of the Arrow table"
            yield Claim(text.format(64), (took["peak_bytes"] - 64 * MIB) / took["arrow_bytes"], 1.4, 1.4, below=True)
            yield Claim(text.format(32), (took["peak_bytes"] - 32 * MIB) / took["arrow_bytes"], 1.1, 1.1, below=True)


def handover(results: Results) -> Iterator[Claim]:
    for case in results:
        for peer in (cases.PANDAS, cases.PANDAS_METADATA, cases.POLARS):
            took = good(results, case, peer)
            if took:
                share = 100 * (1 - took["seconds_read"] / took["seconds"])
                yield Claim(f"{case}: {peer.name}, share of the conversion", share, 15, 5, below=True, unit=" %")


def partitions(results: Results) -> Iterator[Claim]:
    for one in ONE:
        for peer in (cases.PANDAS, cases.ARROW):
            single, four = good(results, one, peer), good(results, f"{one} in 4 partitions", peer)
            if single and four:
                value = single["rows_per_second"] / four["rows_per_second"]
                yield Claim(f"{one}: {peer.name}, one partition beside four", value, 0.9, 1.0)


def growing(growth: dict[str, Measured]) -> Iterator[Claim]:
    reads = [took for name, took in growth.items() if "streamed" not in name and "failed" not in took]
    if len(reads) > 2:
        rows, seconds = (np.array([took[name] for took in reads], dtype=float) for name in ("rows", "seconds"))
        # The line that is nearest to all of them, by their relative distance: a start of some milliseconds is not a bend.
        line = np.polyval(np.polyfit(rows, seconds, 1, w=1 / seconds), rows)
        text = f"time from {reads[0]['rows']:,} to {reads[-1]['rows']:,} records: farthest from a straight line"
        yield Claim(text, float(100 * np.abs(seconds / line - 1).max()), 10, 10, below=True, unit=" %")
    for name, took in growth.items():
        if "streamed" in name and "failed" not in took:
            yield Claim(
                f"{name}: peak memory of the process", took["peak_bytes"] / MIB, 128, 64, below=True, unit=" MiB"
            )


def starting(times: dict[str, float]) -> Iterator[Claim]:
    if not times:
        return
    yield Claim(
        "fresh `kaframe head foo`, beside `kcat -c 5`", times["kaframe head foo"] / times["kcat -c 5"], 3, 3, True
    )
    alone: Callable[[str, str], float] = lambda name, without: times[name] - times[without]  # noqa: E731
    yield Claim(
        "`import kaframe` over the bare interpreter", alone("import kaframe", "python, nothing"), 40, 40, True, " ms"
    )
    read = "import pandas and kaframe, read foo to pandas"
    yield Claim(
        "foo to the first row of a DataFrame, beside `import pandas`",
        alone(read, "import pandas"),
        100,
        100,
        True,
        " ms",
    )
