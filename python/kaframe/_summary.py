"""What is in a topic, at a glance: text in a terminal, tables and small drawings in a notebook."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._display import html_card, html_escape, shorten
from ._report import report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._report import Report

#: Bars of a drawing; neighbours share one where there are more.
_BARS = 48


@dataclass(frozen=True)
class Histogram:
    """Counts of values by size: ``counts[i]`` lie in ``start + i * width`` up to the next."""

    start: float
    width: float
    counts: tuple[int, ...]


@dataclass(frozen=True)
class TopValue:
    """A frequent value, as text. It comes ``count`` to ``at_most`` times; the two are the same where the count is exact."""

    value: str
    count: int
    at_most: int


@dataclass(frozen=True)
class ColumnSummary:
    """What a column holds. ``mean`` and ``lengths`` are of numbers, and of the lengths of text, bytes and lists."""

    name: str
    #: Arrow type.
    type: str
    #: Values that are not null.
    values: int
    nulls: int
    #: Different values, exact or within a few per cent; None for lists and maps.
    distinct: int | None
    distinct_exact: bool
    #: Least and greatest value, as text.
    min: str | None
    max: str | None
    mean: float | None
    lengths: tuple[int, int] | None
    top: tuple[TopValue, ...]
    #: Times in milliseconds since 1970.
    histogram: Histogram | None


@dataclass(frozen=True)
class Summary:
    """What a scan holds, as :meth:`kaframe.Scan.summarize` gives it.

    Examples
    --------
    >>> summary = kf.scan("orders").summarize()
    >>> summary.records
    1000
    >>> summary.partitions
    {'orders': {0: 1000}}
    """

    topic: str
    records: int
    #: As they were on the wire: compressed, if they are.
    bytes_fetched: int
    #: Records by topic and partition.
    partitions: dict[str, dict[int, int]]
    time: ColumnSummary | None
    key: ColumnSummary | None
    columns: tuple[ColumnSummary, ...]
    #: What the read underneath accounts for.
    report: Report
    #: What ``print`` shows.
    text: str

    def __repr__(self) -> str:
        return self.text

    def __getitem__(self, name: str) -> ColumnSummary:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def _repr_html_(self) -> str:
        several = len(self.partitions) > 1

        def of(topic: str) -> str:
            return f" of {html_escape(shorten(topic))}" if several else ""

        title = f"{self.topic}: {self.records:,} records, {self.bytes_fetched:,} bytes fetched"
        inner = "".join(
            f"<p>{label}<br>{drawing}</p>"
            for label, drawing in (
                ("records over time", _drawing(self.time, _time_label) if self.time else ""),
                *(
                    (f"records by partition{of(topic)}", _bars([*counts.values()], [f"{n}" for n in counts]))
                    for topic, counts in self.partitions.items()
                ),
                ("keys", _values(self.key) if self.key else ""),
            )
            if drawing
        )
        head = "".join(
            f"<th>{name}</th>" for name in ("column", "nulls", "different", "from", "to", "spread", "most frequent")
        )
        body = "".join(_row(column) for column in self.columns)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if body else ""
        return html_card(title, None if self.report.complete else "incomplete", self.text, inner + table)


def _row(column: ColumnSummary) -> str:
    total = column.values + column.nulls
    nulls = f"{100 * column.nulls / total:.1f} %" if column.nulls else "-"
    cells = (
        f"{html_escape(shorten(column.name))}<br><small>{html_escape(shorten(column.type))}</small>",
        nulls,
        _different(column),
        html_escape(shorten(column.min or "")),
        html_escape(shorten(column.max or "")),
        _drawing(column, _number_label),
        _values(column),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _different(column: ColumnSummary) -> str:
    if column.distinct is None:
        return "-"
    return f"{column.distinct:,}" if column.distinct_exact else f"about {column.distinct:,}"


def _values(column: ColumnSummary) -> str:
    """The frequent values with their counts."""
    return "<br>".join(
        f"{html_escape(shorten(top.value))} <small>{top.count:,}{'+' if top.at_most > top.count else ''}</small>"
        for top in column.top[:5]
    )


def _drawing(column: ColumnSummary, label: Any) -> str:
    found = column.histogram
    if found is None:
        return ""
    per = max(1, -(-len(found.counts) // _BARS))
    counts = [sum(found.counts[i : i + per]) for i in range(0, len(found.counts), per)]
    width = found.width * per
    return _bars(counts, [label(found.start + i * width, width) for i in range(len(counts))])


def _number_label(start: float, width: float) -> str:
    return f"{start:g} to {start + width:g}"


def _time_label(start: float, width: float) -> str:
    from datetime import datetime, timedelta, timezone

    try:
        begin = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=start)
        return f"{begin:%Y-%m-%d %H:%M:%S} and {timedelta(milliseconds=width)} on"
    except OverflowError:
        return f"@{start:.0f}"


def _bars(counts: Sequence[int], labels: Sequence[str]) -> str:
    """Counts as bars of an inline SVG, with what each stands for as its tooltip."""
    if not counts:
        return ""
    highest, step, height = max(*counts, 1), 5, 40
    bars = "".join(
        f'<rect x="{i * step}" y="{height - tall}" width="{step - 1}" height="{tall}"><title>{html_escape(label)}: {count:,}</title></rect>'
        for i, (count, label) in enumerate(zip(counts, labels, strict=True))
        if (tall := max(1, round(height * count / highest)) if count else 0)
    )
    return f'<svg width="{len(counts) * step}" height="{height}" fill="currentColor" role="img">{bars}</svg>'


def summary(text: str, data: str, report_text: str, report_data: str) -> Summary:
    """A summary from what the native half gives."""
    plain: dict[str, Any] = json.loads(data)
    partitions: dict[str, dict[int, int]] = {}
    for each in plain["partitions"]:
        partitions.setdefault(each["topic"], {})[each["partition"]] = each["records"]
    return Summary(
        topic=plain["topic"],
        records=plain["records"],
        bytes_fetched=plain["bytes_fetched"],
        partitions=partitions,
        time=_column(plain["time"]),
        key=_column(plain["key"]),
        columns=tuple(column for each in plain["columns"] if (column := _column(each))),
        report=report(report_text, report_data),
        text=text,
    )


def _column(plain: dict[str, Any] | None) -> ColumnSummary | None:
    if plain is None:
        return None
    found = plain["histogram"]
    histogram = None if found is None else Histogram(found["start"], found["width"], tuple(found["counts"]))
    lengths = plain["lengths"]
    return ColumnSummary(
        **{
            **plain,
            "lengths": None if lengths is None else (lengths[0], lengths[1]),
            "top": tuple(TopValue(**top) for top in plain["top"]),
            "histogram": histogram,
        }
    )
