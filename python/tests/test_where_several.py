"""Conditions over several topics whose columns differ: the rows are those that DuckDB finds in the whole table."""

from __future__ import annotations

import random
import re
from typing import Any

import duckdb
import pyarrow as pa
import pytest

import kaframe as kf

WORDS = ["x", "xy", "ab", None]
METADATA = ["_topic", "_partition", "_offset", "_key"]
ROW = METADATA[:3]


@pytest.fixture(scope="module")
def topics(broker: kf.Broker) -> tuple[kf.Cluster, list[str]]:
    """Whole numbers and words; decimal numbers and another column; no ``n`` at all; nothing."""
    cluster, chance = kf.connect(broker.bootstrap_servers), random.Random(5)

    def fill(name: str, partitions: int, row: Any) -> None:
        cluster.create_topic(name, partitions=partitions)
        for _ in range(6):
            rows = [{**row(), "_key": chance.choice(["a", "b", None])} for _ in range(chance.randrange(1, 60))]
            cluster.write(rows, name)

    fill("where-a", 3, lambda: {"n": chance.randrange(20), "word": chance.choice(WORDS)})
    fill("where-b", 2, lambda: {"n": chance.choice([0.5, 3.0, 7.25, None]), "deep": {"m": chance.randrange(3)}})
    fill("where-c", 1, lambda: {"word": chance.choice(WORDS), "deep": {"m": None}})
    cluster.create_topic("where-d", partitions=2)
    return cluster, ["where-a", "where-b", "where-c", "where-d"]


CONDITIONS = [
    "n > 5",
    "n is null",
    "n is null and word = 'x'",
    "word like 'x%' or n < 1",
    "_topic = 'where-b'",
    "_topic <> 'where-a' and n >= 3",
    "_topic in ('where-a', 'where-c') and _offset >= 30",
    "_partition = 1",
    "_partition = 1 or _topic = 'where-c'",
    "_offset between 10 and 20 and _key = 'a'",
    "_key is null",
    "deep.m = 2",
    "deep.m is null and _partition = 0",
    "not (n > 5)",
    "n = 7.25 or word is null",
    "_topic = 'where-d'",
    "n > 1000",
]


def found(table: pa.Table, columns: list[str]) -> list[dict[str, Any]]:
    """Rows of these columns, null where a column is not there: no row of the result has it."""
    rows = table.to_pylist()
    return [{name: row.get(name) for name in columns} for row in rows]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_rows_are_those_of_the_whole_table(topics: tuple[kf.Cluster, list[str]], condition: str) -> None:
    cluster, names = topics
    whole = cluster.read(names).to_arrow()
    columns = whole.column_names
    wanted = found(duckdb.sql(f"select * from whole where {condition}").to_arrow_table(), columns)
    wanted.sort(key=lambda row: (names.index(row["_topic"]), row["_partition"], row["_offset"]))
    scan = cluster.scan(names, where=condition)
    assert found(scan.read().to_arrow(), columns) == wanted
    assert scan.count() == len(wanted)
    streamed = [row for batch in scan for row in pa.record_batch(batch).to_pylist()]
    assert [tuple(row[name] for name in ROW) for row in streamed] == [tuple(row[n] for n in ROW) for row in wanted]
    # A limit takes from all partitions.
    few = found(cluster.read(names, where=condition, limit=7).to_arrow(), columns)
    assert len(few) == min(7, len(wanted))
    assert few == [row for row in wanted if row in few]
    few = cluster.read(names, where=condition, columns=["n", *ROW]).to_arrow().to_pylist()
    assert few == [{name: row[name] for name in ["n", *ROW]} for row in wanted]
    by_pattern = cluster.scan(re.compile("where-[a-d]"), where=condition)
    assert by_pattern.count() == len(wanted)
