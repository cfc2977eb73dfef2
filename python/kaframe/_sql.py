"""SQL over topics and over tables that are handed in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypedDict

from . import _native
from ._batch import RecordBatch
from ._convert import Convertible
from ._display import html_card, html_table, shape_text, text_table
from ._held import Held
from ._keywords import advice
from ._options import flag, positive, seconds, size
from ._report import report
from ._scan import Scan
from ._warnings import warn
from .errors import TopicNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Protocol, TypeAlias

    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from ._convert import DtypeBackend
    from ._native import Schema
    from ._report import Report

    class ArrowStream(Protocol):
        def __arrow_c_stream__(self, requested_schema: Any = None) -> object: ...

    class ArrowArray(Protocol):
        def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[object, object]: ...

    #: A scan, another query, a table; pandas, Polars, Arrow; the path of a Parquet, CSV or NDJSON file.
    TableLike: TypeAlias = Scan | ArrowStream | ArrowArray | pd.DataFrame | pl.LazyFrame | str | os.PathLike[str]

#: Rows that are shown of an answer.
_SHOWN = 10

_OPTIONS = ("bootstrap_servers", "config", "memory_limit", "batch_size", "timeout", "allow_files")
_FILES = (".parquet", ".csv", ".ndjson", ".jsonl")


class QueryArguments(TypedDict):
    """What the core takes."""

    memory_limit: int
    batch_size: int
    timeout: float
    allow_files: bool


class Query(Convertible, Held):
    """A planned query, as :func:`kaframe.sql` gives it: what it reads was frozen when it was made, so its answer is the same each time.

    ``to_pandas()``, ``to_polars()`` and ``to_arrow()`` answer it; iterating gives :class:`~kaframe.RecordBatch` in bounded memory. It can be handed
    in as a table of another query, and to whatever takes Arrow's C stream.

    Examples
    --------
    >>> kf.sql("select country, count(*) as orders from orders group by country order by country")
    kaframe.Query: 2 rows x 2 columns
    country       orders
    large_string   int64
    ------------  ------
    de               500
    fr               500
    """

    _in_its_place = "hand over the text of the query, or pickle its answer: query.to_arrow()"

    def __init__(self, native: _native.Query) -> None:
        self._native = native
        self._answer: _native.Answer | None = None

    @property
    def schema(self) -> Schema:
        """Names and Arrow types of the answer."""
        return self._native.schema

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return self._native.schema.names

    def explain(self) -> str:
        """How it is answered: which offsets of which topics are read, with which columns and conditions, and what is done with the rows."""
        return self._native.explain()

    def __iter__(self) -> Iterator[RecordBatch]:
        self._answer = answer = self._native.run()
        try:
            for batch in answer:
                yield RecordBatch(batch)
        finally:
            answer.close()
        warn(answer.warnings())

    @property
    def reports(self) -> list[Report]:
        """What the reads of topics account for, of the last answer, as each has ended."""
        return [] if self._answer is None else [report(*texts) for texts in self._answer.reports()]

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        self._answer, capsule = self._native.arrow_stream(requested_schema)
        return capsule

    def __arrow_c_schema__(self) -> object:
        return self._native.schema.__arrow_c_schema__()

    def to_arrow(self, *, categories: Sequence[str] = ()) -> pa.Table:
        """The answer, as a ``pyarrow.Table``. Needs pyarrow."""
        return self._all().to_arrow(categories=categories)

    def to_polars(self, *, categories: Sequence[str] = ()) -> pl.DataFrame:
        """The answer, as a ``polars.DataFrame``. Needs polars."""
        return self._all().to_polars(categories=categories)

    def to_pandas(self, dtype_backend: DtypeBackend | None = None, *, categories: Sequence[str] = ()) -> pd.DataFrame:
        """The answer, as a ``pandas.DataFrame``; see :meth:`kaframe.Table.to_pandas`. Needs pandas and pyarrow."""
        return self._all().to_pandas(dtype_backend, categories=categories)

    def to_duckdb(self, connection: duckdb.DuckDBPyConnection | None = None) -> duckdb.DuckDBPyRelation:
        """The answer, as a relation of DuckDB; see :meth:`kaframe.Table.to_duckdb`. Needs duckdb."""
        return self._all().to_duckdb(connection)

    def _all(self) -> _Rows:
        # Errors of a C stream lose their class on the way; these do not.
        self._answer = answer = self._native.run()
        try:
            rows = _Rows(_native.collect(answer))
        finally:
            answer.close()
        warn(answer.warnings())
        return rows

    def __repr__(self) -> str:
        schema, rows = self.schema, self._all()
        title = f"kaframe.Query: {shape_text(len(rows), len(schema))}"
        return title + "\n" + text_table(schema.names, schema.types, rows.cells(_SHOWN), len(rows))

    def _repr_html_(self) -> str:
        schema, rows = self.schema, self._all()
        inner = html_table(schema.names, schema.types, rows.cells(_SHOWN), len(rows))
        return html_card(f"query: {shape_text(len(rows), len(schema))}", "answered", self.explain(), inner)


class _Rows(Convertible):
    """A whole answer."""

    def __init__(self, native: _native.Rows) -> None:
        self._native = native

    def __len__(self) -> int:
        return self._native.num_rows

    def cells(self, rows: int) -> list[list[str | None]]:
        return self._native.cells(rows)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._native.__arrow_c_stream__(requested_schema)


def plan_query(native: _native.Cluster | None, query: object, given: dict[str, Any], tables: dict[str, Any]) -> Query:
    """A query from the parameters of ``sql``."""
    if not isinstance(query, str):
        raise TypeError(f"the query is text, not {type(query).__name__}")
    arguments: QueryArguments = {
        "memory_limit": size(given["memory_limit"], "memory_limit"),
        "batch_size": positive(given["batch_size"], "batch_size"),
        "timeout": seconds(given["timeout"], "timeout"),
        "allow_files": flag(given["allow_files"], "allow_files"),
    }
    handed_in = {name: _table(name, table) for name, table in tables.items()}
    try:
        return Query(_native.query(native, query, handed_in, arguments))
    except TopicNotFoundError as error:
        # DuckDB looks for such a name among the caller's variables; here tables are named in the call.
        if error.topic is not None and error.topic.isidentifier():
            hand = f"a DataFrame or file is handed in: kf.sql(query, {error.topic}={error.topic})"
            error.hint = f"{error.hint}; {hand}" if error.hint else hand
        raise


def _table(name: str, table: Any) -> Any:
    """What the core takes for a table: a scan of its own, a path, or something with Arrow's C interface."""
    if isinstance(table, Scan):
        return table._native
    if isinstance(table, (str, os.PathLike)):
        path = os.fspath(table)
        if isinstance(path, str) and path.lower().endswith(_FILES):
            return path
        hint = advice(name, _OPTIONS)
        raise TypeError(
            f"sql() got {name}={table!r}"
            + (
                f": {hint}"
                if hint
                else f", which is no table: scans, DataFrames, Arrow data, files ({', '.join(_FILES)})"
            )
        )
    kind = type(table)
    package = kind.__module__.partition(".")[0]
    if package == "pandas" and kind.__name__ == "DataFrame":
        import pyarrow

        return pyarrow.Table.from_pandas(table, preserve_index=False)
    if package == "polars" and kind.__name__ in ("DataFrame", "LazyFrame"):
        from ._write import polars_as_arrow

        return polars_as_arrow(table if kind.__name__ == "DataFrame" else table.collect())
    if kind.__name__ != "Series" and (hasattr(table, "__arrow_c_stream__") or hasattr(table, "__arrow_c_array__")):
        return table
    hint = advice(name, _OPTIONS)
    raise TypeError(
        f"sql() got {name}={table!r:.60}"
        + (f": {hint}" if hint else ", which is no table: hand in scans, pandas, Polars, Arrow data, or files")
    )
