"""A plan: what a scan will read, resolved, before any data is read. And its splits, the units of parallel work."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, NamedTuple

from ._display import counted, html_card


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


class Estimate(NamedTuple):
    """What one batch of each partition tells of a plan. None is unknown.

    Examples
    --------
    >>> estimate = kf.scan("orders").plan(sample=True).estimate
    >>> estimate.batches, estimate.bytes > 0, estimate.timestamp_type
    (1, True, 'CreateTime')
    """

    #: Batches that were looked at, and records in them.
    batches: int
    records: int
    #: Bytes that are fetched.
    bytes: int | None
    #: Bytes of a table of it, if every record passes the conditions.
    memory: int | None
    #: How long a read takes.
    seconds: float | None
    #: ``CreateTime``, ``LogAppendTime``, or both.
    timestamp_type: str | None
    #: The least timestamp at the front of a partition.
    first_time: dt.datetime | None
    #: The largest timestamp, where the plan reads to the ends of its partitions; at most the end by time.
    last_time: dt.datetime | None
    #: Why a partition could not be looked at.
    unknown: str | None


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
    #: In which order rows come: ``"partition"`` or ``"timestamp"``.
    order: str
    #: Conditions on the records, each with what answers it.
    conditions: tuple[str, ...]
    partitions: tuple[PartitionPlan, ...]
    #: What ``plan(sample=True)`` has found; None without it.
    estimate: Estimate | None
    #: The plan as text.
    text: str

    @property
    def offsets(self) -> int:
        """Offsets of all ranges: the records are at most so many."""
        return sum(max(0, one.end - one.start) for one in self.partitions)

    def headline(self) -> str:
        """Topics, offsets and partitions in one line."""
        return f"{', '.join(self.topics)}: {counted(self.offsets, 'offset')} in {counted(len(self.partitions), 'partition')}"

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return html_card(
            f"plan of {self.headline()}",
            None,
            self.text,
        )


def plan(data: str) -> Plan:
    """A plan from the core's JSON."""
    both: dict[str, Any] = json.loads(data)
    fields = both["plan"]
    # It follows from the partitions.
    del fields["offsets"]
    fields["topics"] = tuple(fields["topics"])
    fields["conditions"] = tuple(fields["conditions"])
    fields["partitions"] = tuple(PartitionPlan(**{**one, "notes": tuple(one["notes"])}) for one in fields["partitions"])
    if fields["estimate"] is not None:
        times = {name: _moment(fields["estimate"][name]) for name in ("first_time", "last_time")}
        fields["estimate"] = Estimate(**{**fields["estimate"], **times})
    return Plan(**fields, text=both["text"])


def _moment(text: str | None) -> dt.datetime | None:
    """A time of Python's calendar; what lies outside of it is unknown."""
    try:
        return None if text is None else dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None


def split(data: str) -> Split:
    """A split from the core's JSON."""
    return Split(**json.loads(data))
