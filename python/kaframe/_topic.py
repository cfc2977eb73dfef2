"""Which topics: what callers may write for ``topic``, brought to names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .errors import TopicNotFoundError

if TYPE_CHECKING:
    from typing import TypeAlias

    from . import _native

    #: A name, a name with ``*`` and ``?`` for all that match it, several of these, or a compiled regular expression that names must match as a whole.
    TopicLike: TypeAlias = str | Iterable[str] | re.Pattern[str]


def topic_names(native: _native.Cluster, topic: TopicLike) -> tuple[list[str], bool]:
    """Names, and whether they are what a search found: then there might have been more."""
    if isinstance(topic, str):
        return [topic], False
    if isinstance(topic, re.Pattern):
        return _matching(native, topic), True
    if isinstance(topic, Iterable) and not isinstance(topic, bytes):
        names = list(topic)
        for name in names:
            if not isinstance(name, str):
                raise TypeError(f"a topic is a name, not {name!r}")
        return names, False
    raise TypeError(f'topic takes a name, a list of names, or a pattern such as re.compile("orders-.*"), not {topic!r}')


def _matching(native: _native.Cluster, pattern: re.Pattern[str]) -> list[str]:
    if not isinstance(pattern.pattern, str):
        raise TypeError(f"a pattern of topics is made from text, not from bytes: {pattern.pattern!r}")
    # Kafka's own topics are not what a pattern for one's own means, unless it begins as they do.
    own = pattern.pattern.lstrip("^\\").startswith("_")
    known = native.topics()
    names = sorted(name for name, _, internal in known if (own or not internal) and pattern.fullmatch(name))
    if not names:
        raise TopicNotFoundError(
            f"no topic matches {pattern.pattern!r}",
            hint=f"there are {len(known)} topics that may be seen; the pattern must match a whole name",
        )
    return names
