"""Whether a reader returned the right rows: one number for each column of an Arrow table, whatever library made it.

Each value is weighted by the field ``number`` of its row (by one where there is none), modulo 2**64: the order of the rows does not matter, a value
in another row, a changed value or a lost row does. Texts and bytes count by their
length and by how many different ones there are; in a table without numbers, where the order is that of the topic, by a CRC of all of them.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Sums = dict[str, dict[str, Any]]


def sums(table: pa.Table) -> Sums:
    """Kind of the type, number of nulls and checksum of every column; nested ones by their leaves."""
    table = table.select([name for name in table.column_names if not name.startswith("_")]).combine_chunks()
    weights = None
    if "number" in table.column_names:
        weights = table["number"].to_numpy().astype(np.int64).view(np.uint64) + np.uint64(1)
    found: Sums = {"": {"rows": table.num_rows}}
    for name in table.column_names:
        column = table[name]
        _leaf(found, name, column.chunk(0) if column.num_chunks else pa.array([], column.type), weights)
    return found


def kind(type_: pa.DataType) -> str:
    """A type without its width."""
    if pa.types.is_dictionary(type_):
        return kind(type_.value_type)
    for word in ("boolean", "integer", "floating", "timestamp", "struct", "null"):
        if getattr(pa.types, f"is_{word}")(type_):
            return word
    word = str(type_).split("<")[0]
    for part, name in (("string", "text"), ("binary", "bytes")):
        if part in word:
            return name
    return word


def _leaf(found: Sums, name: str, column: pa.Array, weights: np.ndarray | None) -> None:
    if pa.types.is_struct(column.type):
        for field, part in zip(column.type, column.flatten(), strict=True):
            _leaf(found, f"{name}.{field.name}", part, weights)
        return
    if pa.types.is_nested(column.type):
        rows = None if weights is None else weights[np.asarray(pc.list_parent_indices(column))]
        _leaf(found, f"{name}[]", column.flatten(), rows)
        return
    word = kind(column.type)
    entry: dict[str, Any] = {"kind": word, "nulls": column.null_count}
    if word in ("text", "bytes"):
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        column = column.cast(pa.large_binary())
        if weights is None:
            entry["crc"] = zlib.crc32(b"".join(column.to_pylist()))
        else:
            entry["different"] = pc.count_distinct(column).as_py()
        values = pc.binary_length(column)
    elif word == "floating":
        column = pc.if_else(pc.is_nan(column), None, column)
        entry["nulls"] = column.null_count
        values = pc.cast(pc.round(pc.multiply(column, 10_000.0)), pa.int64())
    elif word == "timestamp":
        values = pc.cast(column, pa.int64())
    else:
        values = column
    if word != "null":
        plain = pc.fill_null(pc.cast(values, pa.int64()), 0).to_numpy(zero_copy_only=False).view(np.uint64)
        total = plain.sum(dtype=np.uint64) if weights is None else (plain * weights).sum(dtype=np.uint64)
        entry["sum"] = int(total)
    found[name] = entry


def differences(found: Sums, expected: Sums) -> list[str]:
    """What is wrong, in words; empty if nothing is. A column of integers or booleans with nulls may have become floats: pandas does that, and only
    the reader's types show it."""
    wrong = []
    if found.keys() != expected.keys():
        wrong.append(f"columns {sorted(found)} instead of {sorted(expected)}")
    for name in found.keys() & expected.keys():
        have, want = dict(found[name]), dict(expected[name])
        if "kind" not in want:
            have.pop("kind", None)
        if have.get("kind") != want.get("kind") and want.get("nulls") and have.get("kind") == "floating":
            have["kind"] = want["kind"]
            want["sum"] = want["sum"] * 10_000 % 2**64
        if have != want:
            wrong.append(f"{name or 'rows'}: {have} instead of {want}")
    return wrong
