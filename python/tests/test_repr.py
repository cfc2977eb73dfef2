"""Display: tables as text and as HTML, of data that nobody trusts."""

from __future__ import annotations

import re

import pytest

import kaframe as kf

HOSTILE = "<script>alert(1)</script>\x1b]52;c;AAAA\x07\x9b31m\u202e\"'&"


@pytest.fixture
def hostile(cluster, new_topic) -> str:
    return new_topic([{HOSTILE: HOSTILE, "_key": HOSTILE, "plain": 1}])


def test_a_table_as_text(cluster, numbers):
    lines = repr(cluster.read(numbers, columns=["number", "_offset"])).split("\n")
    assert lines[0] == "kaframe.Table: 1,000 rows x 2 columns, complete"
    assert lines[1].split() == ["number", "_offset"]
    assert lines[2].split() == ["int64", "int64"]
    assert lines[4].split() == ["0", "0"]
    assert lines[-1] == "… 990 more rows"


def test_nulls_times_and_long_text(cluster, new_topic, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    topic = new_topic([{"a": None, "s": "x" * 500, "_timestamp": 0}])
    text = repr(cluster.read(topic))
    assert "null" in text
    assert "x" * 40 in text
    assert "x" * 60 not in text
    assert "1970-01-01T00:00:00Z" in text


def test_an_empty_table_and_no_columns(cluster, new_topic):
    topic = new_topic()
    assert repr(cluster.read(topic)).startswith("kaframe.Table: 0 rows x 4 columns, complete\n_key")
    assert "no columns" in repr(cluster.read(topic, metadata=False))


def test_nothing_of_the_data_reaches_the_terminal(cluster, hostile, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    table = cluster.read(hostile)
    batch = next(iter(cluster.scan(hostile)))
    for text in (repr(table), repr(batch), repr(cluster.scan(hostile)), repr(table.schema)):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text), text
    assert "\\x1b]52" in repr(table)


def test_nothing_of_the_data_is_html(cluster, hostile):
    table = cluster.read(hostile)
    batch = next(iter(cluster.scan(hostile)))
    for html in (table._repr_html_(), batch._repr_html_(), cluster.scan(hostile)._repr_html_()):
        assert "<script" not in html
        # Every tag is one of ours, without attributes.
        tags = set(re.findall(r"<([^>]*)>", html))
        ours = {
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "br",
            "small",
            "em",
            "p",
            "div",
            "strong",
            "details",
            "summary",
            "pre",
        }
        assert {tag.strip("/") for tag in tags} <= ours
    assert "&lt;script&gt;" in table._repr_html_()


def test_a_table_as_html(cluster, numbers):
    html = cluster.read(numbers)._repr_html_()
    assert "1,000 rows x 5 columns" in html
    assert "[complete]" in html
    assert "int64" in html


def test_a_scan_shows_its_plan(cluster, numbers):
    scan = cluster.scan(numbers)
    assert numbers in repr(scan)
    assert f"scan of {numbers}: 1,000 offsets in 1 partition " in scan._repr_html_()
    assert numbers in scan.plan()._repr_html_()


def test_report_and_bookmark_as_text(cluster, numbers):
    table = cluster.read(numbers)
    assert repr(table.report) == str(table.report) == table.report.text
    assert eval(repr(table.next_start), {"Bookmark": kf.Bookmark}) == table.next_start
    assert "127.0.0.1" in repr(cluster)


@pytest.mark.parametrize("columns", [3, 40, 300])
def test_a_table_is_no_wider_than_the_terminal(cluster, new_topic, monkeypatch, columns):
    rows = [{f"column_{n}": "日本語" * 20 if n % 2 else n for n in range(columns)}] * 12
    table = cluster.read(new_topic(rows))
    for room in (60, 80, 200):
        monkeypatch.setenv("COLUMNS", str(room))
        lines = repr(table).split("\n")
        widths = [sum(2 if one in "日本語" else 1 for one in line) for line in lines]
        assert max(widths) <= room, "\n".join(lines)
        assert lines[1].lstrip().startswith("column_0")
        assert lines[1].endswith("_timestamp")
        assert ("…" in lines[1].split()) == (f"of {columns + 4} columns: .columns names them all" in lines[-2])


def test_one_is_not_many(cluster, new_topic):
    topic = new_topic([{"a": 1}])
    assert repr(cluster.read(topic, columns=["a"])).startswith("kaframe.Table: 1 row x 1 column, complete")
    assert f"scan of {topic}: 1 offset in 1 partition " in cluster.scan(topic)._repr_html_()
    assert f"{topic}: 1 delivered of 1 offset, " in cluster.read(topic).report.text
    assert f"plan of {topic}: 1 offset in 1 partition" in cluster.scan(topic).plan().text
    assert "one batch of 1 record" in cluster.scan(topic).plan(sample=True).text.split("\n")[-1]
    assert "1 row x 1 column" in repr(cluster.sql("select 1"))
