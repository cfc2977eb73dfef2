"""Topics: what listing and describing them gives."""

from __future__ import annotations

import json
from typing import Any, NamedTuple


class TopicInfo(NamedTuple):
    """A topic in a list."""

    name: str
    #: Number of partitions.
    partitions: int
    #: Kafka's own, such as ``__consumer_offsets``.
    internal: bool


class PartitionInfo(NamedTuple):
    """A partition of a described topic."""

    id: int
    #: Id of the broker that leads it; None while there is none.
    leader: int | None
    leader_epoch: int
    replicas: tuple[int, ...]
    #: Replicas that are in sync.
    isr: tuple[int, ...]
    log_start_offset: int | None
    high_watermark: int | None
    last_stable_offset: int | None


class TopicDescription(NamedTuple):
    """A described topic.

    Examples
    --------
    >>> kf.describe_topic("orders").partitions[0].high_watermark
    1000
    """

    name: str
    #: None where the brokers have no topic ids.
    id: str | None
    internal: bool
    partitions: tuple[PartitionInfo, ...]
    #: Topic configurations by Kafka's names; empty where they may not be read.
    configs: dict[str, str | None]


def topic_info(data: tuple[str, int, bool]) -> TopicInfo:
    """A topic of a list from the core's tuple."""
    return TopicInfo(*data)


def topic_description(data: str) -> TopicDescription:
    """A description from the core's JSON."""
    fields: dict[str, Any] = json.loads(data)
    partitions = tuple(
        PartitionInfo(**{**one, "replicas": tuple(one["replicas"]), "isr": tuple(one["isr"])})
        for one in fields["partitions"]
    )
    return TopicDescription(fields["name"], fields["id"], fields["internal"], partitions, fields["configs"] or {})
