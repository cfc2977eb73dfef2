"""How reads may be run, and must always give the same: sizes of splits, connections, threads that decode, memory.

A test makes its topic and its second opinion once and reads in every way: ``for _ in ways(): assert kf.read(...) ...``. The first way is how users
read, with nothing fixed; behind it come a few odd ones, or with ``--tunings whole`` every combination of :data:`CHOICES` too.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import TypeVar

from kaframe import _native

Tuning = dict[str, int | None]
T = TypeVar("T")
MIB = 1 << 20
DEFAULT = "by default"
# Odd on purpose: splits that cut batches, more connections than splits or than threads, responses that hold a batch or two.
FEW: dict[str, Tuning] = {
    "splits of 7": {"offsets_per_split": 7, "connections": 3, "decoders": 2, "fetch_bytes": 64 << 10},
    "one thread": {"offsets_per_split": 100, "connections": 1, "decoders": 1, "memory_limit": 16 * MIB},
    "one thread, 8 connections": {"offsets_per_split": 50, "connections": 8, "decoders": 1, "memory_limit": 4096 * MIB},
}
CHOICES: dict[str, tuple[int | None, ...]] = {
    "offsets_per_split": (1, 7, 1000, None),
    "connections": (1, 3, 8, None),
    "decoders": (1, 2, 5),
    "memory_limit": (16 * MIB, 1024 * MIB, 4096 * MIB),
}
EVERY: list[Tuning] = [dict(zip(CHOICES, values, strict=True)) for values in itertools.product(*CHOICES.values())]
WHOLE: dict[str, Tuning] = {
    **FEW,
    **{" ".join(f"{name}={value}" for name, value in tuning.items()): tuning for tuning in EVERY},
}
TUNINGS = {"few": FEW, "whole": WHOLE}

#: Beside the default; ``--tunings`` sets it.
chosen: dict[str, Tuning] = FEW
#: The way that is in force, ``None`` outside of :func:`ways`. The report of a failed test names it.
now: str | None = None


def ways() -> Iterator[str]:
    """Has what this process reads run in each way, one after the other; gives their names.

    A scan keeps the way in which it was planned, so it is made inside of the loop, or see :func:`again`.
    """
    global now
    assert now is None, "a loop over ways inside of another one"
    for name, tuning in {DEFAULT: {}, **chosen}.items():
        _native.tune(**tuning)
        now = name
        yield name
    end()


def again(planned: Mapping[str, T]) -> Iterator[T]:
    """What ``{way: ... for way in ways()}`` planned, each in its own way."""
    for way in ways():
        yield planned[way]


def end() -> None:
    """Nothing is fixed any more. A generator is not told that the body of its loop failed, so each test ends with this."""
    global now
    _native.tune()
    now = None
