"""Rows of Python objects as batches of encoded records: plain ones by `_native.plain_rows`, all others here. The core delivers them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from . import _native
from ._json import row_text, timestamp_text
from .errors import ConfigError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ._write import WriteArguments

#: Rows of a batch: enough to be quick, few enough that a slow generator is written as it goes.
STEP = 4_096

# Columns that a read adds. Three of them become the record's own, the last takes its value, the others are left out.
_METADATA = frozenset(
    {"_key", "_headers", "_timestamp", "_topic", "_partition", "_offset", "_timestamp_type", "_error", "_tombstone"}
)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
_INTEGER_BYTES = {"int": 4, "long": 8}


def row_batches(
    rows: Iterable[object], arguments: WriteArguments
) -> tuple[Iterator[_native.RecordBatch], WriteArguments]:
    """Batches of records with the columns ``_key``, ``_timestamp``, ``_headers`` and ``value``, and the arguments that fit them."""
    value_format = arguments["value_format"]
    if value_format not in ("json", "string", "raw"):
        raise ConfigError(f'value_format is "json", "string" or "raw", not {value_format!r}')
    key_format = arguments["key_format"]
    if key_format not in (None, "string", "raw", "int", "long"):
        raise ConfigError(f'key_format is "auto", "string", "raw", "int" or "long", not {key_format!r}')
    fitting: WriteArguments = {**arguments, "key": None, "key_format": None, "value_format": "raw"}
    return _batches(iter(rows), arguments["key"], key_format, value_format), fitting


def _batches(
    rows: Iterator[object], key: str | None, key_format: str | None, value_format: str
) -> Iterator[_native.RecordBatch]:
    key_column, number, key_seen = key or "_key", 0, key is None
    while chunk := list(islice(rows, STEP)):
        plain = (
            _native.plain_rows(chunk, key_column, row_text) if value_format == "json" and key_format is None else None
        )
        if plain is not None:
            batch, seen = plain
            number += len(chunk)
            if not (key_seen := key_seen or seen):
                raise _no_key(key, chunk[0])
            yield batch
            continue
        values: list[bytes | None] = []
        keys: list[bytes | None] = []
        times: list[int | None] = []
        headers: list[list[tuple[str, bytes | None]]] = []
        for row in chunk:
            if not isinstance(row, Mapping):
                bare = (
                    ': a bare value is a row of one column, {"value": ...}'
                    if isinstance(row, (str, bytes, int, float))
                    else ""
                )
                raise TypeError(f"row {number}: rows are dicts of column and value, not {type(row).__name__}{bare}")
            key_seen = key_seen or key_column in row
            try:
                keys.append(_key_bytes(row.get(key_column), key_column, key_format))
                times.append(_milliseconds(row.get("_timestamp")))
                headers.append(_headers(row.get("_headers")))
                values.append(None if _is_tombstone(row.get("_tombstone")) else _value_bytes(row, value_format))
            except (TypeError, ValueError, OverflowError) as error:
                raise (
                    type(error)(f"row {number}: {error}")
                    if type(error) in (TypeError, ValueError)
                    else ValueError(f"row {number}: {error}")
                ) from error
            number += 1
        if not key_seen:
            raise _no_key(key, chunk[0])
        yield _native.record_rows(values, keys, times, headers)


def _no_key(key: str | None, first: object) -> SchemaError:
    near = ", ".join(map(str, first)) if isinstance(first, Mapping) else ""
    return SchemaError(f"no row has the key column {key!r}", hint=f"the first row has: {near}")


def _is_tombstone(value: object) -> bool:
    if value is None or type(value).__name__ == "NAType":
        return False
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        return bool(value)
    raise TypeError(f"_tombstone is true for a record without a value, else false, not {value!r}")


def _value_bytes(row: Mapping[str, object], value_format: str) -> bytes | None:
    fields = row if _METADATA.isdisjoint(row) else {name: value for name, value in row.items() if name not in _METADATA}
    if value_format == "json":
        return row_text(fields).encode()
    if len(fields) != 1:
        raise ValueError(
            f'value_format="{value_format}" takes one column beside metadata, not {len(fields)}: {", ".join(map(str, fields))}'
        )
    ((name, value),) = fields.items()
    return _plain_bytes(value, f"the value in {name!r}")


def _plain_bytes(value: object, what: str) -> bytes | None:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, dt.datetime):
        return timestamp_text(value).encode()
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, (Mapping, list, tuple, set)):
        raise TypeError(f"{what} is a {type(value).__name__}, neither text nor bytes nor a number")
    return str(value).encode()


def _key_bytes(value: object, column: str, key_format: str | None) -> bytes | None:
    width = _INTEGER_BYTES.get(key_format or "")
    if width is None or value is None:
        return _plain_bytes(value, f"the key in {column!r}")
    from operator import index

    try:
        number = index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"the key in {column!r} is {value!r}, not an integer (key_format={key_format!r})") from None
    try:
        return number.to_bytes(width, "big", signed=True)
    except OverflowError:
        raise ValueError(f"the key {number} does not fit into {width} bytes ({key_format})") from None


def _milliseconds(value: object) -> int | None:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, dt.datetime):
        aware = value.replace(tzinfo=dt.timezone.utc) if value.tzinfo is None else value
        return (aware - _EPOCH) // dt.timedelta(milliseconds=1)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        # What a read that was printed or stored as JSON gives.
        try:
            return _milliseconds(dt.datetime.fromisoformat(value))
        except ValueError:
            pass
    raise TypeError(f"_timestamp is a datetime, RFC 3339 text or milliseconds since 1970, not {value!r}")


def _headers(value: Any) -> list[tuple[str, bytes | None]]:
    """Headers from pairs, from dicts of ``key`` and ``value`` as a read gives them, or from one dict."""
    if value is None:
        return []
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise TypeError(f"_headers is a dict, or a list of pairs of name and value, not {value!r}")
    pairs = value.items() if isinstance(value, Mapping) else value
    found: list[tuple[str, bytes | None]] = []
    for pair in pairs:
        try:
            name, content = (pair["key"], pair["value"]) if isinstance(pair, Mapping) else pair
        except (KeyError, TypeError, ValueError):
            raise TypeError(f"a header is a pair of name and value, not {pair!r}") from None
        if not isinstance(name, str):
            raise TypeError(f"the name of a header is text, not {name!r}")
        found.append((name, _plain_bytes(content, f"the header {name!r}")))
    return found
