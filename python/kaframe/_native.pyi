"""The native half of the package. Private: what users see is in the package itself."""

from collections.abc import Callable, Iterator
from typing import Any, final

from ._files import FileArguments
from ._options import ScanArguments
from ._sql import QueryArguments
from ._write import WriteArguments

__all__ = [
    "Answer",
    "ArrowBatches",
    "Broker",
    "Cluster",
    "FileBatches",
    "Follow",
    "Query",
    "RecordBatch",
    "Rows",
    "Scan",
    "Schema",
    "Stream",
    "Table",
    "__version__",
    "arrow_batches",
    "collect",
    "file_batches",
    "plain_rows",
    "query",
    "record_rows",
    "tune",
]

__version__: str

# Called with the fields of `Progress`, in order.
_OnProgress = Callable[..., object]

@final
class Schema:
    """Names and Arrow types of columns. ``pyarrow.schema(schema)`` and other libraries take it through Arrow's C interface."""

    @property
    def names(self) -> list[str]:
        """Names of the columns."""

    @property
    def types(self) -> list[str]:
        """Types of the columns, as text."""

    def __len__(self) -> int: ...
    def __getitem__(self, name: str, /) -> str: ...
    def __contains__(self, name: str, /) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __arrow_c_schema__(self) -> object: ...

@final
class RecordBatch:
    """Rows as Arrow columns."""

    @property
    def num_rows(self) -> int: ...
    @property
    def schema(self) -> Schema: ...
    def cells(self, rows: int) -> list[list[str | None]]:
        """The first rows as text."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

@final
class Table:
    """The result of a read."""

    @property
    def num_rows(self) -> int: ...
    @property
    def schema(self) -> Schema: ...
    def report(self) -> tuple[str, str]:
        """The report as text and as JSON."""

    def errors(self) -> RecordBatch: ...
    def next_start(self) -> str:
        """The bookmark as JSON."""

    def head(self, rows: int) -> Table: ...
    def cells(self, rows: int) -> list[list[str | None]]:
        """The first rows as text."""

    def views(self) -> object:
        """A capsule as ``__arrow_c_stream__`` gives it, with texts as views."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

@final
class Stream:
    """A running stream: an iterator of record batches."""

    def __iter__(self) -> Stream: ...
    def __next__(self) -> RecordBatch: ...
    def close(self) -> None:
        """Stops fetching. What was accounted for stays readable."""

    def report(self) -> tuple[str, str]:
        """The report so far as text and as JSON."""

    def errors(self) -> RecordBatch: ...

@final
class Follow:
    """A scan that goes on with new records: an iterator of record batches without an end of its own."""

    def __iter__(self) -> Follow: ...
    def __next__(self) -> RecordBatch: ...
    def close(self) -> None:
        """Stops. What was given stays readable."""

    def report(self) -> tuple[str, str] | None:
        """The report so far as text and as JSON; None before the first records."""

    def errors(self) -> RecordBatch: ...
    def next_start(self) -> str:
        """The bookmark as JSON."""

@final
class Scan:
    """A frozen plan."""

    @property
    def topics(self) -> str:
        """Names, with commas."""

    def schema(self) -> Schema: ...
    def plan(self, sample: bool = False) -> str:
        """The plan as JSON, with an estimate where it is sampled."""

    def splits(self) -> list[str]:
        """The splits as JSON."""

    def narrow(self, columns: list[str] | None, predicate: str | None, limit: int | None) -> Scan:
        """A scan of the same records and types with fewer columns, more conditions, a limit."""

    def read(self, progress: _OnProgress | None = None) -> Table: ...
    def latest_by_key(self, progress: _OnProgress | None = None) -> Table: ...
    def stream(self, progress: _OnProgress | None = None) -> Stream: ...
    def write_file(
        self, path: str, arguments: FileArguments, progress: _OnProgress | None = None
    ) -> tuple[list[tuple[str, int, int]], tuple[str, str], str]:
        """Path, rows and bytes of each file; the report as text and as JSON; the bookmark as JSON."""

    def summarize(self, progress: _OnProgress | None = None) -> tuple[str, str, str, str]:
        """What is in it: as text, as JSON, and the report as text and as JSON."""

    def count(self, progress: _OnProgress | None = None) -> tuple[int, str, str]:
        """How many records there are; the report as text and as JSON."""

    def count_at_most(self) -> int: ...
    def head(self, records: int) -> Scan: ...
    def tail(self, records: int) -> Scan: ...
    def follow(self) -> Follow:
        """The rows of a stream, then new ones as they are written."""

    def arrow_stream(self, requested_schema: object | None = None) -> tuple[Stream, object]:
        """A new stream, and the same one as a capsule of Arrow's C stream."""

