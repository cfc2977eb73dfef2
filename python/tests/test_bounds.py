"""Bounds: every way to say where a read starts and ends."""

from __future__ import annotations

import datetime as dt
import re

import pytest

import kaframe as kf
from kaframe._bound import bound, end_bounds, start_bounds

UTC = dt.timezone.utc
NOON = dt.datetime(2024, 11, 22, 12, 0, tzinfo=UTC)
NOON_MS = 1_732_276_800_000


@pytest.mark.parametrize(
    ("value", "native"),
    [
        ("earliest", "earliest"),
        ("-1h", "-1h"),
        (0, 0),
        (-100, -100),
        (NOON, f"@{NOON_MS}"),
        (NOON.replace(tzinfo=None), f"@{NOON_MS}"),
        (NOON.astimezone(dt.timezone(dt.timedelta(hours=5))), f"@{NOON_MS}"),
        (dt.date(2024, 11, 22), f"@{NOON_MS - 12 * 3_600_000}"),
        # Records have whole milliseconds: at or after 0.5 ms is at or after 1 ms.
        (NOON + dt.timedelta(microseconds=500), f"@{NOON_MS + 1}"),
        (dt.datetime(1969, 12, 31, 23, 59, 59, 999_500, tzinfo=UTC), "@0"),
    ],
)
def test_one_bound(value, native):
    assert bound(value, "start") == native


def test_a_timedelta_counts_back_from_now():
    before = dt.datetime.now(UTC).timestamp() * 1000
    text = bound(dt.timedelta(hours=1), "start")
    assert isinstance(text, str)
    assert abs(int(text[1:]) - (before - 3_600_000)) < 5_000
    with pytest.raises(kf.ConfigError, match="future"):
        bound(dt.timedelta(hours=-1), "start")


def test_numpy_and_pandas_values():
    np, pd = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    assert bound(np.int64(7), "start") == 7
    assert type(bound(np.int64(7), "start")) is int
    assert bound(np.datetime64("2024-11-22T12:00"), "start") == f"@{NOON_MS}"
    assert bound(np.datetime64("2024-11-22T12:00:00.000000001"), "start") == f"@{NOON_MS}"
    assert bound(pd.Timestamp(NOON), "start") == f"@{NOON_MS}"
    assert bound(pd.Timestamp("2024-11-22 12:00:00.000000001"), "start") == f"@{NOON_MS + 1}"
    for nothing in (pd.NaT, np.datetime64("NaT")):
        with pytest.raises(kf.ConfigError, match="NaT"):
            bound(nothing, "start")


def test_mappings_and_bookmarks():
    mark = kf.Bookmark('{"cluster_id":null,"topics":[{"topic":"t","topic_id":null,"partitions":[]}]}')
    assert end_bounds({0: 5, 1: "latest", 2: NOON}) == {0: 5, 1: "latest", 2: f"@{NOON_MS}"}
    assert start_bounds(mark) == (str(mark),)
    with pytest.raises(kf.ConfigError, match="end takes no bookmark"):
        end_bounds(mark)
    assert end_bounds({"orders": 5, "returns": {0: "latest"}}) == {"orders": 5, "returns": {0: "latest"}}
    with pytest.raises(TypeError, match="partition numbers"):
        end_bounds({"orders": 5, 0: 5})  # pyright: ignore[reportArgumentType]
    with pytest.raises(kf.ConfigError, match="no bookmark: it has no 'topics'"):
        kf.Bookmark("{}")


@pytest.mark.parametrize("value", [None, True, 1.5, [1], object()])
def test_anything_else_is_a_type_error_that_lists_the_ways(value):
    with pytest.raises(TypeError, match="earliest"):
        bound(value, "start")


@pytest.fixture
def clocked(cluster, new_topic):
    """A hundred records, one a minute."""
    rows = [{"n": n, "_timestamp": NOON + dt.timedelta(minutes=n)} for n in range(100)]
    return new_topic(rows)


def read(cluster, topic, **bounds):
    return cluster.read(topic, **bounds).to_polars()["n"].to_list()


@pytest.mark.parametrize(
    ("bounds", "rows"),
    [
        ({"start": 10, "end": 13}, [10, 11, 12]),
        ({"start": -2}, [98, 99]),
        ({"end": -98}, [0, 1]),
        ({"start": NOON + dt.timedelta(minutes=98)}, [98, 99]),
        ({"start": "2024-11-22T13:38:00Z"}, [98, 99]),
        ({"start": f"@{NOON_MS + 98 * 60_000}"}, [98, 99]),
        ({"end": NOON + dt.timedelta(minutes=2)}, [0, 1]),
        ({"start": {0: 97}, "end": {0: 99}}, [97, 98]),
        ({"start": "2024-11-22", "end": "2024-11-22T12:01:00"}, [0]),
        ({"start": 97, "end": 1_000_000}, [97, 98, 99]),
    ],
)
def test_bounds_choose_rows(cluster, clocked, bounds, rows):
    assert read(cluster, clocked, **bounds) == rows


def test_a_time_after_the_log_gives_nothing_and_says_why(cluster, clocked):
    table = cluster.read(clocked, start="2030-01-01")
    assert len(table) == 0
    assert table.complete
    assert any(one.notes for one in table.report.partitions) or table.report.warnings


def test_bounds_that_make_no_sense(cluster, clocked):
    with pytest.raises(kf.ConfigError):
        cluster.read(clocked, start=10, end=5)
    with pytest.raises(kf.ConfigError):
        cluster.read(clocked, start="yesterday-ish")
    with pytest.raises(kf.OffsetOutOfRangeError):
        cluster.read(clocked, start=5_000)
    with pytest.raises(kf.OffsetOutOfRangeError, match=re.escape("@")):
        cluster.read(clocked, start=NOON_MS)
    with pytest.raises(kf.TopicNotFoundError) as caught:
        cluster.read(clocked, partitions=[7])
    assert caught.value.topic == clocked


@pytest.mark.parametrize(
    "parameters",
    [
        {"start": 2**63},
        {"end": -(2**70)},
        {"start": {0: 2**64}},
        {"start": {2**40: 0}},
        {"limit": 2**64},
        {"partitions": [2**40]},
    ],
)
def test_numbers_that_fit_nowhere_are_named(cluster, numbers, parameters):
    with pytest.raises(ValueError, match=f"^{next(iter(parameters))}") as raised:
        cluster.read(numbers, **parameters)
    assert isinstance(raised.value, kf.ConfigError)


@pytest.mark.parametrize(
    ("parameters", "advice"),
    [
        ({"start": 20261120}, 'is this a date? use "2026-11-20"'),
        ({"start": "soon"}, "group:NAME"),
        ({"start": '{"cluster_id":"x"}'}, "kf.Bookmark(text)"),
    ],
)
def test_a_bound_that_is_nearly_one_says_how_it_is_written(cluster, numbers, parameters, advice):
    with pytest.raises(kf.KaframeError) as error:
        cluster.read(numbers, **parameters)
    assert advice in error.value.hint
