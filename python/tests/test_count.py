"""How many records a scan gives, its head and its tail."""

from __future__ import annotations

import pytest

import kaframe as kf


def test_a_count_is_the_number_of_rows(cluster, new_topic):
    topic = new_topic([{"n": n} for n in range(30)], partitions=3, key="n")
    assert cluster.scan(topic).count() == 30
    assert cluster.scan(topic, start=-5).count() == len(cluster.read(topic, start=-5))
    assert cluster.scan(topic, limit=7).count() == cluster.scan(topic, tail=7).count() == 7


def test_at_most_says_so_and_is_a_number(cluster, numbers):
    at_most = cluster.scan(numbers).count(exact=False)
    assert (at_most, str(at_most), repr(at_most)) == (1000, "at most 1,000", "at most 1,000")
    assert type(cluster.scan(numbers).count()) is int


def test_head_and_tail_are_scans_of_the_same_plan(cluster, numbers):
    scan = cluster.scan(numbers)
    cluster.write([{"number": 1000}], numbers)
    assert scan.head(3).to_polars()["number"].to_list() == [0, 1, 2]
    assert scan.tail(3).to_polars()["number"].to_list() == [997, 998, 999]
    assert len(scan.head().read()) == len(scan.tail().read()) == 5
    assert scan.head(3).plan().limit == 3
    assert scan.plan().limit is None
    with pytest.raises(ValueError, match="-1"):
        scan.head(-1)
    with pytest.raises(kf.ConfigError, match="newest 5"):
        scan.tail().head()
