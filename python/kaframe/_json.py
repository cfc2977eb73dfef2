"""Rows of Python objects as JSON text, by the rules that Arrow columns are written by.

Times are RFC 3339 in UTC, durations ISO 8601, NaN and NA null, decimals numbers, bytes base64. The fast way is Python's own encoder; what it cannot do
(NaN, Decimal) goes through :func:`_text`, written out by hand.
"""

from __future__ import annotations

import datetime as dt
import json
from base64 import b64encode
from collections.abc import Mapping
from decimal import Decimal
from math import isfinite, isnan
from uuid import UUID

_UTC = dt.timezone.utc


class _NeedsSlowWay(Exception):
    pass


def row_text(row: Mapping[str, object]) -> str:
    """One row as a JSON object."""
    try:
        return _FAST.encode(row)
    except (_NeedsSlowWay, ValueError, TypeError):
        # NaN and infinities are a ValueError here, a Mapping that is no dict or a key that is no text a TypeError. A cycle of references is a
        # RecursionError on the slow way.
        return _text(row)


def scalar(value: object) -> object:
    """A value that JSON has no word for, as one that it has. Raises ``TypeError`` where there is none."""
    if isinstance(value, dt.datetime):
        return timestamp_text(value) if value == value else None  # NaT differs from itself
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return duration_text(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return b64encode(value).decode("ascii")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        raise _NeedsSlowWay
    if isinstance(value, (set, frozenset)):
        return list(value)
    kind = type(value)
    if kind.__name__ in ("NAType", "NaTType"):
        return None
    if kind.__module__ == "numpy":
        # `item` of nanoseconds would be an integer; milliseconds are what a record's time has too.
        if kind.__name__ == "datetime64":
            return scalar(value.astype("datetime64[us]").item())  # type: ignore[attr-defined]
        if kind.__name__ == "timedelta64":
            return scalar(value.astype("timedelta64[us]").item())  # type: ignore[attr-defined]
        if kind.__name__ == "ndarray":
            return value.tolist()  # type: ignore[attr-defined]
        return value.item()  # type: ignore[attr-defined]
    if value is None:
        return None
    raise TypeError(f"a value of type {kind.__name__} cannot be written as JSON: {value!r}")


def timestamp_text(value: dt.datetime) -> str:
    """RFC 3339 in UTC; naive times are UTC."""
    value = value.replace(tzinfo=_UTC) if value.tzinfo is None else value.astimezone(_UTC)
    return value.isoformat().replace("+00:00", "Z")


def duration_text(value: dt.timedelta) -> str:
    """ISO 8601 in seconds, as Arrow's durations are written: ``PT90.5S``."""
    # pandas keeps nanoseconds beside the microseconds.
    nanoseconds = (value // dt.timedelta(microseconds=1)) * 1000 + getattr(value, "nanoseconds", 0)
    seconds, rest = divmod(abs(nanoseconds), 1_000_000_000)
    fraction = f".{rest:09}".rstrip("0") if rest else ""
    return f"{'-' if nanoseconds < 0 else ''}PT{seconds}{fraction}S"


_FAST = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=scalar)


def _text(value: object) -> str:
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]  # type: ignore[index]
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        if isnan(value):
            return "null"
        if not isfinite(value):
            raise ValueError(f"{value!r} cannot be written as JSON")
        return float.__repr__(value)
    if isinstance(value, Decimal):
        if value.is_nan():
            return "null"
        if not value.is_finite():
            raise ValueError(f"{value!r} cannot be written as JSON")
        return f"{value:f}" if -64 < value.adjusted() < 64 else str(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_name(name)}:{_text(one)}" for name, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_text, value)) + "]"
    return _text(scalar(value))


def _name(name: object) -> str:
    # Python's encoder turns these into text too; a row must not look different because a NaN stands elsewhere in it.
    if name is None or isinstance(name, (bool, int, float)):
        name = _text(name)
    if not isinstance(name, str):
        raise TypeError(f"the names of a JSON object are text, not {name!r}")
    return json.dumps(name, ensure_ascii=False)
