"""Files made from a topic that librdkafka wrote, read by pyarrow, DuckDB and Polars; and written back into a topic that librdkafka reads."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.feather
import pyarrow.json
import pyarrow.parquet
import pytest

import kaframe as kf
from tests.command import kaframe
from tests.conformance import clusters, foreign
from tests.conformance.clusters import Cluster
from tests.conformance.conftest import MakeTopic
from tests.conformance.foreign import Record
from tests.conformance.tunings import ways

pytestmark = pytest.mark.only(*clusters.NEWEST)

NOON = 1_790_000_000_000
COUNT = 600
#: Values of a column that folders are named by, and odd ones among them.
PLACES = ["DE", None, "a/b", "x=y", "Zürich", "日本", "..", ".", " ", "50%", "a:b?*", 'say "hi"', "tab\there", "-"]


def value(n: int) -> dict[str, object]:
    return {
        "n": n,
        "place": PLACES[n % len(PLACES)],
        "amount": n / 4,
        "text": ["plain", 'say "hi", you', "two\nlines", "", "日本語 🦀", "'", "back\\slash"][n % 7],
        "user": {"name": f"user {n}", "tags": ["a"] * (n % 3)},
        "maybe": None if n % 3 else n,
    }


@pytest.fixture
def filled(cluster: Cluster, make_topic: MakeTopic) -> str:
    topic = make_topic(2)
    records = [
        Record(
            None if n == 77 else json.dumps(value(n), ensure_ascii=False).encode(),
            None if n % 10 == 0 else f"key {n}".encode(),
            timestamp=NOON + n * 60_000,
            partition=n % 2,
        )
        for n in range(COUNT)
    ]
    foreign.produce(cluster.bootstrap_servers, topic, records)
    return topic


def expected() -> list[dict[str, object]]:
    return [value(n) for n in range(COUNT) if n != 77]


def by_n(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Rows of records with a value, in their order, without the record's own columns."""
    kept = [{k: v for k, v in row.items() if not k.startswith("_")} for row in rows if row["n"] is not None]
    return sorted(kept, key=lambda row: row["n"])  # type: ignore[arg-type, return-value]


def scan(cluster: Cluster, topic: str, **more: object) -> kf.Scan:
    return kf.scan(topic, bootstrap_servers=cluster.bootstrap_servers, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "lz4", "zstd"])
def test_parquet(cluster: Cluster, filled: str, tmp_path: Path, compression: str) -> None:
    for number, _ in enumerate(ways()):
        path = tmp_path / f"rows{number}.parquet"
        written = scan(cluster, filled).write_parquet(path, compression=compression, row_group_size=100)  # type: ignore[arg-type]
        assert (written.rows, written.report.complete) == (COUNT, True)
        table = pyarrow.parquet.read_table(path)
        assert by_n(table.to_pylist()) == expected()
        times = sorted(table["_timestamp"].to_pylist())
        assert times == [dt.datetime.fromtimestamp(NOON / 1000 + n * 60, dt.UTC) for n in range(COUNT)]
        assert table["_key"].null_count == COUNT // 10
        assert by_n(pl.read_parquet(path).to_dicts()) == expected()
        assert by_n(duckdb.sql(f"from '{path}'").to_arrow_table().to_pylist()) == expected()


@pytest.mark.parametrize("compression", ["none", "lz4", "zstd"])
def test_arrow(cluster: Cluster, filled: str, tmp_path: Path, compression: str) -> None:
    for number, _ in enumerate(ways()):
        path = tmp_path / f"rows{number}.arrow"
        scan(cluster, filled).write_ipc(path, compression=compression)  # type: ignore[arg-type]
        assert by_n(pyarrow.feather.read_table(path, memory_map=False).to_pylist()) == expected()
        assert by_n(pl.read_ipc(path).to_dicts()) == expected()


