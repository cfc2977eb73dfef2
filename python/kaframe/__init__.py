"""kaframe loads a chosen part of a Kafka topic into a DataFrame: typed columns, complete or an error.

>>> import kaframe as kf
>>> df = kf.read("orders", start=-100).to_pandas()
>>> len(df)
100
"""

from typing import TYPE_CHECKING

from ._batch import RecordBatch
from ._bookmark import Bookmark
from ._broker import Broker
from ._cluster import Cluster
from ._duckdb import duckdb_view
from ._files import WrittenFile, WrittenFiles
from ._follow import Follow
from ._native import Schema, __version__
from ._plan import Estimate, PartitionPlan, Plan, Split
from ._progress import Progress
from ._report import LostRange, PartitionReport, Report, TopicReport
from ._scan import Scan
from ._sql import Query
from ._table import Table
from ._topics import PartitionInfo, TopicDescription, TopicInfo
from ._verbs import connect, create_topic, delete_topic, describe_topic, read, scan, sql, topics, write
from ._write import PartitionWrite, WriteReport
from .errors import (
    AuthError,
    ConfigError,
    ConnectError,
    CorruptError,
    DataLossError,
    DecodeError,
    KaframeError,
    KaframeWarning,
    LimitError,
    OffsetOutOfRangeError,
    ProtocolError,
    ReadTimeoutError,
    ResultTooLargeError,
    SchemaError,
    TlsError,
    TopicNotFoundError,
    UnknownOutcomeError,
)

if TYPE_CHECKING:
    from ._summary import ColumnSummary, Histogram, Summary, TopValue

__all__ = [
    "AuthError",
    "Bookmark",
    "Broker",
    "Cluster",
    "ColumnSummary",
    "ConfigError",
    "ConnectError",
    "CorruptError",
    "DataLossError",
    "DecodeError",
    "Estimate",
    "Follow",
    "Histogram",
    "KaframeError",
    "KaframeWarning",
    "LimitError",
    "LostRange",
    "OffsetOutOfRangeError",
    "PartitionInfo",
    "PartitionPlan",
    "PartitionReport",
    "PartitionWrite",
    "Plan",
    "Progress",
    "ProtocolError",
    "Query",
    "ReadTimeoutError",
    "RecordBatch",
    "Report",
    "ResultTooLargeError",
    "Scan",
    "Schema",
    "SchemaError",
    "Split",
    "Summary",
    "Table",
    "TlsError",
    "TopValue",
    "TopicDescription",
    "TopicInfo",
    "TopicNotFoundError",
    "TopicReport",
    "UnknownOutcomeError",
    "WriteReport",
    "WrittenFile",
    "WrittenFiles",
    "__version__",
    "connect",
    "create_topic",
    "delete_topic",
    "describe_topic",
    "duckdb_view",
    "read",
    "scan",
    "sql",
    "topics",
    "write",
]


def __getattr__(name: str) -> object:
    """The classes of a summary, when they are asked for: what they need takes as long to load as all the rest."""
    if name in {"ColumnSummary", "Histogram", "Summary", "TopValue"}:
        from . import _summary

        return getattr(_summary, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
