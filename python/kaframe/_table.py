"""A table: the result of a read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._batch import RecordBatch
from ._bookmark import Bookmark
from ._convert import Convertible
from ._display import ROWS, html_card, html_table, shape_text, text_table
from ._held import Held
from ._report import report

if TYPE_CHECKING:
    from . import _native
    from ._native import Schema
    from ._report import Report


class Table(Convertible, Held):
    """The result of a read: typed columns, sorted by (``_partition``, ``_offset``), with a report that accounts for every offset.

    Anything that takes Arrow's C stream takes a table: ``polars.DataFrame(table)``, ``pyarrow.table(table)``,
    ``duckdb.sql("select ... from table")``.

    Examples
    --------
    >>> table = kf.read("orders")
    >>> len(table), table.complete
    (1000, True)
    >>> table.columns
    ['id', 'amount', 'country', '_key', '_partition', '_offset', '_timestamp']
    >>> table.to_pandas()["amount"].sum()
    np.float64(499500.0)
    """

    _in_its_place = "pickle table.to_arrow() or table.to_pandas()"
    __slots__ = ("_native", "_report")

    def __init__(self, native: _native.Table) -> None:
        self._native = native
        self._report: Report | None = None

    def __len__(self) -> int:
        return self._native.num_rows

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._native.num_rows, len(self._native.schema)

    @property
    def columns(self) -> list[str]:
        """Names of the columns: fields of the value, then metadata."""
        return self._native.schema.names

    @property
    def schema(self) -> Schema:
        """Names and Arrow types."""
        return self._native.schema

    @property
    def report(self) -> Report:
        """What the read accounts for."""
        if self._report is None:
            self._report = report(*self._native.report())
        return self._report

    @property
    def errors(self) -> RecordBatch:
        """Malformed values: ``partition`` int32, ``offset`` int64, ``reason`` text, ``value`` (their bytes)."""
        return RecordBatch(self._native.errors())

    @property
    def complete(self) -> bool:
        """Every offset of the plan was read. Can be False only with ``allow_partial=True``."""
        return self.report.complete

    @property
    def next_start(self) -> Bookmark:
        """Where the next read starts: ``kf.read(topic, start=table.next_start)`` goes on exactly behind this one."""
        return Bookmark(self._native.next_start())

    def head(self, n: int = 5) -> Table:
        """The first ``n`` rows, with the same report."""
        if n < 0:
            raise ValueError(f"head takes a number of rows, not {n}")
        return Table(self._native.head(n))

    def _for_polars(self) -> _Views:
        return _Views(self._native)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._native.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self._native.schema.__arrow_c_schema__()

    def _badge(self) -> str:
        return "complete" if self.complete else "INCOMPLETE"

    def __repr__(self) -> str:
        schema, (rows, columns) = self._native.schema, self.shape
        title = f"kaframe.Table: {shape_text(rows, columns)}, {self._badge()}"
        return title + "\n" + text_table(schema.names, schema.types, self._native.cells(ROWS), rows)

    def _repr_html_(self) -> str:
        schema, (rows, columns) = self._native.schema, self.shape
        inner = html_table(schema.names, schema.types, self._native.cells(ROWS), rows)
        return html_card(
            f"{', '.join(one.topic for one in self.report.topics)}: {shape_text(rows, columns)}",
            self._badge(),
            self.report.text,
            inner,
        )


class _Views:
    """A table whose texts come as views."""

    def __init__(self, native: _native.Table) -> None:
        self._native = native

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._native.views()
