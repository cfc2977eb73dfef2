"""Parameters of ``scan`` and ``read``: from what callers write to what the core takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from operator import index
from typing import TYPE_CHECKING, TypedDict

from ._bound import end_bounds, start_bounds
from .errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal, TypeAlias

    from ._bound import NativeBounds

    ValueFormat: TypeAlias = Literal["auto", "raw", "string", "json"]
    KeyFormat: TypeAlias = Literal["auto", "raw", "string", "json", "int", "long"]
    IsolationLevel: TypeAlias = Literal["read_committed", "read_uncommitted"]
    #: In which order rows come.
    Order: TypeAlias = Literal["partition", "timestamp"]
    OnError: TypeAlias = Literal["null", "raise", "skip"]
    #: ``"5m"``, a timedelta, or ``"scan"``.
    Late: TypeAlias = str | dt.timedelta
    #: A number of bytes, or text such as ``"1GiB"``.
    Size: TypeAlias = int | str


class ScanArguments(TypedDict):
    """What the core takes. ``None`` stands for "auto" or "not given"."""

    start: NativeBounds
    end: NativeBounds
    late: str
    partitions: list[int] | None
    limit: int | None
    tail: int | None
    where: str | None
    isolation_level: str
    key_format: str | None
    value_format: str | None
    columns: list[str] | None
    metadata: bool | list[str]
    on_error: str
    order: str
    batch_size: int
    memory_limit: int
    max_result_bytes: int | None
    timeout: float
    allow_partial: bool


_VALUE_FORMATS = ("raw", "string", "json")
_KEY_FORMATS = (*_VALUE_FORMATS, "int", "long")

_UNITS = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}


def scan_arguments(given: Mapping[str, Any]) -> ScanArguments:
    """The parameters of a ``scan`` or ``read`` as the core takes them."""
    return {
        "start": start_bounds(given["start"]),
        "end": end_bounds(given["end"]),
        "late": _late(given["late"]),
        "partitions": _numbers(given["partitions"], "partitions"),
        "limit": _count(given["limit"], "limit"),
        "tail": _count(given["tail"], "tail"),
        "where": None if given["where"] is None else _word(given["where"], "where"),
        "isolation_level": _word(given["isolation_level"], "isolation_level"),
        "key_format": _format(given["key_format"], "key_format", _KEY_FORMATS),
        "value_format": _format(given["value_format"], "value_format", _VALUE_FORMATS),
        "columns": names(given["columns"], "columns"),
        "metadata": given["metadata"]
        if isinstance(given["metadata"], bool)
        else (names(given["metadata"], "metadata") or []),
        "on_error": _word(given["on_error"], "on_error"),
        "order": _word(given["order"], "order"),
        "batch_size": positive(given["batch_size"], "batch_size"),
        "memory_limit": size(given["memory_limit"], "memory_limit"),
        "max_result_bytes": None
        if given["max_result_bytes"] == "auto"
        else size(given["max_result_bytes"], "max_result_bytes"),
        "timeout": seconds(given["timeout"], "timeout"),
        "allow_partial": flag(given["allow_partial"], "allow_partial"),
    }


def flag(value: object, name: str) -> bool:
    """True or False: any text would count as true, "no" as well."""
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return bool(value)
    raise TypeError(f"{name} takes True or False, not {value!r}")


def names(value: object, name: str) -> list[str] | None:
    """A list of names, or None."""
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f'{name} takes a list of names such as ["id", "_offset"], not {value!r}')
    found = list(value)
    for one in found:
        if not isinstance(one, str):
            raise TypeError(f"{name} takes names, not {one!r}")
    return found


def size(value: object, name: str) -> int:
    """A number of bytes from an integer or from text such as ``"1GiB"``."""
    if isinstance(value, str):
        text = value.strip().lower().replace("_", "")
        digits = text.rstrip("bkmgti ")
        unit = text[len(digits) :].strip()
        try:
            return positive(int(float(digits) * _UNITS[unit]), name)
        except (ValueError, KeyError, OverflowError):
            raise ConfigError(
                f'{name} is a number of bytes or text such as "512MiB" or "1GiB", not {value!r}'
            ) from None
    return positive(value, name)


def seconds(value: object, name: str) -> float:
    """A time span in seconds."""
    if isinstance(value, dt.timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise TypeError(f"{name} is a number of seconds, not {value!r}")
    number = float(value)  # type: ignore[arg-type]
    if not 0 < number <= 1e9:
        raise ConfigError(f"{name} is a number of seconds above 0, not {value!r}")
    return number


def _late(value: Late) -> str:
    if isinstance(value, dt.timedelta):
        return f"{value // dt.timedelta(milliseconds=1)}ms"
    return _word(value, "late")


def _numbers(value: object, name: str) -> list[int] | None:
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"{name} takes a list of numbers such as [0, 1], not {value!r}")
    numbers = [_integer(one, name) for one in value]
    for number in numbers:
        if not 0 <= number < 2**31:
            raise ConfigError(f"{name}: {number} is no number of a partition")
    return numbers


def _count(value: object, name: str) -> int | None:
    if value is None:
        return None
    number = _integer(value, name)
    if number < 0:
        raise ConfigError(f"{name} is a number of records, not {number}")
    return number


def positive(value: object, name: str) -> int:
    """A number above 0."""
    number = _integer(value, name)
    if not 0 < number < 2**63:
        raise ConfigError(f"{name} is a number above 0, not {number}")
    return number


def _integer(value: object, name: str) -> int:
    if isinstance(value, bool):
        raise TypeError(f"{name} takes integers, not {value!r}")
    try:
        number = index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} takes integers, not {value!r}") from None
    if not -(2**63) <= number < 2**63:
        raise ConfigError(f"{name} takes integers of 64 bits, not {number}")
    return number


def _word(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} takes text, not {value!r}")
    return value


def _format(value: object, name: str, known: tuple[str, ...]) -> str | None:
    if value is None or value == "auto":
        return None
    if _word(value, name) not in known:
        raise ConfigError(f"{name} is auto, {', '.join(known[:-1])} or {known[-1]}, not {value!r}")
    return str(value)
