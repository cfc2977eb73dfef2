"""`kf.sql`: tables that are handed in, results, refusals, memory, interrupts. Answers over many queries are compared in tests/conformance."""

from __future__ import annotations

import signal
import threading
import time

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import kaframe as kf


@pytest.fixture
def orders(new_topic):
    rows = [
        {"id": n, "amount": n * 1.5, "Country": "DE" if n % 2 else "FR", "buyer": {"id": n % 10, "name": f"n{n % 10}"}}
        for n in range(1000)
    ]
    return new_topic(rows, partitions=3, key="id")


def test_results_are_tables_of_every_kind(cluster, orders):
    query = cluster.sql(f'select "Country", count(*) as n from "{orders}" group by 1 order by 1')
    assert query.columns == ["Country", "n"]
    assert query.schema["n"] == "int64"
    assert query.to_pandas()["n"].to_list() == [500, 500]
    assert query.to_polars()["n"].to_list() == [500, 500]
    assert query.to_arrow()["Country"].to_pylist() == ["DE", "FR"]
    assert pl.DataFrame(query)["n"].to_list() == [500, 500]
    assert sum(len(batch) for batch in query) == 2
    assert "TopicExec" in query.explain()
    assert "DE" in repr(query)
    assert "<table" in query._repr_html_()
    assert query.reports[0].delivered == 1000


def test_names_count_as_they_are_written(cluster, orders):
    assert cluster.sql(f'select Country from "{orders}" limit 1').columns == ["Country"]
    with pytest.raises(kf.SchemaError, match="there is no column") as caught:
        cluster.sql(f'select country from "{orders}"')
    assert "Country" in caught.value.hint
    with pytest.raises(kf.TopicNotFoundError, match="orderz"):
        cluster.sql("select * from orderz")


def test_names_with_dots(cluster):
    cluster.create_topic("shop.orders.v1")
    cluster.write([{"a": 1}], "shop.orders.v1")
    for name in ("shop.orders.v1", '"shop.orders.v1"'):
        assert cluster.sql(f"select a from {name}").to_arrow()["a"].to_pylist() == [1]


def test_topics_by_a_pattern_tell_their_topic(cluster):
    for name in ("pattern-a", "pattern-b"):
        cluster.create_topic(name)
        cluster.write([{"v": n} for n in range(3)], name)
    query = cluster.sql('select _topic, count(*) as n from "pattern-*" group by _topic order by _topic')
    assert query.to_arrow().to_pylist() == [{"_topic": "pattern-a", "n": 3}, {"_topic": "pattern-b", "n": 3}]
    one = cluster.sql("""select v from "pattern-*" where _topic = 'pattern-b' and _offset = 1""")
    assert one.to_arrow()["v"].to_pylist() == [1]
    assert "pattern-a 0" not in one.explain()


def test_functions_that_give_tables(cluster):
    assert cluster.sql("select sum(value) as s from generate_series(1, 10)").to_arrow()["s"].to_pylist() == [55]


def test_everything_of_a_topic_and_its_metadata_on_request(cluster, orders):
    names = cluster.sql(f'select * from "{orders}"').columns
    assert names == ["id", "amount", "Country", "buyer", "_extra", "_key", "_partition", "_offset", "_timestamp"]
    query = cluster.sql(f'select _topic, _tombstone, _headers, buyer.name, _error from "{orders}" where id = 7')
    row = query.to_arrow().to_pylist()[0]
    assert list(row.values())[:3] == [orders, False, []]
    assert list(row.values())[3:] == ["n7", None]


def test_what_does_not_fit_the_sample_is_said(cluster, new_topic):
    topic = new_topic([{"n": n} for n in range(1500)] + [{"n": "text"}])
    with pytest.warns(kf.KaframeWarning, match="1 records of .* do not fit"):
        table = cluster.sql(f'select count(n) as n, count(*) as all from "{topic}"').to_arrow()
    assert table.to_pylist() == [{"n": 1500, "all": 1501}]
    extra = cluster.sql(f'select _extra from "{topic}" where n is null').to_arrow()["_extra"].to_pylist()
    assert extra == ['{"n": "text"}']


