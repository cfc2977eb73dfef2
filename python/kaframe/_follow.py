"""A scan that goes on with new records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._batch import RecordBatch
from ._bookmark import Bookmark
from ._report import Report, report

if TYPE_CHECKING:
    from types import TracebackType

    from . import _native


class Follow:
    """The rows of a scan, then new ones as they are written, until it is closed or interrupted; as :meth:`kaframe.Scan.follow` gives it.

    An iterator of :class:`~kaframe.RecordBatch` that waits for the next one as long as it takes. Their schema is fixed when the first values are seen; what
    does not fit it is in the column ``_extra``. New partitions, and topics that a name with ``*`` matches, join from their start.

    Examples
    --------
    >>> with kf.scan("orders", start=990).follow() as new:
    ...     batch = next(new)
    >>> len(batch), new.next_start.offsets
    (10, {'orders': {0: 1000}})
    """

    def __init__(self, native: _native.Follow) -> None:
        self._native = native

    def __iter__(self) -> Follow:
        return self

    def __next__(self) -> RecordBatch:
        return RecordBatch(next(self._native))

    def close(self) -> None:
        """Stops. What was given so far stays readable."""
        self._native.close()

    def __enter__(self) -> Follow:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def next_start(self) -> Bookmark:
        """Where a later read starts: exactly behind what was given."""
        return Bookmark(self._native.next_start())

    @property
    def report(self) -> Report | None:
        """What is accounted for so far; None before the first records."""
        texts = self._native.report()
        return None if texts is None else report(*texts)

    @property
    def errors(self) -> RecordBatch:
        """Malformed values, as ``Table.errors``; of a long time the last are kept."""
        return RecordBatch(self._native.errors())
