"""A plan: what a scan will read, resolved, before any data is read. And its splits, the units of parallel work."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from ._display import html_card


class Split(NamedTuple):
    """One range of one partition. Splits of a plan do not overlap; they can be pickled and sent to another process.

    Examples
    --------
    A worker reads its split with nothing but the tuple:

    >>> split = kf.scan("orders").splits()[0]
    >>> part = kf.read(split.topic, partitions=[split.partition], start=split.start, end=split.end)
    >>> len(part) == split.end - split.start
    True
    """

    topic: str
    topic_id: str | None
    partition: int
    #: First offset.
    start: int
    #: The offset behind the last.
    end: int


class PartitionPlan(NamedTuple):
    """What will be read of one partition: offsets ``[start, end)``."""

    topic: str
    partition: int
    start: int
    end: int
    #: The three bounds of the partition when the plan was made; the last is None when reading uncommitted.
    log_start_offset: int
    high_watermark: int
    last_stable_offset: int | None
    leader_epoch: int
    #: What the caller should know about the bounds.
    notes: tuple[str, ...]


class Plan(NamedTuple):
    """What a scan will read. ``print(plan)`` shows it as text.

    Examples
    --------
    >>> plan = kf.scan("orders", start=990).plan()
    >>> plan.partitions[0].start, plan.partitions[0].end
    (990, 1000)
    >>> plan.offsets
    10
    """

    #: Topics, in the order of their rows.
    topics: tuple[str, ...]
    cluster_id: str | None
    isolation_level: str
    limit: int | None
    tail: int | None
    #: Conditions on the records, each with what answers it.
    conditions: tuple[str, ...]
    partitions: tuple[PartitionPlan, ...]
    #: The plan as text.
    text: str

    @property
    def offsets(self) -> int:
        """Offsets of all ranges: the records are at most so many."""
        return sum(max(0, one.end - one.start) for one in self.partitions)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return html_card(
            f"plan of {', '.join(self.topics)}: {self.offsets:,} offsets in {len(self.partitions)} partitions",
            None,
            self.text,
        )


def plan(data: str) -> Plan:
    """A plan from the core's JSON."""
    fields: dict[str, Any] = json.loads(data)
    fields["topics"] = tuple(fields["topics"])
    fields["conditions"] = tuple(fields["conditions"])
    fields["partitions"] = tuple(PartitionPlan(**{**one, "notes": tuple(one["notes"])}) for one in fields["partitions"])
    return Plan(**fields)


def split(data: str) -> Split:
    """A split from the core's JSON."""
    return Split(**json.loads(data))