def test_tables_are_handed_in(cluster, orders, tmp_path, broker):
    pq.write_table(pa.table({"code": ["DE"], "name": ["Germany"]}), tmp_path / "c.parquet")
    (tmp_path / "c.csv").write_text("code,name\nFR,France\n")
    (tmp_path / "c.ndjson").write_text('{"code": "FR", "name": "France"}\n')
    frame = pd.DataFrame({"code": ["DE", "FR"], "name": ["Germany", "France"]})
    for table, rows in [
        (frame, 1000),
        (pl.from_pandas(frame), 1000),
        (pl.from_pandas(frame).lazy(), 1000),
        (pa.Table.from_pandas(frame), 1000),
        (tmp_path / "c.parquet", 500),
        (str(tmp_path / "c.csv"), 500),
        (tmp_path / "c.ndjson", 500),
        (cluster.sql("select 'DE' as code, 'x' as name"), 500),
    ]:
        query = cluster.sql(f'select count(*) as n from "{orders}" join c on "Country" = c.code', c=table)
        assert query.to_arrow()["n"].to_pylist() == [rows], type(table)
    scan = cluster.scan(orders, partitions=[1], columns=["id", "_offset"])
    alone = kf.sql("select count(*) as n, max(id) as id from s where _offset < 10", s=scan)
    assert alone.to_arrow().to_pylist()[0]["n"] == 10
    assert "offsets=10 [1: 0..10]" in alone.explain()
    first = cluster.scan(orders, limit=20)
    query = kf.sql("select count(*) as n from s where id >= 0", s=first)
    assert query.to_arrow()["n"].to_pylist() == [20]
    table = cluster.read(orders, tail=5)
    assert kf.sql("select count(*) as n from t", t=table).to_arrow()["n"].to_pylist() == [5]
    assert kf.sql("select * from t limit 0", t=table).to_arrow().num_rows == 0


@pytest.mark.parametrize(
    ("word", "value", "message"),
    [
        ("bootstrap_server", "x:9092", "use bootstrap_servers="),
        ("timeout_ms", 5, "use timeout="),
        ("t", 5, "which is no table"),
        ("t", "orders", "which is no table"),
        ("t", pl.Series([1]), "which is no table"),
    ],
)
def test_what_is_no_table_is_a_type_error(cluster, word, value, message):
    with pytest.raises(TypeError, match=message):
        cluster.sql("select 1", **{word: value})


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "there is no query"),
        ("select 1; select 2", "more than one query"),
        ("selec 1", "not SQL"),
        ("select 1 +", "not SQL"),
        ("drop table x", "only asks questions"),
        ("insert into x values (1)", "only asks questions"),
        ("create table x as select 1", "only asks questions"),
        ("create external table x stored as csv location '/etc/passwd'", "only asks questions"),
        ("copy (select 1) to '/tmp/kaframe-was-here.csv'", "only asks questions"),
        ("set datafusion.execution.batch_size = 1", "only asks questions"),
        ("explain insert into x values (1)", "only asks questions"),
        ("select * from '/etc/passwd'", ""),
        ("select * from 'file:///etc/passwd'", ""),
        ("select * from 'prices.csv'", "files are not read"),
        ("select * from read_csv('/etc/passwd')", ""),
        ("select * from 'http://127.0.0.1:1/x.parquet'", "files are not read"),
        ("select nosuch(1)", "there is no function nosuch"),
        ("select count(*) from t tablesample bernoulli (10)", "TABLESAMPLE"),
        ("select 1 union all select a from (select * from t) tablesample (10 percent)", "TABLESAMPLE"),
        ("select a from t prewhere a < 3", "PREWHERE"),
        ("select a from t where a in (select b from u for update)", "FOR UPDATE"),
        ("select 1 where 'a' + 1 > 2 and sum(1) > 1", ""),
    ],
)
def test_what_is_no_question_is_refused(cluster, query, message, tmp_path):
    with pytest.raises((kf.ConfigError, kf.TopicNotFoundError, kf.SchemaError), match=message or None):
        cluster.sql(query).to_arrow()


