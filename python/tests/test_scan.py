"""Scans: frozen plans that stream."""

from __future__ import annotations

import pickle

import pytest

import kaframe as kf


def test_a_scan_streams_batches_in_order(cluster, numbers):
    scan = cluster.scan(numbers, batch_size=300)
    batches = list(scan)
    assert all(isinstance(batch, kf.RecordBatch) and len(batch) <= 300 for batch in batches)
    assert [n for batch in batches for n in batch.to_polars()["number"]] == list(range(1000))
    assert scan.report.complete
    assert scan.report.delivered == 1000
    assert len(scan.errors) == 0


def test_a_scan_is_frozen_and_repeatable(cluster, numbers):
    scan = cluster.scan(numbers)
    cluster.write([{"number": 1000}], numbers)
    first = [batch.to_arrow() for batch in scan]
    assert sum(batch.num_rows for batch in first) == 1000
    assert [batch.to_arrow() for batch in scan] == first
    assert len(scan.to_polars()) == 1000


def test_the_plan_reads_nothing(cluster, new_topic):
    topic = new_topic([{"n": n} for n in range(30)], partitions=3, key="n")
    plan = cluster.scan(topic).plan()
    assert plan.topics == (topic,)
    assert plan.offsets == 30
    assert [one.partition for one in plan.partitions] == [0, 1, 2]
    assert all(one.start == 0 and one.end == one.high_watermark for one in plan.partitions)
    assert topic in str(plan)
    assert pickle.loads(pickle.dumps(plan)) == plan


def test_splits_travel_to_another_process_and_cover_the_plan(cluster, new_topic):
    topic = new_topic([{"n": n} for n in range(30)], partitions=3, key="n")
    splits = pickle.loads(pickle.dumps(cluster.scan(topic).splits()))
    read = []
    for split in splits:
        part = cluster.read(split.topic, partitions=[split.partition], start=split.start, end=split.end)
        assert len(part) == split.end - split.start
        read += part.to_polars()["n"].to_list()
    assert sorted(read) == list(range(30))


def test_the_schema_of_a_stream_has_a_place_for_what_does_not_fit(cluster, numbers):
    scan = cluster.scan(numbers)
    assert scan.schema.names == ["number", "_extra", "_key", "_partition", "_offset", "_timestamp"]
    assert scan.schema["number"] == "int64"
    assert scan.schema["_timestamp"] == "timestamp[ms, UTC]"
    assert next(iter(scan)).schema == scan.schema


def test_a_misspelt_topic_fails_on_its_line(cluster, numbers):
    with pytest.raises(kf.TopicNotFoundError):
        cluster.scan(numbers + "x")


def test_a_stream_may_be_left_in_the_middle(cluster, numbers):
    scan = cluster.scan(numbers, batch_size=10)
    first = next(iter(scan))
    assert len(first) == 10
    assert scan.report.topics[0].topic == numbers
    assert sum(len(batch) for batch in scan) == 1000


def test_nothing_is_reported_before_the_first_stream(cluster, numbers):
    with pytest.raises(kf.KaframeError, match="nothing of this scan"):
        _ = cluster.scan(numbers).report


def test_duckdb_reads_a_scan_and_a_table_by_name(cluster, numbers):
    duckdb = pytest.importorskip("duckdb")
    orders = cluster.scan(numbers)
    frozen = cluster.read(numbers)
    assert frozen.complete
    assert duckdb.sql("select count(*), sum(number) from orders").fetchall() == [(1000, 499_500)]
    assert duckdb.sql("select max(_offset) from frozen").fetchall() == [(999,)]
    assert orders.report.topics[0].topic == numbers


def test_polars_and_pyarrow_take_a_scan(cluster, numbers):
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    scan = cluster.scan(numbers)
    assert pl.DataFrame(scan).height == 1000
    assert pa.table(scan).num_rows == 1000
    assert pa.RecordBatchReader.from_stream(scan).read_next_batch().num_rows > 0
    assert pa.schema(scan.schema) == pa.table(scan).schema


def test_an_error_in_a_foreign_consumer_says_what_happened(cluster, new_topic):
    pa = pytest.importorskip("pyarrow")
    topic = new_topic([{"n": n} for n in range(20)])
    cluster.write([{"v": "{broken"}], topic, value_format="string")
    scan = cluster.scan(topic, on_error="raise")
    with pytest.raises(Exception, match=r"(?s)offset.*20|20.*offset"):
        pa.table(scan)
