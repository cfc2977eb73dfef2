"""The module's functions: the verbs of a :class:`~kaframe.Cluster`, which connect to brokers named in the call or in the environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ._cluster import Cluster, open_scan
from ._config import properties
from ._keywords import keywords
from ._native import Cluster as NativeCluster
from ._options import seconds
from ._sql import Query, plan_query
from ._warnings import warn
from ._write import write_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ._bound import EndLike, StartLike
    from ._config import Properties, Servers
    from ._options import IsolationLevel, KeyFormat, Late, OnError, Order, Size, ValueFormat
    from ._progress import ProgressLike
    from ._scan import Scan
    from ._sql import TableLike
    from ._table import Table
    from ._topic import TopicLike
    from ._topics import TopicDescription, TopicInfo
    from ._write import Compression, Writable, WriteFormat, WriteKeyFormat, WriteReport


@keywords
def connect(bootstrap_servers: Servers | None = None, *, config: Properties | None = None) -> Cluster:
    """Connects to a cluster. Sets nothing global: call the verbs on what it returns.

    Parameters
    ----------
    bootstrap_servers : str or iterable of str, optional
        ``"host:port,host:port"`` or a list. Without it, ``bootstrap.servers`` in ``config``, else the environment variable
        ``KAFKA_BOOTSTRAP_SERVERS``.
    config : mapping, optional
        Properties by the names that librdkafka, Java or kafka-python give them.

    Raises
    ------
    ConfigError
        No brokers are named, or a property makes no sense.
    ConnectError
        No broker answers; the message lists every address with its reason.

    Examples
    --------
    >>> cluster = kf.connect()  # brokers from KAFKA_BOOTSTRAP_SERVERS
    >>> [topic.name for topic in cluster.topics()]
    ['orders']
    """
    return Cluster(bootstrap_servers, config=config)


@keywords
def read(
    topic: TopicLike,
    *,
    bootstrap_servers: Servers | None = None,
    config: Properties | None = None,
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
    """Reads a topic, or a chosen part of it, into a table: up to now, and then stops. Complete or an error.

    No consumer group, no commit, no topic created by a typing error.

    Parameters
    ----------
    topic : str, iterable of str or re.Pattern
        Name of the topic. Several names, names with ``*`` and ``?``, or ``re.compile("orders-.*")`` (the whole name must match) read several topics into
        one table, with one schema and rows in order of topic, partition and offset; ``_topic`` tells which. Kafka's own topics are matched only by
        patterns that begin with ``_``.
    bootstrap_servers, config
        Where the brokers are; see :func:`kaframe.connect`.
    start, end : bound or mapping
        ``[start, end)``. A bound is ``"earliest"``, ``"latest"``, an offset (``-n``: n offsets before the end of each partition), or a time: a
        ``datetime``, a ``date``, a ``timedelta`` back from now, ``"-1h"``, ISO text, ``"@1732266000000"`` (milliseconds since 1970), or ``"group:billing"``: where that consumer group stands, looked at only. Naive times are
        UTC. A mapping gives one per partition, of several topics one (or a mapping) per topic; what is not named starts at earliest and ends at
        latest. ``start`` also takes a
        :class:`~kaframe.Bookmark`.
    late : str or timedelta
        An ``end`` by time looks so far beyond it for records whose time is older than their place in the log. ``"scan"`` looks everywhere.
    partitions : sequence of int, optional
        Only these.
    limit : int, optional
        At most so many records: ⌈limit / partitions⌉ from the front of each partition, what a short one lacks the next ones give.
    tail : int, optional
        The newest so many records.
    where : str, optional
        One condition in SQL (DataFusion's dialect) that records must pass: ``"country = 'DE' and amount > 100"``. Fields are named as in
        the records (case matters), nested ones ``user.id`` or ``user['id']``, names with other characters in double quotes; ``_key``,
        ``_partition``, ``_offset``, ``_timestamp`` and the other metadata may be among them, and ``now() - interval '1 day'``. What it says about
        partitions, offsets and the earliest time is never fetched, the rest is tested before other columns are decoded; ``plan()`` shows which.
        A latest time is exact in whatever order times come, so all behind it is looked at: ``end`` with ``late`` stops earlier. ``limit`` and
        ``tail`` count records that pass.
    isolation_level : {"read_committed", "read_uncommitted"}
        Whether records of open and aborted transactions are left out.
    key_format, value_format : str
        ``"auto"`` looks at up to 1,000 records; ``"json"``, ``"string"``, ``"raw"``; keys also ``"int"`` and ``"long"`` (big-endian).
    columns : sequence of str, optional
        Exactly these columns, in this order; ``"user.id"`` is a field of a nested object, and metadata names may be among them.
    metadata : bool or sequence of str
        True gives ``_key``, ``_partition``, ``_offset``, ``_timestamp`` (UTC, milliseconds) behind the fields of the value; False none; a list
        those. Also on request: ``_topic`` (by default where several topics may be read), ``_headers``, ``_timestamp_type``, ``_error``, ``_tombstone``.
    on_error : {"null", "raise", "skip"}
        What happens with a value that is not in the format: its fields are null, the read fails, or the row is left out. ``table.errors`` lists
        them. If no value at all decodes, the read fails.
    order : {"partition", "timestamp"}
        Rows come by topic, partition and offset, or by timestamp over all partitions (then topic, partition, offset; rows without a timestamp first).
        It says nothing about which rows come: ``limit`` takes its share of each partition all the same. A table is sorted exactly. A stream (iteration,
        files) keeps the order of each partition and merges them, in bounded memory: it is sorted where the timestamps of a partition grow with its
        offsets; a row that is older than one before it in its partition comes right behind that one, and a warning counts such rows. With ``limit`` or ``tail`` the
        rows of a stream are held until all are read, within ``memory_limit``.
    batch_size : int
        Rows of a record batch, at most, where the result is streamed.
    memory_limit : int or str
        Bytes that are fetched and decoded but not yet taken.
    max_result_bytes : int or str
        Bytes of a table, at most. ``"auto"`` is half of the memory that is free.
    timeout : float
        Seconds without progress of any kind.
    allow_partial : bool
        Go on where records are lost or can no longer be reached; ``table.complete`` is then False and the report lists the ranges.
    progress : None, bool or callable
        A callable gets a :class:`~kaframe.Progress` about ten times a second. True shows a bar (``tqdm`` if it is installed). None shows one
        in a terminal or notebook when the read takes longer than a second.

    Returns
    -------
    Table
        With ``to_pandas()``, ``to_polars()``, ``to_arrow()`` and a ``report`` that accounts for every offset.

    Raises
    ------
    TopicNotFoundError, ConfigError, OffsetOutOfRangeError
        What was asked for does not exist or makes no sense.
    ConnectError, AuthError, ReadTimeoutError
        The brokers cannot be reached, say no, or say nothing for ``timeout`` seconds.
    DataLossError, CorruptError, DecodeError
        Records are gone, their bytes are bad, or their values are not in the format.
    ResultTooLargeError
        The table would become larger than ``max_result_bytes``.
    TypeError
        An unknown keyword; the message names the right one.

    Examples
    --------
    >>> kf.read("orders", start=10, end=12, columns=["id", "amount", "_offset"])
    kaframe.Table: 2 rows x 3 columns, complete
       id   amount  _offset
    int64  float64    int64
    -----  -------  -------
       10     10.0       10
       11     11.0       11
    >>> kf.read("orders", tail=100).to_polars().shape
    (100, 7)
    """
    return open_scan(_connect(bootstrap_servers, config, timeout), locals()).read()


@keywords
def scan(
    topic: TopicLike,
    *,
    bootstrap_servers: Servers | None = None,
    config: Properties | None = None,
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
    """Resolves what to read, at once, and reads it when it is used: any size in bounded memory.

    Bounds are resolved here: a misspelt topic fails on this line, and records that arrive later are never mixed in. The parameters are
    those of :func:`kaframe.read`.

    Returns
    -------
    Scan
        Iterate over it for :class:`~kaframe.RecordBatch`, give it to DuckDB or Polars, or call ``plan()`` to see what it would read.

    Examples
    --------
    >>> total = 0
    >>> for batch in kf.scan("orders", columns=["amount"]):
    ...     total += batch.to_polars()["amount"].sum()
    >>> total
    499500.0
    """
    return open_scan(_connect(bootstrap_servers, config, timeout), locals())


def sql(
    query: str,
    *,
    bootstrap_servers: Servers | None = None,
    config: Properties | None = None,
    memory_limit: Size = "1GiB",
    batch_size: int = 8192,
    timeout: float = 60.0,
    allow_files: bool = False,
    **tables: TableLike,
) -> Query:
    """Asks topics a question, in SQL (DataFusion's dialect). Reads no more of them than the question needs.

    A topic is a table by its name, as it is written: case matters, and names with other characters stand in double quotes (``"orders-eu"``).
    Its columns are the fields of the value and ``_key``, ``_partition``, ``_offset``, ``_timestamp``; nested fields are ``user.id`` or
    ``user['id']``; ``_topic``, ``_headers``, ``_timestamp_type``, ``_error`` and ``_tombstone`` are there when the query names them. Which records
    are read is decided here, on this line. Types come from a sample of the first records; what does not fit them later is null, counted in a
    warning, and kept in the column ``_extra``.

    Parameters
    ----------
    query : str
        One query: ``select``, ``with``, ``values``, ``explain``, ``describe``.
    bootstrap_servers, config
        Where the brokers are; see :func:`kaframe.connect`. Not needed where every table is handed in.
    memory_limit : int or str
        Bytes that sorting, grouping and joining may hold; what is more goes to temporary files.
    batch_size : int
        Rows of a record batch, at most.
    timeout : float
        Seconds without progress of any kind in the reading of a topic.
    allow_files : bool
        Whether ``from 'prices.parquet'`` reads a local file. Never a URL.
    **tables
        Tables by name: a :class:`~kaframe.Scan` (with its own start, end and columns), another query, pandas, Polars, Arrow data, or the path of
        a Parquet, CSV or NDJSON file.

    Returns
    -------
    Query
        With ``to_pandas()``, ``to_polars()``, ``to_arrow()`` and ``explain()``; iterate over it for record batches in bounded memory.

    Raises
    ------
    ConfigError
        It is no query, or one that does more than ask.
    SchemaError, TopicNotFoundError
        A column or a table that does not exist.

    Examples
    --------
    >>> kf.sql("select country, sum(amount) as total from orders where id < 10 group by 1 order by 1").to_pandas()
      country  total
    0      de   25.0
    1      fr   20.0
    >>> import pandas as pd
    >>> names = pd.DataFrame({"code": ["de", "fr"], "name": ["Germany", "France"]})
    >>> kf.sql(
    ...     "select name, count(*) as n from o join names on country = code group by name order by name",
    ...     o=kf.scan("orders", limit=100),
    ...     names=names,
    ... ).to_polars()["n"].to_list()
    [50, 50]
    """
    named = properties(bootstrap_servers, config)
    # With every table handed in there may be no brokers to ask.
    alone = bool(tables) and not named and not os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    native = None if alone else _connect(bootstrap_servers, config, timeout)
    return plan_query(native, query, locals(), tables)


@keywords
def write(
    data: Writable,
    topic: str,
    *,
    bootstrap_servers: Servers | None = None,
    config: Properties | None = None,
    key: str | None = None,
    key_format: WriteKeyFormat = "auto",
    value_format: WriteFormat = "json",
    compression: Compression = "none",
    partition: int | None = None,
    progress: ProgressLike = None,
) -> WriteReport:
    """Writes rows as records of a topic that exists. Idempotent, and waits for all in-sync replicas (acks=all).

    Parameters
    ----------
    data : DataFrame, Arrow data, DuckDB relation, iterable of dicts, or path
        pandas, Polars, anything with Arrow's C interface, or dicts (a generator is written as it goes). The columns ``_key``, ``_headers`` and
        ``_timestamp`` become the record's own, a row whose ``_tombstone`` is true has no value, other metadata columns (``_offset``, ...) are left
        out, all others are the value. The index of a pandas frame is left out, with a warning if it has a name. Or the path of a Parquet or Arrow
        file, or of a folder of these.
    topic : str
        Name of the topic; it is not created.
    bootstrap_servers, config
        Where the brokers are; see :func:`kaframe.connect`.
    key : str, optional
        The column that gives the key; it stays in the value too.
    key_format : {"auto", "string", "raw", "int", "long"}
        Text is written as UTF-8, bytes as they are, integers as decimal text or, with ``"int"`` and ``"long"``, big-endian in 4 or 8 bytes.
    value_format : {"json", "string", "raw"}
        JSON objects, or the one column as text or bytes. In JSON, times are RFC 3339 in UTC, NaN and NA null, decimals numbers, bytes base64.
    compression : {"none", "gzip", "snappy", "lz4", "zstd"}
        Of the record batches.
    partition : int, optional
        The partition of every record. Without it the key decides, as in the Java client.
    progress : None, bool or callable
        As for :func:`kaframe.read`.

    Returns
    -------
    WriteReport
        Rows, bytes, and the offsets that each partition got.

    Raises
    ------
    TopicNotFoundError
        No such topic.
    ConnectError, AuthError
        The brokers cannot be reached, or say no.
    UnknownOutcomeError
        It cannot be known whether some rows were written; ``error.report`` says which.
    SchemaError, LimitError
        A column cannot be written, or a record is larger than the topic takes.

    Examples
    --------
    >>> kf.create_topic("scores", partitions=3)
    >>> report = kf.write([{"id": "a", "score": 0.5}, {"id": "b", "score": None}], "scores", key="id")
    >>> report.rows
    2
    >>> kf.delete_topic("scores")
    """
    return write_data(_connect(bootstrap_servers, config), locals())


@keywords
def topics(*, bootstrap_servers: Servers | None = None, config: Properties | None = None) -> list[TopicInfo]:
    """All topics, by name, Kafka's own included.

    Examples
    --------
    >>> kf.topics()
    [TopicInfo(name='orders', partitions=1, internal=False)]
    """
    return Cluster(bootstrap_servers, config=config).topics()


@keywords
def create_topic(
    topic: str,
    *,
    bootstrap_servers: Servers | None = None,
    config: Properties | None = None,
    partitions: int = 1,
    replication_factor: int | None = None,
    configs: Mapping[str, object] | None = None,
) -> None:
    """Creates a topic and waits until its partitions have leaders.

    Parameters
    ----------
    topic : str
        Name: 1 to 249 characters of ``a-z A-Z 0-9 . _ -``.
    partitions : int
        Number of partitions.
    replication_factor : int, optional
        Copies of each partition; the broker's default without it.
    configs : mapping, optional
        Topic configurations by Kafka's names, such as ``{"retention.ms": 86_400_000}``.

    Raises
    ------
    ConfigError
        The name or a number makes no sense, or the topic exists already.
    AuthError
        It may not be created.

    Examples
    --------
    >>> kf.create_topic("events", partitions=2, configs={"cleanup.policy": "compact"})
    >>> len(kf.describe_topic("events").partitions)
    2
    >>> kf.delete_topic("events")
    """
    cluster = Cluster(bootstrap_servers, config=config)
    cluster.create_topic(topic, partitions=partitions, replication_factor=replication_factor, configs=configs)


@keywords
def delete_topic(topic: str, *, bootstrap_servers: Servers | None = None, config: Properties | None = None) -> None:
    """Deletes a topic with all its records.

    Raises
    ------
    TopicNotFoundError
        There is none.
    AuthError
        It may not be deleted.
    """
    Cluster(bootstrap_servers, config=config).delete_topic(topic)


@keywords
def describe_topic(
    topic: str, *, bootstrap_servers: Servers | None = None, config: Properties | None = None
) -> TopicDescription:
    """Partitions, leaders, offsets and configuration of a topic.

    Raises
    ------
    TopicNotFoundError
        There is none; the hint has the nearest names.

    Examples
    --------
    >>> orders = kf.describe_topic("orders")
    >>> orders.partitions[0].log_start_offset, orders.partitions[0].high_watermark
    (0, 1000)
    """
    return Cluster(bootstrap_servers, config=config).describe_topic(topic)


def _connect(
    bootstrap_servers: Servers | None, config: Properties | None, timeout: float | None = None
) -> NativeCluster:
    limit = None if timeout is None else seconds(timeout, "timeout")
    native = NativeCluster(properties(bootstrap_servers, config), limit)
    warn(native.warnings)
    return native
