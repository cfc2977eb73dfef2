"""A scan as a lazy Polars frame: columns, conditions and a limit of the query are given to the read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ._convert import optional

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    import polars as pl

    from ._scan import Scan

_COMPARISONS = {"Eq": "=", "NotEq": "<>", "Gt": ">", "GtEq": ">=", "Lt": "<", "LtEq": "<="}
_INTEGERS = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")
_JUNCTIONS = {"And": "and", "LogicalAnd": "and", "Or": "or", "LogicalOr": "or"}


def lazy_frame(scan: Scan) -> pl.LazyFrame:
    """A ``LazyFrame`` that streams the scan when it is collected, each time anew, and of it only what the query needs."""
    polars = optional("polars", "to_polars(lazy=True)")
    from polars.io.plugins import register_io_source

    schema, plan = polars.Schema(scan.schema), scan.plan()
    # What is left out by a limit or a tail is decided before any condition of the query.
    bounded = plan.limit is not None or plan.tail is not None

    def source(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        # Rows are counted before the condition, so beside a count the condition is not the read's.
        where = sql_of(predicate) if predicate is not None and n_rows is None and not bounded else None
        needed = None
        if with_columns is not None:
            roots = predicate.meta.root_names() if predicate is not None else []
            needed = list(dict.fromkeys([*with_columns, *roots]))
        left = n_rows
        # A limit takes a share of each partition: where rows come by timestamp those are not the first.
        limit = n_rows if plan.order == "partition" and not bounded else None
        # What did not fit depends on which columns were decoded: all of them, where it is asked for.
        columns = None if needed is not None and "_extra" in needed else needed
        for batch in scan._narrowed(columns, where, limit):
            frame: pl.DataFrame = polars.DataFrame(batch)
            if needed is not None:
                # What does not fit the types of a stream comes along in a column of its own.
                frame = frame.select(needed)
            if left is not None:
                frame = frame.head(left)
                left -= frame.height
            if predicate is not None:
                frame = frame.filter(predicate)
            yield frame if with_columns is None else frame.select(with_columns)
            if left == 0:
                break

    return register_io_source(source, schema=schema, validate_schema=False)


def sql_of(predicate: pl.Expr) -> str | None:
    """The parts of a predicate that can be said in SQL with the same meaning; None where there are none. It may say less, never more."""
    try:
        tree = json.loads(predicate.meta.serialize(format="json"))
    except Exception:  # the format is Polars' own and may change: then nothing is pushed
        return None
    parts = [text for part in _conjuncts(tree) if (text := _condition(part))]
    return " and ".join(parts) or None


def _conjuncts(node: Any) -> list[Any]:
    match node:
        case {"BinaryExpr": {"left": left, "op": "And" | "LogicalAnd", "right": right}}:
            return [*_conjuncts(left), *_conjuncts(right)]
    return [node]


def _condition(node: Any) -> str | None:
    match node:
        case {"BinaryExpr": {"left": left, "op": op, "right": right}} if op in _JUNCTIONS:
            parts = [_condition(left), _condition(right)]
            return f"({parts[0]} {_JUNCTIONS[op]} {parts[1]})" if all(parts) else None
        case {"BinaryExpr": {"left": left, "op": op, "right": right}} if op in _COMPARISONS:
            column, literal = _column(left), _literal(right)
            if column and literal:
                return f"{column} {_COMPARISONS[op]} {literal}"
            column, literal = _column(right), _literal(left)
            return f"{literal} {_COMPARISONS[op]} {column}" if column and literal else None
    return None


def _column(node: Any) -> str | None:
    match node:
        # Another name may be a field of an object, which SQL would look for inside.
        case {"Column": str(name)} if "." not in name:
            return '"' + name.replace('"', '""') + '"'
    return None


def _literal(node: Any) -> str | None:
    match node:
        case {"Literal": {"Dyn": {"Int": int(number)}}}:
            return str(number)
        case {"Literal": {"Scalar": value}} if isinstance(value, dict) and len(value) == 1:
            [(kind, content)] = value.items()
            return _scalar(kind, content)
    return None


def _scalar(kind: str, value: Any) -> str | None:
    if kind in _INTEGERS and isinstance(value, int):
        return str(value)
    if kind in ("String", "StringOwned") and isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if kind == "Boolean" and isinstance(value, bool):
        return "true" if value else "false"
    return None
