"""How reads may be run, and must always give the same rows: sizes of splits, connections, threads that decode, memory.

By default the suite runs as users run it, and on one cluster with a few odd settings beside; ``--tunings whole`` runs it with every combination
below, on every embedded pose and every real Kafka (hours).
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
WHOLE = {
    " ".join(f"{name}={value}" for name, value in zip(CHOICES, values, strict=True)): dict(
        zip(CHOICES, values, strict=True)
    )
    for values in itertools.product(*CHOICES.values())
}


def apply(tuning: dict[str, int | None]) -> None:
    """Run every read of this process so from now on; an empty one is the default."""
    _native.tune(**tuning)
