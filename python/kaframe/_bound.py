"""Bounds: what callers may write for ``start`` and ``end``, brought to the few forms that the core takes.

Resolving a bound against a topic is the core's work; here times only become milliseconds and foreign integers Python ones.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from operator import index
from typing import TYPE_CHECKING

from ._bookmark import Bookmark
from .errors import ConfigError

if TYPE_CHECKING:
    from typing import Any, Literal, SupportsIndex, TypeAlias

    #: One bound: ``"earliest"``, ``"latest"``, an offset (negative: so many before the end of each partition), a time (``datetime``,
    #: ``date``, ISO text, ``"-1h"``, ``timedelta`` back from now, ``"@1732266000000"`` in milliseconds). Naive times are UTC.
    BoundLike: TypeAlias = Literal["earliest", "latest"] | str | SupportsIndex | dt.date | dt.timedelta
    #: What ``end`` takes: a bound, one per partition, or one (or one per partition) per topic.
    EndLike: TypeAlias = BoundLike | Mapping[int, BoundLike] | Mapping[str, BoundLike | Mapping[int, BoundLike]]
    #: What ``start`` takes: also where an earlier read ended.
    StartLike: TypeAlias = EndLike | Bookmark

    #: What the core takes: an offset, text, one of these per partition, or a bookmark's JSON text in a list of one.
    NativeBound: TypeAlias = int | str
    PartitionBounds: TypeAlias = dict[int, int | str]
    NativeBounds: TypeAlias = int | str | PartitionBounds | dict[str, int | str | PartitionBounds] | tuple[str]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
_MILLISECOND = dt.timedelta(milliseconds=1)


def start_bounds(value: StartLike) -> NativeBounds:
    """``start`` as the core takes it."""
    if isinstance(value, Bookmark):
        return (str(value),)
    return end_bounds(value, "start")


def end_bounds(value: EndLike | Bookmark, name: str = "end") -> NativeBounds:
    """``end`` as the core takes it."""
    if isinstance(value, Bookmark):
        raise ConfigError(f"{name} takes no bookmark", hint="a bookmark is where a read starts: start=table.next_start")
    if isinstance(value, Mapping):
        if value and all(isinstance(topic, str) for topic in value):
            return {str(topic): _of_topic(one, name) for topic, one in value.items()}
        return _per_partition(value, name)
    return bound(value, name)


def _of_topic(value: BoundLike | Mapping[int, BoundLike], name: str) -> NativeBound | PartitionBounds:
    return _per_partition(value, name) if isinstance(value, Mapping) else bound(value, name)


def _per_partition(value: Mapping[Any, Any], name: str) -> PartitionBounds:
    return {_partition(partition, name): bound(one, name) for partition, one in value.items()}


def bound(value: BoundLike, name: str) -> NativeBound:
    """One bound as the core takes it: text and integers as they are, times as ``"@milliseconds"``."""
    if isinstance(value, bool) or value is None:
        raise _wrong(value, name)
    if isinstance(value, str):
        if value.lstrip().startswith("{"):
            raise ConfigError(
                f"{name} is JSON text, which is no bound",
                hint="the text of a bookmark becomes one by kf.Bookmark(text), and is where a read starts",
            )
        return str(value)
    if isinstance(value, dt.timedelta):
        _no_nat(value, name)
        if value < dt.timedelta(0):
            raise ConfigError(
                f"{name}={value!r} lies in the future", hint="a timedelta counts back from now: give a positive one"
            )
        return _at(dt.datetime.now(dt.timezone.utc) - value)
    if isinstance(value, dt.datetime):
        _no_nat(value, name)
        return _at(value)
    if isinstance(value, dt.date):
        return _at(dt.datetime(value.year, value.month, value.day))
    kind = type(value)
    if kind.__module__ == "numpy" and kind.__name__ in ("datetime64", "timedelta64"):
        # `item` gives a datetime, date or timedelta, except for nanoseconds and NaT.
        plain = value.astype(f"{kind.__name__}[us]").item()  # type: ignore[attr-defined]
        if plain is None:
            raise ConfigError(f"{name} is NaT, not a time")
        return bound(plain, name)
    try:
        number = index(value)  # type: ignore[arg-type]
    except TypeError:
        raise _wrong(value, name) from None
    if not -(2**63) < number < 2**63:
        raise ConfigError(f"{name}={number} is no offset: offsets have 63 bits")
    return number


def _at(time: dt.datetime) -> str:
    if time.tzinfo is None:
        time = time.replace(tzinfo=dt.timezone.utc)
    # Timestamps of records are whole milliseconds, so "at or after 12:00:00.0005" is "at or after 12:00:00.001": round up. pandas
    # keeps nanoseconds beside the microseconds.
    extra = 1 if getattr(time, "nanosecond", 0) else 0
    microseconds = (time - _EPOCH) // dt.timedelta(microseconds=1) + extra
    return f"@{-(-microseconds // 1000)}"


def _no_nat(value: dt.datetime | dt.timedelta, name: str) -> None:
    # pandas.NaT is an instance of datetime and the only one that differs from itself.
    if value != value:
        raise ConfigError(f"{name} is NaT, not a time")


def _partition(value: object, name: str) -> int:
    try:
        number = index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(
            f"{name}: the keys of a mapping are all partition numbers or all names of topics, not {value!r}"
        ) from None
    if not 0 <= number < 2**31:
        raise ConfigError(f"{name}: {number} is no number of a partition")
    return number


def _wrong(value: object, name: str) -> TypeError:
    return TypeError(
        f'{name} takes "earliest", "latest", an offset, a time (datetime, date, timedelta back from now, "-1h", ISO text, '
        f'"@milliseconds"), "group:NAME"{", a kf.Bookmark" if name == "start" else ""} or a mapping of partitions to these, '
        f"not {type(value).__name__} {value!r}"
    )
