"""What is wrong with a query is said in words: what was asked, what is there, what to do; never how the engine is made."""

from __future__ import annotations

import re

import pytest

import kaframe as kf

#: What only those know who wrote the engine.
INSIDES = re.compile(
    r"DataFusion|External error|Error during planning|Ident|Span\(|LargeUtf8|Int64|Utf8\(|bug report|caused by"
)


@pytest.fixture(scope="module")
def shop():
    with kf.Broker(topics={"orders": 1, "customers": 1}) as broker:
        cluster = kf.connect(broker.bootstrap_servers)
        orders = [{"id": n, "amount": n * 1.5, "country": "DE", "tags": ["a"], "buyer": {"id": n}} for n in range(10)]
        cluster.write(orders, "orders")
        cluster.write([{"id": n, "name": "x"} for n in range(10)], "customers")
        yield cluster


@pytest.mark.parametrize(
    ("query", "says", "hint"),
    [
        ("select sum(country) from orders", "sum() does not take text", "sum(try_cast(x as double))"),
        ("select avg(tags) from orders", "avg() does not take a list", "it takes"),
        ("select frobnicate(id) from orders", "there is no function frobnicate()", "nearest"),
        ("select upper(country, 3) from orders", "upper() takes 1 argument and got 2", "upper("),
        ("select o.idd from orders o", 'no column "idd"', "there are id"),
        ("select x.id from orders o", 'the query has no table "x"', "there is o"),
        ("select id from orders o join customers c on o.id = c.id", "more than one table", "alias"),
        ("select * from ordrs", 'did you mean "orders"', None),
        ("select * form orders", "at character 10", None),
        ("select id\nfrom orders\nwhere id = = 3", "at line 3", None),
        ("select * from orders pivot(sum(amount) for country in ('DE'))", "PIVOT, which is not supported", "group by"),
        ("select id from orders group by country", "orders.id is neither in group by", "min(x)"),
        ("select id + country from orders", "no a whole number + text", "cast"),
        ("select cast(country as int) from orders", "the text 'DE' is not a whole number", "try_cast"),
        ("select id from orders where country > 3", "the text 'DE' is not a whole number", "try_cast"),
        ("select 100 / (id - id) from orders", "a division by zero", "nullif"),
        ("select * from orders where _timestamp > 'yesterday'", "'yesterday' is no time", "interval '1 day'"),
        ("select * from orders where _timestamp > now() - interval '1 dya'", "no interval", "interval '1 day'"),
        ("select regexp_match(country, '(') from orders", "the regular expression is wrong: unclosed group", None),
        ("select interval from orders", "interval", None),
    ],
)
def test_words(shop, query, says, hint):
    with pytest.raises(kf.KaframeError) as caught:
        shop.sql(query).to_arrow()
    error = caught.value
    assert says in str(error), error
    assert hint is None or hint in (error.hint or ""), error.hint
    assert not INSIDES.search(str(error).replace("AS Int64", "")), error
    assert len(str(error)) < 600


def test_what_is_guarded_is_not_computed(shop):
    for condition in ("id <> 0 and 100 / id > 30", "case when id <> 0 then 100 / id > 30 else false end"):
        assert shop.sql(f"select id from orders where {condition}").to_arrow()["id"].to_pylist() == [1, 2, 3]
        assert shop.read("orders", where=condition).to_arrow()["id"].to_pylist() == [1, 2, 3]
        answer = shop.sql(f"select id, {condition} as c from orders").to_arrow()
        assert answer["c"].to_pylist() == [0 < n <= 3 for n in range(10)]
    # What guards is still pushed down, and says where to read.
    assert "_offset" in (plan := shop.sql("select id from orders where _offset >= 4 and 100 / id > 3").explain()), plan
