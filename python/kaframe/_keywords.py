"""Unknown keywords: a ``TypeError`` that names the right one.

People come with other tools' words in their hands. Signatures stay explicit for type checkers and editors; this decorator looks at the
keywords of a call before Python does and says what the word is called here.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")

#: Word of another tool -> our parameter.
RENAMED = {
    "auto_offset_reset": "start",
    "starting_offsets": "start",
    "startingOffsets": "start",
    "start_offset": "start",
    "start_offsets": "start",
    "start_time": "start",
    "offset": "start",
    "offsets": "start",
    "since": "start",
    "from_timestamp": "start",
    "ending_offsets": "end",
    "endingOffsets": "end",
    "end_offset": "end",
    "end_offsets": "end",
    "end_time": "end",
    "stop": "end",
    "until": "end",
    "to_timestamp": "end",
    "n_rows": "limit",
    "nrows": "limit",
    "num_rows": "limit",
    "max_rows": "limit",
    "max_messages": "limit",
    "max_records": "limit",
    "max_poll_records": "limit",
    "n": "limit",
    "count": "limit",
    "head": "limit",
    "last": "tail",
    "partition": "partitions",
    "value_deserializer": "value_format",
    "value_serializer": "value_format",
    "deserializer": "value_format",
    "serializer": "value_format",
    "format": "value_format",
    "key_deserializer": "key_format",
    "key_serializer": "key_format",
    "brokers": "bootstrap_servers",
    "servers": "bootstrap_servers",
    "hosts": "bootstrap_servers",
    "bootstrap_server": "bootstrap_servers",
    "bootstrapServers": "bootstrap_servers",
    "consumer_config": "config",
    "producer_config": "config",
    "kafka_client_config": "config",
    "client_config": "config",
    "consumer_params": "config",
    "conf": "config",
    "properties": "config",
    "isolation": "isolation_level",
    "filter": "where",
    "filters": "where",
    "predicate": "where",
    "query": "where",
    "condition": "where",
    "usecols": "columns",
    "fields": "columns",
    "on_bad_lines": "on_error",
    "ignore_errors": "on_error",
    "errors": "on_error",
    "chunksize": "batch_size",
    "request_timeout_ms": "timeout",
    "consumer_timeout_ms": "timeout",
    "timeout_ms": "timeout",
    "fail_on_data_loss": "allow_partial",
    "failOnDataLoss": "allow_partial",
    "compression_type": "compression",
    "num_partitions": "partitions",
    "partition_count": "partitions",
    "replicas": "replication_factor",
    "topic_configs": "configs",
}

#: Word of another tool that has no counterpart -> why it is not needed.
NEEDLESS = {
    "group_id": "reads never join a consumer group, leave it out",
    "group": "reads never join a consumer group, leave it out",
    "enable_auto_commit": "reads never commit offsets, leave it out; table.next_start resumes behind a read",
    "auto_commit_interval_ms": "reads never commit offsets, leave it out; table.next_start resumes behind a read",
    "acks": "writes always wait for all in-sync replicas (acks=all), leave it out",
    "enable_idempotence": "writes are always idempotent, leave it out",
    "return_type": "call .to_pandas(), .to_polars() or .to_arrow() on the result",
    "topics": "the topic is the first argument and has no name",
    "topic_name": "the topic is the first argument and has no name",
    "subscribe": "the topic is the first argument and has no name",
}

#: What the words above take, where it is not obvious.
UNITS = {"timeout": " (in seconds, without progress)", "limit": " (a number of records)"}

_CLIENT_PREFIXES = (
    "sasl_",
    "ssl_",
    "security_",
    "client_",
    "fetch_",
    "metadata_",
    "socket_",
    "api_version",
    "connections_",
    "reconnect_",
)


def advice(word: str, parameters: tuple[str, ...]) -> str:
    """What to write instead of ``word`` in a call that takes ``parameters``; empty where nothing is known."""
    known = RENAMED.get(word)
    if known in parameters:
        return f"use {known}=" + UNITS.get(known, "")
    if word in NEEDLESS:
        return NEEDLESS[word]
    if word.startswith(_CLIENT_PREFIXES) and "config" in parameters:
        return f'put it into config={{"{word.replace("_", ".")}": ...}}'
    if word == "config" and "configs" in parameters:
        return "use configs= (a dict of the topic's configuration)"
    if word in ("bootstrap_servers", "config") and word not in parameters:
        return "the brokers are those of the cluster this is called on"
    import difflib

    near = difflib.get_close_matches(word, parameters, n=1, cutoff=0.6)
    return f"did you mean {near[0]}=?" if near else ""


def keywords(function: Callable[P, R]) -> Callable[P, R]:
    """Makes calls of ``function`` with unknown keywords fail with advice. Keeps its signature for readers and type checkers."""
    code = function.__code__  # type: ignore[attr-defined]
    names: tuple[str, ...] = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    positional: int = code.co_argcount
    known = frozenset(names)

    def refuse(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        unknown = [word for word in kwargs if word not in known]
        if unknown:
            parts = []
            for word in unknown:
                text = advice(word, names)
                parts.append(f"unexpected keyword argument {word!r}" + (f": {text}" if text else ""))
            raise TypeError(f"{function.__qualname__}() got " + "; ".join(parts))
        if len(args) > positional:
            last = names[positional - 1]
            raise TypeError(
                f"{function.__qualname__}() got too many positional arguments: everything behind {last!r} is given by name"
            )

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if len(args) > positional or not known.issuperset(kwargs):
            refuse(args, kwargs)
        return function(*args, **kwargs)

    return checked
