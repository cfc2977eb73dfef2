"""Files: a scan saved as Parquet, Arrow, CSV or NDJSON. A file is there whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from ._bookmark import Bookmark
from ._progress import Watch
from ._report import report
from ._warnings import warn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Literal, TypeAlias

    from . import _native
    from ._progress import ProgressLike
    from ._report import Report

    StrPath: TypeAlias = str | os.PathLike[str]
    ParquetCompression: TypeAlias = Literal["none", "snappy", "gzip", "lz4", "zstd"]
    IpcCompression: TypeAlias = Literal["none", "lz4", "zstd"]
    TextCompression: TypeAlias = Literal["none", "gzip", "zstd"]

#: Rows of a row group, if nobody says.
ROW_GROUP = 122_880


class FileArguments(TypedDict):
    """What the core takes."""

    format: str
    compression: str | None
    row_group_size: int
    partition_by: list[str]
    overwrite: bool
    state: str | None


class WrittenFile(NamedTuple):
    """One file that was written."""

    path: Path
    rows: int
    bytes: int


class WrittenFiles(NamedTuple):
    """What was written, and what the read accounts for."""

    files: tuple[WrittenFile, ...]
    report: Report
    #: Where the next read starts: exactly behind this one.
    next_start: Bookmark

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(file.rows for file in self.files)


class Savable:
    """What can be written to files: the ``write_*`` methods of a scan."""

    _native: _native.Scan
    _progress: ProgressLike

    def write_parquet(
        self,
        path: StrPath,
        *,
        compression: ParquetCompression = "zstd",
        row_group_size: int = ROW_GROUP,
        partition_by: str | Sequence[str] | None = None,
        overwrite: bool = False,
        state: StrPath | None = None,
    ) -> WrittenFiles:
        """Reads it all into a Parquet file, or into a folder of files, in bounded memory.

        Parameters
        ----------
        path : str or path
            The file; or a folder, if it is one, ends with a slash, or with `partition_by`. A folder's files are written at once on several cores.
        compression : {"none", "snappy", "gzip", "lz4", "zstd"}
            Of the columns in the file.
        row_group_size : int
            Most rows of a row group.
        partition_by : str or list of str, optional
            Folders ``name=value`` by a column, or by a part of a time: ``"country"``, ``"day(_timestamp)"`` (``year``, ``month``, ``day``, ``hour``, in UTC).
            A column that the scan does not give is read for the folders alone.
        overwrite : bool
            Replace what is there. Without it, a file that is there, or a folder with anything in it, is a `ConfigError`.
        state : str or path, optional
            A file that remembers where this stands: run it again, and only what is new is added to the folder `path`, nothing twice, wherever a run was
            ended. The scan says where the first run begins; each goes up to now, or to the scan's ``end``.

        Returns
        -------
        WrittenFiles
            The files with their rows and bytes, the report of the read (it is in the files' metadata too, as ``kaframe.report``), and where the next read starts.

        Examples
        --------
        >>> written = kf.scan("orders").write_parquet("orders.parquet")
        >>> written.rows
        1000
        >>> written = kf.scan("orders").write_parquet("orders/", partition_by="day(_timestamp)")

        Run after run, only what is new:

        >>> kf.scan("orders").write_parquet("all_orders/", state="orders.state").rows
        1000
        >>> kf.scan("orders").write_parquet("all_orders/", state="orders.state").rows
        0
        """
        return self._write(path, "parquet", compression, partition_by, overwrite, state, row_group_size)

    def write_ipc(
        self,
        path: StrPath,
        *,
        compression: IpcCompression = "none",
        row_group_size: int = ROW_GROUP,
        partition_by: str | Sequence[str] | None = None,
        overwrite: bool = False,
        state: StrPath | None = None,
    ) -> WrittenFiles:
        """Reads it all into an Arrow IPC file (Feather), as :meth:`write_parquet` does; a record batch has at most `row_group_size` rows."""
        return self._write(path, "arrow", compression, partition_by, overwrite, state, row_group_size)

    def write_csv(
        self,
        path: StrPath,
        *,
        compression: TextCompression | None = None,
        partition_by: str | Sequence[str] | None = None,
        overwrite: bool = False,
        state: StrPath | None = None,
    ) -> WrittenFiles:
        """Reads it all into a CSV file, as :meth:`write_parquet` does; names that end with ``.gz`` or ``.zst`` are compressed.

        A null is an empty field, an empty text a quoted one; times are RFC 3339, bytes base64, nested values JSON.
        """
        return self._write(path, "csv", compression, partition_by, overwrite, state)

    def write_ndjson(
        self,
        path: StrPath,
        *,
        compression: TextCompression | None = None,
        partition_by: str | Sequence[str] | None = None,
        overwrite: bool = False,
        state: StrPath | None = None,
    ) -> WrittenFiles:
        """Reads it all into a file with one JSON object a line, as :meth:`write_csv` does."""
        return self._write(path, "ndjson", compression, partition_by, overwrite, state)

    def _write(
        self,
        path: StrPath,
        format: str,
        compression: str | None,
        partition_by: str | Sequence[str] | None,
        overwrite: bool,
        state: StrPath | None,
        row_group_size: int = ROW_GROUP,
    ) -> WrittenFiles:
        if row_group_size < 1:
            raise ValueError(f"row_group_size is at least 1, not {row_group_size}")
        arguments: FileArguments = {
            "format": format,
            "compression": compression,
            "row_group_size": row_group_size,
            "partition_by": [partition_by] if isinstance(partition_by, str) else list(partition_by or ()),
            "overwrite": bool(overwrite),
            "state": None if state is None else os.fspath(state),
        }
        with Watch(self._progress, self._native.topics) as watch:
            files, texts, next_start = self._native.write_file(os.fspath(path), arguments, watch.native)
        accounted = report(*texts)
        warn(accounted.warnings)
        from pathlib import Path

        named = tuple(WrittenFile(Path(name), rows, size) for name, rows, size in files)
        return WrittenFiles(named, accounted, Bookmark(next_start))


def names_file(data: object) -> bool:
    """Whether data to be written is the path of a file that holds columns."""
    if isinstance(data, os.PathLike):
        return True
    return isinstance(data, str) and data.lower().endswith((".parquet", ".arrow", ".feather", ".ipc", "/"))
