"""Scans: frozen plans that stream."""

from __future__ import annotations

import datetime as dt
import pickle
import threading

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


def test_a_condition_on_time_is_exact_whatever_the_order_of_times(cluster, new_topic):
    """Records of an earlier time come behind any number of later ones: a condition has no ``late``."""
    first = dt.datetime(2026, 11, 1, tzinfo=dt.timezone.utc)
    seconds = [n * 37 % 3000 for n in range(3000)]
    topic = new_topic([{"s": s, "_timestamp": first + dt.timedelta(seconds=s)} for s in seconds])
    for condition, wanted in (
        ("_timestamp < '2026-11-01T00:10:00Z'", range(600)),
        ("_timestamp between '2026-11-01T00:10:00Z' and '2026-11-01T00:11:00Z'", range(600, 661)),
        ("_timestamp = '2026-11-01T00:10:00Z'", range(600, 601)),
    ):
        scan = cluster.scan(topic, where=condition)
        table = scan.read()
        assert sorted(table.to_arrow()["s"].to_pylist()) == list(wanted), condition
        assert scan.count() == len(wanted)
        # All of it was looked at, so the next read repeats nothing.
        assert table.next_start.offsets == {topic: {0: 3000}}


def test_a_follow_is_closed_by_another_thread(cluster, numbers):
    follow = cluster.scan(numbers).follow()
    rows = len(next(follow))
    threading.Timer(0.3, follow.close).start()
    rows += sum(len(batch) for batch in follow)
    assert rows == 1000
    assert follow.next_start.offsets == {numbers: {0: 1000}}


def test_an_end_by_time_with_a_limit_repeats_and_loses_nothing(cluster, new_topic):
    topic = new_topic([{"n": n, "_timestamp": ms} for n, ms in enumerate([1000, 1500, 2500, 1600, 1700])])
    part = cluster.read(topic, end="@2000", limit=3)
    assert part.to_arrow()["n"].to_pylist() == [0, 1, 3]
    assert part.next_start.offsets == {topic: {0: 2}}


def test_a_place_behind_open_transactions_stays(cluster, broker, new_topic):
    confluent_kafka = pytest.importorskip("confluent_kafka")
    topic = new_topic()
    producer = confluent_kafka.Producer({"bootstrap.servers": broker.bootstrap_servers, "transactional.id": topic})
    producer.init_transactions()
    producer.begin_transaction()
    for n in range(3):
        producer.produce(topic, b'{"n":%d}' % n)
    producer.flush()
    seen = cluster.read(topic, isolation_level="read_uncommitted")
    assert len(seen) == 3
    nothing = cluster.read(topic, start=seen.next_start)
    assert (len(nothing), nothing.next_start.offsets) == (0, {topic: {0: 3}})
    producer.commit_transaction()
    assert len(cluster.read(topic, start=nothing.next_start)) == 0


def test_what_malformed_values_leave_is_counted_as_it_is_read(cluster, broker, new_topic):
    topic = new_topic()
    producer = pytest.importorskip("confluent_kafka").Producer({"bootstrap.servers": broker.bootstrap_servers})
    for n in range(16):
        producer.produce(topic, b'{"n":1' if n % 4 == 0 else b'{"n":1}')
    producer.flush()
    for condition, rows in (("_error is null", 12), ("_error is not null", 4)):
        scan = cluster.scan(topic, value_format="json", where=condition)
        assert (len(scan.read()), scan.count()) == (rows, rows)


def test_the_last_of_a_key_takes_the_whole_range(cluster, numbers):
    with pytest.raises(kf.ConfigError, match="allow_partial"):
        cluster.scan(numbers, allow_partial=True).latest_by_key()


def test_lazy_frames_with_what_did_not_fit_and_bounded_scans(cluster, new_topic):
    polars = pytest.importorskip("polars")
    topic = new_topic([{"s": "x" if n < 1450 else 5, "id": n} for n in range(1500)])
    lazy = cluster.scan(topic).to_polars(lazy=True)
    assert sorted(lazy.drop("id").collect().columns) == ["_extra", "_key", "_offset", "_partition", "_timestamp", "s"]
    extra = lazy.select("id", "_extra").filter(polars.col("_extra").is_not_null()).collect()
    assert extra["id"].to_list() == list(range(1450, 1500))
    assert next(iter(cluster.scan(topic, columns=["id", "_extra"]))).columns == ["id", "_extra"]
    few = cluster.scan(topic, limit=10).to_polars(lazy=True)
    assert few.filter(polars.col("id") >= 5).collect()["id"].to_list() == [5, 6, 7, 8, 9]
    last = cluster.scan(topic, tail=10).to_polars(lazy=True)
    assert last.filter(polars.col("id") >= 1495).collect()["id"].to_list() == [1495, 1496, 1497, 1498, 1499]


def test_polars_columns_of_nulls_and_of_objects(cluster, new_topic):
    polars = pytest.importorskip("polars")
    topic = new_topic()
    cluster.write(polars.DataFrame({"n": [None], "m": [1]}), topic)
    assert cluster.read(topic, metadata=False).to_arrow().to_pylist() == [{"n": None, "m": 1}]
    assert (
        cluster.sql("select m from d where n is null", d=polars.DataFrame({"n": [None], "m": [1]})).to_arrow().num_rows
        == 1
    )
    with pytest.raises(TypeError, match="the column 'o' holds Python objects"):
        cluster.write(polars.DataFrame({"o": [object()]}), topic)


def test_a_condition_on_values_of_several_types_says_what_it_compares(cluster, new_topic):
    topic = new_topic([{"s": "x" if n < 1450 else 5} for n in range(1500)])
    scan = cluster.scan(topic, where="s = 'x'")
    with pytest.warns(kf.KaframeWarning, match="values of s are of several types: where compares them as JSON text"):
        assert len(scan.read()) == 0
    with pytest.warns(kf.KaframeWarning, match="several types"):
        assert cluster.scan(topic, where="s = '\"x\"'").count() == 1450


def test_a_lazy_frame_warns_of_malformed_values_as_a_stream_does(cluster, new_topic):
    topic = new_topic([{"value": b'{"a":1}'}] * 30 + [{"value": b'{"a":'}], value_format="raw")
    frame = cluster.scan(topic).to_polars(lazy=True)
    with pytest.warns(kf.KaframeWarning, match="1 value is malformed"):
        assert frame.collect()["a"].null_count() == 1
