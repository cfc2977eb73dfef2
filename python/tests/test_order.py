"""Rows by timestamp over all partitions."""

from __future__ import annotations

import datetime as dt

import pytest

import kaframe as kf

NOON = dt.datetime(2026, 11, 1, 12, tzinfo=dt.timezone.utc)


@pytest.fixture
def crossing(new_topic):
    """Three partitions by key; times grow with the rows, but for the last, which is an hour old."""
    rows = [{"n": n, "_key": f"k{n % 7}", "_timestamp": NOON + dt.timedelta(seconds=n)} for n in range(50)]
    return new_topic([*rows, {"n": 50, "_key": "k0", "_timestamp": NOON - dt.timedelta(hours=1)}], partitions=3)


def test_a_table_is_sorted_exactly(cluster, crossing):
    frame = cluster.read(crossing, order="timestamp").to_polars()
    assert frame["n"].to_list() == [50, *range(50)]
    assert frame["_timestamp"].is_sorted()
    assert frame["_partition"].to_list() != sorted(frame["_partition"])


def test_a_stream_keeps_the_order_of_each_partition_and_says_so(cluster, crossing):
    scan = cluster.scan(crossing, order="timestamp", batch_size=8)
    with pytest.warns(UserWarning, match="1 row is older than one before in the same partition, by up to"):
        numbers = [n for batch in scan for n in batch.to_polars()["n"]]
    assert [n for n in numbers if n != 50] == list(range(50))
    assert sorted(numbers) == list(range(51))


def test_counts_choose_the_rows_and_order_arranges_them(cluster, crossing):
    for part in ({"limit": 7}, {"tail": 7}, {"where": "n % 3 = 0"}, {"columns": ["n"]}, {"metadata": False}):
        plain = cluster.read(crossing, **part).to_polars()["n"].to_list()
        ordered = cluster.read(crossing, order="timestamp", **part).to_polars()["n"].to_list()
        assert ordered == sorted(plain, key=lambda n: -1 if n == 50 else n)
    assert len(cluster.scan(crossing, order="timestamp").head(3).read()) == 3


@pytest.mark.filterwarnings("ignore:.*older than one before.*:UserWarning")
def test_others_get_the_same_order(cluster, crossing, tmp_path):
    duckdb, polars = pytest.importorskip("duckdb"), pytest.importorskip("polars")
    scan = cluster.scan(crossing, order="timestamp")
    merged = [n for batch in scan for n in batch.to_polars()["n"]]
    assert polars.DataFrame(scan)["n"].to_list() == merged
    assert [row[0] for row in duckdb.sql("select n from scan").fetchall()] == merged
    lazy = scan.to_polars(lazy=True)
    assert lazy.head(5).collect()["n"].to_list() == merged[:5]
    scan.write_parquet(tmp_path / "ordered.parquet")
    assert polars.read_parquet(tmp_path / "ordered.parquet")["n"].to_list() == merged


def test_sql_sorts_what_is_handed_in(cluster, crossing):
    scan = cluster.scan(crossing, order="timestamp")
    # No warning of an order that the query does not ask for.
    found = cluster.sql("select n from o order by _partition, _offset", o=scan).to_polars()["n"].to_list()
    assert found == cluster.read(crossing).to_polars()["n"].to_list()


def test_another_order_is_refused(cluster, crossing):
    with pytest.raises(kf.ConfigError, match="partition or timestamp"):
        cluster.read(crossing, order="key")  # pyright: ignore[reportArgumentType]
    with pytest.raises(kf.ConfigError, match="order"):
        cluster.scan(crossing, order="timestamp").follow()
