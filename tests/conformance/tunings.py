"""How reads may be run, and must always give the same rows: sizes of splits, connections, threads that decode, memory.

By default the suite runs as users run it, and on one cluster with a few odd settings beside. ``--tunings pairs`` runs it in as few ways as have each
pair of choices together, on the newest versions; ``--tunings whole`` with every combination below, on every embedded pose and every real Kafka
(a day).
"""

from __future__ import annotations

import itertools

from kaframe import _native

MIB = 1 << 20
# Odd on purpose: splits that cut batches, more connections than splits or than threads, responses that hold a batch or two.
FEW = {
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
Tuning = dict[str, int | None]
ALL: list[Tuning] = [dict(zip(CHOICES, values, strict=True)) for values in itertools.product(*CHOICES.values())]


def pairs(tuning: Tuning) -> set[tuple[tuple[str, int | None], ...]]:
    """Each two of its choices."""
    return set(itertools.combinations(tuning.items(), 2))


def pairwise() -> list[Tuning]:
    """Few of all tunings that have every pair of choices among them: each time the one that has most of what is left."""
    left = set().union(*map(pairs, ALL))
    chosen = []
    while left:
        chosen.append(max(ALL, key=lambda tuning: len(pairs(tuning) & left)))
        left -= pairs(chosen[-1])
    return chosen


def named(tunings: list[Tuning]) -> dict[str, Tuning]:
    return {" ".join(f"{name}={value}" for name, value in tuning.items()): tuning for tuning in tunings}


WHOLE = named(ALL)
PAIRS = named(pairwise())
TUNINGS = {"few": FEW, "pairs": PAIRS, "whole": WHOLE}


def apply(tuning: Tuning) -> None:
    """Run every read of this process so from now on; an empty one is the default."""
    _native.tune(**tuning)
