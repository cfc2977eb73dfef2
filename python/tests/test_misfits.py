"""What does not fit: rows of a stream with other fields and types, values that no format can hold, malformed ones."""

from __future__ import annotations

import json
import math

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import kaframe as kf

#: More than a sample looks at, then what does not fit it: at the top, inside of an object, a field that nobody knew.
FIT = [{"n": n, "user": {"id": n, "name": f"n{n}"}} for n in range(1200)]
MISFIT = [
    {"n": "text", "user": {"id": 1, "name": "a"}},
    {"n": 2, "user": {"id": "u2", "name": "b"}},
    {"n": 3, "user": {"id": 3, "name": "c", "more": [1, {"x": None}]}, "new": 1.5},
]


@pytest.fixture
def misfits(new_topic):
    return new_topic([{**row, "_key": str(at)} for at, row in enumerate(FIT + MISFIT)])


def values(cluster, topic):
    rows = cluster.read(topic, value_format="string", metadata=["_key"]).to_arrow()
    return {
        key: json.loads(value) for key, value in zip(rows["_key"].to_pylist(), rows["value"].to_pylist(), strict=True)
    }


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_what_was_read_goes_through_a_file_into_a_topic_as_it_was(cluster, misfits, new_topic, tmp_path, ending):
    path = tmp_path / f"rows.{ending}"
    scan = cluster.scan(misfits, metadata=["_key"])
    scan.write_parquet(path) if ending == "parquet" else scan.write_ipc(path)
    copy = new_topic([])
    assert cluster.write(path, copy).rows == 1203
    assert values(cluster, copy) == values(cluster, misfits)


def test_lines_of_json_are_the_values(cluster, misfits, tmp_path):
    path = tmp_path / "rows.ndjson"
    cluster.scan(misfits, metadata=[]).write_ndjson(path)
    assert [json.loads(line) for line in path.read_text().splitlines()] == FIT + MISFIT


def test_a_stream_tells_what_its_where_could_not_compare(cluster, misfits):
    scan = cluster.scan(misfits, where="n >= 0")
    assert sum(len(batch) for batch in scan) == 1202
    assert any("1 value is of another type" in warning and "(n)" in warning for warning in scan.report.warnings)


def test_infinite_numbers_are_refused_alike(cluster, new_topic):
    topic = new_topic([])
    rows = {"id": [1, 2, 3], "f": [1.5, math.nan, -math.inf]}
    for data in (pd.DataFrame(rows), pl.DataFrame(rows), pa.table(rows)):
        with pytest.raises(kf.SchemaError, match='column "f", row 2 cannot be written: JSON has no infinite numbers'):
            cluster.write(data, topic)
    with pytest.raises(ValueError, match="row 2"):
        cluster.write([{"id": n, "f": f} for n, f in zip(rows["id"], rows["f"], strict=True)], topic)
    with pytest.raises(kf.SchemaError, match='column "o", row 0'):
        cluster.write(pa.table({"o": [{"x": [math.inf]}]}), topic)
    assert len(cluster.read(topic)) == 0
    # NaN is a missing value, in all of them.
    cluster.write(pd.DataFrame({"f": [math.nan]}), topic)
    cluster.write([{"f": math.nan}], topic)
    assert cluster.read(topic, value_format="string").to_arrow()["value"].to_pylist() == ['{"f":null}'] * 2


def test_null_and_its_name_are_not_one_folder(cluster, new_topic, tmp_path):
    name = "__HIVE_DEFAULT_PARTITION__"
    topic = new_topic([{"n": 1, "place": None}, {"n": 2, "place": "x"}, {"n": 3, "place": name}])
    with pytest.raises(kf.SchemaError, match=f"partition_by=place: the value .{name}"):
        cluster.scan(topic).write_parquet(tmp_path / "all", partition_by="place")
    cluster.scan(topic, where="n < 3").write_parquet(tmp_path / "some", partition_by="place")
    assert {path.name for path in (tmp_path / "some").iterdir() if path.is_dir()} == {"place=x", f"place={name}"}


def test_a_stream_lists_the_first_malformed_values(cluster, new_topic):
    topic = new_topic([])
    cluster.write(pa.table({"value": ['{"n": 1}'] + ["{"] * 12_000}), topic, value_format="string")
    scan = cluster.scan(topic, value_format="json")
    assert sum(len(batch) for batch in scan) == 12_001
    assert (scan.report.malformed, scan.report.malformed_not_listed, len(scan.errors)) == (12_000, 2000, 10_000)
    assert "the errors list 10,000 malformed of 12,000" in str(scan.report)
    table = cluster.read(topic, value_format="json")
    assert (table.report.malformed, table.report.malformed_not_listed, len(table.errors)) == (12_000, 0, 12_000)
