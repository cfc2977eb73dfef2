"""The embedded broker: a Kafka in this process, for trying things out and for tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from . import _native
from ._keywords import keywords

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Literal, TypeAlias

    KafkaVersion: TypeAlias = Literal["0.11", "2.8", "3.9", "4.1"]


class Broker:
    """An in-memory Kafka on 127.0.0.1. It forgets everything when it stops: at the end of the ``with`` block, or with :meth:`stop`.

    Parameters
    ----------
    topics : mapping of str to int, or iterable of str
        Topics that exist from the start, with their number of partitions (1 in the short form).
    port : int, optional
        Port of the first broker; any free one by default.
    version : {"4.1", "3.9", "2.8", "0.11"}
        The Kafka it poses as.
    brokers : int
        How many brokers the cluster has.

    Raises
    ------
    ConfigError
        An option makes no sense.
    OSError
        The port is taken.

    Examples
    --------
    >>> with kf.Broker(topics={"foo": 1}) as broker:
    ...     cluster = kf.connect(broker.bootstrap_servers)
    ...     _ = cluster.write([{"number": i} for i in range(3)], "foo")
    ...     len(cluster.read("foo"))
    3
    """

    @keywords
    def __init__(
        self,
        *,
        topics: Mapping[str, int] | Iterable[str] = (),
        port: int | None = None,
        version: KafkaVersion = "4.1",
        brokers: int = 1,
    ) -> None:
        if isinstance(topics, str):
            raise TypeError(f'topics takes {{"{topics}": 1}} or ["{topics}"], not text')
        pairs = list(topics.items()) if isinstance(topics, Mapping) else [(name, 1) for name in topics]
        self._native = _native.Broker(pairs, port, version, brokers)

    @property
    def bootstrap_servers(self) -> str:
        """Its address, for :func:`kaframe.connect` and for any other Kafka client."""
        return self._native.bootstrap_servers

    def stop(self) -> None:
        """Stops it. Stopping twice does no harm."""
        self._native.stop()

    def __enter__(self) -> Broker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"kaframe.Broker({self.bootstrap_servers!r})"