@final
class Cluster:
    """A connected cluster."""

    def __new__(cls, properties: dict[str, str], timeout: float | None = None) -> Cluster: ...
    @property
    def cluster_id(self) -> str | None: ...
    @property
    def bootstrap_servers(self) -> str: ...
    @property
    def warnings(self) -> list[str]:
        """What is odd about the properties."""

    def scan(self, topics: list[str], found: bool, arguments: ScanArguments) -> Scan: ...
    def write(
        self, topic: str, batches: Iterator[RecordBatch], arguments: WriteArguments, progress: _OnProgress | None = None
    ) -> tuple[str, str]:
        """Writes batches of an iterator; the report as text and as JSON."""

    def topics(self) -> list[tuple[str, int, bool]]:
        """Name, number of partitions, internal or not."""

    def create_topic(self, topic: str, partitions: int, replication_factor: int, configs: dict[str, str]) -> None: ...
    def delete_topic(self, topic: str) -> None: ...
    def describe_topic(self, topic: str) -> str:
        """The description as JSON."""

@final
class Broker:
    """A running embedded broker."""

    def __new__(cls, topics: list[tuple[str, int]], port: int | None, version: str, brokers: int) -> Broker: ...
    @property
    def bootstrap_servers(self) -> str: ...
    def stop(self) -> None: ...

@final
class ArrowBatches:
    """An iterator of record batches."""

    def __iter__(self) -> ArrowBatches: ...
    def __next__(self) -> RecordBatch: ...

@final
class FileBatches:
    """An iterator of the record batches of files."""

    def __iter__(self) -> FileBatches: ...
    def __next__(self) -> RecordBatch: ...

def file_batches(path: str) -> FileBatches:
    """Batches of a Parquet or Arrow file, or of a folder of such files."""

def arrow_batches(data: Any) -> ArrowBatches:
    """Batches of anything with Arrow's C interface, as an iterator."""

def plain_rows(rows: list[Any], key: str, text: Callable[[Any], str]) -> tuple[RecordBatch, bool] | None:
    """Plain dicts as a batch with the columns `_key`, `_timestamp` and `value` (JSON), and whether one had the key column; None if a row is not plain."""

def record_rows(
    values: list[bytes | None],
    keys: list[bytes | None],
    timestamps: list[int | None],
    headers: list[list[tuple[str, bytes | None]]],
) -> RecordBatch:
    """Encoded records as a batch with the columns `_key`, `_timestamp`, `_headers` and `value`, to be written as `raw`."""

def tune(
    *,
    offsets_per_split: int | None = None,
    connections: int | None = None,
    decoders: int | None = None,
    fetch_bytes: int | None = None,
    memory_limit: int | None = None,
) -> None:
    """How every scan of this process is run from now on, instead of what is measured: for tests only, rows never depend on it."""

@final
class Query:
    """A planned query."""

    @property
    def schema(self) -> Schema: ...
    def explain(self) -> str:
        """The plan as text."""

    def run(self) -> Answer: ...
    def arrow_stream(self, requested_schema: object | None = None) -> tuple[Answer, object]:
        """A new answer, and the same one as a capsule of Arrow's C stream."""

@final
class Answer:
    """A running answer: an iterator of record batches."""

    def __iter__(self) -> Answer: ...
    def __next__(self) -> RecordBatch: ...
    def close(self) -> None:
        """Stops everything that runs for it."""

    def warnings(self) -> list[str]:
        """What the user should know about the rows so far."""

    def reports(self) -> list[tuple[str, str]]:
        """The reports of reads that have ended, each as text and as JSON."""

@final
class Rows:
    """The rows of a whole answer."""

    @property
    def num_rows(self) -> int: ...
    def cells(self, rows: int) -> list[list[str | None]]:
        """The first rows as text."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

def collect(answer: Answer) -> Rows:
    """All rows of an answer."""

def query(cluster: Cluster | None, text: str, tables: dict[str, Any], arguments: QueryArguments) -> Query:
    """Plans a query over the topics of a cluster and tables that are handed in."""
