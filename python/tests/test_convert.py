"""Conversions: types that survive, and clear messages where a package is missing."""

from __future__ import annotations

import datetime as dt

import pytest

import kaframe as kf

pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")

BIG = 2**53 + 1


@pytest.fixture
def table(cluster, new_topic) -> kf.Table:
    rows = [
        {"i": 1, "maybe": BIG, "b": True, "flag": True, "f": 1.5, "ratio": 2.5, "s": "x", "o": {"k": 1}, "l": [1, 2]},
        {"i": 2, "maybe": None, "b": False, "flag": None, "f": 2.5, "ratio": None, "s": None, "o": None, "l": None},
    ]
    return cluster.read(new_topic(rows))


def test_pandas_keeps_numpy_dtypes_unless_something_would_be_lost(table):
    frame = table.to_pandas()
    found = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert found["i"] == "int64"
    assert found["maybe"] == "Int64"
    assert found["b"] == "bool"
    assert found["flag"] == "boolean"
    assert found["f"] == "float64"
    assert found["ratio"] == "Float64"
    assert frame["s"].dtype == pd.Series(["x"]).dtype
    assert isinstance(frame["o"].dtype, pd.ArrowDtype)
    assert isinstance(frame["l"].dtype, pd.ArrowDtype)
    assert found["_offset"] == "int64"
    assert found["_timestamp"] == "datetime64[ms, UTC]"
    assert frame["maybe"][0] == BIG
    assert frame["maybe"].isna().tolist() == [False, True]
    assert list(frame.columns) == table.columns
    assert frame.index.equals(pd.RangeIndex(2))


@pytest.mark.parametrize("batches", [1, 3])
def test_pandas_frames_can_be_written_into(cluster, new_topic, batches):
    topic = new_topic()
    for batch in range(batches):
        rows = [{"i": n, "maybe": n or None, "b": True, "f": 0.5 * n, "s": "x"} for n in range(batch, batch + 3)]
        cluster.write(rows, topic)
    frame = cluster.read(topic).to_pandas()
    for name in frame.columns:
        frame.loc[0, name] = frame.loc[1, name]
        assert str(frame.loc[0, name]) == str(frame.loc[1, name])


def test_pandas_with_a_backend(table):
    arrow = table.to_pandas(dtype_backend="pyarrow")
    assert all(isinstance(dtype, pd.ArrowDtype) for dtype in arrow.dtypes)
    nullable = table.to_pandas(dtype_backend="numpy_nullable")
    assert str(nullable["i"].dtype) == "Int64"
    assert str(nullable["f"].dtype) == "Float64"
    assert isinstance(nullable["s"].dtype, pd.StringDtype)
    with pytest.raises(ValueError, match="numpy_nullable"):
        table.to_pandas(dtype_backend="arrow")


def test_integers_beyond_64_bits_stay_exact(cluster, new_topic):
    frame = cluster.read(new_topic([{"n": 2**70 + 1}, {"n": 1}])).to_pandas()
    assert int(frame["n"][0]) == 2**70 + 1


def test_bytes_are_objects(cluster, new_topic):
    topic = new_topic([{"v": b"\xff\x00"}], value_format="raw")
    assert cluster.read(topic, value_format="raw").to_pandas()["value"].tolist() == [b"\xff\x00"]


def test_arrow_and_polars_hold_the_same(table):
    arrow, polars = table.to_arrow(), table.to_polars()
    assert isinstance(arrow, pa.Table)
    assert isinstance(polars, pl.DataFrame)
    assert arrow.column_names == polars.columns == table.columns
    assert polars["maybe"].to_list() == [BIG, None]
    assert polars["o"].to_list()[0] == {"k": 1}
    assert arrow.schema.field("_timestamp").type == pa.timestamp("ms", tz="UTC")
    assert arrow.schema.field("s").type == pa.large_string()
    assert isinstance(polars["_timestamp"][0], dt.datetime)


def test_capsules(table):
    assert pl.DataFrame(table).equals(table.to_polars())
    assert pa.table(table).equals(table.to_arrow())
    assert pa.schema(table) == pa.schema(table.schema) == table.to_arrow().schema
    view = pa.schema([pa.field(name, pa.string_view() if name == "s" else kind) for name, kind in _fields(table)])
    assert pa.RecordBatchReader.from_stream(table, view).read_all().schema.field("s").type == pa.string_view()


def _fields(table):
    schema = table.to_arrow().schema
    return zip(schema.names, schema.types, strict=True)


def test_a_record_batch_converts_like_a_table(cluster, numbers):
    duckdb = pytest.importorskip("duckdb")
    batch = next(iter(cluster.scan(numbers)))
    assert len(batch) == batch.to_arrow().num_rows == batch.to_polars().height == len(batch.to_pandas())
    assert batch.shape == (len(batch), len(batch.columns))
    assert pa.record_batch(batch).num_rows == len(batch)
    assert duckdb.sql("select sum(number) from batch").fetchall() == [(sum(batch.to_polars()["number"]),)]


def test_head(cluster, numbers):
    table = cluster.read(numbers)
    assert table.head().shape == (5, 5)
    assert table.head(2).to_polars()["number"].to_list() == [0, 1]
    assert len(table.head(5000)) == 1000
    assert table.head(1).report == table.report
    with pytest.raises(ValueError, match="rows"):
        table.head(-1)


def test_schema(table):
    schema = table.schema
    assert schema.names == table.columns
    assert len(schema) == len(schema.types) == len(table.columns)
    assert schema["i"] == "int64"
    assert schema["o"].startswith("struct<")
    assert "i" in schema
    assert "x" not in schema
    assert schema == table.schema
    assert "i: int64" in repr(schema)
    with pytest.raises(KeyError):
        schema["x"]


def test_frames_outlive_their_table(cluster, numbers):
    frame = cluster.read(numbers).to_polars()
    assert frame["number"].sum() == 499_500


def test_duckdb_takes_tables_scans_batches_and_answers(cluster, numbers):
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    made = [cluster.read(numbers), cluster.scan(numbers), cluster.sql(f'select number from "{numbers}"')]
    for one in [*made, next(iter(cluster.scan(numbers)))]:
        for relation in (one.to_duckdb(), one.to_duckdb(connection)):
            # A relation may be asked again.
            assert [relation.aggregate("sum(number)").fetchall() for _ in range(2)] == [[(499_500,)]] * 2
    relation = cluster.read(numbers).to_duckdb(connection)
    assert connection.sql("select count(*) from relation where number < 10").fetchall() == [(10,)]
