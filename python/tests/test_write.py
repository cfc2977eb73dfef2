"""Writing: every kind of data, and what becomes of it."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import warnings
from decimal import Decimal
from uuid import UUID

import pandas as pd
import pyarrow
import pyarrow.csv
import pytest
from tests.command import kaframe

import kaframe as kf

UTC = dt.timezone.utc
NOON = dt.datetime(2024, 11, 22, 12, 0, 0, 123_000, tzinfo=UTC)


@pytest.fixture
def written(cluster, new_topic):
    """Writes data and gives the values as they are on the topic."""

    def write(data, **parameters):
        topic = new_topic()
        report = cluster.write(data, topic, **parameters)
        assert report.topic == topic
        table = cluster.read(topic, value_format="raw", key_format="raw")
        assert report.rows == len(table)
        return [value and value.decode() for value in table.to_polars()["value"]]

    return write


def test_the_report_says_what_each_partition_got(cluster, new_topic):
    topic = new_topic(partitions=3)
    report = cluster.write([{"n": n} for n in range(300)], topic, key="n")
    assert report.rows == sum(one.rows for one in report.partitions) == 300
    assert report.unknown == report.not_written == ()
    assert all(one.last_offset - one.first_offset + 1 == one.rows for one in report.partitions)
    assert "300 rows written" in str(report)


def test_dicts(written):
    assert written([{"n": 1, "s": "x", "b": True, "f": 1.5, "none": None, "l": [1, {"k": "v"}]}]) == [
        '{"n":1,"s":"x","b":true,"f":1.5,"none":null,"l":[1,{"k":"v"}]}'
    ]


def test_dicts_with_values_that_json_has_no_word_for(written):
    row = {
        "time": NOON,
        "naive": NOON.replace(tzinfo=None),
        "elsewhere": NOON.astimezone(dt.timezone(dt.timedelta(hours=2))),
        "date": NOON.date(),
        "bytes": b"\x00\xff",
        "decimal": Decimal("0.1000"),
        "large": Decimal(10) ** 30,
        "nan": float("nan"),
        "uuid": UUID(int=1),
        "text": 'ü"\n\u2028',
    }
    (text,) = written([row])
    found = json.loads(text, parse_float=str, parse_int=str)
    assert found == {
        "time": "2024-11-22T12:00:00.123000Z",
        "naive": "2024-11-22T12:00:00.123000Z",
        "elsewhere": "2024-11-22T12:00:00.123000Z",
        "date": "2024-11-22",
        "bytes": "AP8=",
        "decimal": "0.1000",
        "large": "1" + "0" * 30,
        "nan": None,
        "uuid": "00000000-0000-0000-0000-000000000001",
        "text": 'ü"\n\u2028',
    }


def test_what_cannot_be_written_names_its_row(cluster, numbers):
    for value, word in ((object(), "object"), (float("inf"), "inf"), ("\ud800", "surrogate")):
        with pytest.raises((TypeError, ValueError), match=f"(?s)row 1.*{word}"):
            cluster.write([{"v": 1}, {"v": value}], numbers)
    with pytest.raises(TypeError, match="row 0"):
        cluster.write([1, 2], numbers)


@pytest.mark.parametrize("data", ["text", b"bytes", {"a": 1}, 5, None])
def test_what_is_no_data_is_a_type_error(cluster, numbers, data):
    with pytest.raises(TypeError, match="iterable of dicts"):
        cluster.write(data, numbers)


def test_keys_headers_and_timestamps_become_the_records_own(cluster, new_topic):
    topic = new_topic()
    rows = [
        {
            "n": 1,
            "_key": "k",
            "_timestamp": NOON,
            "_headers": [("a", b"1"), ("a", None)],
            "_offset": 77,
            "_partition": 9,
        },
        {"n": 2, "_key": None, "_timestamp": 5, "_headers": {"h": "x"}},
    ]
    cluster.write(rows, topic)
    table = cluster.read(topic, metadata=["_key", "_timestamp", "_headers", "_offset"])
    assert table.columns == ["n", "_key", "_timestamp", "_headers", "_offset"]
    first, second = table.to_arrow().to_pylist()
    assert (first["_key"], first["_timestamp"], first["_offset"]) == ("k", NOON, 0)
    assert [tuple(one.values()) for one in first["_headers"]] == [("a", b"1"), ("a", None)]
    assert second["_key"] is None
    assert second["_timestamp"] == dt.datetime(1970, 1, 1, 0, 0, 0, 5000, tzinfo=UTC)


def test_a_timestamp_may_be_text_as_json_gives_it(cluster, new_topic):
    topic = new_topic()
    cluster.write([{"n": 1, "_timestamp": "2024-11-22T13:00:00.123+01:00"}], topic)
    assert cluster.read(topic).to_polars()["_timestamp"].to_list() == [NOON]


@pytest.mark.parametrize(
    ("row", "parameters", "words"),
    [
        ({"n": 1, "_timestamp": "yesterday"}, {}, "row 0: _timestamp is a datetime, RFC 3339 text or milliseconds"),
        (
            {"n": 1, "_headers": "trace"},
            {},
            "row 0: _headers is a dict, or a list of pairs of name and value, not 'trace'",
        ),
        ({"n": 1, "_headers": ["trace"]}, {}, "row 0: a header is a pair of name and value, not 'trace'"),
        ({"n": {"a": 1}}, {"key": "n"}, "row 0: the key in 'n' is a dict, neither text nor bytes"),
        ({"n": "a"}, {"key": "n", "key_format": "int"}, "row 0: the key in 'n' is 'a', not an integer"),
        ({"n": 1}, {"key": ["n"]}, "key is the name of one column, not \\['n'\\]"),
    ],
)
def test_a_wrong_part_of_a_row_is_named(cluster, numbers, row, parameters, words):
    with pytest.raises(TypeError, match=words):
        cluster.write([row], numbers, **parameters)


def test_a_lone_column_is_no_table(cluster, numbers):
    polars = pytest.importorskip("polars")
    with pytest.raises(TypeError, match="to_frame"):
        cluster.write(polars.Series([1]), numbers)


def test_durations_are_written_as_arrow_writes_them(written):
    polars = pytest.importorskip("polars")
    spans = [dt.timedelta(seconds=90.5), dt.timedelta(days=-1, microseconds=7), dt.timedelta(0)]
    assert written([{"t": span} for span in spans]) == written(polars.DataFrame({"t": spans}))


def test_a_key_column_stays_in_the_value(cluster, new_topic):
    topic = new_topic([{"id": 7, "n": 1}, {"n": 2}], key="id")
    frame = cluster.read(topic).to_polars()
    assert frame["_key"].to_list() == ["7", None]
    assert frame["id"].to_list() == [7, None]


def test_integer_keys(cluster, new_topic):
    topic = new_topic([{"id": -7}], key="id", key_format="long")
    assert cluster.read(topic, key_format="raw").to_polars()["_key"].to_list() == [(-7).to_bytes(8, "big", signed=True)]
    assert cluster.read(topic, key_format="long").to_polars()["_key"].to_list() == [-7]
    with pytest.raises(ValueError, match="does not fit"):
        cluster.write([{"id": 2**31}], topic, key="id", key_format="int")


def test_a_key_column_that_is_not_there(cluster, numbers):
    with pytest.raises(kf.SchemaError, match="'idd'"):
        cluster.write([{"id": 1}], numbers, key="idd")


def test_text_and_bytes(written):
    assert written([{"v": "plain"}, {"v": None}], value_format="string") == ["plain", None]
    assert written([{"v": b"raw", "_offset": 3}], value_format="raw") == ["raw"]
    with pytest.raises(ValueError, match="takes one column"):
        written([{"a": "x", "b": "y"}], value_format="string")


@pytest.mark.parametrize("compression", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_compressions(cluster, new_topic, compression):
    topic = new_topic([{"n": n} for n in range(100)], compression=compression)
    assert cluster.read(topic).to_polars()["n"].to_list() == list(range(100))


def test_one_partition_for_all(cluster, new_topic):
    topic = new_topic([{"n": n} for n in range(10)], partitions=3, partition=2)
    assert set(cluster.read(topic).to_polars()["_partition"]) == {2}


def test_a_generator_is_written_as_it_goes(cluster, new_topic):
    topic = new_topic()
    seen = []

    def rows():
        for number in range(20_000):
            if number == 15_000:
                seen.append(len(cluster.read(topic)))
            yield {"n": number}

    assert cluster.write(rows(), topic).rows == 20_000
    assert cluster.read(topic).to_polars()["n"].to_list() == list(range(20_000))
    assert seen


def test_an_error_of_the_generator_comes_through(cluster, new_topic):
    def rows():
        yield {"n": 1}
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        cluster.write(rows(), new_topic())


def test_nothing_is_nothing(cluster, new_topic):
    assert cluster.write([], new_topic()).rows == 0


def test_an_unknown_topic_is_not_created(cluster):
    with pytest.raises(kf.TopicNotFoundError):
        cluster.write([{"n": 1}], "never-created")
    assert "never-created" not in {topic.name for topic in cluster.topics()}


@pytest.mark.parametrize("parameters", [{"compression": "rar"}, {"value_format": "xml"}, {"key_format": "float"}])
def test_parameters_that_make_no_sense(cluster, numbers, parameters):
    (name,) = parameters
    with pytest.raises(kf.ConfigError, match=name):
        cluster.write([{"n": 1}], numbers, **parameters)


class TestFrames:
    """Frames of other libraries: the same rows as records."""

    def test_pandas(self, written):
        pd = pytest.importorskip("pandas")
        frame = pd.DataFrame(
            {
                "n": [1, 2],
                "f": [1.5, float("nan")],
                "s": ["x", None],
                "t": pd.to_datetime(["2024-11-22T12:00:00.123Z", None]).astype("datetime64[ms, UTC]"),
                "i": pd.array([2**53 + 1, None], "Int64"),
            },
            index=[10, 20],
        )
        first, second = map(json.loads, written(frame))
        assert first == {"n": 1, "f": 1.5, "s": "x", "t": first["t"], "i": 2**53 + 1}
        assert dt.datetime.fromisoformat(first["t"]) == NOON
        assert second == {"n": 2, "f": None, "s": None, "t": None, "i": None}

    def test_pandas_with_mixed_columns(self, written):
        pd = pytest.importorskip("pandas")
        frame = pd.DataFrame({"mixed": [1, "a", {"k": [1]}, None, pd.NaT, pd.NA, Decimal("1.50")]})
        texts = written(frame)
        assert texts == [
            '{"mixed":1}',
            '{"mixed":"a"}',
            '{"mixed":{"k":[1]}}',
            '{"mixed":null}',
            '{"mixed":null}',
            '{"mixed":null}',
            '{"mixed":1.50}',
        ]

    def test_pandas_without_pyarrow(self, written, monkeypatch):
        pd = pytest.importorskip("pandas")
        frame = pd.DataFrame({"n": [1, 2], "f": [1.5, float("nan")], "t": pd.to_datetime(["2024-11-22", None])})
        import kaframe._write as module

        monkeypatch.setattr(module, "_pandas_as_arrow", lambda frame: None)
        assert [json.loads(text) for text in written(frame)] == [
            {"n": 1, "f": 1.5, "t": "2024-11-22T00:00:00Z"},
            {"n": 2, "f": None, "t": None},
        ]

    def test_polars(self, written):
        pl = pytest.importorskip("polars")
        frame = pl.DataFrame({"n": [1, None], "s": ["x", None], "l": [[1, 2], None], "o": [{"k": 1}, {"k": None}]})
        assert [json.loads(text) for text in written(frame)] == [
            {"n": 1, "s": "x", "l": [1, 2], "o": {"k": 1}},
            {"n": None, "s": None, "l": None, "o": {"k": None}},
        ]
        with pytest.raises(TypeError, match="collect"):
            written(frame.lazy())

    def test_arrow(self, written):
        pa = pytest.importorskip("pyarrow")
        table = pa.table({"n": pa.chunked_array([[1, 2], [3]])})
        expected = ['{"n":1}', '{"n":2}', '{"n":3}']
        assert written(table) == expected
        assert written(pa.RecordBatchReader.from_batches(table.schema, iter(table.to_batches()))) == expected
        assert written(table.to_batches()[0]) == expected[:2]

    def test_duckdb(self, written):
        duckdb = pytest.importorskip("duckdb")
        assert written(duckdb.sql("select 1 as n, 'x' as s")) == ['{"n":1,"s":"x"}']

    def test_what_was_read(self, cluster, new_topic, numbers):
        batch = next(iter(cluster.scan(numbers)))  # how long it is depends on how the fetches went
        for data, rows in (
            (cluster.read(numbers), 1000),
            (cluster.scan(numbers, columns=["number"]), 1000),
            (batch, len(batch)),
        ):
            copy = new_topic()
            assert cluster.write(data, copy).rows == rows
            assert cluster.read(copy).to_polars()["number"].to_list() == list(range(rows))


@pytest.mark.parametrize("way", ["parquet", "arrow", "csv", "ndjson", "pandas", "polars", "dicts"])
def test_tombstones_survive_the_way_through_a_file(broker, cluster, new_topic, tmp_path, way):
    rows = [
        {"_key": "a", "n": 1},
        {"_key": "b", "n": 2},
        {"_key": "a", "_tombstone": True},
        {"_key": "c", "n": None, "_tombstone": False},
    ]
    topic, copy = new_topic(rows), new_topic([])
    scan = cluster.scan(topic, metadata=["_key", "_tombstone"])
    assert scan.to_arrow()["_tombstone"].to_pylist() == [False, False, True, False]
    path = tmp_path / f"rows.{way}"
    if way == "parquet":
        scan.write_parquet(path)
        cluster.write(path, copy)
    elif way == "arrow":
        scan.write_ipc(path)
        cluster.write(path, copy)
    elif way == "csv":
        scan.write_csv(path)
        cluster.write(pyarrow.csv.read_csv(path), copy)
    elif way == "ndjson":
        scan.write_ndjson(path)
        command = [kaframe(), "-b", broker.bootstrap_servers, "write", copy]
        subprocess.run(command, stdin=path.open(), check=True, timeout=30)
    elif way == "pandas":
        cluster.write(scan.to_pandas(), copy)
    elif way == "polars":
        cluster.write(scan.to_polars(), copy)
    else:
        cluster.write(scan.to_arrow().to_pylist(), copy)
    raw = cluster.read(copy, value_format="string", metadata=["_key"]).to_arrow()
    assert raw["_key"].to_pylist() == ["a", "b", "a", "c"]
    assert [value is None for value in raw["value"].to_pylist()] == [False, False, True, False]


def test_what_is_no_tombstone_is_said(cluster, new_topic):
    topic = new_topic([])
    with pytest.raises(TypeError, match="row 0: _tombstone is true for a record without a value"):
        cluster.write([{"_tombstone": "yes"}], topic)
    with pytest.raises(kf.SchemaError, match=r"_tombstone of type .* holds no booleans"):
        cluster.write(pyarrow.table({"n": [1], "_tombstone": ["maybe"]}), topic)


def test_periods_are_written_as_they_print(written):
    frame = pd.DataFrame({"p": pd.PeriodIndex(["2026-01", None], freq="M"), "n": [1, 2]})
    assert written(frame) == ['{"p":"2026-01","n":1}', '{"p":null,"n":2}']
    # A column of several types goes another way.
    assert written(frame.assign(n=[1, "x"])) == ['{"p":"2026-01","n":1}', '{"p":null,"n":"x"}']
    assert str(frame.dtypes["p"]) == "period[M]"


def test_an_index_with_a_name_is_not_left_out_in_silence(written):
    totals = pd.DataFrame({"country": ["de", "de", "fr"], "n": [1, 2, 3]}).groupby("country").sum()
    with pytest.warns(kf.KaframeWarning, match=r"the index 'country' of the frame is not written.*reset_index"):
        assert written(totals) == ['{"n":3}', '{"n":3}']
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = totals.reset_index()
        assert written(frame[frame["country"] == "fr"]) == ['{"country":"fr","n":3}']


def test_what_is_no_row_and_no_file_says_what_is(cluster, new_topic, tmp_path):
    topic = new_topic()
    with pytest.raises(TypeError, match=r'row 0: .* not str: a bare value is a row of one column, \{"value": \.\.\.\}'):
        cluster.write(["text"], topic, value_format="string")
    with pytest.raises(TypeError, match=r"'rows.csv' is the name of neither: load it into a DataFrame"):
        cluster.write("rows.csv", topic)
    with pytest.raises(OSError, match=r"cannot open .*no.parquet.*\n?.*check the path"):
        cluster.write(tmp_path / "no.parquet", topic)
