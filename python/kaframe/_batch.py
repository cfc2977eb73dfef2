"""A record batch: what iteration over a scan gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._convert import Convertible
from ._display import ROWS, html_table, shape_text, text_table
from ._held import Held

if TYPE_CHECKING:
    from . import _native
    from ._native import Schema


class RecordBatch(Convertible, Held):
    """Rows as Arrow columns. Anything that takes Arrow's C interface takes it.

    Examples
    --------
    >>> for batch in kf.scan("orders", batch_size=250):
    ...     frame = batch.to_polars()
    >>> frame.height <= 250
    True
    """

    _in_its_place = "pickle batch.to_arrow() or batch.to_pandas()"
    __slots__ = ("_native",)

    def __init__(self, native: _native.RecordBatch) -> None:
        self._native = native

    def __len__(self) -> int:
        return self._native.num_rows

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._native.num_rows, len(self._native.schema)

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return self._native.schema.names

    @property
    def schema(self) -> Schema:
        """Names and Arrow types."""
        return self._native.schema

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        return self._native.__arrow_c_array__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self._native.schema.__arrow_c_schema__()

    def __repr__(self) -> str:
        schema, (rows, columns) = self._native.schema, self.shape
        return f"kaframe.RecordBatch: {shape_text(rows, columns)}\n" + text_table(
            schema.names, schema.types, self._native.cells(ROWS), rows
        )

    def _repr_html_(self) -> str:
        schema = self._native.schema
        return html_table(schema.names, schema.types, self._native.cells(ROWS), len(self))
