"""A cluster: the verbs, bound to brokers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _native
from ._config import properties
from ._held import Held
from ._keywords import keywords
from ._options import scan_arguments
from ._scan import Scan
from ._sql import Query, plan_query
from ._topic import topic_names
from ._topics import topic_description, topic_info
from ._warnings import warn
from ._write import write_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ._bound import EndLike, StartLike
    from ._config import Properties, Servers
    from ._options import IsolationLevel, KeyFormat, Late, OnError, Order, Size, ValueFormat
    from ._progress import ProgressLike
    from ._sql import TableLike
    from ._table import Table
    from ._topic import TopicLike
    from ._topics import TopicDescription, TopicInfo
    from ._write import Compression, Writable, WriteFormat, WriteKeyFormat, WriteReport


class Cluster(Held):
    """A Kafka cluster, as :func:`kaframe.connect` gives it: the same verbs as the module's functions, bound to its brokers.

    Examples
    --------
    >>> cluster = kf.connect()
    >>> len(cluster.read("orders", tail=10))
    10
    """

    _in_its_place = "hand over its bootstrap servers, and connect where it is used"

    @keywords
    def __init__(self, bootstrap_servers: Servers | None = None, *, config: Properties | None = None) -> None:
        self._native = _native.Cluster(properties(bootstrap_servers, config))
        warn(self._native.warnings)

    @property
    def cluster_id(self) -> str | None:
        """Id of the cluster, where it has one."""
        return self._native.cluster_id

    @keywords
    def read(
        self,
        topic: TopicLike,
        *,
        start: StartLike = "earliest",
        end: EndLike = "latest",
        late: Late = "5m",
        partitions: Sequence[int] | None = None,
        limit: int | None = None,
        tail: int | None = None,
        where: str | None = None,
        isolation_level: IsolationLevel = "read_committed",
        key_format: KeyFormat = "auto",
        value_format: ValueFormat = "auto",
        columns: Sequence[str] | None = None,
        metadata: bool | Sequence[str] = True,
        on_error: OnError = "null",
        order: Order = "partition",
        batch_size: int = 65_536,
        memory_limit: Size = "1GiB",
        max_result_bytes: Size = "auto",
        timeout: float = 60.0,
        allow_partial: bool = False,
        progress: ProgressLike = None,
    ) -> Table:
        """Reads a topic into a table; see :func:`kaframe.read`."""
        return open_scan(self._native, locals()).read()

    @keywords
    def scan(
        self,
        topic: TopicLike,
        *,
        start: StartLike = "earliest",
        end: EndLike = "latest",
        late: Late = "5m",
        partitions: Sequence[int] | None = None,
        limit: int | None = None,
        tail: int | None = None,
        where: str | None = None,
        isolation_level: IsolationLevel = "read_committed",
        key_format: KeyFormat = "auto",
        value_format: ValueFormat = "auto",
        columns: Sequence[str] | None = None,
        metadata: bool | Sequence[str] = True,
        on_error: OnError = "null",
        order: Order = "partition",
        batch_size: int = 65_536,
        memory_limit: Size = "1GiB",
        max_result_bytes: Size = "auto",
        timeout: float = 60.0,
        allow_partial: bool = False,
        progress: ProgressLike = None,
    ) -> Scan:
        """Resolves what to read, at once, and reads it when it is used; see :func:`kaframe.scan`."""
        return open_scan(self._native, locals())

    def sql(
        self,
        query: str,
        *,
        memory_limit: Size = "1GiB",
        batch_size: int = 8192,
        timeout: float = 60.0,
        allow_files: bool = False,
        **tables: TableLike,
    ) -> Query:
        """Plans a query over topics and tables that are handed in; see :func:`kaframe.sql`."""
        return plan_query(self._native, query, locals(), tables)

    @keywords
    def write(
        self,
        data: Writable,
        topic: str,
        *,
        key: str | None = None,
        key_format: WriteKeyFormat = "auto",
        value_format: WriteFormat = "json",
        compression: Compression = "none",
        partition: int | None = None,
        progress: ProgressLike = None,
    ) -> WriteReport:
        """Writes rows as records; see :func:`kaframe.write`."""
        return write_data(self._native, locals())

    def topics(self) -> list[TopicInfo]:
        """All topics, by name; see :func:`kaframe.topics`."""
        return [topic_info(data) for data in self._native.topics()]

    @keywords
    def create_topic(
        self,
        topic: str,
        *,
        partitions: int = 1,
        replication_factor: int | None = None,
        configs: Mapping[str, object] | None = None,
    ) -> None:
        """Creates a topic; see :func:`kaframe.create_topic`."""
        texts = properties(None, configs)
        self._native.create_topic(topic, partitions, -1 if replication_factor is None else replication_factor, texts)

    def delete_topic(self, topic: str) -> None:
        """Deletes a topic with all its records; see :func:`kaframe.delete_topic`."""
        self._native.delete_topic(topic)

    def describe_topic(self, topic: str) -> TopicDescription:
        """Partitions, leaders, offsets and configuration; see :func:`kaframe.describe_topic`."""
        return topic_description(self._native.describe_topic(topic))

    def __repr__(self) -> str:
        return f"kaframe.Cluster({self._native.bootstrap_servers!r})"


def open_scan(native: _native.Cluster, given: dict[str, object]) -> Scan:
    """A scan from the parameters of ``scan`` or ``read``, taken as they stand in the call."""
    arguments = scan_arguments(given)
    names, found = topic_names(native, given["topic"])  # type: ignore[arg-type]
    return Scan(native.scan(names, found, arguments), given["progress"])  # type: ignore[arg-type]
