"""SQL over topics gives what DuckDB gives on the same records, and asks of the topics what the query needs."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
import re
from typing import Any

import duckdb
import pyarrow as pa
import pytest

import kaframe as kf
from tests.conformance import foreign
from tests.conformance.clusters import Cluster
from tests.conformance.foreign import Record
from tests.conformance.sql_queries import QUERIES
from tests.conformance.tunings import again, ways

NOON = 1_789_992_000_000  # 2026-09-21 12:00 UTC
COUNTRIES = ["DE", "FR", "CH", None, "IT"]
CITIES = ["Bern", "Paris", "Bonn"]
RATES = {"country": ["DE", "FR", "XX"], "rate": [1.5, 2.0, 3.0]}


def order(number: int) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": number,
        "country": COUNTRIES[number % 5],
        "amount": None if number % 17 == 0 else round(number * 7.3 % 100, 2),
        "quantity": number % 7,
        "paid": number % 3 == 0,
        "buyer": {"id": number % 25, "city": CITIES[number % 3]},
        "note": 'it\'s "quoted", 1' if number % 50 == 0 else "note " + "abc"[number % 3] * (number % 4),
    }
    if number % 4:
        record["tags"] = [f"t{number % 6}", "all"][: 1 + number % 2]
    return record


@pytest.fixture(scope="session")
def topics(cluster: Cluster) -> dict[str, str]:
    """300 orders in three partitions, whose times run back and forth over an hour; 30 customers."""
    names = {"orders": f"sql.orders-{cluster.name}", "customers": f"sql_customers_{cluster.version[0]}"}
    foreign.create_topic(cluster.bootstrap_servers, names["orders"], 3, {})
    foreign.create_topic(cluster.bootstrap_servers, names["customers"], 1, {})
    orders = [
        Record(
            json.dumps(order(number)).encode(),
            key=None if number % 20 == 19 else b"k%d" % (number % 20),
            timestamp=NOON + (number * 37 % 300) * 12_000,
            partition=number % 3,
        )
        for number in range(300)
    ]
    foreign.produce(cluster.bootstrap_servers, names["orders"], orders)
    customers = [
        Record(
            json.dumps({"name": f"customer {number}", "level": number % 4}).encode(),
            key=b"k%d" % number,
            timestamp=NOON + number,
            partition=0,
        )
        for number in range(30)
    ]
    foreign.produce(cluster.bootstrap_servers, names["customers"], customers)
    return names


@pytest.fixture(scope="session")
def exported(cluster: Cluster, topics: dict[str, str]) -> duckdb.DuckDBPyConnection:
    """DuckDB with what a whole read of each topic gives."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    for name, topic in topics.items():
        connection.register(name, kf.read(topic, bootstrap_servers=cluster.bootstrap_servers).to_arrow())
    connection.register("rates", pa.table(RATES))
    return connection


def plain(value: object) -> object:
    """A value as both write it: whole numbers as integers, times in UTC without a zone."""
    if isinstance(value, (float, decimal.Decimal)):
        number = float(value)
        if math.isnan(number):
            return "nan"
        return int(number) if number.is_integer() else float(f"{number:.9g}")
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    return value


def rows_of(rows: list[tuple[Any, ...]], ordered: bool) -> list[tuple[object, ...]]:
    found = [tuple(plain(value) for value in row) for row in rows]
    return found if ordered else sorted(found, key=repr)


def tuples(table: pa.Table) -> list[tuple[Any, ...]]:
    """The rows, also of columns that have the same name."""
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def with_topics(query: str, topics: dict[str, str]) -> str:
    """The query with the names of the topics, in quotes where they need them."""
    return re.sub(r"\b(from|join) (orders|customers)\b", lambda m: f'{m[1]} "{topics[m[2]]}" {m[2]}', query)


def named(query: str, topics: dict[str, str]) -> str:
    # A table that has another name in the query keeps that one.
    text = with_topics(query, topics)
    return re.sub(r'" (orders|customers) (as )?([a-c]|o)\b', r'" \3', text)


def ask(cluster: Cluster, topics: dict[str, str], query: str) -> kf.Query:
    tables = {"rates": pa.table(RATES)} if "rates" in query else {}
    return kf.sql(named(query, topics), bootstrap_servers=cluster.bootstrap_servers, **tables)


@pytest.mark.parametrize("query,pushed", QUERIES, ids=[str(number) for number in range(len(QUERIES))])
def test_the_answer_is_duckdbs(
    cluster: Cluster, topics: dict[str, str], exported: duckdb.DuckDBPyConnection, query: str, pushed: str
) -> None:
    ordered = bool(re.search(r"order by [^()]*$", query))
    expected = rows_of(tuples(exported.sql(query).to_arrow_table()), ordered)
    for _ in ways():
        asked = ask(cluster, topics, query)
        assert rows_of(tuples(asked.to_arrow()), ordered) == expected, query
    plan = asked.explain()
    if "nothing" in pushed:
        assert "TopicExec" not in plan, plan
    if "where" in pushed:
        assert ", where=[" in plan, plan
        assert "FilterExec" not in plan, plan
    if "limit" in pushed:
        assert ", limit=" in plan, plan
    if "columns" in pushed:
        decoded = re.findall(r"columns=\[(.*?)\]", plan)
        assert decoded, plan
        assert all("note" not in one or "note" in query for one in decoded), plan


def test_the_suite_is_as_large_as_it_says() -> None:
    assert len(QUERIES) >= 80
    assert sum("where" in pushed or "limit" in pushed for _, pushed in QUERIES) * 2 >= len(QUERIES)


def test_bounds_of_a_query_are_never_fetched(cluster: Cluster, topics: dict[str, str]) -> None:
    for _ in ways():
        query = ask(cluster, topics, "select id from orders where _partition = 1 and _offset >= 50")
        assert "offsets=50 [1: 50..100]" in query.explain()
        assert query.to_arrow().num_rows == 50
        assert [report.offsets for report in query.reports] == [50]


def test_a_query_is_frozen(cluster: Cluster, make_topic) -> None:
    topic = make_topic()
    foreign.produce(cluster.bootstrap_servers, topic, [Record(b'{"a": 1}', timestamp=NOON)] * 5)
    question = f'select count(*) as n from "{topic}"'
    queries = {way: kf.sql(question, bootstrap_servers=cluster.bootstrap_servers) for way in ways()}
    foreign.produce(cluster.bootstrap_servers, topic, [Record(b'{"a": 1}', timestamp=NOON)] * 5)
    for query in again(queries):
        assert query.to_arrow()["n"].to_pylist() == [5]
        assert query.to_arrow()["n"].to_pylist() == [5]
