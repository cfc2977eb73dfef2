"""The benchmark's check of what a reader returned notices what it is there for."""

from __future__ import annotations

import pyarrow as pa
import pytest

from bench.checksum import differences, sums

ROWS = {
    "number": [0, 1, 2, 3],
    "name": ["a", "bb", "a", None],
    "price": [0.25, 1.5, 2.0, 3.0],
    "retries": [1, None, 2, 3],
    "items": [[{"n": 1}], [{"n": 2}, {"n": 3}], [], [{"n": 4}]],
}


def table(**changed: list[object]) -> pa.Table:
    return pa.table({**ROWS, **changed})


def test_the_same_rows_in_another_order_are_right():
    assert differences(sums(table().take([2, 0, 3, 1])), sums(table())) == []


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("number", [0, 1, 2, 4]),
        ("name", ["bb", "a", "a", None]),
        ("name", ["a", "bb", "c", None]),
        ("name", ["a", "bb", "a", "a"]),
        ("price", [1.5, 0.25, 2.0, 3.0]),
        ("price", ["0.25", "1.5", "2.0", "3.0"]),
        ("retries", [1, 2, None, 3]),
        ("items", [[{"n": 2}], [{"n": 1}, {"n": 3}], [], [{"n": 4}]]),
        ("items", [[{"n": 1}], [{"n": 2}], [{"n": 3}], [{"n": 4}]]),
    ],
)
def test_a_changed_column_is_named(column, values):
    wrong = differences(sums(table(**{column: values})), sums(table()))
    assert any(each.startswith(column) for each in wrong)
    assert column == "number" or all(each.startswith(column) for each in wrong)


def test_lost_and_doubled_rows_are_wrong():
    assert differences(sums(table().slice(0, 3)), sums(table()))
    assert differences(sums(table().take([0, 1, 2, 3, 3])), sums(table()))
    assert differences(sums(table().drop_columns("name")), sums(table()))


def test_integers_with_nulls_may_be_floats_as_pandas_makes_them():
    floats = table(retries=[1.0, float("nan"), 2.0, 3.0])
    assert differences(sums(floats), sums(table())) == []
