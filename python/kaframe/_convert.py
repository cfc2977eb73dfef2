"""Arrow -> pandas, Polars, pyarrow. Each of them is optional and imported when it is asked for.

Anything that exports Arrow's C interface can be converted here; the classes of this package inherit :class:`Convertible`.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING

from .errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType
    from typing import Any, Literal, TypeAlias

    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    DtypeBackend: TypeAlias = Literal["numpy_nullable", "pyarrow"]


class Convertible:
    """Conversions of what exports itself as Arrow."""

    __slots__ = ()

    def _for_polars(self) -> Any:
        """What Polars takes: this, or the same with texts as Polars holds them."""
        return self

    def to_arrow(self, *, categories: Sequence[str] = ()) -> pa.Table:
        """As a ``pyarrow.Table``, without copying. Needs pyarrow.

        Parameters
        ----------
        categories : sequence of str
            Columns of text that become dictionaries: each different text once, and a number for each row.
        """
        pyarrow = optional("pyarrow", "to_arrow()")
        return dictionaries(arrow(self, pyarrow), categories, pyarrow)

    def to_polars(self, *, categories: Sequence[str] = ()) -> pl.DataFrame:
        """As a ``polars.DataFrame``. Needs polars.

        Parameters
        ----------
        categories : sequence of str
            Columns of text that become ``Categorical``.
        """
        polars = optional("polars", "to_polars()")
        frame = polars.DataFrame(self._for_polars())
        names = texts(categories, {name: kind == polars.String for name, kind in frame.schema.items()})
        return frame.with_columns(polars.col(names).cast(polars.Categorical)) if names else frame

    def to_pandas(self, dtype_backend: DtypeBackend | None = None, *, categories: Sequence[str] = ()) -> pd.DataFrame:
        """As a ``pandas.DataFrame``. Needs pandas and pyarrow.

        Parameters
        ----------
        dtype_backend : {None, "numpy_nullable", "pyarrow"}
            None gives NumPy's dtypes, except where they would lose something: a column of integers, booleans or floats with nulls gets the
            nullable dtype (``Int64``, ``boolean``, ``Float64``; integers never become floats), decimals and nested columns get a
            ``pandas.ArrowDtype``. Text is pandas' ``str``, bytes are objects, times ``datetime64[ms, UTC]``. The other two are pandas' own
            words: nullable dtypes, or Arrow's, for every column.
        categories : sequence of str
            Columns of text that become pandas' ``category``: where few texts come again and again, a fraction of the memory.
        """
        pandas, pyarrow = optional("pandas", "to_pandas()"), optional("pyarrow", "to_pandas()")
        table = dictionaries(arrow(self, pyarrow), categories, pyarrow)
        return to_pandas(table, dtype_backend, pandas, pyarrow)

    def to_duckdb(self, connection: duckdb.DuckDBPyConnection | None = None) -> duckdb.DuckDBPyRelation:
        """As a relation of DuckDB, to be asked as often as one likes. Needs duckdb.

        Parameters
        ----------
        connection : duckdb.DuckDBPyConnection, optional
            The connection that the relation belongs to; DuckDB's default connection without it.

        Examples
        --------
        >>> orders = kf.read("orders").to_duckdb()
        >>> orders.aggregate("country, sum(amount) as total", "country").order("country").fetchall()
        [('de', 250000.0), ('fr', 249500.0)]
        """
        return (optional("duckdb", "to_duckdb()") if connection is None else connection).from_arrow(self)


def optional(package: str, what: str) -> ModuleType:
    """An optional package, or an ``ImportError`` with the line that installs it."""
    try:
        return import_module(package)
    except ImportError as error:
        if error.name not in (None, package):
            raise
        raise ImportError(f'{what} needs {package}: pip install "kaframe[{package}]"', name=package) from error


def arrow(rows: Any, pyarrow: ModuleType) -> pa.Table:
    """Rows as a ``pyarrow.Table``, without copying. ``pyarrow.table(rows)`` imports pandas to see whether they are a frame: a quarter of a second."""
    if hasattr(rows, "__arrow_c_stream__"):
        return pyarrow.RecordBatchReader.from_stream(rows).read_all()
    return pyarrow.Table.from_batches([pyarrow.record_batch(rows)])


def texts(categories: Sequence[str], columns: dict[str, bool]) -> list[str]:
    """The names in ``categories``, checked against columns and whether they hold text."""
    if isinstance(categories, str):
        raise TypeError(f"categories takes a list of columns: [{categories!r}]")
    if not isinstance(categories, Iterable):
        raise TypeError(f'categories takes a list of columns such as ["country"], not {categories!r}')
    categories = list(categories)
    for name in categories:
        if name not in columns:
            known = ", ".join(columns)
            raise ConfigError(f"categories names {name!r}, which is no column", hint=f"there are: {known}")
        if not columns[name]:
            raise ConfigError(f"categories takes columns of text, and {name!r} holds none")
    return categories


def dictionaries(table: pa.Table, categories: Sequence[str], pyarrow: ModuleType) -> pa.Table:
    """The table with those columns as dictionaries, one for all chunks of a column."""
    text = {field.name: pyarrow.types.is_large_string(field.type) for field in table.schema}
    for name in texts(categories, text):
        index = table.schema.get_field_index(name)
        table = table.set_column(index, name, table.column(index).dictionary_encode())
    # The chunks of a column already number alike, each with the dictionary as far as it had grown.
    return table.unify_dictionaries() if categories else table


def to_pandas(
    table: pa.Table, dtype_backend: DtypeBackend | None, pandas: ModuleType, pyarrow: ModuleType
) -> pd.DataFrame:
    """A pyarrow table as a DataFrame: whether a column has nulls decides about its dtype."""
    if dtype_backend not in (None, "numpy_nullable", "pyarrow"):
        raise ValueError(f'dtype_backend is None, "numpy_nullable" or "pyarrow", not {dtype_backend!r}')
    columns: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        dtype = _dtype(column, dtype_backend, pandas, pyarrow.types)
        if dtype is not None:
            columns[name] = column.to_pandas(types_mapper=lambda _, dtype=dtype: dtype)
    # All others at once: pyarrow fills NumPy's arrays on all cores, and most of the time is the kernel giving them their memory.
    # One block per column: nothing is copied once more to be put side by side. But a column of a single chunk would then be the memory of the
    # Arrow table itself, and writing into the frame would fail.
    table_plain = table.drop_columns(list(columns))
    plain = table_plain.to_pandas(split_blocks=all(column.num_chunks > 1 for column in table_plain.columns))
    if not columns:
        return plain
    ordered = {name: columns[name] if name in columns else plain[name] for name in table.column_names}
    return pandas.DataFrame(ordered, index=pandas.RangeIndex(table.num_rows), copy=False)


def _dtype(column: pa.ChunkedArray, backend: DtypeBackend | None, pandas: ModuleType, types: ModuleType) -> Any:
    """The extension dtype of a column, or None for NumPy's own (and pandas' ``str``)."""
    kind = column.type
    if types.is_dictionary(kind):
        return None  # pandas' own Categorical
    if backend == "pyarrow" or types.is_nested(kind) or types.is_decimal(kind):
        return pandas.ArrowDtype(kind)
    nullable = backend == "numpy_nullable"
    if nullable or column.null_count:
        if types.is_boolean(kind):
            return pandas.BooleanDtype()
        if types.is_integer(kind):
            word = str(kind)  # "int64", "uint8", ...
            return getattr(pandas, f"{'UInt' if word[0] == 'u' else 'Int'}{kind.bit_width}Dtype")()
        if types.is_floating(kind) and kind.bit_width >= 32:
            return getattr(pandas, f"Float{kind.bit_width}Dtype")()
        if nullable and (types.is_string(kind) or types.is_large_string(kind)):
            return pandas.StringDtype()
    return None
