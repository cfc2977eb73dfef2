"""A bookmark: where a read ended, so that the next one starts exactly behind it."""

from __future__ import annotations

from typing import Any

from .errors import ConfigError


class Bookmark:
    """Where a read ended: JSON text with the cluster's id, and of each topic its id and the offset and leader epoch of each partition.

    Give it to ``start``: the next read begins exactly behind the last one. A topic that was deleted and created again, or another
    cluster, is :class:`~kaframe.DataLossError`. ``str(bookmark)`` is the text to keep; ``Bookmark(text)`` reads it back.

    Parameters
    ----------
    text : str
        JSON text, as ``str(bookmark)`` gave it.

    Attributes
    ----------
    topics : tuple[str, ...]
    cluster_id : str or None
        None where the brokers have no ids.
    offsets : dict[str, dict[int, int]]
        The next offset of each topic's partitions.

    Examples
    --------
    >>> table = kf.read("orders", limit=10)
    >>> rest = kf.read("orders", start=table.next_start)
    >>> kf.Bookmark(str(table.next_start)) == table.next_start
    True
    """

    __slots__ = ("_data", "_text")

    def __init__(self, text: str) -> None:
        import json

        try:
            data: Any = json.loads(text)
            self._data = {
                "cluster_id": data.get("cluster_id"),
                "offsets": {
                    str(one["topic"]): {int(entry["partition"]): int(entry["offset"]) for entry in one["partitions"]}
                    for one in data["topics"]
                },
            }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            why = f"it has no {error}" if isinstance(error, KeyError) else error
            raise ConfigError(
                f"this is no bookmark: {why}", hint="a bookmark is the text of str(table.next_start)"
            ) from None
        self._text = text

    @property
    def topics(self) -> tuple[str, ...]:
        """Names of the topics."""
        return tuple(self._data["offsets"])

    @property
    def cluster_id(self) -> str | None:
        """Id of the cluster."""
        return self._data["cluster_id"]

    @property
    def offsets(self) -> dict[str, dict[int, int]]:
        """The next offset of each topic's partitions."""
        return {topic: dict(offsets) for topic, offsets in self._data["offsets"].items()}

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Bookmark({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bookmark) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[type[Bookmark], tuple[str]]:
        return Bookmark, (self._text,)
