"""``categories=``: columns of text as pandas' categories, Polars' Categorical and Arrow's dictionaries."""

from __future__ import annotations

import pytest

import kaframe as kf

pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")

COUNTRIES = ["DE", None, "FR", "DE", "NL", "FR"]


@pytest.fixture
def scan(cluster, new_topic) -> kf.Scan:
    """Two partitions, so that a column comes in several chunks."""
    rows = [{"i": i, "country": COUNTRIES[i % 6], "name": f"n{i}"} for i in range(600)]
    return cluster.scan(new_topic(rows, partitions=2, key="name"))


def test_pandas(scan):
    frame = scan.to_pandas(categories=["country"])
    assert isinstance(frame["country"].dtype, pd.CategoricalDtype)
    assert sorted(frame["country"].cat.categories) == ["DE", "FR", "NL"]
    assert frame["country"].isna().sum() == 100
    plain = scan.to_pandas()
    assert frame["country"].astype(object).where(frame["country"].notna(), None).tolist() == [
        None if pd.isna(each) else each for each in plain["country"]
    ]
    assert frame.drop(columns="country").equals(plain.drop(columns="country"))
    for backend in ("pyarrow", "numpy_nullable"):
        assert isinstance(scan.to_pandas(backend, categories=["country"])["country"].dtype, pd.CategoricalDtype)


def test_arrow(scan):
    table = scan.to_arrow(categories=["country", "_key"])
    assert pa.types.is_dictionary(table.schema.field("country").type)
    dictionaries = [chunk.dictionary for chunk in table["country"].chunks]
    assert all(each.equals(dictionaries[0]) for each in dictionaries)
    assert table["country"].cast(pa.large_string()).equals(scan.to_arrow()["country"])
    assert pa.types.is_dictionary(table.schema.field("_key").type)
    assert table.column_names == scan.to_arrow().column_names


def test_polars(scan):
    frame = scan.to_polars(categories=["country"])
    assert frame.schema["country"] == pl.Categorical
    assert frame.with_columns(pl.col("country").cast(pl.String)).equals(scan.to_polars())


def test_a_batch_takes_them_too(scan):
    batch = next(iter(scan))
    assert isinstance(batch.to_pandas(categories=["country"])["country"].dtype, pd.CategoricalDtype)


@pytest.mark.parametrize("verb", ["to_pandas", "to_polars", "to_arrow"])
def test_names_that_make_no_sense(scan, verb):
    table = scan.read()
    with pytest.raises(kf.ConfigError, match="'contry', which is no column") as raised:
        getattr(table, verb)(categories=["contry"])
    assert "country" in str(raised.value.hint)
    with pytest.raises(kf.ConfigError, match="'i' holds none"):
        getattr(table, verb)(categories=["i"])
    with pytest.raises(TypeError, match=r"\['country'\]"):
        getattr(table, verb)(categories="country")


def test_categories_are_named(cluster, numbers):
    with pytest.raises(TypeError, match="categories takes a list of columns"):
        cluster.read(numbers).to_pandas(categories=True)
