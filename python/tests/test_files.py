"""Files: what is written can be read by those who read files, holds every row, and is there whole or not at all."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest

import kaframe as kf

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")
duckdb = pytest.importorskip("duckdb")
pq = pytest.importorskip("pyarrow.parquet")

ROWS = 2500


@pytest.fixture(scope="module")
def cluster():
    with kf.Broker(topics={"orders": 2, "copy": 1}) as broker:
        start = dt.datetime(2026, 11, 20, tzinfo=dt.timezone.utc)
        rows = [
            {
                "id": n,
                "country": ["DE", "FR", None][n % 3],
                "amount": n / 4,
                "tags": ["a", str(n)],
                "note": 'say "hi", ' + "ü\n" * (n % 2),
                "_key": f"k{n}",
                "_timestamp": start + dt.timedelta(hours=n // 50),
            }
            for n in range(ROWS)
        ]
        cluster = kf.connect(broker.bootstrap_servers)
        cluster.write(rows, "orders")
        yield cluster


def test_parquet_is_read_by_pyarrow_polars_and_duckdb(cluster, tmp_path):
    path = tmp_path / "orders.parquet"
    written = cluster.scan("orders").write_parquet(path, row_group_size=1000)
    assert (written.rows, written.files[0].path) == (ROWS, path)
    assert written.report.complete
    assert list(written.next_start.offsets) == ["orders"]
    table = pq.read_table(path)
    assert sorted(table["id"].to_pylist()) == list(range(ROWS))
    assert table.schema.field("_timestamp").type == pa.timestamp("ms", tz="UTC")
    metadata = pq.read_metadata(path).metadata
    assert json.loads(metadata[b"kaframe.report"])["complete"] is True
    assert pl.read_parquet(path).sort("id")["note"].to_list()[:2] == ['say "hi", ', 'say "hi", ü\n']
    count, total = duckdb.sql(f"select count(*), sum(amount) from '{path}' where country = 'DE'").fetchall()[0]
    assert (count, total) == (len(range(0, ROWS, 3)), sum(n / 4 for n in range(0, ROWS, 3)))


@pytest.mark.parametrize("compression", ["none", "lz4", "zstd"])
def test_arrow_is_read_by_pyarrow_and_polars(cluster, tmp_path, compression):
    path = tmp_path / "orders.arrow"
    cluster.scan("orders").write_ipc(path, compression=compression)
    with pa.ipc.open_file(path) as file:
        assert file.schema.metadata[b"kaframe.topic"] == b"orders"
        assert file.read_all().num_rows == ROWS
    assert pl.read_ipc(path)["id"].sum() == sum(range(ROWS))


@pytest.mark.parametrize("name", ["orders.csv", "orders.csv.gz", "orders.csv.zst"])
def test_csv_is_read_by_duckdb_and_polars(cluster, tmp_path, name):
    path = tmp_path / name
    cluster.scan("orders").write_csv(path)
    rows = duckdb.sql(f"select id, note, country from read_csv('{path}') order by id").fetchall()
    assert len(rows) == ROWS
    assert rows[:3] == [(0, 'say "hi", ', "DE"), (1, 'say "hi", ü\n', "FR"), (2, 'say "hi", ', None)]
    assert pl.read_csv(path).height == ROWS


def test_ndjson_is_read_by_duckdb_and_polars(cluster, tmp_path):
    path = tmp_path / "orders.ndjson"
    cluster.scan("orders").write_ndjson(path)
    assert pl.read_ndjson(path).sort("id")["tags"].to_list()[3] == ["a", "3"]
    assert duckdb.sql(f"select sum(id) from '{path}'").fetchall() == [(sum(range(ROWS)),)]


def test_folders_are_read_as_columns(cluster, tmp_path):
    folder = tmp_path / "orders"
    written = cluster.scan("orders").write_parquet(folder, partition_by=["day(_timestamp)", "country"])
    assert written.rows == ROWS
    days = {file.path.parent.parent.name for file in written.files}
    assert days == {"day=2026-11-20", "day=2026-11-21", "day=2026-11-22"}
    sql = f"select country, count(*) from read_parquet('{folder}/**/*.parquet', hive_partitioning=true) group by 1"
    assert dict(duckdb.sql(sql).fetchall()) == {"DE": 834, "FR": 833, None: 833}
    assert pl.scan_parquet(folder, hive_partitioning=True).select(pl.len()).collect().item() == ROWS
    assert pq.read_table(folder).num_rows == ROWS


def test_folders_may_be_named_by_what_the_files_do_not_hold(cluster, tmp_path):
    scan = cluster.scan("orders", columns=["id"], where="id >= 10")
    written = scan.write_parquet(tmp_path / "a", partition_by=["day(_timestamp)", "country"])
    assert written.rows == ROWS - 10
    assert {file.path.parent.parent.name for file in written.files} == {
        "day=2026-11-20",
        "day=2026-11-21",
        "day=2026-11-22",
    }
    assert pq.read_schema(written.files[0].path).names == ["id", "_extra"]
    whole = cluster.scan("orders").write_parquet(tmp_path / "whole", partition_by=["day(_timestamp)", "country"])
    sql = "select id, day, country from read_parquet('{}/**/*.parquet', hive_partitioning=true) where id >= 10 order by id"
    assert duckdb.sql(sql.format(tmp_path / "a")).fetchall() == duckdb.sql(sql.format(tmp_path / "whole")).fetchall()
    assert len(whole.files) == len(written.files)
    bare = cluster.scan("orders", metadata=False).write_parquet(tmp_path / "bare", partition_by="day(_timestamp)")
    assert "_timestamp" not in pq.read_schema(bare.files[0].path).names
    with pytest.raises(kf.SchemaError, match="nothing"):
        scan.write_parquet(tmp_path / "b", partition_by="nothing")
    # Again: the export goes on, with the same columns in its files.
    state = tmp_path / "state"
    for rows in (ROWS - 10, 0):
        assert scan.write_parquet(tmp_path / "c", partition_by="country", state=state).rows == rows


def test_what_is_there_stays(cluster, tmp_path):
    path = tmp_path / "orders.parquet"
    path.write_text("precious")
    with pytest.raises(kf.ConfigError, match="is there already"):
        cluster.scan("orders").write_parquet(path)
    assert path.read_text() == "precious"
    cluster.scan("orders").write_parquet(path, overwrite=True)
    assert pq.read_metadata(path).num_rows == ROWS
    assert os.listdir(tmp_path) == ["orders.parquet"]


def test_the_system_says_no(cluster, tmp_path):
    with pytest.raises(OSError, match="missing"):
        cluster.scan("orders").write_parquet(tmp_path / "missing" / "orders.parquet")
    with pytest.raises(kf.SchemaError, match="nothing"):
        cluster.scan("orders").write_parquet(tmp_path / "x", partition_by="nothing")
    with pytest.raises(kf.ConfigError, match="compressed"):
        cluster.scan("orders").write_csv(tmp_path / "x.csv", compression="lz4")
    assert os.listdir(tmp_path) == []


def test_a_file_is_written_back(cluster, tmp_path):
    path = tmp_path / "orders.parquet"
    cluster.scan("orders").write_parquet(path)
    report = cluster.write(path, "copy")
    assert report.rows == ROWS
    back = cluster.read("copy", value_format="json").to_arrow()
    assert sorted(back["id"].to_pylist()) == list(range(ROWS))
    assert set(back["_key"].to_pylist()) == {f"k{n}" for n in range(ROWS)}
    assert cluster.write(str(path), "copy").rows == ROWS


def test_a_file_that_is_none(cluster, tmp_path):
    with pytest.raises(OSError, match="missing"):
        cluster.write(str(tmp_path / "missing.parquet"), "copy")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 no")
    with pytest.raises(kf.SchemaError, match="broken"):
        cluster.write(broken, "copy")
    text = tmp_path / "rows.csv"
    text.write_text("a\n1\n")
    with pytest.raises(kf.ConfigError, match="neither a Parquet nor an Arrow"):
        cluster.write(Path(text), "copy")


def test_a_killed_first_run_into_folders_is_gone_on_from(cluster, new_topic, tmp_path):
    topic = new_topic([{"country": country} for country in ("DE", "FR")])
    left = tmp_path / "rows" / "country=DE"
    left.mkdir(parents=True)
    (left / ".kaframe-part-000001-0.parquet.tmp").write_bytes(b"what a killed run left")
    scan, state = cluster.scan(topic), tmp_path / "rows.state"
    assert scan.write_parquet(tmp_path / "rows", partition_by="country", state=state).rows == 2
    assert scan.write_parquet(tmp_path / "rows", partition_by="country", state=state).rows == 0


def test_a_state_may_lie_in_its_folder(cluster, new_topic, tmp_path):
    scan = cluster.scan(new_topic([{"n": 1}]))
    (tmp_path / "rows").mkdir()
    for rows in (1, 0):
        assert scan.write_parquet(tmp_path / "rows", state=tmp_path / "rows" / "state").rows == rows


def test_topics_do_not_share_a_folder_and_nothing_is_replaced(cluster, new_topic, tmp_path):
    one, other = new_topic([{"n": 1}]), new_topic([{"n": 2}])
    state, folder = tmp_path / "state", tmp_path / "rows"
    # Its first run finds nothing that passes, and is a run all the same.
    assert cluster.scan(one, where="n > 100").write_parquet(folder, state=state).rows == 0
    with pytest.raises(kf.ConfigError, match=f"the folder .* holds the files of {one}"):
        cluster.scan(other).write_parquet(folder, state=state)
    cluster.write([{"n": 200}], one)
    assert cluster.scan(one, where="n > 100").write_parquet(folder, state=state).rows == 1
    (name,) = (path.name for path in folder.glob("*.parquet"))
    # A file that somebody else put where the next one goes stays.
    (folder / name.replace("000002", "000003")).write_bytes(b"mine")
    cluster.write([{"n": 300}], one)
    with pytest.raises(kf.KaframeError):
        cluster.scan(one, where="n > 100").write_parquet(folder, state=state)
    assert (folder / name.replace("000002", "000003")).read_bytes() == b"mine"
