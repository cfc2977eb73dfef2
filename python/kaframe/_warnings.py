"""Warnings, told where the caller stands and not where this package does."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING

from ._display import plain
from .errors import KaframeWarning

if TYPE_CHECKING:
    from collections.abc import Iterable

_HERE = __file__.rpartition("/")[0] or __file__.rpartition("\\")[0]


def warn(messages: Iterable[str]) -> None:
    """One :class:`~kaframe.KaframeWarning` per message, at the first frame outside this package."""
    for message in messages:
        warnings.warn(plain(message), KaframeWarning, stacklevel=_level())


def _level() -> int:
    # Level 2 is the caller of `warn`.
    level, frame = 2, sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
        level += 1
    return level
