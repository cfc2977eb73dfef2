"""The one question that every test of the suite asks: these rows, this report, in every way of reading, and does librdkafka see the same?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import kaframe as kf
from tests.conformance import foreign
from tests.conformance.clusters import Cluster
from tests.conformance.foreign import Row
from tests.conformance.tunings import ways

METADATA = ["_partition", "_offset", "_key", "_headers", "_timestamp", "_timestamp_type"]
TERMS = ("delivered", "filtered", "skipped", "aborted", "control", "absent", "lost", "not_read")
RAW: dict[str, Any] = {"value_format": "raw", "key_format": "raw", "metadata": METADATA}


def rows(result: Any) -> list[Row]:
    """The rows of a table, or of a batch of a stream, that was read with :data:`RAW`."""
    columns = result.to_arrow().to_pydict()
    values = columns.get("value") or [None] * len(columns["_offset"])  # only null values: no value column
    return [
        Row(
            partition=columns["_partition"][index],
            offset=offset,
            key=as_bytes(columns["_key"][index]),
            value=values[index],
            headers=tuple((header["key"], header["value"]) for header in columns["_headers"][index]),
            timestamp=milliseconds(columns["_timestamp"][index]),
            timestamp_type=columns["_timestamp_type"][index],
        )
        for index, offset in enumerate(columns["_offset"])
    ]


def as_bytes(key: bytes | str | None) -> bytes | None:
    """A key column is text when every key is null."""
    return key.encode() if isinstance(key, str) else key


def milliseconds(moment: datetime | None) -> int:
    """Kafka's number; -1 stands for "no timestamp"."""
    return -1 if moment is None else round(moment.timestamp() * 1000)


def terms(report: kf.Report) -> dict[int, dict[str, int]]:
    """What the report counted, by partition, without the terms that are zero."""
    return {
        each.partition: {name: count for name in TERMS if (count := getattr(each, name))} for each in report.partitions
    }


def assert_law(report: kf.Report) -> None:
    """Every offset is accounted for, in every partition."""
    for each in report.partitions:
        counted = sum(getattr(each, name) for name in TERMS)
        assert each.end - each.start == counted, (
            f"partition {each.partition}: {each.end - each.start} offsets, {counted} accounted for"
        )


def check(
    cluster: Cluster,
    topic: str,
    want: Sequence[Row],
    expected: Mapping[int, Mapping[str, int]],
    *,
    second: Iterable[Row] | None = None,
    **read: Any,
) -> None:
    """Read ``topic`` in every way and compare rows and report; ``second`` is the second opinion (by default librdkafka's whole read)."""
    for _ in checked(cluster, topic, want, expected, second=second, **read):
        pass


def checked(
    cluster: Cluster,
    topic: str,
    want: Sequence[Row],
    expected: Mapping[int, Mapping[str, int]],
    *,
    second: Iterable[Row] | None = None,
    **read: Any,
) -> Iterator[kf.Table]:
    """:func:`check` for a loop, which gets the table of each way and may ask more of it."""
    isolation_level = read.get("isolation_level", "read_committed")
    if second is None:
        second = foreign.read(cluster.bootstrap_servers, topic, isolation_level=isolation_level)
    want = list(want)
    assert list(second) == want, "librdkafka does not see the rows that this test expects"
    counts = {partition: dict(each) for partition, each in expected.items()}
    for _ in ways():
        table = kf.read(topic, bootstrap_servers=cluster.bootstrap_servers, **RAW, **read)
        assert rows(table) == want
        assert len(table) == len(want)
        assert terms(table.report) == counts
        assert_law(table.report)
        assert table.complete
        scan = kf.scan(topic, bootstrap_servers=cluster.bootstrap_servers, **RAW, **read)
        assert scan.count() == len(want)
        # A stream keeps the order inside a partition only.
        assert sorted((row for batch in scan for row in rows(batch)), key=lambda row: row.partition) == want
        assert terms(scan.report) == counts
        yield table


def placed(records: Sequence[foreign.Record], where: Sequence[tuple[int, int]]) -> list[Row]:
    """The rows that ``records`` must come back as, given where they were acknowledged and their own timestamps."""
    made = [
        Row(partition, offset, record.key, record.value, record.headers, record.timestamp or -1, "CreateTime")
        for record, (partition, offset) in zip(records, where, strict=True)
    ]
    return sorted(made, key=lambda each: each[:2])