def test_files_when_they_are_allowed(cluster, tmp_path):
    (tmp_path / "p.csv").write_text("a,b\n1,x\n2,y\n")
    query = cluster.sql(f"select sum(a) as s from '{tmp_path}/p.csv'", allow_files=True)
    assert query.to_arrow()["s"].to_pylist() == [3]
    with pytest.raises(OSError, match=r"none\.csv"):
        cluster.sql(f"select * from '{tmp_path}/none.csv'", allow_files=True)
    with pytest.raises(kf.ConfigError, match="only local files"):
        cluster.sql("select * from 'http://127.0.0.1:1/x.parquet'", allow_files=True)
    with pytest.raises((kf.ConfigError, kf.TopicNotFoundError)):
        cluster.sql("select * from '/etc/passwd'", allow_files=True)


def test_hostile_queries_end_as_errors(cluster):
    deep = [
        "select " + "(" * 50_000 + "1" + ")" * 50_000,
        "select 1" + " + 1" * 50_000,
        "select " + "-" * 50_000 + "1",
        "select 1" + " union all select 1" * 20_000,
        "select * from " + ", ".join(["t"] * 10_000),
        "select '" + "x" * (2 << 20) + "'",
        "with " + ", ".join(f"a{n} as (select 1)" for n in range(5_000)) + " select 1",
        "select " + "case when true then " * 5_000 + "1" + " end" * 5_000,
        "select " + "abs(" * 5_000 + "1" + ")" * 5_000,
    ]
    for query in deep:
        with pytest.raises((kf.ConfigError, kf.SchemaError)):
            cluster.sql(query).to_arrow()
    assert cluster.sql("select 1" + " + 1" * 390 + " as n").to_arrow()["n"].to_pylist() == [391]
    values = ", ".join(map(str, range(50_000)))
    assert cluster.sql(f"select 7 in ({values}) as yes").to_arrow()["yes"].to_pylist() == [True]


def test_sorting_and_grouping_spill_at_the_memory_limit():
    query = "select sum(length(k)) as s, count(*) as n from (select repeat(cast(value as varchar), 20) as k from t order by k)"
    t = pa.table({"value": pa.array(range(300_000))})
    expected = kf.sql(query, t=t).to_arrow()
    assert kf.sql(query, t=t, memory_limit="24MiB").to_arrow() == expected
    groups = "select count(*) as n from (select value, count(*) from t group by value)"
    assert kf.sql(groups, t=t, memory_limit="12MiB").to_arrow()["n"].to_pylist() == [300_000]
    with pytest.raises(kf.ResultTooLargeError, match="memory") as caught:
        kf.sql("select array_agg(value) from t", t=t, memory_limit="100kB").to_arrow()
    assert "memory_limit" in caught.value.hint


def test_errors_keep_their_class_while_a_query_runs(cluster, new_topic):
    topic = new_topic([{"n": n} for n in range(10)])
    with pytest.raises(kf.DecodeError, match=r"[Dd]ivi"):
        cluster.sql(f'select 1 / (n - 5) from "{topic}"').to_arrow()


def test_ctrl_c_stops_a_query_within_a_quarter_of_a_second(cluster):
    t = pa.table({"v": list(range(20_000))})
    query = cluster.sql("select sum(a.v * b.v % 7 + c.v) from t a, t b, t c", t=t)
    pressed: list[float] = []

    def press():
        time.sleep(0.3)
        pressed.append(time.monotonic())
        signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        query.to_arrow()
    waited = time.monotonic() - pressed[0]
    thread.join()
    assert waited < 0.25
    # Nothing of it is left that keeps the threads busy.
    time.sleep(0.3)
    used = time.process_time()
    time.sleep(0.5)
    assert time.process_time() - used < 0.25
    assert cluster.sql("select 1 as n").to_arrow()["n"].to_pylist() == [1]
    assert cluster.topics() is not None


