"""Writing: what callers give as data, brought to Arrow batches, and what became of the rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from os import fspath
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from . import _native
from ._files import names_file
from ._progress import Watch
from ._warnings import warn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike
    from typing import Any, Literal, Protocol, TypeAlias

    import pandas as pd
    import polars as pl

    class ArrowStream(Protocol):
        def __arrow_c_stream__(self, requested_schema: Any = None) -> object: ...

    class ArrowArray(Protocol):
        def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[object, object]: ...

    #: pandas, Polars, Arrow, DuckDB relations, iterables of dicts, paths of Parquet and Arrow files.
    Writable: TypeAlias = ArrowStream | ArrowArray | pd.DataFrame | Iterable[Mapping[str, Any]] | str | PathLike[str]
    WriteFormat: TypeAlias = Literal["json", "string", "raw"]
    WriteKeyFormat: TypeAlias = Literal["auto", "string", "raw", "int", "long"]
    Compression: TypeAlias = Literal["none", "gzip", "snappy", "lz4", "zstd"]


class WriteArguments(TypedDict):
    """What the core takes. ``None`` stands for "auto" or "not given"."""

    key: str | None
    key_format: str | None
    value_format: str
    compression: str
    partition: int | None


class PartitionWrite(NamedTuple):
    """What a partition got. Records of other writers may lie between the two offsets."""

    partition: int
    rows: int
    first_offset: int
    last_offset: int


class WriteReport(NamedTuple):
    """What became of the rows of a write. Rows count from 0; ranges are ``(first, behind the last)``."""

    topic: str
    #: Rows that the brokers have acknowledged, and the bytes of their keys, values and headers.
    rows: int
    bytes: int
    partitions: tuple[PartitionWrite, ...]
    #: Rows of which it is not known whether they are written. Empty unless the write failed.
    unknown: tuple[tuple[int, int], ...]
    #: Rows that are not written. Empty unless the write failed.
    not_written: tuple[tuple[int, int], ...]
    #: Seconds.
    elapsed: float
    #: The report as text.
    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


def write_report(text: str, data: str) -> WriteReport:
    """A report from the core's text and JSON."""
    fields: dict[str, Any] = json.loads(data)
    fields["partitions"] = tuple(PartitionWrite(**one) for one in fields["partitions"])
    for ranges in ("unknown", "not_written"):
        fields[ranges] = tuple((start, end) for start, end in fields[ranges])
    return WriteReport(**fields, text=text)


def write_data(native: _native.Cluster, given: dict[str, Any]) -> WriteReport:
    """The whole of ``write``, from its parameters as they stand in the call."""
    topic, data = given["topic"], given["data"]
    if not isinstance(topic, str):
        raise TypeError(f"the topic is a name, not {topic!r}: write(data, topic)")
    if not isinstance(given["key"], (str, type(None))):
        raise TypeError(f"key is the name of one column, not {given['key']!r}")
    arguments: WriteArguments = {
        "key": given["key"],
        "key_format": None if given["key_format"] == "auto" else given["key_format"],
        "value_format": given["value_format"],
        "compression": given["compression"],
        "partition": given["partition"],
    }
    batches, arguments = _batches(data, arguments)
    with Watch(given["progress"], topic) as watch:
        text, report = native.write(topic, batches, arguments, watch.native)
    return write_report(text, report)


def _batches(data: object, arguments: WriteArguments) -> tuple[Iterator[_native.RecordBatch], WriteArguments]:
    """The data as Arrow batches, and the arguments that fit them: rows of Python objects are encoded here already."""
    # Only those who write rows of Python objects pay for loading what encodes them.
    from ._rows import row_batches

    if names_file(data):
        return _native.file_batches(fspath(data)), arguments  # type: ignore[arg-type]
    kind = type(data)
    package = kind.__module__.partition(".")[0]
    if kind.__name__ == "Series" and package in ("pandas", "polars"):
        raise TypeError("a Series is one column without a table: write(series.to_frame(), ...)")
    if package == "pyarrow" and kind.__name__.endswith("Array") and kind.__name__ != "StructArray":
        raise TypeError(
            f"a {kind.__name__} is one column without a table: write(pyarrow.table({{'name': array}}), ...)"
        )
    if package == "pandas" and kind.__name__ == "DataFrame":
        frame = _pandas_columns(data)  # type: ignore[arg-type]
        table = _pandas_as_arrow(frame)
        if table is not None:
            return _native.arrow_batches(table), arguments
        return row_batches(_pandas_rows(frame), arguments)
    if package == "polars" and kind.__name__ == "DataFrame":
        return _native.arrow_batches(polars_as_arrow(data)), arguments  # type: ignore[arg-type]
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        return _native.arrow_batches(data), arguments
    if package == "polars" and kind.__name__ == "LazyFrame":
        raise TypeError("a LazyFrame has no rows yet: write(frame.collect(), ...)")
    if isinstance(data, Iterable) and not isinstance(data, (str, bytes, Mapping)):
        return row_batches(data, arguments)
    advice = ": a single row is a list of one, [row]" if isinstance(data, Mapping) else ""
    if isinstance(data, str):
        advice = f", and {data!r} is the name of neither: load it into a DataFrame, or `kaframe write TOPIC FILE` for lines of JSON"
    raise TypeError(
        f"data is a DataFrame, Arrow data, a DuckDB relation, an iterable of dicts or a Parquet or Arrow file, not {kind.__name__}{advice}"
    )


def _pandas_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose columns are all its data: an index with a name may be that too, and is warned about. Periods become text, as they print."""
    left_out = [name for name in frame.index.names if name is not None and name not in frame.columns]
    if left_out:
        names = ", ".join(map(repr, left_out))
        warn([f"the index {names} of the frame is not written: write frame.reset_index() if it is data"])
    for at, dtype in enumerate(frame.dtypes):
        if str(dtype).startswith("period["):
            texts = frame.iloc[:, at].astype(object).map(str, na_action="ignore")
            frame = frame.copy(deep=False)
            frame.isetitem(at, texts)
    return frame


def _pandas_as_arrow(frame: pd.DataFrame) -> object | None:
    """A frame as Arrow, or None where that cannot be: no pyarrow, or columns that mix types."""
    try:
        import pyarrow
    except ImportError:
        return None
    try:
        return pyarrow.Table.from_pandas(frame, preserve_index=False)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, pyarrow.ArrowNotImplementedError):
        return None


def _pandas_rows(frame: pd.DataFrame, step: int = 10_000) -> Iterator[Mapping[str, Any]]:
    for start in range(0, len(frame), step):
        yield from frame.iloc[start : start + step].to_dict("records")  # type: ignore[misc]


def polars_as_arrow(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame without what Arrow does not take from Polars: columns of nothing but nulls become text, columns of Python objects are refused."""
    import polars

    for name, dtype in frame.schema.items():
        if dtype == polars.Object:
            raise TypeError(
                f"the column {name!r} holds Python objects: give it a type of Polars, or write frame.to_dicts()"
            )
    nothing = [name for name, dtype in frame.schema.items() if dtype == polars.Null]
    return frame.with_columns(polars.col(nothing).cast(polars.String)) if nothing else frame
