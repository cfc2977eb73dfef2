"""``scan.summarize()``: what it counts, beside what Python counts, and what it shows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

import kaframe as kf

if TYPE_CHECKING:
    from collections.abc import Callable


def rows(count: int) -> list[dict[str, object]]:
    return [
        {
            "id": i,
            "country": ("DE", "FR", "CH")[i * i % 3],
            "amount": i / 4,
            "note": None if i % 5 else f"note {i % 20}",
            "user": {"name": f"user {i}", "tags": ["a"] * (i % 3)},
            "_key": f"k{i % 10}",
        }
        for i in range(count)
    ]


def test_several_topics_keep_their_partitions_apart(cluster: kf.Cluster, new_topic: Callable[..., str]) -> None:
    one, two = sorted([new_topic(rows(100), partitions=2), new_topic(rows(50), partitions=3)])
    found = cluster.scan([one, two]).summarize()
    each = {topic: cluster.scan(topic).summarize().partitions[topic] for topic in (one, two)}
    assert found.partitions == each
    assert sum(sum(counts.values()) for counts in each.values()) == found.records == 150
    lines = found.text.splitlines()
    for topic, counts in each.items():
        (head,) = (line for line in lines if f"{topic}: {sum(counts.values())} records" in line)
        below = lines[lines.index(head) + 1 :][: len(counts)]
        assert [int(line.split()[0]) for line in below] == [*counts]
    assert found._repr_html_().count("records by partition of ") == 2


def test_counts_are_those_of_the_rows(cluster: kf.Cluster, new_topic: Callable[..., str]) -> None:
    data = rows(5000)
    topic = new_topic(data, partitions=3)
    scan = cluster.scan(topic)
    found = scan.summarize()
    assert (found.topic, found.records, sum(found.partitions[topic].values())) == (topic, 5000, 5000)
    assert [column.name for column in found.columns] == ["id", "country", "amount", "note", "user.name", "user.tags"]
    assert found["id"].distinct == pytest.approx(5000, rel=0.05)
    assert (found["id"].min, found["id"].max, found["id"].mean) == ("0", "4999", 2499.5)
    countries = Counter(row["country"] for row in data)
    assert {top.value: top.count for top in found["country"].top} == dict(countries)
    assert (found["country"].distinct, found["country"].distinct_exact) == (len(countries), True)
    assert (found["note"].nulls, found["note"].values) == (4000, 1000)
    assert (found["amount"].min, found["amount"].max) == ("0", "1249.75")
    assert found["user.tags"].lengths == (0, 2)
    assert found.key is not None
    assert (found.key.distinct, found.key.top[0].count) == (10, 500)
    assert found.time is not None
    assert found.time.histogram is not None
    assert sum(found.time.histogram.counts) == 5000
    for column in found.columns:
        if column.histogram is not None:
            assert sum(column.histogram.counts) == column.values
    assert found.report.complete
    again = scan.summarize()
    assert (again.columns, again.partitions) == (found.columns, found.partitions)
    with pytest.raises(KeyError):
        found["nothing"]


def test_an_empty_topic(cluster: kf.Cluster, new_topic: Callable[..., str]) -> None:
    found = cluster.scan(new_topic()).summarize()
    assert (found.records, found.columns) == (0, ())
    assert "0 records" in repr(found)
    assert "<svg" not in found._repr_html_().split("records by partition")[0]


def test_what_is_shown_is_text_only(cluster: kf.Cluster, new_topic: Callable[..., str]) -> None:
    evil = "<script>alert(1)</script>\x1b[2J\"'&"
    found = cluster.scan(new_topic([{evil: evil, "n": 1, "_key": evil}] * 3)).summarize()
    html = found._repr_html_()
    assert "<script" not in html
    assert "\x1b" not in html + repr(found)
    assert "&lt;script&gt;" in html
    ElementTree.fromstring(html.replace("<br>", "<br/>"))
    for line in repr(found).splitlines():
        assert len(line) <= 100
