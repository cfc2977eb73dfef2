"""A scan: a frozen plan that can be read as a table or streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from ._batch import RecordBatch
from ._convert import Convertible
from ._display import html_card
from ._files import Savable
from ._follow import Follow
from ._held import Held
from ._plan import plan, split
from ._progress import Watch
from ._report import report
from ._table import Table
from ._warnings import warn
from .errors import KaframeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, Literal

    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from . import _native
    from ._convert import DtypeBackend
    from ._native import Schema
    from ._plan import Plan, Split
    from ._progress import ProgressLike
    from ._report import Report
    from ._summary import Summary


class AtMost(int):
    """A number that is an upper bound."""

    def __repr__(self) -> str:
        return f"at most {int(self):,}"

    __str__ = __repr__


def rows(name: str, n: int) -> int:
    """A number of rows."""
    if n < 0:
        raise ValueError(f"{name} takes a number of rows, not {n}")
    return n


class Scan(Convertible, Savable, Held):
    """A frozen plan: which offsets will be read was decided when it was made, so reading it twice gives the same rows.

    Iterating gives :class:`~kaframe.RecordBatch` in bounded memory, with a schema fixed after a sample; what does not fit that schema is in
    the column ``_extra``. ``to_pandas()``, ``to_polars()`` and ``to_arrow()`` read it all, with types decided over everything. DuckDB and others
    can stream it through Arrow's C stream.

    Examples
    --------
    >>> scan = kf.scan("orders", batch_size=300)
    >>> sum(len(batch) for batch in scan)
    1000
    >>> scan.report.complete
    True
    """

    _in_its_place = "hand over the arguments of kf.scan, or scan.splits(), and open it where it is read"

    def __init__(self, native: _native.Scan, progress: ProgressLike = None) -> None:
        self._native = native
        self._progress = progress
        self._running: _native.Stream | Table | None = None

    @property
    def schema(self) -> Schema:
        """Names and Arrow types of a stream of this scan. Reads a sample the first time."""
        return self._native.schema()

    def plan(self, *, sample: bool = False) -> Plan:
        """What will be read, resolved; no data is read for it.

        Parameters
        ----------
        sample : bool, default False
            Fetch one batch of each partition and estimate from it: bytes, memory, seconds, timestamps. Without it they are unknown, and so are those of
            partitions that may not be read.

        Examples
        --------
        >>> plan = kf.scan("orders").plan(sample=True)
        >>> plan.estimate.records
        1000
        """
        return plan(self._native.plan(sample))

    def splits(self) -> list[Split]:
        """The plan as units of parallel work, to be pickled and read elsewhere.

        Examples
        --------
        >>> def read(split):
        ...     return kf.read(split.topic, partitions=[split.partition], start=split.start, end=split.end).to_arrow()
        >>> sum(read(split).num_rows for split in kf.scan("orders").splits())
        1000
        """
        return [split(data) for data in self._native.splits()]

    def read(self) -> Table:
        """Reads it all into a table, as :func:`kaframe.read` does."""
        return self._table(self._native.read)

    def latest_by_key(self) -> Table:
        """The last record of each key: the view that a compacted topic keeps.

        A key whose last record is a tombstone has no row, and a record without a key has none. A key belongs to its partition: one that is in two of
        them (the topic got more partitions, or producers choose differently) has a row for each, and the report warns. Memory holds a row or two a key,
        not all rows. A ``where`` is asked of the last records, so a key whose last record does not pass has no row; the range is then read twice.
        ``limit``, ``tail`` and ``allow_partial`` make no sense here and are refused, and so are conditions on times or on an offset to end at: ``start``
        and ``end`` say whether the last record before them is meant.

        Examples
        --------
        >>> kf.create_topic("prices", partitions=1)
        >>> rows = [{"_key": "a", "price": 1}, {"_key": "b", "price": 2}, {"_key": "a", "price": 3}]
        >>> report = kf.write(rows, "prices")
        >>> kf.scan("prices", columns=["_key", "price"]).latest_by_key().to_polars().rows()
        [('b', 2), ('a', 3)]
        >>> kf.delete_topic("prices")
        """
        return self._table(self._native.latest_by_key)

    def follow(self) -> Follow:
        """The rows of this scan, then new ones as they are written: an iterator that waits for them until it is closed or interrupted.

        Takes no ``end``. ``limit`` is the number of records behind which it ends.
        """
        return Follow(self._native.follow())

    def _table(self, native: Callable[[Any], _native.Table]) -> Table:
        with Watch(self._progress, self._native.topics) as watch:
            table = Table(native(watch.native))
        self._running = table
        warn(table.report.warnings)
        return table

    def summarize(self) -> Summary:
        """What is in it, in one pass and bounded memory: types, nulls, different and frequent values and the spread of every column, records over
        time and by partition, and how evenly keys lie. In a notebook it draws.
        """
        from ._summary import summary

        with Watch(self._progress, self._native.topics) as watch:
            found = summary(*self._native.summarize(watch.native))
        warn(found.report.warnings)
        return found

    def count(self, *, exact: bool = True) -> int:
        """How many records there are.

        Parameters
        ----------
        exact : bool, default True
            Exact: all bytes are fetched, but batches are counted by their headers; only those that a bound or a condition cuts are opened. With
            ``False`` nothing is fetched: the result is the number of offsets, of which some may hold no record. It prints itself as "at most ...".

        Examples
        --------
        >>> scan = kf.scan("orders", start=100)
        >>> scan.count()
        900
        >>> scan.count(exact=False)
        at most 900
        """
        if not exact:
            return AtMost(self._native.count_at_most())
        with Watch(self._progress, self._native.topics) as watch:
            records, *texts = self._native.count(watch.native)
        warn(report(*texts).warnings)
        return records

    def head(self, n: int = 5) -> Scan:
        """The first ``n`` records: the same plan with a limit, not read yet.

        >>> len(kf.scan("orders").head(3).read())
        3
        """
        return Scan(self._native.head(rows("head", n)), self._progress)

    def tail(self, n: int = 5) -> Scan:
        """The newest ``n`` records: the same plan with a tail, not read yet.

        >>> kf.scan("orders").tail(2).to_arrow()["_offset"].to_pylist()
        [998, 999]
        """
        return Scan(self._native.tail(rows("tail", n)), self._progress)

    def __iter__(self) -> Iterator[RecordBatch]:
        with Watch(self._progress, self._native.topics, automatic=False) as watch:
            self._running = stream = self._native.stream(watch.native)
            try:
                for batch in stream:
                    yield RecordBatch(batch)
            finally:
                stream.close()
        warn(report(*stream.report()).warnings)

    @property
    def report(self) -> Report:
        """What the running stream (or the last one) accounts for so far; final once it has ended."""
        running = self._started()
        return running.report if isinstance(running, Table) else report(*running.report())

    @property
    def errors(self) -> RecordBatch:
        """Malformed values of the running stream (or the last one) so far, as ``Table.errors``: the first ones of each
        partition, up to 10,000 or 16 MiB in all; ``report.malformed_not_listed`` counts the others."""
        running = self._started()
        return running.errors if isinstance(running, Table) else RecordBatch(running.errors())

    def _started(self) -> _native.Stream | Table:
        if self._running is None:
            raise KaframeError("nothing of this scan was read yet", hint="iterate over it, or convert it, first")
        return self._running

    def to_arrow(self, *, categories: Sequence[str] = ()) -> pa.Table:
        """Reads it all, as a ``pyarrow.Table``; see :meth:`kaframe.Table.to_arrow`. Needs pyarrow."""
        return self.read().to_arrow(categories=categories)

    @overload  # type: ignore[override]
    def to_polars(self, lazy: Literal[False] = False, *, categories: Sequence[str] = ()) -> pl.DataFrame: ...
    @overload
    def to_polars(self, lazy: Literal[True], *, categories: Sequence[str] = ()) -> pl.LazyFrame: ...
    def to_polars(self, lazy: bool = False, *, categories: Sequence[str] = ()) -> pl.DataFrame | pl.LazyFrame:
        """Reads it all, as a ``polars.DataFrame``; see :meth:`kaframe.Table.to_polars`. Needs polars.

        Parameters
        ----------
        lazy : bool
            A ``LazyFrame`` in place of it, which streams the scan whenever it is collected: only the columns that the query needs are decoded, its
            conditions and its ``head`` are given to the read. Its types are those of a stream.
        categories : sequence of str
            As for a table; not for a lazy frame, which can cast.

        Examples
        --------
        >>> import polars as pl
        >>> frame = kf.scan("orders").to_polars(lazy=True)
        >>> frame.filter(pl.col("country") == "fr").select(pl.col("amount").sum()).collect().item()
        249500.0
        """
        if lazy:
            if categories:
                raise TypeError("categories are those of a table: a lazy frame is cast, .cast({name: pl.Categorical})")
            from ._polars import lazy_frame

            return lazy_frame(self)
        return self.read().to_polars(categories=categories)

    def _narrowed(self, columns: list[str] | None, where: str | None, limit: int | None) -> Iterator[RecordBatch]:
        """A stream of part of this scan: of the same records, with the same types."""
        stream = self._native.narrow(columns, where, limit).stream()
        try:
            for batch in stream:
                yield RecordBatch(batch)
        finally:
            stream.close()
        warn(report(*stream.report()).warnings)

    def to_pandas(self, dtype_backend: DtypeBackend | None = None, *, categories: Sequence[str] = ()) -> pd.DataFrame:
        """Reads it all, as a ``pandas.DataFrame``; see :meth:`kaframe.Table.to_pandas`. Needs pandas and pyarrow."""
        return self.read().to_pandas(dtype_backend, categories=categories)

    def to_duckdb(self, connection: duckdb.DuckDBPyConnection | None = None) -> duckdb.DuckDBPyRelation:
        """Reads it all, as a relation of DuckDB; see :meth:`kaframe.Table.to_duckdb`. :func:`kaframe.duckdb_view` streams instead. Needs duckdb."""
        return self.read().to_duckdb(connection)

    def __copy__(self) -> Scan:
        return Scan(self._native, self._progress)

    def __deepcopy__(self, memo: object) -> Scan:
        return self.__copy__()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        self._running, capsule = self._native.arrow_stream(requested_schema)
        return capsule

    def __arrow_c_schema__(self) -> object:
        return self.schema.__arrow_c_schema__()

    def __repr__(self) -> str:
        return f"kaframe.Scan\n{self.plan().text}"

    def _repr_html_(self) -> str:
        found = self.plan()
        return html_card(
            f"scan of {found.headline()}",
            "not read yet",
            found.text,
        )