@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
def test_csv(cluster: Cluster, filled: str, tmp_path: Path, ending: str) -> None:
    want = [{k: v for k, v in row.items() if k != "user"} for row in expected()]
    options = pyarrow.csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""])
    parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
    for number, _ in enumerate(ways()):
        path = tmp_path / f"rows{number}.{ending}"
        scan(cluster, filled, columns=["n", "place", "amount", "text", "maybe"]).write_csv(path)
        duck = duckdb.sql(f"from read_csv('{path}', allow_quoted_nulls=false)").to_arrow_table().to_pylist()
        assert by_n(duck) == want
        assert by_n(pl.read_csv(path).to_dicts()) == want
        assert by_n(pyarrow.csv.read_csv(path, parse_options=parse, convert_options=options).to_pylist()) == want


@pytest.mark.parametrize("ending", ["ndjson", "ndjson.gz"])
def test_ndjson(cluster: Cluster, filled: str, tmp_path: Path, ending: str) -> None:
    for number, _ in enumerate(ways()):
        path = tmp_path / f"rows{number}.{ending}"
        scan(cluster, filled).write_ndjson(path)
        assert by_n(pyarrow.json.read_json(path).to_pylist()) == expected()
        assert by_n(pl.read_ndjson(path).to_dicts()) == expected()
        assert by_n(duckdb.sql(f"from read_json('{path}')").to_arrow_table().to_pylist()) == expected()


def test_folders_by_odd_values(cluster: Cluster, filled: str, tmp_path: Path) -> None:
    """Every value comes back from the name of its folder, and none leaves the folder it was given."""
    for number, _ in enumerate(ways()):
        folder = tmp_path / f"by_place{number}"
        written = scan(cluster, filled).write_parquet(folder, partition_by="place")
        assert written.rows == COUNT
        assert all(file.path.is_relative_to(folder) and file.path.parent.parent == folder for file in written.files)
        assert len({file.path.parent for file in written.files}) == len(PLACES)
        where = pa.schema([("place", pa.string())])
        flavour = pyarrow.dataset.partitioning(where, flavor="hive")
        table = pyarrow.dataset.dataset(folder, format="parquet", partitioning=flavour).to_table()
        assert by_n(table.select([*list(expected()[0]), "_key"]).to_pylist()) == expected()
        duck = f"select n, place from read_parquet('{folder}/*/*.parquet', hive_partitioning=true, hive_types_autocast=false)"
        places = {
            row["n"]: row["place"] for row in duckdb.sql(duck).to_arrow_table().to_pylist() if row["n"] is not None
        }
        assert places == {row["n"]: row["place"] for row in expected()}
        lazy = pl.scan_parquet(folder, hive_partitioning=True, try_parse_hive_dates=False)
        found = {
            row["n"]: row["place"] for row in lazy.select("n", "place").collect().to_dicts() if row["n"] is not None
        }
        assert found == places


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_a_file_goes_back_into_a_topic(
    cluster: Cluster, filled: str, make_topic: MakeTopic, tmp_path: Path, ending: str
) -> None:
    path, copy, servers = tmp_path / f"rows.{ending}", make_topic(1), cluster.bootstrap_servers
    # In a file a tombstone is a row of nulls; it would come back as one.
    source = scan(cluster, filled, metadata=["_key", "_timestamp", "_headers"], where="n is not null")
    source.write_parquet(path) if ending == "parquet" else source.write_ipc(path)
    report = kf.write(path, copy, bootstrap_servers=servers)
    assert report.rows == COUNT - 1
    written, back = foreign.read(servers, filled), foreign.read(servers, copy)

    def plain(rows: list[foreign.Row]) -> list[tuple[object, ...]]:
        found = [(row.timestamp, row.key, json.loads(row.value), row.headers) for row in rows if row.value]
        return sorted(found, key=lambda each: each[0])  # type: ignore[arg-type, return-value]

    assert plain(back) == plain(written)


def test_lines_of_json_go_back_into_a_topic(
    cluster: Cluster, filled: str, make_topic: MakeTopic, tmp_path: Path
) -> None:
    path, copy, servers = tmp_path / "rows.ndjson", make_topic(1), cluster.bootstrap_servers
    scan(cluster, filled, where="n is not null").write_ndjson(path)
    command = [kaframe(), "-b", servers, "write", copy]
    with path.open("rb") as lines:
        subprocess.run(command, stdin=lines, capture_output=True, check=True, timeout=60)
    back = [json.loads(row.value or b"") for row in foreign.read(servers, copy)]
    assert sorted(back, key=lambda row: row["n"]) == expected()
