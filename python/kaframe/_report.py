"""A report: what a read accounts for, offset by offset."""

from __future__ import annotations

import json
from typing import Any, NamedTuple


class PartitionReport(NamedTuple):
    """What a read accounts for in one partition.

    ``end - start = delivered + filtered + skipped + aborted + control + absent + lost + not_read``, each term counted on its own.
    """

    topic: str
    partition: int
    #: First offset of the plan.
    start: int
    #: The offset behind the last of the plan.
    end: int
    #: Records in the result.
    delivered: int
    #: Records outside the time bounds, or dropped by ``tail``.
    filtered: int
    #: Records left out because their value is malformed (``on_error="skip"``).
    skipped: int
    #: Offsets of aborted transactions.
    aborted: int
    #: Offsets of transaction markers.
    control: int
    #: Offsets at which there is no record (compaction).
    absent: int
    #: Offsets that could not be read (``allow_partial``).
    lost: int
    #: Offsets behind ``limit``, or not reached (``allow_partial``).
    not_read: int
    #: The three bounds of the partition when the read began.
    log_start_offset: int | None
    high_watermark: int | None
    last_stable_offset: int | None
    leader_epoch: int
    #: What the caller should know about this partition.
    notes: tuple[str, ...]


class TopicReport(NamedTuple):
    """A topic that was read."""

    topic: str
    #: None where the brokers have no ids.
    topic_id: str | None
    #: ``cleanup.policy``; None where it may not be read.
    cleanup_policy: str | None


class LostRange(NamedTuple):
    """Offsets ``[start, end)`` that could not be read, and why."""

    topic: str
    partition: int
    start: int
    end: int
    reason: str


class Report(NamedTuple):
    """What a read accounts for. ``print(report)`` shows it as text.

    Examples
    --------
    >>> report = kf.read("orders").report
    >>> report.delivered, report.offsets, report.complete
    (1000, 1000, True)
    """

    #: Topics, in the order of their rows.
    topics: tuple[TopicReport, ...]
    cluster_id: str | None
    isolation_level: str
    partitions: tuple[PartitionReport, ...]
    #: Format of values and keys; None where none was seen.
    value_format: str | None
    key_format: str | None
    #: How the formats were found, where they were not given.
    detection: str | None
    #: What an ``end`` by time means for this read.
    time_bound: str | None
    #: Seconds.
    elapsed: float
    #: Bytes of records, as they were on the wire.
    bytes_fetched: int
    #: One sentence each; the same were given to ``warnings.warn``.
    warnings: tuple[str, ...]
    #: Values that are not in the format.
    malformed: int
    #: Those of them that are only counted: a stream lists the first ones of each partition in its errors, a table all.
    malformed_not_listed: int
    #: ``NaN`` and infinities accepted as floats.
    special_floats: int
    #: What is missing; only with ``allow_partial``.
    lost_ranges: tuple[LostRange, ...]
    #: Every offset of the plan was read.
    complete: bool
    #: The report as text.
    text: str

    @property
    def delivered(self) -> int:
        """Records in the result."""
        return sum(partition.delivered for partition in self.partitions)

    @property
    def offsets(self) -> int:
        """Offsets of the plan."""
        return sum(max(0, partition.end - partition.start) for partition in self.partitions)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """As dictionaries, lists and numbers, ready for JSON."""
        plain = self._asdict()
        del plain["text"]
        plain["topics"] = [one._asdict() for one in self.topics]
        plain["partitions"] = [{**one._asdict(), "notes": list(one.notes)} for one in self.partitions]
        plain["lost_ranges"] = [one._asdict() for one in self.lost_ranges]
        plain["warnings"] = list(self.warnings)
        return plain


def report(text: str, data: str) -> Report:
    """A report from the core's text and JSON."""
    fields: dict[str, Any] = json.loads(data)
    elapsed = fields["elapsed"]
    fields["elapsed"] = elapsed["secs"] + elapsed["nanos"] / 1e9 if isinstance(elapsed, dict) else float(elapsed)
    fields["topics"] = tuple(TopicReport(**one) for one in fields["topics"])
    fields["warnings"] = tuple(fields["warnings"])
    fields["partitions"] = tuple(
        PartitionReport(**{**one, "notes": tuple(one["notes"])}) for one in fields["partitions"]
    )
    fields["lost_ranges"] = tuple(LostRange(**one) for one in fields["lost_ranges"])
    return Report(**fields, text=text)
