"""Progress of a read or write: to a callback, a tqdm bar or one line on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    #: None: shown by itself where a person watches; True, False: shown or not; a function: called with :class:`Progress`.
    ProgressLike: TypeAlias = bool | Callable[["Progress"], object] | None

#: Seconds after which progress is shown by itself.
PATIENCE = 1.0


class Progress(NamedTuple):
    """How far a read or write has come. Numbers only grow."""

    records: int
    #: Bytes of records, as they are on the wire.
    bytes: int
    #: Offsets passed, and those of the whole plan (0 where that is not known: a write).
    offsets_done: int
    offsets_total: int
    #: Malformed values.
    malformed: int
    #: Seconds since the beginning, and those that brokers asked us to wait.
    elapsed: float
    throttled: float

    @property
    def fraction(self) -> float:
        """From 0 to 1."""
        return min(1.0, self.offsets_done / self.offsets_total) if self.offsets_total else 0.0

    @property
    def rate(self) -> float:
        """Records per second."""
        return self.records / self.elapsed if self.elapsed > 0 else 0.0


class _Bar(Protocol):
    def show(self, progress: Progress) -> None: ...
    def close(self, progress: Progress | None) -> None: ...


class Watch:
    """What the core calls while it works. As a context manager it cleans up after itself, whatever happens.

    ``unit`` is the word on the bar; ``automatic`` says whether None may show anything.
    """

    def __init__(self, progress: ProgressLike, label: str, *, automatic: bool = True) -> None:
        if progress not in (None, True, False) and not callable(progress):
            raise TypeError(f"progress takes True, False, None or a function, not {progress!r}")
        self._label = label
        self._callback = progress if callable(progress) else None
        self._wanted = progress is True or (progress is None and automatic and is_watched())
        self._patience = 0.0 if progress is True else PATIENCE
        self._bar: _Bar | None = None
        self._last: Progress | None = None

    @property
    def native(self) -> Callable[..., None] | None:
        """The function for the core, or None where nobody watches."""
        return self._update if self._callback or self._wanted else None

    def _update(self, *values: Any) -> None:
        self._last = progress = Progress(*values)
        if self._callback:
            self._callback(progress)
        elif self._bar or progress.elapsed >= self._patience:
            self._bar = self._bar or _bar(self._label, progress.offsets_total)
            self._bar.show(progress)

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.close(self._last)
            self._bar = None


def is_watched() -> bool:
    """Whether a person sees what is written to stderr: a terminal, or a notebook."""
    stderr = sys.stderr
    if "ipykernel" in sys.modules:
        return True
    try:
        return stderr is not None and stderr.isatty()
    except ValueError:  # closed
        return False


def _bar(label: str, total: int) -> _Bar:
    try:
        from tqdm.auto import tqdm  # pyright: ignore[reportMissingModuleSource]
    except ImportError:
        return _Line(label)
    return _Tqdm(tqdm(total=total or None, desc=label, unit="rec", unit_scale=True, leave=False))


class _Tqdm:
    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def show(self, progress: Progress) -> None:
        done = progress.offsets_done if progress.offsets_total else progress.records
        self._bar.update(done - self._bar.n)

    def close(self, progress: Progress | None) -> None:
        self._bar.close()


class _Line:
    """One line that is written over where stderr is a terminal, and only its last state where it is not."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._width = 0

    def show(self, progress: Progress) -> None:
        if sys.stderr.isatty():
            text = self._text(progress)
            sys.stderr.write("\r" + text.ljust(self._width))
            sys.stderr.flush()
            self._width = len(text)

    def close(self, progress: Progress | None) -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\r" + " " * self._width + "\r")
        elif progress:
            sys.stderr.write(self._text(progress) + "\n")
        sys.stderr.flush()

    def _text(self, progress: Progress) -> str:
        part = f" ({progress.fraction:.0%})" if progress.offsets_total else ""
        return f"{self._label}: {progress.records:,} records{part}, {progress.rate:,.0f}/s, {progress.elapsed:.1f} s"