def test_explain_and_describe(cluster, orders):
    text = cluster.sql(f'explain select id from "{orders}" where amount > 5').to_arrow()["plan"].to_pylist()
    assert any("TopicExec" in one and "where=[" in one for one in text)
    described = cluster.sql(f'describe "{orders}"').to_arrow()
    assert "buyer" in described["column_name"].to_pylist()


def test_where_gives_the_rows_that_a_filter_afterwards_gives(cluster, orders):
    frame = cluster.read(orders).to_pandas()
    for where, mask in [
        ("amount > 1400", frame.amount > 1400),
        ("Country = 'DE' and buyer.id = 3", (frame.Country == "DE") & (frame.id % 10 == 3)),
        ("_partition = 1 and _offset < 5", (frame._partition == 1) & (frame._offset < 5)),
        ("_key like '9%' or id = 1", frame._key.str.startswith("9") | (frame.id == 1)),
    ]:
        found = cluster.read(orders, where=where).to_pandas()
        assert found["id"].to_list() == frame[mask]["id"].to_list(), where
        streamed = pl.concat(batch.to_polars() for batch in cluster.scan(orders, where=where))
        assert sorted(streamed["id"]) == sorted(frame[mask]["id"]), where
    with pytest.raises(kf.ConfigError, match="at character"):
        cluster.scan(orders, where="amount > > 5")
    with pytest.raises(TypeError, match="use where="):
        cluster.scan(orders, filter="amount > 5")


def test_lazy_polars_pushes_and_enforces(cluster, orders):
    scan = cluster.scan(orders)
    frame = scan.to_polars(lazy=True)
    eager = scan.to_polars()
    assert frame.select(pl.len()).collect().item() == 1000
    assert frame.head(7).collect().height == 7
    assert frame.filter(pl.col("amount") > 700).head(3).collect().height == 3
    assert frame.head(10).filter(pl.col("id") >= 0).collect().height == 10
    for predicate in [
        (pl.col("Country") == "DE") & (pl.col("amount") > 90),
        (pl.col("id") < 5) | (pl.col("_partition") == 2),
        pl.col("_offset").is_between(3, 5),
        pl.col("buyer").struct.field("id") == 3,
        pl.col("Country").str.starts_with("F") & (pl.col("id") <= 10),
        pl.col("id").is_in([1, 2]),
        pl.col("_timestamp").is_not_null(),
    ]:
        got = frame.filter(predicate).select("id", "Country").collect().sort("id")
        assert got.equals(eager.filter(predicate).select("id", "Country").sort("id")), predicate
    assert frame.select("id").collect().columns == ["id"]


def test_the_polars_predicate_is_said_in_sql():
    from kaframe._polars import sql_of

    assert sql_of((pl.col("a") > 5) & (pl.col("b") == "it's")) == "\"a\" > 5 and \"b\" = 'it''s'"
    assert sql_of((pl.col("a") > 5) & pl.col("b").str.contains("x")) == '"a" > 5'
    assert sql_of((pl.col("a") > 5) | pl.col("b").str.contains("x")) is None
    assert sql_of(pl.col("user.id") == 5) is None


def test_a_view_of_duckdb_can_be_asked_again(cluster, orders):
    connection = duckdb.connect()
    kf.duckdb_view(connection, "o", cluster.scan(orders))
    for _ in range(2):
        assert connection.execute("select count(*), sum(amount) from o where id < 10").fetchone() == (10, 67.5)
    with pytest.raises(TypeError, match="duckdb_view takes a scan"):
        kf.duckdb_view(connection, "x", "orders")  # pyright: ignore[reportArgumentType]


def test_a_name_that_is_no_topic_may_be_a_frame_that_was_not_handed_in(cluster):
    with pytest.raises(kf.TopicNotFoundError) as error:
        cluster.sql("select * from frame")
    assert "kf.sql(query, frame=frame)" in error.value.hint
    with pytest.raises(kf.TopicNotFoundError) as error:
        cluster.sql('select * from "no-name"')
    assert "kf.sql" not in (error.value.hint or "")
