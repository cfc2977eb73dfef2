"""Several topics in one read, and where a consumer group stands."""

from __future__ import annotations

import re

import pytest

import kaframe as kf


@pytest.fixture
def pair(new_topic):
    """Two topics with fields of their own."""
    return new_topic([{"id": 1}, {"id": 2, "amount": 2}]), new_topic([{"id": 3, "amount": 0.5}])


def test_a_list_of_topics_is_one_table_with_one_schema(cluster, pair):
    first, second = pair
    frame = cluster.read([second, first]).to_polars()
    assert frame.columns == ["id", "amount", "_key", "_topic", "_partition", "_offset", "_timestamp"]
    assert frame["_topic"].to_list() == [second, first, first]
    assert frame["amount"].to_list() == [0.5, None, 2.0]


def test_a_regular_expression_matches_whole_names(cluster, pair):
    first, second = pair
    table = cluster.read(re.compile(f"{first}|{second}"))
    assert table.to_polars()["id"].to_list() == [1, 2, 3] if first < second else [3, 1, 2]
    assert [one.topic for one in table.report.topics] == sorted(pair)
    # One match is still one of several that there might have been.
    assert "_topic" in cluster.read(re.compile(first)).columns
    with pytest.raises(kf.TopicNotFoundError, match="no topic matches"):
        cluster.scan(re.compile(f"no-{first}"))


def test_a_star_in_a_name_is_a_pattern(cluster, new_topic):
    topic = new_topic([{"n": 1}])
    assert cluster.read(f"{topic[:-1]}*", metadata=["_topic"]).to_polars()["_topic"].to_list().count(topic) == 1


def test_one_bookmark_goes_on_in_all(cluster, pair):
    first, second = pair
    table = cluster.read([first, second])
    assert table.next_start.offsets == {first: {0: 2}, second: {0: 1}}
    cluster.write([{"id": 4}], second)
    assert cluster.read([first, second], start=kf.Bookmark(str(table.next_start))).to_polars()["id"].to_list() == [4]
    with pytest.raises(kf.ConfigError, match="bookmark"):
        cluster.read(first, start=table.next_start)


def test_bounds_of_each_topic(cluster, pair):
    first, second = pair
    table = cluster.read([first, second], start={first: 1}, end={second: {0: 0}})
    assert table.to_polars()["id"].to_list() == [2]
    with pytest.raises(kf.ConfigError, match="maps partitions, but 2 topics"):
        cluster.scan([first, second], start={0: 1})
    with pytest.raises(TypeError, match="names of topics"):
        cluster.scan([first, second], start={first: 1, 0: 2})


@pytest.mark.parametrize("wrong", [None, 5, b"orders", ["orders", 5]])
def test_what_is_no_topic(cluster, wrong):
    with pytest.raises(TypeError):
        cluster.scan(wrong)


def test_a_missing_one_is_named(cluster, pair):
    with pytest.raises(kf.TopicNotFoundError) as caught:
        cluster.scan([pair[0], "not-there"])
    assert caught.value.topic == "not-there"
    with pytest.raises(kf.ConfigError, match="no topic"):
        cluster.scan([])


def test_a_group_that_stands_nowhere_is_named(cluster, numbers):
    with pytest.raises(kf.OffsetOutOfRangeError, match='group "nobody"') as caught:
        cluster.scan(numbers, start="group:nobody")
    assert caught.value.topic == numbers
    with pytest.raises(kf.ConfigError, match="name of a consumer group"):
        cluster.scan(numbers, start="group:")


def test_latest_by_key_is_what_compaction_keeps(cluster, new_topic):
    rows = [{"_key": key, "price": price} for key, price in [("a", 1), ("b", 2), ("a", 3), ("c", 4)]]
    topic = new_topic(rows)
    table = cluster.scan(topic).latest_by_key()
    assert table.to_polars().select("_key", "price").rows() == [("b", 2), ("a", 3), ("c", 4)]
    assert table.report.partitions[0].filtered == 1
    assert cluster.scan(topic, end=2, columns=["price"]).latest_by_key().to_polars()["price"].to_list() == [1, 2]
    with pytest.raises(kf.ConfigError, match="latest_by_key"):
        cluster.scan(topic, limit=1).latest_by_key()
    # A condition is asked of the last records: the 1 of a, which passes, is not the last.
    scan = cluster.scan(topic, where="price < 3 or _key = 'c'", columns=["_key"])
    assert scan.latest_by_key().to_polars()["_key"].to_list() == ["b", "c"]
    with pytest.raises(kf.ConfigError, match="two meanings"):
        cluster.scan(topic, where="_timestamp > now() - interval '1 day'").latest_by_key()


def test_follow_goes_on_with_what_is_written(cluster, numbers):
    with cluster.scan(numbers, start=998).follow() as new:
        assert next(new).to_polars()["number"].to_list() == [998, 999]
        cluster.write([{"number": 1000}], numbers)
        assert next(new).to_polars()["number"].to_list() == [1000]
        place = new.next_start
    assert place.offsets == {numbers: {0: 1001}}
    assert new.report is not None
    assert new.report.delivered == 3
    assert len(cluster.read(numbers, start=place)) == 0
    assert list(new) == []
    with pytest.raises(kf.ConfigError, match="no end"):
        cluster.scan(numbers, end=5).follow()
