"""A scan as a view of DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._scan import Scan
from ._sql import Query

if TYPE_CHECKING:
    import duckdb


def duckdb_view(connection: duckdb.DuckDBPyConnection, name: str, scan: Scan | Query) -> None:
    """Makes a scan a view that DuckDB can ask as often as it likes: each query streams the same frozen records anew, in bounded memory.

    DuckDB takes all columns of the scan and tests conditions itself, so give the scan the ``columns`` and bounds that are needed; or ask with
    :func:`kaframe.sql`, which gives columns, conditions and limits to the read.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The connection that gets the view.
    name : str
        Name of the view.
    scan : Scan or Query
        What it gives.

    Examples
    --------
    >>> import duckdb
    >>> connection = duckdb.connect()
    >>> kf.duckdb_view(connection, "o", kf.scan("orders", columns=["country", "amount"]))
    >>> connection.execute("select country, sum(amount) from o group by country order by country").fetchall()
    [('de', 250000.0), ('fr', 249500.0)]
    >>> connection.execute("select count(*) from o").fetchone()
    (1000,)
    """
    if not isinstance(scan, (Scan, Query)):
        raise TypeError(f"duckdb_view takes a scan, not {type(scan).__name__}: duckdb_view(connection, name, scan)")
    connection.register(name, scan)
